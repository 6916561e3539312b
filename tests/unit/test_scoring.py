import polars as pl
import pytest
from reversal import scoring
from reversal.tables import SAMPLES, VERDICT_ROWS

ANSWERS = [  # problem_id, decoding, sample_index, text, n_tokens, finish_reason, verdict
    ("a", "greedy", 0, "<<1+1=2>> 2", 4, "stop", "correct"),
    ("a", "sampled", 0, "<<1+1=2>> 2", 4, "stop", "correct"),
    ("a", "sampled", 1, "x <<1+1=2>> 2", 5, "stop", "correct"),
    ("a", "sampled", 2, "u", 1, "length", "no_answer"),
    ("a", "sampled", 3, "v", 2, "stop", "wrong"),
    ("b", "greedy", 0, "u", 1, "stop", "no_answer"),
    ("b", "sampled", 0, "u", 1, "stop", "no_answer"),
    ("b", "sampled", 1, "u", 1, "stop", "no_answer"),
    ("b", "sampled", 2, "v", 1, "length", "timeout"),
    ("b", "sampled", 3, "<<2+2=4>> 4", 4, "stop", "correct"),
]
VERDICTS = pl.DataFrame(
    [(*row[:3], None, row[6], None, "wrong", "v") for row in ANSWERS], schema=VERDICT_ROWS, orient="row"
)
SAMPLED = pl.DataFrame(
    [(*row[:3], 0, row[3], row[4], row[5], 0.75, 0.95, 9, "e") for row in ANSWERS], schema=SAMPLES, orient="row"
)
LATER = VERDICTS.with_columns(  # b's greedy answer has become right, a's wrong
    verdict=pl.when(pl.col("decoding") == "sampled")
    .then("verdict")
    .when(pl.col("problem_id") == "b")
    .then(pl.lit("correct", VERDICT_ROWS["verdict"]))
    .otherwise(pl.lit("wrong", VERDICT_ROWS["verdict"]))
)


def approx(rows):
    return [(metric, subset, value if value is None else pytest.approx(value), n) for metric, subset, value, n in rows]


def test_means():
    values = [("a", "x", "all", 1.0), ("b", "x", "all", None), ("a", "y", "all", None), ("c", "x", "all", 0.5)]
    assert scoring.means(values) == [("x", "all", 0.75, 2), ("y", "all", None, 0)]
    assert scoring.means([]) == []


def test_accuracy_values():
    values = scoring.accuracy_values(VERDICTS)
    assert scoring.means(values) == approx(
        [
            ("pass_at_1", "test", 1 / 2, 2),
            ("sample_accuracy", "test", (2 / 4 + 1 / 4) / 2, 2),
            ("pass_at_2", "test", (5 / 6 + 3 / 6) / 2, 2),
            ("pass_at_4", "test", 1.0, 2),
        ]
    )
    assert values[:4] == [
        ("a", "pass_at_1", "test", 1.0),
        ("b", "pass_at_1", "test", 0.0),
        ("a", "sample_accuracy", "test", 0.5),
        ("b", "sample_accuracy", "test", 0.25),
    ]
    assert scoring.accuracy_values(VERDICTS.clear()) == []


def test_coverage_values():
    coverage = [("coverage", "train", 3 / 8, 2), ("pass_at_4", "train", 1.0, 2)]
    assert scoring.means(scoring.coverage_values(VERDICTS)) == approx(coverage)
    three = VERDICTS.filter(pl.col("sample_index") < 3)  # pass@3, though the test has powers of two only
    assert [row[:2] for row in scoring.means(scoring.coverage_values(three))] == [
        ("coverage", "train"),
        ("pass_at_3", "train"),
    ]


def test_improvement_rows():
    assert scoring.improvement_rows(VERDICTS, LATER) == approx(
        [
            ("improvement_set_size", "test", 1.0, 2),
            ("lost_set_size", "test", 1.0, 2),
            ("m1_pass_at_2", "improvement", 1 / 2, 1),
            ("m1_pass_at_4", "improvement", 1.0, 1),
        ]
    )
    assert scoring.improvement_rows(VERDICTS, VERDICTS) == [
        ("improvement_set_size", "test", 0.0, 2),
        ("lost_set_size", "test", 0.0, 2),
        ("m1_pass_at_2", "improvement", None, 0),
        ("m1_pass_at_4", "improvement", None, 0),
    ]


def test_ood_values():
    greedy = [("a", "correct"), ("b", "wrong"), ("c", "correct"), ("d", "correct"), ("e", "no_answer")]
    verdicts = pl.DataFrame(
        [(problem, "greedy", 0, None, verdict, None, None, "v") for problem, verdict in greedy],
        schema=VERDICT_ROWS,
        orient="row",
    )
    problems = pl.DataFrame({"problem_id": ["e", "d", "c", "b", "a"], "level": [None, 1, 1, 5, 5]})
    rows = scoring.means(scoring.ood_values("math", verdicts, problems))
    assert rows == approx(
        [
            ("pass_at_1", "math", 3 / 5, 5),
            ("pass_at_1", "math/level=1", 1.0, 2),
            ("pass_at_1", "math/level=5", 1 / 2, 2),
        ]
    )
    assert scoring.disparity_rows("math", rows) == [("group_disparity", "math", 1 / 2, 5)]
    assert scoring.disparity_rows("mat", rows) == []
    no_levels = problems.with_columns(level=pl.lit(None, pl.Int64))
    rows = scoring.means(scoring.ood_values("math", verdicts, no_levels))
    assert rows == [("pass_at_1", "math", 3 / 5, 5)]
    assert scoring.disparity_rows("math", rows) == []


def test_confound_values():
    assert scoring.means(scoring.confound_values(SAMPLED, VERDICTS)) == approx(
        [
            ("tokens_mean", "test", 19 / 8, 2),
            ("truncated_rate", "test", 2 / 8, 2),
            ("no_answer_rate", "test", 3 / 8, 2),
            ("duplicate_rate", "test", (0 / 4 + 1 / 4) / 2, 2),
            ("readings_disagree_rate", "test", 4 / 10, 2),
        ]
    )


def test_diversity_values():
    """Only a has two correct answers (19 tokens, 10 of them different); a and b have two and three incorrect ones."""
    rows = {
        (metric, subset): (value, n)
        for metric, subset, value, n in scoring.means(scoring.diversity_values(SAMPLED, VERDICTS, None))
    }
    assert {metric for metric, _ in rows} == {*(f"distinct_{n}" for n in "1234n"), "equation_diversity"}
    assert rows["distinct_1", "correct"] == (pytest.approx(7 / 21), 1)
    assert rows["distinct_4", "correct"] == (pytest.approx(8 / 15), 1)
    assert rows["distinct_n", "correct"] == (pytest.approx((7 / 21 + 10 / 19 + 9 / 17 + 8 / 15) / 4), 1)
    assert rows["equation_diversity", "correct"] == (1 / 2, 1)
    assert rows["distinct_1", "incorrect"] == (pytest.approx((2 / 2 + 2 / 3) / 2), 2)
    assert rows["distinct_2", "incorrect"] == rows["distinct_n", "incorrect"] == (None, 0)
    assert rows["equation_diversity", "incorrect"] == (pytest.approx((1 / 2 + 1 / 3) / 2), 2)
    assert rows["equation_diversity", "all"] == (pytest.approx((2 / 4 + 2 / 4) / 2), 2)


def test_answers_without_equations_have_no_equation_diversity():
    plain = SAMPLED.with_columns(pl.col("text").str.replace_all("<<|>>", ""))
    values = scoring.diversity_values(plain, VERDICTS, None)
    assert {metric for _, metric, *_ in values} == {f"distinct_{n}" for n in "1234n"}


def test_diversity_values_do_not_depend_on_the_order_of_the_tables():
    shuffled = scoring.diversity_values(SAMPLED.reverse(), VERDICTS.sample(fraction=1, shuffle=True, seed=0), None)
    assert shuffled == scoring.diversity_values(SAMPLED, VERDICTS, None)


def test_diversity_values_without_answers_are_undefined():
    assert scoring.diversity_values(SAMPLED.clear(), VERDICTS.clear(), None) == []
