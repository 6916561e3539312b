"""Seeded generator of arithmetic problems: word problems in GSM8K's answer format, and bare expressions.

Both kinds share one structure. A problem is a starting amount followed by changes; a change adds or removes either a
plain amount (one step) or several groups of equal size (two steps: multiply, then add or subtract). A problem's level
is its number of steps.

What varies: the numbers; names, things and sentence wording of word problems; and in the solutions the order of the
steps (any order in which no running total is negative), the order of the operands of + and *, and the phrasing of every
line. One question therefore has many correct solutions, which is what post-training can narrow.

No sum is in two splits, in whatever words: a hash of the terms names the one split that may use them (`split_of`).
"""

import hashlib
import random

from reversal.problem_sources import generate_kinds

NAMES = ["Tom", "Mia", "Sam", "Ann", "Ben", "Eva", "Max", "Zoe", "Leo", "Ida", "Kim", "Ray"]
THINGS = ["apples", "pens", "coins", "books", "cards", "shells", "stamps", "eggs", "cups", "balls"]
GROUPS = ["bags", "boxes", "packs", "jars"]
START_TEXTS = ["{name} has {a} {things}.", "{name} owns {a} {things}.", "{name} starts with {a} {things}."]
CHANGE_TEXTS = {
    ("+", 1): ["Buys {a}.", "Finds {a}.", "Gets {a} more."],
    ("-", 1): ["Loses {a}.", "Gives away {a}.", "Sells {a}."],
    ("+", 2): ["Buys {n} {groups} of {a}.", "Gets {n} {groups} with {a} each."],
    ("-", 2): ["Sells {n} {groups} of {a}.", "Gives {a} to each of {n} friends."],
}
QUESTION_TEXTS = ["How many now?", "How many are left?"]
EXPRESSION_TEXTS = ["Compute {expression}.", "What is {expression}?", "Find {expression}."]
# A line names its amount before it calculates: a model of this size learns in minutes to use every amount once.
LINE_TEXTS = {
    "+": ["{n} more: {equation}", "{n} added, {equation}", "{n} on top is {equation}", "{n} to add: {equation}."],
    "-": ["{n} less: {equation}", "{n} gone, {equation}", "{n} taken off is {equation}", "{n} to lose: {equation}."],
    "*": ["{n} times: {equation}", "{n} of them, {equation}", "{n} groups is {equation}", "{n} to count: {equation}."],
}
MISREAD_HARD, MISREAD_EASY = 0.95, 0.15  # shares of a corpus's solutions that misread a hard and an easy change
IN_ORDER = 0.5  # how often a solution goes on with the question's next change; otherwise with any, that one included
SPLIT_SHARES = {"test": 3, "train": 3, "pretrain": 10}  # sixteenths of all sums


Term = tuple[int, int, int]  # sign, number of groups, amount of one group; the first is the starting amount


def split_of(drawn) -> str:
    """The only split that may ask for what was drawn, e.g. a sum: a hash decides, so that splits never overlap."""
    sixteenth = hashlib.sha256(str(drawn).encode()).digest()[0] % 16
    for split, share in SPLIT_SHARES.items():
        if sixteenth < share:
            return split
        sixteenth -= share
    raise AssertionError("the shares do not add up to 16")


def generate_problems(
    kind: str, count: int, steps: tuple[int, int], split: str, seed: int, hard: float = 0.0
) -> list[dict]:
    """`count` different problems with steps[0] to steps[1] steps, every level equally often up to rounding.

    kind: one of KINDS. Questions to train on or to be judged by differ in what they ask for (the sum), not in wording
    alone, so that they are independent; those of a corpus differ in their text. hard: the share of the
    changes of sums that most solutions misread (see `_slipped`); without it all solutions are right, as are those of
    other kinds.
    Returns rows of PROBLEMS, without ids; null columns may be absent.
    Raises ValueError if the numbers in use do not give `count` different questions.
    """
    rng = random.Random(f"{kind}/{split}/{seed}")
    answer_type, draw, ask, answer = KINDS[kind]
    rows, seen = [], set()
    for _ in range(200 * count + 1000):
        level = steps[0] + len(rows) % (steps[1] - steps[0] + 1)
        drawn = draw(rng, level)
        if split_of(drawn) != split:
            continue
        question = ask(rng, drawn)
        asked = question if split == "pretrain" else str(drawn)
        if asked in seen:
            continue
        seen.add(asked)
        gold_answer, gold_solution = answer(rng, _slipped(rng, drawn, hard) if hard and draw is _draw_terms else drawn)
        row = {"question": question, "gold_answer": gold_answer, "gold_solution": gold_solution, "level": level}
        row["answer_type"] = answer_type
        if answer_type == "choice":
            row["choices"] = [str(number) for number in drawn[1]]
        if answer_type == "program":
            row["tests"] = generate_kinds.tests_of_program(drawn)
        rows.append(row)
        if len(rows) == count:
            return rows
    raise ValueError(f"could not find {count} different {kind} with {steps[0]} to {steps[1]} steps; ask for fewer")


def _draw_terms(rng: random.Random, level: int) -> list[Term]:
    """Terms with `level` steps whose running total stays in 0..99."""
    while True:
        terms, steps = [(1, 1, rng.randint(2, 20))], 0
        while steps < level:
            grouped = steps + 2 <= level and rng.random() < 0.5
            groups, amount = (rng.randint(2, 3), rng.randint(2, 5)) if grouped else (1, rng.randint(1, 9))
            terms.append((rng.choice([1, 1, -1]), groups, amount))
            steps += 2 if grouped else 1
        totals = [sum(s * g * a for s, g, a in terms[: i + 1]) for i in range(len(terms))]
        if all(0 <= total <= 99 for total in totals):
            return terms


def _slipped(rng: random.Random, terms: list[Term], hard: float) -> list[Term]:
    """The terms as the author of a solution reads them, rightly or wrongly; rightly where no sum would be left.

    A product is taken for a sum (3 bags of 4: 3 and 4), a plain change for its opposite. A hash decides for every
    change (sign, groups, amount), with a chance of `hard`, that most authors misread it; others few misread. So a model
    that has learnt its corpus solves a share of the problems that the corpus determines, and not when training stopped.
    """
    read = [terms[0]]
    for term in terms[1:]:
        sign, groups, amount = term
        place = int.from_bytes(hashlib.sha256(f"slip {term}".encode()).digest()[:4], "big") / 2**32
        if rng.random() >= (MISREAD_HARD if place < hard else MISREAD_EASY):
            read.append(term)
        else:
            read += [(sign, 1, groups), (sign, 1, amount)] if groups > 1 else [(-sign, 1, amount)]
    return read if sum(s * g * a for s, g, a in read) >= 0 else terms


def _word_question(rng: random.Random, terms: list[Term]) -> str:
    name, things = rng.choice(NAMES), rng.choice(THINGS)
    sentences = [rng.choice(START_TEXTS).format(name=name, things=things, a=terms[0][2])]
    for sign, groups, amount in terms[1:]:
        texts = CHANGE_TEXTS["+" if sign > 0 else "-", 1 if groups == 1 else 2]
        sentences.append(rng.choice(texts).format(groups=rng.choice(GROUPS), n=groups, a=amount))
    return " ".join([*sentences, rng.choice(QUESTION_TEXTS)])


def _expression_question(rng: random.Random, terms: list[Term]) -> str:
    expression = str(terms[0][2])
    for sign, groups, amount in terms[1:]:
        expression += ("+" if sign > 0 else "-") + (f"{groups}*{amount}" if groups > 1 else str(amount))
    return rng.choice(EXPRESSION_TEXTS).format(expression=expression)


def _answer_sum(rng: random.Random, terms: list[Term]) -> tuple[str, str]:
    """The sum, and one correct solution in GSM8K's format: any order of steps that never goes below zero."""
    while True:
        total, lines, waiting = terms[0][2], [], [(s, g, a, g == 1) for s, g, a in terms[1:]]
        while waiting and total >= 0:
            sign, groups, amount, ready = waiting.pop(0 if rng.random() < IN_ORDER else rng.randrange(len(waiting)))
            if not ready:
                lines.append(_line(rng, amount, "*", groups, groups * amount))
                waiting.insert(0, (sign, 1, groups * amount, True))
                continue
            new_total = total + sign * amount
            lines.append(_line(rng, total, "+" if sign > 0 else "-", amount, new_total))
            total = new_total
        if total >= 0:
            return str(total), "\n".join([*lines, f"#### {total}"])


def _line(rng: random.Random, left: int, operator: str, right: int, value: int) -> str:
    plain = f"{right}{operator}{left}" if operator != "-" and rng.random() < 0.5 else f"{left}{operator}{right}"
    return rng.choice(LINE_TEXTS[operator]).format(n=right, equation=f"<<{plain}={value}>>{value}")


# kind: answer type, draw, ask, answer
KINDS = {
    "word_problems": ("number", _draw_terms, _word_question, _answer_sum),
    "expressions": ("number", _draw_terms, _expression_question, _answer_sum),
    "fractions": (
        "expression",
        generate_kinds.draw_fractions,
        generate_kinds.ask_fractions,
        generate_kinds.answer_fractions,
    ),
    "choices": (
        "choice",
        generate_kinds.draw_choices,
        generate_kinds.ask_choices,
        generate_kinds.answer_choices,
    ),
    "programs": (
        "program",
        generate_kinds.draw_programs,
        generate_kinds.ask_programs,
        generate_kinds.answer_programs,
    ),
}
