import re
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reversal.verifying.answers import (
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

NUMBERS = st.from_regex(r"-?\$?([0-9]{1,3}(,[0-9]{3}){0,2}|[0-9]{4,8})(\.[0-9]{1,4})?", fullmatch=True)
CHOICES = ["bank", "library", "department store", "store", "new york"]


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
        ("#### 3\n####", "3"),  # the last that something follows
        ("#### 3\n\n####  \n", "3"),
        # Dressed numbers.
        ("#### +4", "4"),
        ("#### (6)", "6"),
        ("#### (-6)", "-6"),
        ("#### (6 dollars)", "6"),
        ("#### **6**", "6"),
        ("#### **6** apples", "6"),
        ("#### __6__", "6"),
        ("#### `6`", "6"),
        ("#### '6'", "6"),
        ("#### \u201c6\u201d", "6"),
        ("#### \\boxed{6}", "6"),
        ("#### $6$", "6"),
        ("#### $$6$$", "6"),
        ("#### \\(6\\)", "6"),
        ("#### \u20136", "-6"),  # a dash for the minus sign
        ("#### US$6", "6"),
        ("#### 6\\%", "6"),
        ("#### 6\\text{ cm}", "6"),
        ("#### 1{,}200", "1200"),
        ("#### 2.5e3", "2500"),
        ("#### 25E-1", "2.5"),
        # Equations: what a calculation or a name is equal to, but not a number's other unit.
        ("#### = 6", "6"),
        ("#### x = 6", "6"),
        ("#### 2 * 3 = 6", "6"),
        ("#### $2 + $4 = $6", "6"),
        ("#### total = 2*3=<<2*3=6>>6", "6"),
        ("#### 6 feet = 72 inches", "6"),
        ("#### 6 (since 2 + 4 = 6)", "6"),
        ("18", None),
        ("A: 18", None),
        ("", None),
        ("####", None),
        ("#### about six", None),
        ("#### --6", None),
        # A number that is the beginning of something else.
        ("#### 6 * 7", None),
        ("#### 6*7", None),
        ("#### 6 - 7", None),
        ("#### 6 + 3x", None),
        ("#### 6 - x", None),
        ("#### 6 x 10^3", None),
        ("#### 6 \u00d7 7", None),
        ("#### (6 + 7) * 2", None),
        ("#### (6) * 2", None),
        ("#### 6^2", None),
        ("#### 6**2", None),
        ("#### 6_8", None),
        ("#### 6!", None),
        ("#### 6:15", None),
        ("#### 6:15 PM", None),
        ("#### 6 to 7", None),
        ("#### 6 or 7", None),
        ("#### 6-7", None),
        ("#### 6, 7", None),
        ("#### 6 7/8", None),
        ("#### 6\u00bd", None),
        ("#### 6 and a half", None),
        ("#### 6 000", None),
        ("#### 6,7,8", None),
        ("#### 60,00", None),
        ("#### 6 million", None),
        ("#### 6 dozen", None),
        ("#### 6k", None),
        ("#### 6x", None),
        ("#### 6 x", None),
        ("#### 6(7)", None),
        ("#### 6\\sqrt{2}", None),
        ("#### 2 * 3 = six", None),
        ("#### 6e999", None),
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
        ("-+1", None),
        ("-", None),
        ("+5", "5"),
        ("\u22125", "-5"),
        ("1e3", "1000"),
        ("-1.50e-1", "-0.15"),
        ("1e9999", None),
        ("1,00", None),
        ("2 2/3", None),
        ("5 cm", None),
    ],
)
def test_canonical_number(text, number):
    assert canonical_number(text) == number


@given(NUMBERS | st.text(alphabet="-$,.0123456789 x", max_size=8))
def test_canonical_number_keeps_the_value_and_is_its_own_canonical_form(text):
    canonical = canonical_number(text)
    if canonical is not None:
        assert Fraction(canonical) == Fraction(re.sub("[$, +]", "", text))
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
        ("\\boxed{5} or \\boxed{}", BOXED, None),
        ("$\\boxed{1}$ and $\\boxed{9}$ do.", BOXED, "1, 9"),
        ("$x=\\boxed{1}$, or $x = \\boxed{9}.$", BOXED, "1, 9"),
        ("\\boxed{1} \\text{ and } \\boxed{2} and \\boxed{3}", BOXED, "1, 2, 3"),
        ("$\\boxed{1}$ or else, as shown, $\\boxed{2}$", BOXED, "2"),
        ("\\boxed{1} = \\boxed{2}", BOXED, "2"),
        ("#### 5", BOXED, None),
        ("#### \\frac12 \nthat is all", "####", "\\frac12"),
        ("The answer is B. The answer is C.", "The answer is", "C."),
        ("A: 5\nA: 6", "A:", "6"),
        ("####  \n\n B", "####", "B"),
        ("####", "####", None),
        ("#### 5\n\n####", "####", "5"),
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
        ("(-1,6)", "6"),
        ("\\boxed{7} dozens of eggs in 4 weeks", "7"),
        ("\\boxed{seven} dozens of eggs in 4 weeks", "4"),
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
        ("It costs $5 and not $7", "7"),
        ("so \\(\\sqrt{53}\\) it is", "\\sqrt{53}"),
        ("\\[\n\\frac12\n\\]", "\\frac12"),
        ("$$x+1$$", "x+1"),
        ("With $x = 3$ at hand,\nthe answer is 7.", "7"),
        ("With $x = 3$ at hand,\nwe are done", "x = 3"),
        ("so the point is (-1,6).", "(-1,6)"),
        ("(-1,6)", "(-1,6)"),
        ("y = 2x + 3", "2x + 3"),
        ("so there are 12 of them", "12"),
        ("who knows", None),
        ("no", None),
        ("\\boxed{x", None),
        ("\\boxed{5", "5"),
    ],
)
def test_last_expression(text, expression):
    assert last_expression(text) == expression


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
        ("A, B", None),
        ("A/B", None),
        ("A, or perhaps B", None),
        ("neither A nor B", None),
        ("B, not C", "B"),
        ("not B but C", "C"),
        ("B is wrong, so C", "C"),
        ("B isn't right. C", "C"),
        ("B. C is a distractor.", "B"),
        ("The answer is B. Note that A is often chosen.", "B"),
        # An article, or a letter before a reason.
        ("A large library", "B"),
        ("A since the library is closed", "A"),
        ("A because a library lends books", "A"),
        ("A rather than B", "A"),
        ("Option A fits better than library", "A"),
        ("A would be best", "A"),
        ("'B'", "B"),
        ("\u2018B\u2019", "B"),
        ("__B__", "B"),
        ("bank or library", None),
        ("F", None),
        ("b", "B"),
        ("(b)", "B"),
        ("the correct answer is d.", "D"),
        ("f", None),
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


OWN_LETTERS = ["the bottle will not fit here.", "bottle", "Vitamin C", "may be failure..", "Washington D.C."]


@pytest.mark.parametrize(
    ("text", "letter"),
    [
        ("the bottle will not fit here.", "A"),
        ("The bottle will not fit here", "A"),
        ("may be failure..", "D"),
        ("E, Washington D.C.", "E"),
        ("in Washington D.C.", "E"),
        ("Vitamin C", "C"),
        ("B, a bottle", "B"),
        ("E. Vitamin C is none", "E"),
    ],
)
def test_letters_and_periods_inside_an_options_text_are_its_own(text, letter):
    assert choice_answer(text, OWN_LETTERS) == letter


@pytest.mark.parametrize(
    ("text", "program"),
    [
        ("def f(): pass", "def f(): pass"),
        ("Here:\n```python\ndef f():\n    pass\n```\nDone", "def f():\n    pass\n"),
        ("```\nx = 1\n```\n```\ny = 1\n```", "x = 1\n"),
        ("```py\nx = 1", "x = 1"),
        ("```Python3\r\nx = 1\n```", "x = 1\n"),
        ("def f():\n    pass\n```", "def f():\n    pass\n"),  # the prompt opened it
        ("def f():\n    pass\n```\nThis passes.", "def f():\n    pass\n"),
        ("Here it is:\n```\nx = 1", "x = 1"),
        ("import math\n```python\nx = 1", "x = 1"),
    ],
)
def test_fenced_program(text, program):
    assert fenced_program(text) == program


VALUES = st.from_regex(r"-?[1-9][0-9]{0,5}(\.[0-9]?[1-9])?", fullmatch=True)
AROUND_NUMBERS = [
    "{}",
    "${}$",
    "**{}**",
    "({})",
    "= {}",
    "{}.",
    "{} apples",
    "\\boxed{{{}}}",
    "x = {}",
    "\\({}\\)",
    "`{}`",
]
AROUND_LETTERS = [
    "{}",
    "({})",
    "**{}**",
    "'{}'",
    "{}.",
    "Option {}",
    "{}, since the library is closed",
    "the answer is {}",
]
EXPRESSIONS = st.from_regex(
    r"[a-z]\^[0-9]|\\frac\{[0-9]{1,3}\}\{[a-z]\}|\([0-9],[0-9]\)|\\\{[0-9],[a-z]\\\}", fullmatch=True
)
AROUND_BOXES = [
    "{}",
    "so ${}$.",
    "\\[{}\\]",
    "{} is it. 7 of 8 agree.",
    "not \\boxed{{1}}, but {}",
    "${}$ cm",
    "1 and {}",
]


@given(VALUES, st.sampled_from(AROUND_NUMBERS), st.text(max_size=20))
def test_a_dressed_number_is_read(number, dressing, before):
    assert number_answer(f"{before}\n#### {dressing.format(number)}") == number


@given(st.sampled_from("ABCDE"), st.sampled_from(AROUND_LETTERS))
def test_a_dressed_letter_is_read(letter, dressing):
    assert choice_answer(dressing.format(letter), CHOICES) == letter


@given(
    EXPRESSIONS, st.sampled_from(AROUND_BOXES), st.sampled_from(["\\boxed{{{}}}", "\\fbox {{{}}}", "\\boxed{{ {} }}"])
)
def test_a_boxed_expression_is_read(expression, surroundings, box):
    text = surroundings.format(box.format(expression))
    assert marked_answer(text, BOXED) == last_expression(text) == expression


@given(st.from_regex(r"[0-9]{1,3} ?[-+*/^:x] ?[0-9]{1,2}( ?[-+*/^] ?[0-9]{1,2})?", fullmatch=True))
def test_no_part_of_a_calculation_is_read(calculation):
    assert number_answer(f"#### {calculation}") is None


@given(st.text(alphabet="#\\boxed{ 5}$=,.-AB\n", max_size=30))
def test_without_a_whole_mark_there_is_no_answer(text):
    if "####" not in text:
        assert marked_answer(text, "####") is number_answer(text) is None
    if not re.search(r"\\(boxed|fbox)", text):
        assert marked_answer(text, BOXED) is None
