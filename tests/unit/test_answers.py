import re
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reversal.answers import (
    BOXED,
    canonical_number,
    choice_answer,
    equations,
    fenced_program,
    last_expression,
    last_number,
    marked_answer,
    number_answer,
)

NUMBERS = st.from_regex(r"-?\$?[0-9]{1,6}(,[0-9]{3}){0,2}(\.[0-9]{1,4})?", fullmatch=True)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("#### 18", "18"),
        ("so <<9*2=18>>18 a day.\n#### 18", "18"),
        ("#### 1,200", "1200"),
        ("#### $3.50", "3.5"),
        ("#### -$3", "-3"),
        ("#### $-3", "-3"),
        ("#### -0", "0"),
        ("#### .5", "0.5"),
        ("#### 007", "7"),
        ("####5", "5"),
        ("####\n5", "5"),
        ("#### 18.", "18"),
        ("#### 18, or so", "18"),
        ("#### 18 dollars", "18"),
        ("#### \u20ac 1,200 a year", "1200"),
        ("#### \u00a33.50", "3.5"),
        ("#### \\$5", "5"),
        ("#### \u22126", "-6"),
        ("#### 60 km/h", "60"),
        ("#### $3/hour", "3"),
        ("#### 50%", "50"),
        ("#### 3\n#### 4", "4"),  # the last mark counts
        ("##### 5", "5"),
        ("18", None),
        ("A: 18", None),
        ("", None),
        ("####", None),
        ("#### about six", None),
        ("#### = 6", None),
        ("#### --6", None),
        ("#### 1/2", None),
        ("#### 12 / 5", None),
        ("#### 1.2.3", None),
        ("#### \u0663", None),  # a digit of another alphabet
        ("#### " + "9" * 100_000 + "/2", None),
        ("#### 3\n#### none", None),
    ],
)
def test_number_answer(text, answer):
    assert number_answer(text) == answer


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("$1,200.50", "1200.5"),
        ("-0.0", "0"),
        ("0.10", "0.1"),
        ("000", "0"),
        ("-007", "-7"),
        ("100", "100"),
        ("six", None),
        ("", None),
        ("5.", None),
        ("1 2", None),
        ("1.2.3", None),
        ("--1", None),
        ("-", None),
    ],
)
def test_canonical_number(text, number):
    assert canonical_number(text) == number


@given(NUMBERS | st.text(alphabet="-$,.0123456789 x", max_size=8))
def test_canonical_number_keeps_the_value_and_is_its_own_canonical_form(text):
    canonical = canonical_number(text)
    if canonical is not None:
        assert Fraction(canonical) == Fraction(re.sub("[$, ]", "", text))
        assert canonical_number(canonical) == canonical


@given(st.decimals(allow_nan=False, allow_infinity=False, places=3), st.text(alphabet="0", max_size=3))
def test_equal_values_have_equal_canonical_numbers(value, zeros):
    sign, digits = ("-", f"{value:f}"[1:]) if value.is_signed() else ("", f"{value:f}")
    assert canonical_number(f"{sign}{zeros}{digits}{zeros}") == canonical_number(f"{value:f}") is not None


@given(st.text(max_size=20), NUMBERS)
def test_any_text_before_the_mark_leaves_the_answer_alone(before, number):
    assert number_answer(f"{before}\n#### {number}") == canonical_number(number) is not None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It is <<3*4=12>>12.\nThen <<12+5=17>>17", ("12+5=17", "3*4=12")),
        ("<<12 + 5 = 17>>17 and <<12+5=17>>17", ("12+5=17",)),
        ("<<2+2=4>>4\n<<1+1=2>>2", ("1+1=2", "2+2=4")),
        ("3*4=12 <<unclosed", ()),
        ("<<a<<1+1=2>>", ("1+1=2",)),
        ("", ()),
    ],
)
def test_equations(text, expected):
    assert equations(text) == expected


@pytest.mark.parametrize(
    ("text", "mark", "answer"),
    [
        ("so \\boxed{5}", BOXED, "5"),
        ("\\boxed{1} no, \\boxed{\\frac{1}{2}} it is", BOXED, "\\frac{1}{2}"),
        ("\\boxed{\\{1,2\\}}", BOXED, "\\{1,2\\}"),
        ("\\boxed{ 3 }", BOXED, "3"),
        ("\\boxed{5", BOXED, None),
        ("\\boxed {5}", BOXED, "5"),
        ("\\fbox{5}", BOXED, "5"),
        ("so $\\boxed 5$.", BOXED, "5"),
        ("\\boxedness{5}", BOXED, None),
        ("\\boxed{}", BOXED, None),
        ("#### 5", BOXED, None),
        ("#### \\frac12 \nthat is all", "####", "\\frac12"),
        ("The answer is B. The answer is C.", "The answer is", "C."),
        ("A: 5\nA: 6", "A:", "6"),
        ("####  \n\n B", "####", "B"),
        ("####", "####", None),
    ],
)
def test_marked_answer(text, mark, answer):
    assert marked_answer(text, mark) == answer


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("She makes $2.50 a day", "2.5"),
        ("16-3", "3"),
        ("16 - 3 = -13", "-13"),
        ("f(x)-3", "3"),
        ("he pays \u20ac1,200.", "1200"),
        ("it is \u22125", "-5"),
        ("9" * 100_000, "9" * 100_000),
        ("#### 1,200 apples", "1200"),
        ("18.", "18"),
        ("none", None),
        ("", None),
    ],
)
def test_last_number(text, number):
    assert last_number(text) == number


@pytest.mark.parametrize(
    ("text", "expression"),
    [
        ("\\boxed{5} and $7$", "5"),
        ("#### 5 or $7$", "5 or $7$"),
        ("It is $7$ or $\\frac12$.", "\\frac12"),
        ("It is 7.", "7"),
        ("It is $ $ 7", "7"),
        ("who knows", None),
    ],
)
def test_last_expression(text, expression):
    assert last_expression(text) == expression


CHOICES = ["bank", "library", "department store", "store", "new york"]


@pytest.mark.parametrize(
    ("text", "letter"),
    [
        ("B", "B"),
        ("(B)", "B"),
        ("B.", "B"),
        ("B. library", "B"),
        ("**C**", "C"),
        ("the answer is E, of course", "E"),
        ("library", "B"),
        ("New York.", "E"),
        ("a library", "B"),
        ("A library", "B"),
        ("A bank", "A"),
        ("department store", "C"),
        ("the department store", "C"),
        ("A or B", None),
        ("A and A", "A"),
        ("B, not C", None),
        ("bank or library", None),
        ("F", None),
        ("b", None),
        ("I think so", None),
        ("Bob's", None),
        ("", None),
        (None, None),
    ],
)
def test_choice_answer(text, letter):
    assert choice_answer(text, CHOICES) == letter


@pytest.mark.parametrize(("text", "letter"), [("bank", None), ("the bank", None), ("A", "A"), ("shop", "C")])
def test_a_text_that_two_options_share_names_neither(text, letter):
    """As options of some questions of CommonsenseQA do."""
    assert choice_answer(text, ["bank", "Bank", "shop"]) == letter


@pytest.mark.parametrize(
    ("text", "program"),
    [
        ("def f(): pass", "def f(): pass"),
        ("Here:\n```python\ndef f():\n    pass\n```\nDone", "def f():\n    pass\n"),
        ("```\nx = 1\n```\n```\ny = 1\n```", "x = 1\n"),
        ("```py\nx = 1", "x = 1"),
        ("```Python3\r\nx = 1\n```", "x = 1\n"),
    ],
)
def test_fenced_program(text, program):
    assert fenced_program(text) == program
