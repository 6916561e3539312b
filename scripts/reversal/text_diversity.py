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
    question = np.repeat(np.arange(len(ids)), sizes)
    correct = answers["correct"].to_numpy()
    many = _totals(question, correct.astype(np.int64), (~correct).astype(np.int64), len(ids))
    columns = _n_gram_columns(answers["text"], question, correct, many)
    columns["equation_diversity"] = _share_different(_equation_sets(answers["text"]), question, correct, many)
    columns["compression_ratio"] = _compression_ratios(answers["text"].to_list(), sizes, correct, many)
    return pl.DataFrame(
        {"problem_id": ids.to_list() * len(SUBSETS), "subset": np.repeat(SUBSETS, len(ids)).tolist()}
        | {name: columns[name].ravel() for name in _METRICS},
        schema=_SCHEMA,
        nan_to_null=True,
    )


def _n_gram_columns(texts: pl.Series, question: np.ndarray, correct: np.ndarray, many: np.ndarray) -> dict:
    """{metric: subsets x questions}, nan where undefined."""
    tokens = texts.str.extract_all(TOKEN)
    answer = np.repeat(np.arange(len(texts)), tokens.list.len().to_numpy())
    token = tokens.explode(empty_as_null=False).hash().to_numpy()
    gram, distinct, rarefied = token, [], []
    for n in range(1, LONGEST + 1):
        if n > 1:  # an n-gram is the shorter one that begins where it begins, and the token after that
            gram = _mixed(gram[:-1] * np.uint64(0x9E3779B97F4A7C15) + token[n - 1 :])
        within = answer[: len(gram)] == answer[n - 1 :]
        owner = answer[: len(gram)][within]
        of, right, wrong = _counts(gram[within], question[owner], correct[owner])
        totals = _totals(of, right, wrong, many.shape[1])
        distinct.append(_share(_totals(of, right > 0, wrong > 0, many.shape[1], (right + wrong) > 0), totals, many))
        expected = [_rarefied(of, c, total) for c, total in zip((right, wrong, right + wrong), totals, strict=True)]
        rarefied.append(np.where((many >= 2) & (totals >= RAREFIED_TO), np.stack(expected) / RAREFIED_TO, np.nan))
    found = {f"distinct_{n}": values for n, values in enumerate(distinct, start=1)}
    return found | {"distinct_n": np.mean(distinct, axis=0), "rarefied_distinct_n": np.mean(rarefied, axis=0)}


def _mixed(value: np.ndarray) -> np.ndarray:
    """64-bit hashes of 64-bit numbers (the finaliser of MurmurHash3)."""
    value = (value ^ (value >> np.uint64(33))) * np.uint64(0xFF51AFD7ED558CCD)
    value = (value ^ (value >> np.uint64(33))) * np.uint64(0xC4CEB9FE1A85EC53)
    return value ^ (value >> np.uint64(33))


def _counts(hashes: np.ndarray, question: np.ndarray, correct: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Per question and different hash: the question's number, occurrences in correct and in incorrect answers.

    One sort of numbers made of question (6 bits), hash (57 bits) and correctness (1 bit).
    """
    keys = (question.astype(np.uint64) << np.uint64(58)) | (hashes >> np.uint64(7) << np.uint64(1)) | correct
    keys.sort()
    group = keys >> np.uint64(1)
    starts = np.flatnonzero(np.r_[True, group[1:] != group[:-1]]) if len(keys) else np.empty(0, np.int64)
    occurrences = np.diff(np.r_[starts, len(keys)])
    right_before = np.r_[0, np.cumsum((keys & np.uint64(1)).astype(np.int64))]
    right = np.diff(right_before[np.r_[starts, len(keys)]])
    return (group[starts] >> np.uint64(57)).astype(np.int64), right, occurrences - right


def _totals(question, right, wrong, questions: int, both=None) -> np.ndarray:
    """Sums per question over correct, incorrect and all (`both` or their sum): subsets x questions."""
    both = right + wrong if both is None else both
    return np.stack([np.bincount(question, column, minlength=questions) for column in (right, wrong, both)])


def _share(part: np.ndarray, whole: np.ndarray, many: np.ndarray) -> np.ndarray:
    return np.divide(part, whole, out=np.full(whole.shape, np.nan), where=(many >= 2) & (whole > 0))


def _rarefied(question: np.ndarray, counts: np.ndarray, totals: np.ndarray) -> np.ndarray:
    """Expected number of different n-grams among RAREFIED_TO of each question's total; of no use where it has fewer."""
    log_factorial = np.r_[0.0, np.cumsum(np.log(np.arange(1, totals.max(initial=0) + 1)))]
    here = (counts > 0) & (totals[question] >= RAREFIED_TO)
    question, counts = question[here], counts[here].astype(np.int64)
    total = totals[question].astype(np.int64)
    left = total - counts
    enough = left >= RAREFIED_TO
    missed = np.zeros(len(left))  # the chance that none of its occurrences is drawn
    missed[enough] = np.exp(
        log_factorial[left[enough]]
        - log_factorial[left[enough] - RAREFIED_TO]
        - log_factorial[total[enough]]
        + log_factorial[total[enough] - RAREFIED_TO]
    )
    return np.bincount(question, 1.0 - missed, minlength=len(totals))


def _equation_sets(texts: pl.Series) -> pl.Series:
    """A hash of each text's set of equations, blind to white space and order."""
    found = texts.str.extract_all(EQUATION).list.eval(pl.element().str.replace_all(r"\s", ""))
    return found.list.unique().list.sort().list.join("").hash()


def _share_different(keys: pl.Series, question: np.ndarray, correct: np.ndarray, many: np.ndarray) -> np.ndarray:
    of, right, wrong = _counts(keys.to_numpy(), question, correct)
    return _share(_totals(of, right > 0, wrong > 0, many.shape[1], (right + wrong) > 0), many, many)


def _compression_ratios(texts: list[str], sizes: np.ndarray, correct: np.ndarray, many: np.ndarray) -> np.ndarray:
    ratios, start = np.full(many.shape, np.nan), 0
    for question, size in enumerate(sizes):
        given = list(zip(texts[start : start + size], correct[start : start + size], strict=True))
        start += size
        for subset, kept in enumerate(
            ([t for t, c in given if c], [t for t, c in given if not c], [t for t, _ in given])
        ):
            raw = "\n".join(kept).encode()
            if len(kept) >= 2 and raw.strip():
                ratios[subset, question] = len(raw) / len(zlib.compress(raw, 1))
    return ratios
