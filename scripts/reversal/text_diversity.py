"""How different the answers to a question are in their words and equations, for its correct, incorrect and all answers.

Whole tables at once: plain Python spends minutes per model of a real study on sets of tuples. n-grams are 57-bit hashes
within a question, so two different ones of 20,000 are taken for the same in one question out of a billion.
"""

import zlib

import numpy as np
import polars as pl

LONGEST = 4  # n-grams of 1 to 4 tokens
RAREFIED_TO = 50  # n-grams; answers of a question that hold fewer have no rarefied value
TOKEN = r"\w+|[^\w\s]"  # runs of word characters, and single marks
EQUATION = r"<<[^<>]*>>"
SUBSETS = ("correct", "incorrect", "all")
HASH_BITS = np.uint64(2**58 - 2)  # of a 64-bit key; the question stands before them, correctness after them
BLOCK = 64  # questions at a time: memory does not grow with their number


def text_diversity(answers: pl.DataFrame) -> pl.DataFrame:
    """Diversity of the answers to each question: problem_id, subset, and a column per metric.

    answers: problem_id, text, correct; a row per answer, in any order. Three rows per question, one for each of
    SUBSETS; a metric is null where the question has fewer than two answers in the subset, or too few n-grams.

    distinct_1 .. distinct_4: different n-grams / all n-grams (Li et al. 2016, arXiv 1510.03055). distinct_n: their
    mean, null if one of them is. They fall for longer and for more answers, hence rarefied_distinct_n: the share of
    different n-grams among RAREFIED_TO drawn from the question's without replacement, in expectation (Hurlbert 1971,
    doi 10.2307/1934145): sum over n-grams of 1 - C(N - c, m) / C(N, m), over m; mean of n = 1 to 4. The same number for
    every question and model: neither length nor number of answers lowers it. equation_diversity: different sets of
    equations between calculator marks / answers (the paper's logical diversity). compression_ratio: bytes of the
    answers, joined by line ends, / bytes after zlib at level 1 (Shaib et al. 2024, arXiv 2403.00553): 1 or less for
    answers without anything in common, high for answers that repeat each other.
    """
    ordered = answers.sort("problem_id", maintain_order=True)
    ids = ordered["problem_id"].unique(maintain_order=True)
    sizes = ordered.group_by("problem_id", maintain_order=True).len()["len"].to_list()
    frames, place = [], 0
    for start in range(0, len(ids), BLOCK):
        here = sizes[start : start + BLOCK]
        frames.append(_of_block(ordered[place : place + sum(here)], ids[start : start + BLOCK], np.array(here)))
        place += sum(here)
    return pl.concat(frames) if frames else pl.DataFrame(schema=_SCHEMA)


_METRICS = [f"distinct_{n}" for n in range(1, LONGEST + 1)] + ["distinct_n", "rarefied_distinct_n"]
_METRICS += ["equation_diversity", "compression_ratio"]
_SCHEMA = {"problem_id": pl.String, "subset": pl.String} | dict.fromkeys(_METRICS, pl.Float64)


def _of_block(answers: pl.DataFrame, ids: pl.Series, sizes: np.ndarray) -> pl.DataFrame:
    question = np.repeat(np.arange(len(ids), dtype=np.uint64), sizes)
    correct = answers["correct"].to_numpy()
    # What a key is made of beside the hash: the question in the first 6 bits, correctness in the last.
    owner = (question << np.uint64(58)) | correct
    many = _per_subset(question, correct, np.ones(len(question)), len(ids))
    columns = _n_gram_columns(answers["text"], owner, many)
    sets = _different(_runs(np.sort(owner | (_equation_sets(answers["text"]) & HASH_BITS))), len(ids))
    columns["equation_diversity"] = _share(sets, many, many)
    columns["compression_ratio"] = _compression_ratios(answers["text"].to_list(), sizes, correct, many)
    return pl.DataFrame(
        {"problem_id": ids.to_list() * len(SUBSETS), "subset": np.repeat(SUBSETS, len(ids)).tolist()}
        | {name: columns[name].ravel() for name in _METRICS},
        schema=_SCHEMA,
        nan_to_null=True,
    )


def _n_gram_columns(texts: pl.Series, owner: np.ndarray, many: np.ndarray) -> dict[str, np.ndarray]:
    """{metric: subsets x questions}, nan where undefined."""
    tokens = texts.str.extract_all(TOKEN)
    lengths = tokens.list.len().to_numpy().astype(np.int64)
    token = tokens.explode(empty_as_null=False).hash().to_numpy()
    ends, of_token = np.cumsum(lengths), np.repeat(owner, lengths)
    question, correct = _question_of(owner), (owner & np.uint64(1)).astype(bool)
    gram, distinct, rarefied = token, [], []
    for n in range(1, LONGEST + 1):
        if n > 1:  # an n-gram is the shorter one that begins where it begins, and the token after that
            gram = gram[:-1] * np.uint64(0x9E3779B97F4A7C15) + token[n - 1 :]
        keys = (gram & HASH_BITS) | of_token[: len(gram)]
        # The last n - 1 tokens of a text begin no n-gram of it: their keys go behind all others and are cut off.
        for back in range(1, n):
            keys[(ends - back)[(lengths >= back) & (ends - back < len(keys))]] = np.iinfo(np.uint64).max
        keys.sort()
        grams = np.maximum(lengths - n + 1, 0)
        runs = _runs(keys[: grams.sum()])
        totals = _per_subset(question, correct, grams, many.shape[1])
        distinct.append(_share(_different(runs, many.shape[1]), totals, many))
        rarefied.append(_rarefied(runs, totals, many))
    found = {f"distinct_{n}": values for n, values in enumerate(distinct, start=1)}
    return found | {"distinct_n": np.mean(distinct, axis=0), "rarefied_distinct_n": np.mean(rarefied, axis=0)}


def _question_of(keys: np.ndarray) -> np.ndarray:
    return (keys >> np.uint64(58)).astype(np.int64)


def _runs(keys: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """For each subset (question, occurrences) of every different hash, from sorted keys."""
    starts = np.flatnonzero(np.r_[True, keys[1:] != keys[:-1]][: len(keys)])
    counts = np.diff(np.r_[starts, len(keys)])
    keys = keys[starts]
    right = (keys & np.uint64(1)).astype(bool)
    groups = np.flatnonzero(np.r_[True, keys[1:] >> np.uint64(1) != keys[:-1] >> np.uint64(1)][: len(keys)])
    question = _question_of(keys)
    whole = np.add.reduceat(counts, groups) if len(groups) else counts
    return [(question[right], counts[right]), (question[~right], counts[~right]), (question[groups], whole)]


def _different(runs: list[tuple[np.ndarray, np.ndarray]], questions: int) -> np.ndarray:
    """How many different hashes each question has: subsets x questions."""
    return np.stack([np.bincount(question, minlength=questions) for question, _ in runs])


def _per_subset(question: np.ndarray, correct: np.ndarray, values: np.ndarray, questions: int) -> np.ndarray:
    """Sums of the answers' values: subsets x questions."""
    question = question.astype(np.int64)
    weights = [values * correct, values * ~correct, values]
    return np.stack([np.bincount(question, weight, minlength=questions) for weight in weights]).astype(np.int64)


def _share(part: np.ndarray, whole: np.ndarray, many: np.ndarray) -> np.ndarray:
    return np.divide(part, whole, out=np.full(whole.shape, np.nan), where=(many >= 2) & (whole > 0))


def _rarefied(runs: list, totals: np.ndarray, many: np.ndarray) -> np.ndarray:
    """Expected different n-grams among RAREFIED_TO of each question's, / RAREFIED_TO; nan where it has fewer."""
    log_factorial = np.r_[0.0, np.cumsum(np.log(np.arange(1, totals.max(initial=0) + 1)))]
    log_draws = np.full(len(log_factorial), -np.inf)  # log of C(n, m) m!; no way to draw m of fewer
    log_draws[RAREFIED_TO:] = log_factorial[RAREFIED_TO:] - log_factorial[: len(log_factorial) - RAREFIED_TO]
    shares = []
    for (question, counts), total in zip(runs, totals, strict=True):
        log_all = log_draws[total]
        enough = np.isfinite(log_all)
        missed = np.exp(log_draws[total[question] - counts] - np.where(enough, log_all, 0.0)[question])
        seen = np.bincount(question, 1.0 - missed, minlength=len(total))
        shares.append(np.where(enough, seen / RAREFIED_TO, np.nan))
    return np.where(many >= 2, np.stack(shares), np.nan)


def _equation_sets(texts: pl.Series) -> np.ndarray:
    """A hash of each text's set of equations, blind to white space and order: the sum of their hashes."""
    found = texts.str.extract_all(EQUATION)
    text = np.repeat(np.arange(len(texts)), found.list.len().to_numpy())
    hashes = found.explode(empty_as_null=False).str.replace_all(r"\s", "").hash().to_numpy()
    order = np.lexsort((hashes, text))
    text, hashes = text[order], hashes[order]
    new = np.r_[True, (text[1:] != text[:-1]) | (hashes[1:] != hashes[:-1])][: len(text)]
    sums = np.zeros(len(texts), np.uint64)
    np.add.at(sums, text[new], hashes[new])
    return sums


def _compression_ratios(texts: list[str], sizes: np.ndarray, correct: np.ndarray, many: np.ndarray) -> np.ndarray:
    ratios, start = np.full(many.shape, np.nan), 0
    for question, size in enumerate(sizes):
        given = list(zip(texts[start : start + size], correct[start : start + size], strict=True))
        start += size
        kept = (
            [text for text, right in given if right],
            [text for text, right in given if not right],
            texts[start - size : start],
        )
        for subset, of_subset in enumerate(kept):
            raw = "\n".join(of_subset).encode()
            if len(of_subset) >= 2 and raw.strip():
                ratios[subset, question] = len(raw) / len(zlib.compress(raw, 1))
    return ratios
