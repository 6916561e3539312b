"""The compiled pass over texts against plain Python: sets of tuples, counters, regular expressions."""

import re
from collections import Counter
from math import comb

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reversal import text_diversity as module
from reversal.answers import equations
from reversal.text_diversity import SUBSETS, text_diversity

PIECES = ["a", "b", "ab_1", "12", "é", "\u4e2d", ".", "<<1+1=2>>", "<< 1 + 1=2>>", "<<3=3>>", "<<", ">>", "\n", ""]
TEXT = st.lists(st.sampled_from(PIECES), max_size=7).map(" ".join)
ANSWERS = st.lists(st.tuples(st.sampled_from("pqr"), TEXT, st.booleans()), max_size=12)


def plain(texts: list[str], drawn: int) -> dict[str, float | None]:
    """All metrics but compression_ratio of one question's answers, as the docstring defines them."""
    distinct, rarefied = [], []
    for n in range(1, 5):
        tokens = [re.findall(r"\w+|[^\w\s]", text) for text in texts]
        grams = Counter(tuple(of[i : i + n]) for of in tokens for i in range(len(of) - n + 1))
        total = grams.total()
        distinct.append(len(grams) / total if total and len(texts) > 1 else None)
        chances = [1 - comb(total - count, drawn) / comb(total, drawn) for count in grams.values() if total >= drawn]
        rarefied.append(sum(chances) / drawn if total >= drawn and len(texts) > 1 else None)
    return {
        **{f"distinct_{n}": value for n, value in enumerate(distinct, start=1)},
        "distinct_n": None if None in distinct else sum(distinct) / 4,
        "rarefied_distinct_n": None if None in rarefied else sum(rarefied) / 4,
        "equation_diversity": len(set(map(equations, texts))) / len(texts) if len(texts) > 1 else None,
    }


def frame(rows: list[tuple]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema={"problem_id": pl.String, "text": pl.String, "correct": pl.Boolean}, orient="row")


def compare(rows: list[tuple], drawn: int) -> None:
    found = text_diversity(frame(rows))
    assert found.height == 3 * len({problem for problem, *_ in rows})
    for row in found.iter_rows(named=True):
        kept = {"correct": (True,), "incorrect": (False,), "all": (True, False)}[row["subset"]]
        texts = [text for problem, text, correct in rows if problem == row["problem_id"] and correct in kept]
        expected = plain(texts, drawn)
        assert {name: row[name] for name in expected} == pytest.approx(expected, abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(ANSWERS)
def test_all_metrics_equal_those_of_plain_python(rows):
    original, module.RAREFIED_TO = module.RAREFIED_TO, 5
    try:
        compare(rows, 5)
    finally:
        module.RAREFIED_TO = original


def test_questions_on_both_sides_of_a_block_border(monkeypatch):
    monkeypatch.setattr(module, "BLOCK", 2)
    texts = ["a b a", "a <<1=1>> c", "b b", "x y z <<2=2>>", ""]
    compare([(f"p{i}", texts[(i + j) % 5] * (i + 1), j % 2 == 0) for i in range(5) for j in range(4)], 50)


def test_longer_answers_lower_distinct_n_grams_and_not_the_rarefied_ones():
    short, long = (
        [("p", " ".join(f"w{(i * 7 + j) % 40}" for i in range(size)), True) for j in (0, 1)] for size in (60, 600)
    )
    few, many = (text_diversity(frame(rows)).row(0, named=True) for rows in (short, long))
    assert many["distinct_n"] < few["distinct_n"] / 2
    assert many["rarefied_distinct_n"] == pytest.approx(few["rarefied_distinct_n"], abs=0.1)


def test_compression_is_high_for_answers_that_repeat_each_other():
    text = "the quick brown fox jumps over the lazy dog 0123456789"
    same, other = (
        text_diversity(frame([("p", t, True) for t in texts])).row(2, named=True)["compression_ratio"]
        for texts in ([text] * 8, [text, "pack my box with five dozen liquor jugs"])
    )
    assert same > 4 > 1.5 > other


def test_no_answers_have_no_rows():
    found = text_diversity(frame([]))
    assert found.is_empty() and set(found.columns) > {"problem_id", "subset", "distinct_n"} and len(SUBSETS) == 3
