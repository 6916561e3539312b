import math
import random
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reversal.verifying import terms
from reversal.verifying.expressions import judge_expressions
from reversal.verifying.latex import plain
from reversal.verifying.terms import ROUNDED


def rows(table):
    return [pytest.param(*row[:-1], id=row[-1]) for row in table]


def same_number(gold: str, answer: str) -> bool | None:
    return terms.same_number(plain(gold), plain(answer))


def clearly_different(gold: str, answer: str) -> bool:
    return terms.clearly_different(plain(gold), plain(answer))


FRACTIONS = st.builds(Fraction, st.integers(-999, 999), st.integers(1, 99))


def written(number: Fraction, form: str) -> str:
    top, bottom = number.numerator, number.denominator
    return {
        "line": f"{top}/{bottom}",
        "latex": rf"\frac{{{top}}}{{{bottom}}}",
        "outer sign": ("-" if top < 0 else "") + rf"\dfrac{{{abs(top)}}}{{{bottom}}}",
        "decimal": f"{float(number):.3f}",
    }[form]


@given(FRACTIONS, FRACTIONS, *[st.sampled_from(["line", "latex", "outer sign", "decimal"])] * 2)
def test_numbers_compare_as_fractions(first, second, form, other_form):
    values = [
        Fraction(f"{float(number):.3f}") if how == "decimal" else number
        for number, how in ((first, form), (second, other_form))
    ]
    verdict = same_number(written(first, form), written(second, other_form))
    assert verdict is (values[0] == values[1]) or (verdict is None and 0 < abs(values[0] - values[1]) < ROUNDED)


@pytest.mark.parametrize(
    ("gold", "answer"),
    rows(
        [
            ("1/3", "0.333333", "math-verify rounds to six places"),
            ("1/0", "1", "division by zero"),
            (r"2\frac{1}{2}", "2.5", "mixed number"),
            ("1" * 40, "2" * 40, "more digits than a float holds"),
            ("52_8", "52", "base"),
        ]
    ),
)
def test_no_plain_numbers(gold, answer):
    assert same_number(gold, answer) is None


def test_fast_paths_agree_with_the_judge_on_numbers():
    draw = random.Random(0)
    numbers = [Fraction(draw.randint(-40, 40), draw.choice([1, 2, 3, 4, 8])) for _ in range(60)]
    texts = [written(n, draw.choice(["line", "latex", "outer sign"])) for n in numbers]
    texts += [str(float(n)) for n in numbers if math.log2(n.denominator).is_integer()]
    pairs = [tuple(draw.sample(texts, 2)) for _ in range(100)]
    pairs += [(a, b) for a in texts for b in texts if a != b and same_number(a, b)]
    assert judge_expressions(pairs, 2) == judge_expressions(pairs, 2, fast_paths=False)


@pytest.mark.parametrize(
    ("gold", "answer"),
    rows(
        [
            (r"2\sqrt{3}", "2", "radical and number"),
            (r"2\sqrt{3}", r"3\sqrt{2}", "radicals"),
            ("x^2+2x+1", "x^2-2x+1", "polynomials"),
            ("3x+2", "3y+2", "variables"),
            ("3-4i", "3+4i", "complex numbers"),
            ("5", "[0,5)", "number and interval"),
            (r"(-\infty,3)\cup(3,\infty)", "3", "union and number"),
            ("5", r"\begin{pmatrix} 5 \\ 3/5 \end{pmatrix}", "number and vector"),
            ("(3,4)", "(4,3)", "tuples"),
            ("(3,4)", r"\begin{pmatrix} 3 \\ 4 \end{pmatrix}", "tuple and vector"),
            (r"\begin{pmatrix} 1 & 2 \end{pmatrix}", r"\begin{pmatrix} 1 & 3 \end{pmatrix}", "matrices"),
            (r"\text{even}", "2", "word and number"),
        ]
    ),
)
def test_clearly_different(gold, answer):
    assert clearly_different(gold, answer)
    assert judge_expressions([(gold, answer)], 1, fast_paths=False) == ["wrong"]


@pytest.mark.parametrize(
    ("gold", "answer"),
    rows(
        [
            (r"2\sqrt{3}", r"\sqrt{12}", "equal radicals"),
            ("1/3", "0.333333", "math-verify rounds to six places"),
            (r"\frac{5}{2}", r"2\frac{1}{2}", "mixed number"),
            ("5", "2(3)", "math-verify takes it for a mixed number"),
            ("4", "4e", "a letter that may be a number"),
            ("4", "4o", "a letter that math-verify drops"),
            ("5", "[5,5]", "interval of one number"),
            ("5", "5, 5", "list of one number"),
            ("(1,000)", "1000", "thousands comma in brackets"),
            (r"\frac{3}{2}", r"3/2\pi", "denominator that may hold pi"),
            ("1,2", "2,1", "lists"),
            ("[0,1)", "[0,1]", "intervals"),
            ("0", "10^{400}", "more than a float holds"),
            ("0", "10^{300}i \\cdot 10^{300}", "a product sign"),
            ("1", r"\frac{1}{0}", "division by zero"),
            ("1", "{" * 50, "braces"),
        ]
    ),
)
def test_not_clearly_different(gold, answer):
    assert not clearly_different(gold, answer)
    assert not clearly_different(answer, gold)
