import json
import os
from fractions import Fraction
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from reversal.evaluation.soundness import is_sound, is_true, sound_counts
from reversal.verifying.answers import canonical_number

DATA = Path(os.environ.get("REVERSAL_DATA", Path(__file__).parents[3] / "../shared/data"))


@pytest.mark.parametrize(
    ("equation", "true"),
    [
        ("3*4=12", True),
        (" 3 * 4 = 12 ", True),
        ("2+3*4=14", True),
        ("(2+3)*4=20", True),
        ("-3+5=2", True),
        ("8-2-1=5", True),
        (".5*100=50.0", True),
        ("0.1+0.2=0.3", True),  # exact, not in floating point
        ("10/3=3.33", True),
        ("10/3=3.34", False),
        ("-10/3=-3.33", True),
        ("2/3=.67", True),
        ("7/2=4", False),  # no decimals, no rounding
        ("7/2=3", False),
        ("3/4=3/4", True),
        ("2+2=4=8/2", True),
        ("2+2=4=5", False),
        ("3*4=13", False),
        ("8/0=0", False),
        ("12", False),
        ("=12", False),
        ("12=", False),
        ("", False),
        ("x+1=2", False),
        ("2**3=8", False),
        ("8//2=4", False),
        ("1_000+1=1001", False),
        ("True=1", False),
        ("'1'=1", False),
        ("1e3=1000", False),
        ("1e999999999=1", False),  # and not after an hour
        ("f(1)=1", False),
        ("1,000+1=1001", False),
        ("9" * 300 + "=" + "9" * 300, False),
        ("(" * 100 + "1" + ")" * 99 + "=1", False),
        ("\x00=\x00", False),
    ],
)
def test_an_equation_is_true_if_its_sides_are_equal_or_rounded(equation, true):
    assert is_true(equation) == true


def bracketed(parts: tuple[str, str, str]) -> str:
    return f"({''.join(parts)})"


def split(expression: str) -> list[str]:
    for mark in "()+-*/":
        expression = expression.replace(mark, f" {mark} ")
    return expression.split()


@given(st.recursive(st.integers(0, 99).map(str), lambda x: st.tuples(x, st.sampled_from("+-*/"), x).map(bracketed)))
def test_a_value_is_that_of_exact_fractions(expression):
    in_fractions = "".join(f"Fraction({part})" if part.isdigit() else part for part in split(expression))
    try:
        value = eval(in_fractions, {"Fraction": Fraction})  # of digits, operators and brackets that this test wrote
    except ZeroDivisionError:
        value = None
    if len(expression) <= 200:
        assert is_true(f"{expression}={expression}") == (value is not None)
        assert value is None or is_true(f"{expression}={value.numerator}/{value.denominator}")
        assert value is None or not is_true(f"{expression}={value + 1}")


@given(st.text(max_size=30) | st.text("0123456789+-*/().= ", max_size=30))
def test_any_text_is_true_or_not(text):
    assert is_true(text) in (True, False)


@pytest.mark.parametrize(
    ("text", "sound"),
    [
        ("<<3*4=12>>12 and <<12+5=17>>17\n#### 17", True),
        ("<<12+5=17.0>>17\n#### 17", True),
        ("<<3*4=13>>13, so <<12+5=17>>17\n#### 17", False),  # an equation on the way is false
        ("<<12+5=17>>17 and <<17*2=34>>34\n#### 17", False),  # another result is the last
        ("<<3*4=12>>12, and 5 more\n#### 17", False),  # the last step is not shown
        ("12 and 5 are\n#### 17", None),
        ("<<>>\n#### 17", False),
    ],
)
def test_a_solution_is_sound_if_its_equations_are_true_and_the_last_one_gives_the_answer(text, sound):
    assert is_sound(text, "17") is sound


def test_the_answer_of_a_label_is_a_number_in_any_form_or_not_sound():
    assert is_sound("<<600*2=1200>>", "$1,200.0") and not is_sound("<<600*2=1200>>", "twelve hundred")


def test_sound_counts():
    rows = [("b", "<<1+1=2>>", "2"), ("b", "<<1+1=3>>", "2"), ("b", "2", "2")]
    rows += [("a", "2", "2"), ("b", "<<1+1=2>>", None)]
    answers = pl.DataFrame(rows, schema=["problem_id", "text", "answer"], orient="row")
    schema = {"problem_id": pl.String, "n": pl.Int64, "c": pl.Int64, "unsound_rate": pl.Float64}
    expected = pl.DataFrame([("b", 4, 1, 0.5), ("a", 1, 0, None)], schema=schema, orient="row")
    assert_frame_equal(sound_counts(answers), expected)


@pytest.mark.skipif(not DATA.is_dir(), reason=f"no folder {DATA}: set REVERSAL_DATA to the benchmark data")
def test_the_equations_of_gsm8ks_own_solutions_are_true_and_most_lead_to_the_answer():
    """In 93 another result is the last between marks: who learns from them has an unsound_rate from the start."""
    rows = [json.loads(line) for line in (DATA / "gsm8k/test.jsonl").read_text().splitlines()]
    solutions = [(row["answer"], canonical_number(row["answer"].rpartition("####")[2])) for row in rows]
    found = [is_sound(*solution) for solution in solutions]
    assert all(is_true(part.partition(">>")[0]) for text, _ in solutions for part in text.split("<<")[1:])
    assert [found.count(sound) for sound in (True, False, None)] == [1208, 93, 18]
