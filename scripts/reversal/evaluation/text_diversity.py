"""How different the answers to a question are in their words and equations, for its correct, incorrect and all answers.

The counting is compiled (text_counts.py): plain Python spends minutes per model of a real study on sets of tuples.
"""

import zlib

import numpy as np
import polars as pl

from reversal.evaluation.text_counts import ALL, CORRECT, INCORRECT, LONGEST, kinds_of, measure

SUBSETS = ("correct", "incorrect", "all")  # of answers
GROUPS = ("correct", "incorrect", "mixed", "all")  # of pairs of answers, in the order of text_counts
OF_PAIRS = ["pairwise_distinct_n", "pairwise_equation_diversity", "pairwise_equation_diversity_as_written"]
BLOCK = 256  # questions at a time: memory does not grow with their number


def text_diversity(answers: pl.DataFrame) -> pl.DataFrame:
    """Diversity of the answers to each question: problem_id, subset, and a column per metric.

    answers: problem_id, text, correct; a row per answer, in any order. A row per question for each of GROUPS; a metric
    is null where the question has fewer than two answers in the subset, or no n-grams. Tokens are runs of word
    characters, and single marks.

    OF_PAIRS are means over all pairs of answers of the subset, or over all pairs of a correct and an incorrect one
    (mixed): U-statistics (Hoeffding 1948), whose expectation is the same for any number of answers. All others of a
    mixed row are null.
    pairwise_distinct_n: the expected distinct-n of two answers. For a pair: different n-grams of the two / n-grams of
    the two; mean over n = 1 to 4, without those n that neither has (1/2 for two empty answers). From about 1/2, for the
    same answer twice, to 1. Longer answers repeat more of their own words, and lower it still.
    pairwise_equation_diversity: share of pairs whose sets of equations between calculator marks differ, where the
    operands of sums and products are in any order: <<3*4=12>> is <<4*3=12>>. .._as_written: where order counts. An
    answer without marks has the empty set: two such answers do not differ.

    The paper's own forms fall with every answer that is added, even one that is like the others:
    distinct_1 .. distinct_4: different n-grams / all n-grams (Li et al. 2016, arXiv 1510.03055). distinct_n: their
    mean, null if one of them is.
    equation_diversity: different sets of equations, as written / answers (the paper's logical diversity).
    compression_ratio: bytes of the answers, sorted and joined by line ends, / bytes after zlib at level 1 (Shaib et al.
    2024, arXiv 2403.00553): high for answers that repeat each other; a single one compresses too, so compare
    equal numbers of equal length.
    """
    ordered = answers.sort("problem_id", maintain_order=True)
    ids = ordered["problem_id"].unique(maintain_order=True)
    sizes = ordered.group_by("problem_id", maintain_order=True).len()["len"].to_numpy().astype(np.int64)
    frames, place = [], 0
    for start in range(0, len(ids), BLOCK):
        here = sizes[start : start + BLOCK]
        frames.append(_of_block(ordered[place : place + here.sum()], ids[start : start + BLOCK], here))
        place += here.sum()
    return pl.concat(frames) if frames else pl.DataFrame(schema=_SCHEMA)


_METRICS = [f"distinct_{n}" for n in range(1, LONGEST + 1)] + ["distinct_n", "equation_diversity"]
_METRICS += ["compression_ratio", *OF_PAIRS]
_SCHEMA = {"problem_id": pl.String, "subset": pl.String} | dict.fromkeys(_METRICS, pl.Float64)


def _of_block(answers: pl.DataFrame, ids: pl.Series, sizes: np.ndarray) -> pl.DataFrame:
    texts, correct = answers["text"].to_list(), answers["correct"].to_numpy()
    codes = np.frombuffer("".join(texts).encode("utf-32-le"), np.uint32)
    text_ends = np.cumsum(np.fromiter(map(len, texts), np.int64, len(texts)))
    distinct, equation_sets, pairs = measure(codes, kinds_of(codes), text_ends, np.cumsum(sizes), correct)
    columns = {f"distinct_{n}": distinct[n - 1] for n in range(1, LONGEST + 1)}
    columns |= {"distinct_n": distinct.mean(axis=0), "equation_diversity": equation_sets}
    columns |= {"compression_ratio": _compression_ratios(texts, sizes, correct)}
    columns |= dict(zip(OF_PAIRS, pairs, strict=True))
    names = {"problem_id": ids.to_list() * len(GROUPS), "subset": np.repeat(GROUPS, len(ids)).tolist()}
    values = {name: columns[name].ravel() for name in _METRICS}
    return pl.DataFrame(names | values, schema=_SCHEMA, nan_to_null=True)


def _compression_ratios(texts: list[str], sizes: np.ndarray, correct: np.ndarray) -> np.ndarray:
    ratios, start = np.full((len(GROUPS), len(sizes)), np.nan), 0
    for question, size in enumerate(sizes):
        given = list(zip(texts[start : start + size], correct[start : start + size], strict=True))
        start += size
        right, wrong = [text for text, good in given if good], [text for text, good in given if not good]
        for group, kept in ((CORRECT, right), (INCORRECT, wrong), (ALL, texts[start - size : start])):
            raw = "\n".join(sorted(kept)).encode()
            if len(kept) >= 2 and raw.strip():
                ratios[group, question] = len(raw) / len(zlib.compress(raw, 1))
    return ratios
