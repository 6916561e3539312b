"""Small generated tasks of the other answer types: LaTeX fractions, choices between options, and Python functions.

Each kind has three functions: draw (rng, level -> what the problem is about; it decides the split), ask (-> question)
and answer (-> gold answer, gold solution). What varies is as in `generate`: numbers, wording, and the order in which a
solution goes. Levels: fractions and programs count operations, choices count options beyond the first.
"""

import random
from math import gcd

ASK_FRACTIONS = ["Compute ${sum}$.", "What is ${sum}$?", "Find ${sum}$."]
FRACTION_LINES = ["We get ${left}={right}$.", "${left}={right}$", "So ${left}$ is ${right}$."]
ASK_CHOICES = {
    True: ["Which number is the largest?", "Which is most?"],
    False: ["Which is least?", "Which is smallest?"],
}
CHOICE_LINES = {True: ["{a} is more than {b}.", "{a} > {b}"], False: ["{a} is less than {b}.", "{a} < {b}"]}
ASK_PROGRAMS = ["Write a function f that takes x and {steps}.", "Write f, which takes a number x and {steps}."]
STEP_WORDS = {"+": "adds {n}", "-": "takes away {n}", "*": "multiplies by {n}"}


def draw_fractions(rng: random.Random, level: int) -> tuple[int, list[int]]:
    """A denominator and level + 1 numerators; their sum stays between 1 and 20."""
    while True:
        numerators = [rng.randint(1, 9)] + [rng.choice([1, 1, -1]) * rng.randint(1, 9) for _ in range(level)]
        if 1 <= sum(numerators) <= 20:
            return rng.choice([3, 4, 5, 6, 7, 8, 9]), numerators


def ask_fractions(rng: random.Random, drawn: tuple[int, list[int]]) -> str:
    denominator, numerators = drawn
    total = "".join(f"{'-' if n < 0 else '+'}\\frac{{{abs(n)}}}{{{denominator}}}" for n in numerators)
    return rng.choice(ASK_FRACTIONS).format(sum=total.removeprefix("+"))


def answer_fractions(rng: random.Random, drawn: tuple[int, list[int]]) -> tuple[str, str]:
    """The gold answer is the reduced fraction; every solution adds the numerators first, in any order."""
    denominator, numerators = drawn
    order = [numerators[0], *rng.sample(numerators[1:], len(numerators) - 1)]
    total, lines = order[0], []
    for n in order[1:]:
        left, total = f"{total}{'-' if n < 0 else '+'}{abs(n)}", total + n
        lines.append(rng.choice(FRACTION_LINES).format(left=left, right=total))
    common = gcd(total, denominator)
    answer = _fraction(total // common, denominator // common)
    if common > 1:
        lines.append(rng.choice(FRACTION_LINES).format(left=_fraction(total, denominator), right=answer))
    return answer, "\n".join([*lines, f"\\boxed{{{answer}}}"])


def draw_choices(rng: random.Random, level: int) -> tuple[bool, list[int]]:
    """Whether the largest is asked for, and level + 1 different numbers (at least two)."""
    if level > 25:
        raise ValueError("choices have at most 25 steps: there are no letters for more options")
    return rng.random() < 0.5, rng.sample(range(1, 60), level + 1)


def ask_choices(rng: random.Random, drawn: tuple[bool, list[int]]) -> str:
    largest, numbers = drawn
    options = (f"{chr(ord('A') + i)}. {number}" for i, number in enumerate(numbers))
    return "\n".join([rng.choice(ASK_CHOICES[largest]), *options])


def answer_choices(rng: random.Random, drawn: tuple[bool, list[int]]) -> tuple[str, str]:
    """Goes through the options in any order and keeps the better one."""
    largest, numbers = drawn
    order = rng.sample(numbers, len(numbers))
    best, lines = order[0], []
    for number in order[1:]:
        better, worse = (number, best) if (number > best) == largest else (best, number)
        lines.append(rng.choice(CHOICE_LINES[largest]).format(a=better, b=worse))
        best = better
    letter = chr(ord("A") + numbers.index(best))
    return letter, "\n".join([*lines, f"#### {letter}"])


def draw_programs(rng: random.Random, level: int) -> list[tuple[str, int]]:
    """`level` operations on x."""
    operators = [rng.choice("+-*") for _ in range(level)]
    return [(operator, rng.randint(2, 9 if operator == "*" else 30)) for operator in operators]


def ask_programs(rng: random.Random, drawn: list[tuple[str, int]]) -> str:
    steps = ", then ".join(STEP_WORDS[operator].format(n=n) for operator, n in drawn)
    return rng.choice(ASK_PROGRAMS).format(steps=steps)


def answer_programs(rng: random.Random, drawn: list[tuple[str, int]]) -> tuple[str, str]:
    """The program is answer and solution: one expression, or one assignment per operation."""
    if rng.random() < 0.5:
        expression = "x"
        for operator, n in drawn:
            expression = _applied(rng, expression, operator, n)
            expression = f"({expression})" if operator != "*" else expression
        lines = [f"    return {expression}"]
    else:
        name = rng.choice(["x", "y", "z"])
        lines, value = [], "x"
        for operator, n in drawn:
            lines.append(f"    {name} = {_applied(rng, value, operator, n)}")
            value = name
        lines.append(f"    return {name}")
    program = "\n".join(["def f(x):", *lines])
    return program, program


def tests_of_program(drawn: list[tuple[str, int]]) -> list[str]:
    """Three assertions; together they tell different functions of this kind apart."""
    tests = []
    for x in (0, 1, 7):
        value = x
        for operator, n in drawn:
            value = value + n if operator == "+" else value - n if operator == "-" else value * n
        tests.append(f"assert f({x}) == {value}")
    return tests


def _applied(rng: random.Random, value: str, operator: str, n: int) -> str:
    return f"{n} {operator} {value}" if operator != "-" and rng.random() < 0.5 else f"{value} {operator} {n}"


def _fraction(numerator: int, denominator: int) -> str:
    return str(numerator) if denominator == 1 else f"\\frac{{{numerator}}}{{{denominator}}}"
