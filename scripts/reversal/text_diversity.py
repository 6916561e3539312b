"""How different the answers to a question are in their words and equations, for its correct, incorrect and all answers.

One compiled pass over the texts: plain Python spends minutes per model of a real study on sets of tuples. Tokens,
n-grams and equation sets are 64-bit hashes in tables of one question's size; two different ones are taken for the same
in one of 10^10 questions.
"""

import zlib

import numpy as np
import polars as pl
from numba import njit

LONGEST = 4  # n-grams of 1 to 4 tokens
RAREFIED_TO = 50  # n-grams; answers of a question that hold fewer have no rarefied value
SUBSETS = ("correct", "incorrect", "all")
BLOCK = 256  # questions at a time: memory does not grow with their number
SPACE, WORD, MARK = 0, 1, 2


def text_diversity(answers: pl.DataFrame) -> pl.DataFrame:
    """Diversity of the answers to each question: problem_id, subset, and a column per metric.

    answers: problem_id, text, correct; a row per answer, in any order. Three rows per question, one for each of
    SUBSETS; a metric is null where the question has fewer than two answers in the subset, or too few n-grams. Tokens
    are runs of word characters, and single marks.

    distinct_1 .. distinct_4: different n-grams / all n-grams (Li et al. 2016, arXiv 1510.03055). distinct_n: their
    mean, null if one of them is. They fall for longer and for more answers, hence
    rarefied_distinct_n: the share of different n-grams among RAREFIED_TO drawn from the question's without replacement,
    in expectation (Hurlbert 1971, doi 10.2307/1934145): sum over n-grams of 1 - C(N - c, m) / C(N, m), over m; mean of
    n = 1 to 4. The same number for every question and model: how many n-grams there are does not matter by itself.
    A few answers still come out a little higher than many like them, since two n-grams of one answer are seldom equal.
    equation_diversity: different sets of equations between calculator marks / answers (the paper's logical diversity).
    compression_ratio: bytes of the answers, sorted and joined by line ends, / bytes after zlib at level 1 (Shaib et al.
    2024, arXiv 2403.00553): high for answers that repeat each other; a single one compresses, too, so compare like
    numbers of like length.
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


_METRICS = [f"distinct_{n}" for n in range(1, LONGEST + 1)] + ["distinct_n", "rarefied_distinct_n"]
_METRICS += ["equation_diversity", "compression_ratio"]
_SCHEMA = {"problem_id": pl.String, "subset": pl.String} | dict.fromkeys(_METRICS, pl.Float64)


def _of_block(answers: pl.DataFrame, ids: pl.Series, sizes: np.ndarray) -> pl.DataFrame:
    texts, correct = answers["text"].to_list(), answers["correct"].to_numpy()
    codes = np.frombuffer("".join(texts).encode("utf-32-le"), np.uint32)
    text_ends = np.cumsum(np.fromiter(map(len, texts), np.int64, len(texts)))
    distinct, rarefied, equations = _measure(
        codes, _kinds_of(codes), text_ends, np.cumsum(sizes), np.where(correct, ONE_RIGHT, ONE_WRONG), RAREFIED_TO
    )
    columns = {f"distinct_{n}": distinct[n - 1] for n in range(1, LONGEST + 1)}
    columns |= {"distinct_n": distinct.mean(axis=0), "rarefied_distinct_n": rarefied.mean(axis=0)}
    columns |= {"equation_diversity": equations, "compression_ratio": _compression_ratios(texts, sizes, correct)}
    names = {"problem_id": ids.to_list() * len(SUBSETS), "subset": np.repeat(SUBSETS, len(ids)).tolist()}
    return pl.DataFrame(names | {name: columns[name].ravel() for name in _METRICS}, schema=_SCHEMA, nan_to_null=True)


def _kinds_of(codes: np.ndarray) -> np.ndarray:
    """SPACE, WORD or MARK of every code point up to the largest, as Python's regular expressions see them."""
    kinds = np.full(int(codes.max(initial=0)) + 1, MARK, np.uint8)
    for code in np.flatnonzero(np.bincount(codes)).tolist():
        letter = chr(code)
        kinds[code] = WORD if letter.isalnum() or letter == "_" else SPACE if letter.isspace() else MARK
    return kinds


def _compression_ratios(texts: list[str], sizes: np.ndarray, correct: np.ndarray) -> np.ndarray:
    ratios, start = np.full((len(SUBSETS), len(sizes)), np.nan), 0
    for question, size in enumerate(sizes):
        given = list(zip(texts[start : start + size], correct[start : start + size], strict=True))
        start += size
        right, wrong = [text for text, good in given if good], [text for text, good in given if not good]
        for subset, kept in enumerate((right, wrong, [text for text, _ in given])):
            raw = "\n".join(sorted(kept)).encode()
            if len(kept) >= 2 and raw.strip():
                ratios[subset, question] = len(raw) / len(zlib.compress(raw, 1))
    return ratios


# Below, compiled. Counts of correct and of incorrect answers travel in one number, 32 bits each: a table entry is (key,
# packed counts), open addressing, its size a power of two.
ONE_RIGHT, ONE_WRONG = np.uint64(1), np.uint64(1 << 32)
MOST_EQUATIONS = 1000  # a text with more different ones counts by the first of them


@njit(cache=True)
def _measure(codes, kinds, text_ends, question_ends, once, rarefied_to):
    """distinct, rarefied (n - 1, subset, question) and equations (subset, question); nan where undefined.

    once: per text, what one occurrence adds to a packed count.
    """
    tokens, token_ends = _tokens(codes, kinds, text_ends)
    questions = len(question_ends)
    distinct, rarefied = np.full((LONGEST, 3, questions), np.nan), np.full((LONGEST, 3, questions), np.nan)
    equations = np.full((3, questions), np.nan)
    room = _room(_longest(token_ends, question_ends))
    tables = np.zeros((LONGEST + 1, room, 2), np.uint64)  # the last is for equation sets; empty in between
    slots = np.empty((LONGEST + 1, room), np.int64)  # of the entries in use
    first = 0
    for question in range(questions):
        last = question_ends[question]
        used, totals, answers = _fill(tables, slots, codes, kinds, text_ends, tokens, token_ends, first, last, once)
        for subset in range(3):
            many = _of_subset(answers, subset)
            if many < 2:
                continue
            different = _different(tables[LONGEST], slots[LONGEST, : used[LONGEST]], subset)
            equations[subset, question] = different / many
            for n in range(LONGEST):
                total, entries = _of_subset(totals[n], subset), slots[n, : used[n]]
                if total:
                    distinct[n, subset, question] = _different(tables[n], entries, subset) / total
                if total >= rarefied_to:
                    expected = _expected(tables[n], entries, subset, total, rarefied_to)
                    rarefied[n, subset, question] = expected / rarefied_to
        for n in range(LONGEST + 1):
            for slot in slots[n, : used[n]]:
                tables[n, slot, 1] = 0
        first = last
    return distinct, rarefied, equations


@njit(cache=True)
def _fill(tables, slots, codes, kinds, text_ends, tokens, token_ends, first, last, once):
    """Counts the n-grams and equation sets of the texts first .. last - 1: (entries used, n-grams, answers), packed."""
    used, totals, answers = np.zeros(LONGEST + 1, np.int64), np.zeros(LONGEST, np.uint64), np.uint64(0)
    grams, found = np.empty(LONGEST, np.uint64), np.empty(MOST_EQUATIONS, np.uint64)
    place = token_ends[first - 1] if first else 0
    mask = np.uint64(_room(max(last - first, token_ends[last - 1] - place)) - 1)
    for text in range(first, last):
        one = once[text]
        answers += one
        key = _equation_set(codes, kinds, text_ends[text - 1] if text else 0, text_ends[text], found)
        used[LONGEST] = _add(tables[LONGEST], used[LONGEST], slots[LONGEST], mask, key, one)
        seen = 0
        while place < token_ends[text]:
            token = tokens[place]
            place += 1
            seen += 1
            for n in range(min(LONGEST, seen) - 1, -1, -1):  # the n-gram that ends here
                grams[n] = token if n == 0 else _mixed(grams[n - 1] * np.uint64(0x9E3779B97F4A7C15) + token)
                used[n] = _add(tables[n], used[n], slots[n], mask, grams[n], one)
                totals[n] += one
    return used, totals, answers


@njit(cache=True)
def _tokens(codes, kinds, text_ends):
    """A hash per token of all texts, and where each text's tokens end."""
    tokens, ends = np.empty(len(codes), np.uint64), np.empty(len(text_ends), np.int64)
    many, start = 0, 0
    for text, stop in enumerate(text_ends):
        i = start
        while i < stop:
            kind = kinds[codes[i]]
            if kind == SPACE:
                i += 1
                continue
            token = np.uint64(codes[i]) + np.uint64(1)
            i += 1
            while kind == WORD and i < stop and kinds[codes[i]] == WORD:
                token = token * np.uint64(0x100000001B3) + codes[i] + np.uint64(1)
                i += 1
            tokens[many] = _mixed(token)
            many += 1
        ends[text], start = many, stop
    return tokens[:many], ends


@njit(cache=True)
def _equation_set(codes, kinds, start, stop, found):
    """A hash of the set of equations <<..>> in a text, blind to white space and order."""
    many, i = 0, start
    while i + 1 < stop:
        if codes[i] == 60 and codes[i + 1] == 60:  # <<
            key, j = np.uint64(17), i + 2
            while j < stop and codes[j] != 60 and codes[j] != 62:
                if kinds[codes[j]] != SPACE:
                    key = _mixed(key * np.uint64(0x100000001B3) + codes[j])
                j += 1
            if j + 1 < stop and codes[j] == 62 and codes[j + 1] == 62:  # >>
                if many < len(found) and not (found[:many] == key).any():
                    found[many] = key
                    many += 1
                i = j + 1
        i += 1
    total = np.uint64(many)
    for k in range(many):
        total += _mixed(found[k])
    return _mixed(total)


@njit(cache=True)
def _add(table, used, slots, mask, key, once):
    """Counts `key`; returns how many different keys the table now holds."""
    slot = np.int64(key & mask)
    while table[slot, 1] and table[slot, 0] != key:
        slot = (slot + 1) & np.int64(mask)
    if not table[slot, 1]:
        table[slot, 0] = key
        slots[used] = slot
        used += 1
    table[slot, 1] += once
    return used


@njit(cache=True)
def _expected(table, slots, subset, total, drawn):
    """Expected number of different n-grams among `drawn` of `total`."""
    expected = 0.0
    for slot in slots:
        missed = 1.0  # C(total - count, drawn) / C(total, drawn), without the difference of large logarithms
        for i in range(_of_subset(table[slot, 1], subset)):
            missed *= max(0.0, 1.0 - drawn / (total - i))
        expected += 1.0 - missed
    return expected


@njit(cache=True)
def _different(table, slots, subset):
    different = 0
    for slot in slots:
        different += _of_subset(table[slot, 1], subset) > 0
    return different


@njit(cache=True)
def _of_subset(packed, subset):
    """The count for correct (0), incorrect (1) or all (2) out of a packed count."""
    right, wrong = np.int64(packed & np.uint64(0xFFFFFFFF)), np.int64(packed >> np.uint64(32))
    return right if subset == 0 else wrong if subset == 1 else right + wrong


@njit(cache=True)
def _longest(token_ends, question_ends):
    """The most tokens, or answers, of a question."""
    longest, first = 4, 0
    for last in question_ends:
        longest = max(longest, last - first, token_ends[last - 1] - (token_ends[first - 1] if first else 0))
        first = last
    return longest


@njit(cache=True)
def _room(entries):
    """A power of two at least twice as large: open addressing stays fast half full."""
    size = 4
    while size < 2 * entries:
        size *= 2
    return size


@njit(cache=True)
def _mixed(value):
    """A 64-bit hash of a 64-bit number (the finaliser of MurmurHash3)."""
    value ^= value >> np.uint64(33)
    value *= np.uint64(0xFF51AFD7ED558CCD)
    value ^= value >> np.uint64(33)
    value *= np.uint64(0xC4CEB9FE1A85EC53)
    return value ^ (value >> np.uint64(33))
