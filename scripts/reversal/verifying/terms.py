"""Fast verdicts on simple LaTeX: what is certain from the values of terms at one point, without math-verify.

All texts are plain (latex.plain).
"""

import math
import re
from fractions import Fraction
from functools import lru_cache
from string import ascii_letters

from reversal.verifying.latex import THOUSANDS

# Any letter but those that math-verify may read as e, f(x), infinity, "or" or a differential.
TOKEN = re.compile(r"\\frac\{|\\sqrt\{|\\pi|\d+(?:\.\d+)?|[a-cg-np-zA-DF-Z]|[-+^{}]", re.ASCII)
# 2 1/2 is a mixed number, and numbers after a factor or an exponent have more than one reading.
UNCLEAR = re.compile(r"\d\\frac|[^-+{^\d.]\d|\^\d\d")
POINT = {"\\pi": math.pi, **{letter: 0.2 + ord(letter) % 32 / 37 for letter in ascii_letters}, "i": 1j}
MATRIX = re.compile(r"\\begin\{[pb]matrix\}(.*)\\end\{[pb]matrix\}")
ONE_WORD = re.compile(r"\\text\{[A-Za-z() ]*\}")
# At most the 15 digits that a float holds, as math-verify reads decimals as floats.
NUMBER = re.compile(r"([+-]?)(?:(\d{1,15}|\d{1,9}\.\d{1,6})|\\frac\{([+-]?\d{1,15})\}\{(\d{1,15})\})", re.ASCII)
ROUNDED = 1e-5  # math-verify rounds decimals to 6 places: what is further apart is different to it too


def same_number(gold: str, answer: str) -> bool | None:
    """Whether two plain numbers or simple fractions are equal; None if one is neither, or math-verify may round."""
    first, second = _number(gold), _number(answer)
    if first is None or second is None or 0 < abs(first - second) < ROUNDED:
        return None
    return first == second


def clearly_different(gold: str, answer: str) -> bool:
    """Whether two terms, or two tuples or matrices of terms, are far apart at one point, or are of different kinds.

    Terms are made of numbers, pi, i, variables, fractions, square roots and whole powers.
    """
    first, second = _value(gold), _value(answer)
    if first is not None and second is not None:
        return _far_apart(first, second)
    (kind, terms), (other_kind, other_terms) = _several(gold), _several(answer)
    if first is not None or second is not None:
        text = answer if second is None else gold
        return (kind or other_kind) is not None or bool(ONE_WORD.fullmatch(text))
    if kind == other_kind:
        return kind in ("tuple", "matrix") and (
            len(terms) != len(other_terms) or any(map(_far_apart, terms, other_terms))
        )
    return "matrix" in (kind, other_kind) and None not in (kind, other_kind)


@lru_cache(maxsize=10_000)
def _value(plain: str) -> complex | None:
    """The value of a term at one point; None if `plain` is no such term or has more than one reading."""
    tokens = TOKEN.findall(plain)[::-1]
    if len(tokens) > 100 or sum(map(len, tokens)) != len(plain) or UNCLEAR.search(plain):
        return None
    try:
        tokens.insert(0, "}")
        value = _sum(tokens)
        return value if abs(value) < 1e15 and not tokens else None
    except (IndexError, ValueError, ArithmeticError):
        return None


def _sum(tokens: list[str]) -> complex:
    """Takes a sum and the brace that closes it from the end of `tokens`, where its first token is."""
    total, sign = 0.0, tokens.pop() if tokens[-1] in "+-" else "+"
    while sign != "}":
        product = _power(tokens)
        while tokens[-1] not in "+-}":
            product *= _power(tokens)
        total += product if sign == "+" else -product
        sign = tokens.pop()
    return total


def _power(tokens: list[str]) -> complex:
    token = tokens.pop()
    if token == "\\sqrt{":
        value = _sum(tokens) ** 0.5
    elif token == "\\frac{":
        value = _sum(tokens)
        value /= _sum(tokens) if tokens.pop() == "{" else 0
    else:
        value = POINT[token] if token in POINT else float(token)
    if tokens[-1] == "^":
        tokens.pop()
        braced = tokens[-1] == "{" and tokens.pop()
        value **= int(tokens.pop())
        if braced and tokens.pop() != "}":
            raise ValueError("not a whole exponent")
    return value


def _far_apart(first: complex, second: complex) -> bool:
    return abs(first - second) > ROUNDED * (1 + abs(first) + abs(second))


def _several(plain: str) -> tuple[str | None, list[complex]]:
    """The kind (matrix, tuple, or set for lists, intervals and unions of them) and the terms; (None, []) if neither."""
    matrix = MATRIX.fullmatch(plain)
    if matrix:
        terms = [_value(entry) for entry in re.split(r"&|\\\\", matrix[1])]
        return (None, []) if None in terms else ("matrix", terms)
    for part in plain.split("\\cup"):
        bracketed = part[:1] in ("(", "[") and part[-1:] in (")", "]")
        entries = (part[1:-1] if bracketed else part).split(",")
        terms = [math.inf if entry.lstrip("+-") == "\\infty" else _value(entry) for entry in entries]
        # [5,5] is the set of 5, and 1,000 is a number.
        if None in terms or len(set(terms)) < 2 or re.search(THOUSANDS, part):
            return None, []
    return "tuple" if plain[0] + plain[-1] == "()" and "\\cup" not in plain else "set", terms


def _number(plain: str) -> Fraction | None:
    match = NUMBER.fullmatch(plain)
    if not match or (match[4] and int(match[4]) == 0):
        return None
    size = Fraction(match[2]) if match[2] else Fraction(int(match[3]), int(match[4]))
    return -size if match[1] == "-" else size
