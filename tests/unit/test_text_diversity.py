"""The compiled pass over texts against plain Python: sets of tuples, and regular expressions."""

import re
import zlib
from itertools import combinations
from statistics import fmean

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from reversal import text_diversity as module
from reversal.text_diversity import text_diversity

WORDS = ["a", "b", "ab", "one two", "<<1+1=2>>", "<<2*3=6>>", "<< 2 * 3 = 6 >>", "<<", ">>", "1+1=2", ".", "", "#### 7"]
LETTERS = "ab1_ \n\t\u00a0\u2003-+=<>#é\u0301ßж中文\U0001f600²½٣"  # words, marks, spaces and digits of several scripts
TEXTS = st.lists(st.sampled_from(WORDS), max_size=8).map(" ".join) | st.text(LETTERS, max_size=30) | st.text(max_size=9)
METRICS = [*(f"distinct_{n}" for n in "1234n"), "rarefied_distinct_n", "equation_diversity", "compression_ratio"]
SCHEMA = {"problem_id": pl.String, "text": pl.String, "correct": pl.Boolean}


def frame(rows: list[tuple]) -> pl.DataFrame:
    """Answers from (problem_id, text, correct)."""
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def n_grams(text: str, n: int) -> list[tuple]:
    tokens = re.findall(r"\w+|[^\w\s]", text)
    return [tuple(tokens[i : i + n]) for i in range(len(tokens) - n + 1)]


def equations(text: str) -> frozenset:
    return frozenset(re.sub(r"\s", "", equation) for equation in re.findall(r"<<[^<>]*>>", text))


def rarefied(grams: list[tuple], drawn: int) -> float | None:
    """The share of different ones among `drawn` of the n-grams, over all ways to draw them."""
    shares = [len(set(some)) / drawn for some in combinations(grams, drawn)]
    return fmean(shares) if shares else None


def plain(texts: list[str], drawn: int) -> dict[str, float | None]:
    """All metrics of one question's answers."""
    if len(texts) < 2:
        return dict.fromkeys(METRICS)
    grams = [[gram for text in texts for gram in n_grams(text, n)] for n in range(1, 5)]
    distinct = [len(set(of_n)) / len(of_n) if of_n else None for of_n in grams]
    rare = [rarefied(of_n, drawn) for of_n in grams]
    raw = "\n".join(sorted(texts)).encode()
    return {
        **{f"distinct_{n}": value for n, value in enumerate(distinct, start=1)},
        "distinct_n": None if None in distinct else fmean(distinct),
        "rarefied_distinct_n": None if None in rare else fmean(rare),
        "equation_diversity": len(set(map(equations, texts))) / len(texts),
        "compression_ratio": len(raw) / len(zlib.compress(raw, 1)) if raw.strip() else None,
    }


def expected(answers: pl.DataFrame, drawn: int) -> pl.DataFrame:
    rows = []
    for problem in sorted(set(answers["problem_id"])):
        given_answers = answers.filter(problem_id=problem).select("text", "correct").rows()
        for subset, wanted in (("correct", [True]), ("incorrect", [False]), ("all", [True, False])):
            kept = [text for text, correct in given_answers if correct in wanted]
            rows.append({"problem_id": problem, "subset": subset, **plain(kept, drawn)})
    return pl.DataFrame(
        rows, schema={"problem_id": pl.String, "subset": pl.String} | dict.fromkeys(METRICS, pl.Float64)
    )


def assert_as_plain(answers: pl.DataFrame, drawn: int) -> None:
    order = ["problem_id", "subset"]
    assert_frame_equal(text_diversity(answers).sort(order), expected(answers, drawn).sort(order), abs_tol=1e-9)


@given(st.lists(st.tuples(st.sampled_from("pqr"), TEXTS, st.booleans()), max_size=9))
@example([("p", "", True), ("p", "", True), ("p", "", False)])  # nothing but empty texts
@example([("p", "a b c d", True)])  # one answer
@example([("p", "a b c d", False), ("p", "a b c d", False)])  # no correct ones, and duplicates
@example(
    [("p", "<<1+1=2>> <<3-1=2>>", True), ("p", "<< 3 - 1 = 2 >>\n<<1+1=2>> <<1+1=2>>", True)]
)  # one set of equations
@example([("p", "<<<1+1=2>>>", True), ("p", "<<1<2>> <<1+1=2>>", True), ("p", "<<>>", True), ("p", "<<1>", True)])
@settings(max_examples=150)
def test_every_metric_equals_plain_python(rows):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "RAREFIED_TO", 2)
        assert_as_plain(frame(rows), 2)


@given(st.lists(st.text("ab ", max_size=12), min_size=2, max_size=3), st.integers(1, 7))
@settings(max_examples=50)
def test_rarefied_n_grams_are_the_mean_over_all_ways_to_draw_them(texts, drawn):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "RAREFIED_TO", drawn)
        assert_as_plain(frame([("p", text, True) for text in texts]), drawn)


def test_a_literal_case():
    """Tokens: a b c d e, a b , c and q < < 1 = 1 > >; the incorrect answer is alone."""
    found = text_diversity(frame([("p", "a b c d e", True), ("p", "q <<1=1>>", False), ("p", "a b, c", True)]))
    assert found.select("subset", *METRICS[:5], "equation_diversity").rows() == [
        ("correct", 6 / 9, 6 / 7, 1.0, 1.0, pytest.approx((6 / 9 + 6 / 7 + 2) / 4), 1 / 2),
        ("incorrect", None, None, None, None, None, None),
        ("all", *[pytest.approx(v) for v in (11 / 17, 13 / 14, 1, 1, (11 / 17 + 13 / 14 + 2) / 4)], 2 / 3),
    ]
    assert found["rarefied_distinct_n"].to_list() == [None] * 3  # fewer than 50 n-grams


@pytest.mark.parametrize("questions", [module.BLOCK - 1, module.BLOCK, module.BLOCK + 1, 2 * module.BLOCK + 1])
def test_questions_of_several_blocks_stay_apart(questions):
    rows = [
        (f"p/{i}", f"{'a ' * (i % 5)}b {i % (j + 2)} <<{i % 3}+{j % 2}={i}>>", (i + j) % 3 > 0)
        for i in range(questions)
        for j in range(i % 3 + 1)
    ]
    assert_as_plain(frame(rows), module.RAREFIED_TO)


@given(st.lists(st.tuples(st.sampled_from("pq"), TEXTS, st.booleans()), min_size=1, max_size=8), st.randoms())
@settings(max_examples=50)
def test_the_order_of_rows_changes_nothing(rows, random):
    shuffled = random.sample(rows, len(rows))
    order = ["problem_id", "subset"]
    assert_frame_equal(text_diversity(frame(shuffled)).sort(order), text_diversity(frame(rows)).sort(order))


def test_no_answers_at_all_have_no_rows():
    found = text_diversity(frame([]))
    assert found.columns == ["problem_id", "subset", *METRICS] and found.is_empty()


def test_more_of_the_same_answer_divide_distinct_n_grams_and_lower_rarefied_ones_a_little():
    answer = " ".join(f"w{i}" for i in range(60))
    rows = [("p/2", answer, True)] * 2 + [("p/8", answer, True)] * 8
    found = (
        text_diversity(frame(rows)).filter(subset="all").sort("problem_id").select("distinct_n", "rarefied_distinct_n")
    )
    (distinct_of_two, rare_of_two), (distinct_of_eight, rare_of_eight) = found.rows()
    assert (distinct_of_two, distinct_of_eight) == (1 / 2, 1 / 8)
    assert 0.85 * rare_of_two < rare_of_eight < 0.95 * rare_of_two
