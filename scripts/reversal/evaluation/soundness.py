"""Right for the right reason: whether the equations between calculator marks are true and lead to the answer."""

import ast
import operator
import re
from fractions import Fraction
from functools import lru_cache

import polars as pl

from reversal.verifying.answers import EQUATION, canonical_number

OPERATORS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv}
SIGNS = {ast.UAdd: operator.pos, ast.USub: operator.neg}
ARITHMETIC = re.compile(r"[0-9.+\-*/()\s]{1,200}")  # no exponents: 9e99999999 would fill the memory


def sound_counts(answers: pl.DataFrame) -> pl.DataFrame:
    """problem_id, n (answers), c (right and sound ones), unsound_rate: the share of right ones that are not sound.

    answers: problem_id, text, answer; a row per answer, whose final answer is null unless it is right. A right answer
    without calculator marks is not sound, and shows no wrong reason either: the rate is among those with marks, and
    null where there is none.
    """
    texts = answers.select("text", "answer").iter_rows()
    found = [None if answer is None else is_sound(text, answer) for text, answer in texts]
    sound = pl.col("sound")
    return (
        answers.with_columns(sound=pl.Series(found, dtype=pl.Boolean))
        .group_by("problem_id", maintain_order=True)
        .agg(n=pl.len().cast(pl.Int64), c=sound.sum().cast(pl.Int64), unsound_rate=1 - sound.mean())
    )


def is_sound(text: str, answer: str) -> bool | None:
    """Whether every equation of a solution is true and the last one's result is its final answer; None without any.

    answer: a number. An equation is <<..>>, of numbers, + - * / and brackets; what else is there is not
    true. Its sides are equal, or a later one is the first rounded to the decimals that it writes: 10/3=3.33.
    """
    equations = EQUATION.findall(text)
    if not equations:
        return None
    result = _value(equations[-1].rpartition("=")[2])
    return all(map(is_true, equations)) and result == _value(canonical_number(answer) or "")


@lru_cache(maxsize=100_000)  # the answers to a problem share their equations
def is_true(equation: str) -> bool:
    """Whether all sides of an equation have the value of the first; False if it is none, or cannot be read."""
    first, *others = equation.split("=")
    value, results = _value(first), [_value(side) for side in others]
    if value is None or not others or None in results:
        return False
    return all(abs(result - value) <= _rounding(side) for side, result in zip(others, results, strict=True))


def _rounding(side: str) -> Fraction:
    """Half a unit of the last decimal of a side that is a decimal number, otherwise 0."""
    whole, point, decimals = side.strip().partition(".")
    is_decimal = point and decimals.isdecimal() and (whole.lstrip("+-").isdecimal() or whole in ("", "+", "-"))
    return Fraction(1, 2 * 10 ** len(decimals)) if is_decimal else Fraction(0)


def _value(side: str) -> Fraction | None:
    """The exact value of an arithmetical expression, None if it is none."""
    side = side.strip()
    if not ARITHMETIC.fullmatch(side):
        return None
    try:
        return _of_node(ast.parse(side, mode="eval").body, side)
    except (SyntaxError, ValueError, ZeroDivisionError, KeyError):
        return None


def _of_node(node: ast.expr, side: str) -> Fraction:
    """KeyError for anything but an operator above, ValueError for anything but a number."""
    if isinstance(node, ast.BinOp):
        return OPERATORS[type(node.op)](_of_node(node.left, side), _of_node(node.right, side))
    if isinstance(node, ast.UnaryOp):
        return SIGNS[type(node.op)](_of_node(node.operand, side))
    return Fraction(ast.get_source_segment(side, node))
