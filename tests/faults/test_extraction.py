"""Answers that no model should write: the readers return what they promise, and soon."""

import polars as pl
import pytest
from fuzzing import how_many
from hypothesis import given, settings
from hypothesis import strategies as st
from reversal.tables import PROBLEMS, SAMPLES, VERDICT_ROWS
from reversal.verifying import answers
from reversal.verifying.expressions import same_text
from reversal.verifying.verification import verify

# What answers are made of, whole, broken and out of place.
PARTS = [
    "####",
    "#### ",
    "\\boxed{",
    "\\boxed",
    "\\fbox{",
    "{",
    "}",
    "$",
    "$$",
    "\\(",
    "\\)",
    "\\[",
    "\\]",
    "\\frac{1}{2}",
]
PARTS += [
    "\\text{",
    "\\sqrt",
    "\\left(",
    "\\right)",
    "^",
    "_",
    "\\",
    "=",
    "=0",
    ",",
    ".",
    "-",
    "+",
    "*",
    "**",
    "/",
    "%",
    ":",
]
PARTS += [
    "0",
    "7",
    "18",
    "1,200",
    "1e5",
    "1e-400",
    "1e999999999",
    "9" * 400,
    "\u00bd",
    "\u0663",
    "\u2212",
    "\u221e",
    "NaN",
]
PARTS += [
    "A",
    "B",
    "(C)",
    "a bank",
    "library",
    " or ",
    " and ",
    " not ",
    "answer is ",
    "<<1+1=2>>",
    "<<",
    ">>",
    "<think>",
]
PARTS += [
    "</think>",
    "```",
    "```python\n",
    "def f():",
    " ",
    "\n",
    "\r",
    "\t",
    "\0",
    "\u2028",
    "\ufeff",
    "\ud800",
    "\U0001f600",
]
TEXTS = st.lists(st.sampled_from(PARTS) | st.text(max_size=5), max_size=20).map("".join)
CHOICES = ["bank", "library", "a+b", "", "("]
MARKS = ["####", "\\boxed{", "Answer:"]
fuzzed = settings(max_examples=how_many("ANSWERS", 200), deadline=None)


def read(text: str) -> dict:
    """Every reading that some kind of answer has."""
    return {
        "marked": [answers.marked_answer(text, mark) for mark in MARKS],
        "numbers": [*(answers.number_answer(text, mark) for mark in MARKS), answers.last_number(text)],
        "expression": answers.last_expression(text),
        "choice": answers.choice_answer(text, CHOICES),
        "program": answers.fenced_program(text),
        "after_thinking": answers.after_thinking(text),
        "equations": answers.equations(text),
        "same_text": same_text(text, text),
    }


@fuzzed
@given(TEXTS)
def test_every_text_has_readings_of_the_promised_kinds(text):
    found = read(text)
    assert all(answer is None or answer.strip() == answer != "" for answer in found["marked"])
    assert all(number is None or answers.canonical_number(number) == number for number in found["numbers"])
    assert found["choice"] in (None, *"ABCDE")
    assert found["program"] in text and found["after_thinking"] in text


@fuzzed
@given(TEXTS, st.integers(-(10**6), 10**6))
def test_whatever_stands_before_the_last_mark_the_number_after_it_counts(before, number):
    assert answers.number_answer(f"{before}\n#### {number}") == str(number)
    assert answers.number_answer(f"{before}\n\\boxed{{{number}}}", "\\boxed{") == str(number)


@pytest.mark.parametrize("part", [*PARTS, "{}", "$1$ ", "\\boxed{1} or ", "1,", "A or ", "is 1 is "])
def test_repeated_parts_take_no_exponential_time(part):
    """One that does would not end: an answer of some thousand letters is what max_tokens lets through."""
    read(part * (4000 // len(part)))


@settings(max_examples=how_many("ANSWERS", 200) // 20, deadline=None)
@given(st.lists(TEXTS, min_size=1, max_size=8))
def test_every_sample_gets_one_verdict(texts):
    problem = dict.fromkeys(PROBLEMS) | {"problem_id": "t/test/0", "question": "How many?", "answer_type": "number"}
    problems = pl.DataFrame([problem | {"gold_answer": "18"}], schema=PROBLEMS)
    texts = [text.encode(errors="replace").decode() for text in texts]  # a table holds no halves of pairs
    sample = dict.fromkeys(SAMPLES) | {"problem_id": "t/test/0", "decoding": "sampled"}
    rows = [sample | {"sample_index": i, "text": text} for i, text in enumerate(texts)]
    verdicts = verify(pl.DataFrame(rows, schema=SAMPLES), problems, "####")
    assert verdicts.schema == pl.Schema(VERDICT_ROWS) and verdicts["sample_index"].to_list() == [*range(len(texts))]
    for text, verdict in zip(texts, verdicts["verdict"], strict=True):
        number = answers.number_answer(answers.after_thinking(text))
        assert verdict == ("no_answer" if number is None else "correct" if number == "18" else "wrong")
