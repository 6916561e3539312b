"""What texts share of their words and equations, counted in one compiled pass over their code points.

Tokens, n-grams and equation sets are 64-bit hashes; two different ones of a question are taken for the same in one of
10^10 questions. All compiled functions are in this file, since numba's cache does not see a change in another one.
"""

import numpy as np
from numba import njit

LONGEST = 4  # n-grams of 1 to 4 tokens
SPACE, WORD, MARK = 0, 1, 2
CORRECT, INCORRECT, MIXED, ALL = 0, 1, 2, 3  # groups of answers, and of pairs; mixed is a correct and an incorrect one
WORDS, EQUATIONS, WRITTEN = 0, 1, 2  # what pairs are compared by
MOST_EQUATIONS = 1000  # a text with more different ones counts by the first of them


def kinds_of(codes: np.ndarray) -> np.ndarray:
    """SPACE, WORD or MARK of every code point up to the largest, as Python's regular expressions see them."""
    kinds = np.full(int(codes.max(initial=0)) + 1, MARK, np.uint8)
    for code in np.flatnonzero(np.bincount(codes)).tolist():
        letter = chr(code)
        kinds[code] = WORD if letter.isalnum() or letter == "_" else SPACE if letter.isspace() else MARK
    return kinds


@njit(cache=True)
def measure(codes, kinds, text_ends, question_ends, right):
    """distinct (n - 1, group, question), equation_sets (group, question), pairs (WORDS .., group, question).

    Different n-grams / n-grams; different sets of equations, as written / texts; means over pairs. nan if undefined.
    codes, kinds: code points of all texts, and kinds_of them. text_ends: where each text ends in codes. question_ends:
    where each question's texts end. right: per text.
    """
    tokens, token_ends = _tokens(codes, kinds, text_ends)
    questions = len(question_ends)
    distinct, sets = np.full((LONGEST, 4, questions), np.nan), np.full((4, questions), np.nan)
    pairs = np.full((3, 4, questions), np.nan)
    most_tokens = _longest(token_ends, question_ends)
    room = _room(most_tokens)
    keys, newest = np.empty((LONGEST, room), np.uint64), np.zeros((LONGEST, room), np.int64)
    holders = np.empty((LONGEST * most_tokens + 1, 2), np.int64)
    first = 0
    for question in range(questions):
        last = question_ends[question]
        place = token_ends[first - 1] if first else 0
        ends, good = token_ends[first:last] - place, right[first:last]
        mask = _room(ends[-1]) - 1
        newest[:, : mask + 1] = 0
        held, total, shared, of_group = _n_grams(tokens[place:], ends, good, keys, newest, holders, mask)
        equations = _equation_sets(codes, kinds, text_ends, first, last)
        distinct[:, :, question] = _shares(of_group, total, good)
        sets[:, question] = _different_sets(equations[1], good)
        pairs[:, :, question] = _pairs(held, total, shared, equations, good)
        first = last
    return distinct, sets, pairs


@njit(cache=True)
def _n_grams(tokens, ends, good, keys, newest, holders, mask):
    """Counts the n-grams of a question's texts: held, total (n - 1, text), shared (n - 1, text, text), of_group.

    held: different n-grams of a text; total: all of them; shared: those that two texts hold; of_group: different ones
    of the correct, incorrect and all texts. keys, newest: open addressing, a slot of `newest` is 0 while it is empty,
    otherwise it leads into `holders`: rows of (a text that holds this n-gram, the holder before it).
    """
    texts = len(ends)
    held, total = np.zeros((LONGEST, texts), np.int64), np.zeros((LONGEST, texts), np.int64)
    shared, of_group = np.zeros((LONGEST, texts, texts), np.int64), np.zeros((LONGEST, 4), np.int64)
    grams, filled, place = np.empty(LONGEST, np.uint64), 0, 0
    for text in range(texts):
        seen = 0
        for token in tokens[place : ends[text]]:
            seen += 1
            for n in range(min(LONGEST, seen) - 1, -1, -1):  # the n-gram that ends here
                grams[n] = token if n == 0 else _mixed(grams[n - 1] * np.uint64(0x9E3779B97F4A7C15) + token)
                total[n, text] += 1
                slot = np.int64(grams[n] & np.uint64(mask))
                while newest[n, slot] and keys[n, slot] != grams[n]:
                    slot = (slot + 1) & mask
                holder = newest[n, slot]
                if holder and holders[holder, 0] == text:
                    continue
                by_right, by_wrong = False, False
                while holder:
                    other = holders[holder, 0]
                    shared[n, other, text] += 1
                    by_right, by_wrong = by_right or good[other], by_wrong or not good[other]
                    holder = holders[holder, 1]
                held[n, text] += 1
                of_group[n, CORRECT] += good[text] and not by_right
                of_group[n, INCORRECT] += not good[text] and not by_wrong
                of_group[n, ALL] += not by_right and not by_wrong
                filled += 1
                holders[filled] = text, newest[n, slot]
                keys[n, slot], newest[n, slot] = grams[n], filled
        place = ends[text]
    return held, total, shared, of_group


@njit(cache=True)
def _shares(of_group, total, good):
    """Different n-grams / n-grams, (n - 1, group); nan for fewer than two texts, or no n-grams."""
    shares = np.full((LONGEST, 4), np.nan)
    for group in (CORRECT, INCORRECT, ALL):
        texts, grams = 0, np.zeros(LONGEST, np.int64)
        for text in range(len(good)):
            if group == ALL or good[text] == (group == CORRECT):
                texts += 1
                grams += total[:, text]
        for n in range(LONGEST):
            if texts >= 2 and grams[n]:
                shares[n, group] = of_group[n, group] / grams[n]
    return shares


@njit(cache=True)
def _different_sets(equations, good):
    """Different sets of equations / texts of each group; nan for fewer than two."""
    new, texts = np.zeros(4), np.zeros(4)
    for text in range(len(good)):
        of_same, of_other = False, False
        for earlier in range(text):
            if equations[earlier] == equations[text]:
                of_same, of_other = of_same or good[earlier] == good[text], of_other or good[earlier] != good[text]
        group = CORRECT if good[text] else INCORRECT
        texts[group] += 1
        texts[ALL] += 1
        new[group] += not of_same
        new[ALL] += not of_same and not of_other
    return np.where(texts >= 2, new / texts, np.nan)


@njit(cache=True)
def _pairs(held, total, shared, equations, good):
    """Means over the pairs of texts of each group, (WORDS .., group); nan where there is none."""
    sums, many = np.zeros((3, 4)), np.zeros(4)
    for text in range(len(good)):
        for other in range(text):
            group = MIXED if good[text] != good[other] else CORRECT if good[text] else INCORRECT
            many[group] += 1
            part, lengths = 0.0, 0
            for n in range(LONGEST):
                both = total[n, other] + total[n, text]
                if both:
                    part += (held[n, other] + held[n, text] - shared[n, other, text]) / both
                    lengths += 1
            sums[WORDS, group] += part / lengths if lengths else 0.5  # two empty texts, as any two equal ones
            sums[EQUATIONS, group] += equations[0, other] != equations[0, text]
            sums[WRITTEN, group] += equations[1, other] != equations[1, text]
    sums[:, ALL], many[ALL] = sums[:, :ALL].sum(axis=1), many[:ALL].sum()
    return np.where(many > 0, sums / many, np.nan)


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
def _equation_sets(codes, kinds, text_ends, first, last):
    """Hashes of the sets of equations <<..>> of the texts first .. last - 1: blind to operand order; as written."""
    sets, found = np.zeros((2, last - first), np.uint64), np.empty((2, MOST_EQUATIONS), np.uint64)
    for text in range(first, last):
        many = np.zeros(2, np.int64)
        i, stop = text_ends[text - 1] if text else 0, text_ends[text]
        while i + 1 < stop:
            if codes[i] == 60 and codes[i + 1] == 60:  # <<
                j = i + 2
                while j < stop and codes[j] != 60 and codes[j] != 62:
                    j += 1
                if j + 1 < stop and codes[j] == 62 and codes[j + 1] == 62:  # >>
                    for reading, key in enumerate(_equation(codes, kinds, i + 2, j)):
                        if many[reading] < MOST_EQUATIONS and not (found[reading, : many[reading]] == key).any():
                            found[reading, many[reading]] = key
                            many[reading] += 1
                    i = j + 1
            i += 1
        for reading in range(2):
            total = np.uint64(many[reading])
            for k in range(many[reading]):
                total += _mixed(found[reading, k])
            sets[reading, text - first] = _mixed(total)
    return sets


@njit(cache=True)
def _equation(codes, kinds, start, stop):
    """Hashes of an equation without its white space: with operands in any order, and as written.

    Each side is a sum of signed terms, and a term is a product of factors, divided by others; a sum of hashes is blind
    to their order. A sign after another operator belongs to its operand. With brackets, order counts.
    """
    prime = np.uint64(0x100000001B3)
    written, sides, terms, factors, operand = np.uint64(17), np.uint64(17), np.uint64(0), np.uint64(0), np.uint64(0)
    sign, by, brackets = np.uint64(43), np.uint64(42), False  # + and *
    for i in range(start, stop + 1):
        code = np.uint64(codes[i]) if i < stop else np.uint64(61)  # the last side ends as one before = does
        if i < stop and kinds[codes[i]] == SPACE:
            continue
        if i < stop:
            written = _mixed(written * prime + code)
            brackets |= code == 40 or code == 41
        operator = code == 42 or code == 43 or code == 45 or code == 47 or code == 61  # * + - / =
        if not operator or (operand == 0 and i < stop):
            operand = _mixed(operand * prime + code + np.uint64(1))
            continue
        factors += _mixed(operand * prime + by)
        operand, by = np.uint64(0), code
        if code == 43 or code == 45 or code == 61:
            terms += _mixed(factors * prime + sign)
            factors, by, sign = np.uint64(0), np.uint64(42), code
        if code == 61:
            sides = _mixed(sides * prime + terms)
            terms, sign = np.uint64(0), np.uint64(43)
    return written if brackets else sides, written


@njit(cache=True)
def _longest(token_ends, question_ends):
    """The most tokens of a question."""
    longest, first = 0, 0
    for last in question_ends:
        longest = max(longest, token_ends[last - 1] - (token_ends[first - 1] if first else 0))
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
