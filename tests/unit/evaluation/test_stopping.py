import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from reversal.evaluation import stopping
from reversal.evaluation.stopping import RULES
from reversal.tables import METRICS

SHARES = st.lists(st.floats(0, 1), min_size=5, max_size=5)


@pytest.mark.parametrize(
    ("accuracy", "reach", "stops"),
    [
        # rises, falls, rises highest; reach falls by 0.02, then by more than a twentieth
        ([0.2, 0.3, 0.25, 0.4], [0.9, 0.88, 0.8, 0.8], [4, 3, 2, 4, 2]),
        ([0.5, 0.4, 0.3, 0.2], [0.9, 0.9, 0.9, 0.9], [4, 3, 1, 1, 1]),
        ([0.1, 0.2, 0.3, 0.3], [0.9, 0.9, 0.9, 0.9], [4, 3, 4, 3, 3]),
    ],
)
def test_rules(accuracy, reach, stops):
    assert [rule(np.array(accuracy), np.array(reach)) + 1 for rule in RULES.values()] == stops
    assert list(RULES) == ["never", "always at 3", "when accuracy falls", "best accuracy", "best that keeps pass@N"]


@given(SHARES, SHARES)
def test_a_rule_that_keeps_reach_never_stops_where_it_is_lost(accuracy, reach):
    place = stopping.best_that_keeps_reach(np.array(accuracy), np.array(reach))
    assert reach[place] >= reach[0] * 0.95 - 1e-9


def values(*models: tuple[float, float], problems: int = 40) -> pl.DataFrame:
    """PROBLEM_SCORES of one replicate of models M1, M2, ..: all problems alike, by (accuracy, pass@8)."""
    rows = [
        (0, f"m{i}", f"p{j}", metric, "test", value, 1.0)
        for i, model in enumerate(models, start=1)
        for j in range(problems)
        for metric, value in zip(("pass_at_1", "pass_at_8"), model, strict=True)
    ]
    schema = ["replicate", "lineage", "problem_id", "metric", "subset", "value", "weight"]
    return pl.DataFrame(rows, schema=schema, orient="row")


def test_judged_stops():
    given_values = values((0.0, 1.0), (1.0, 1.0), (0.0, 0.0))
    found = stopping.judged_stops(given_values, ["m1", "m2", "m3"], "pass_at_1", "pass_at_8", {})
    assert [(row["rule"], row["stops"], row["accuracy"], row["reach"]) for row in found] == [
        ("never", [3, 3], 0.0, 0.0),
        ("always at 3", [3, 3], 0.0, 0.0),
        ("when accuracy falls", [2, 2], 1.0, 1.0),
        ("best accuracy", [2, 2], 1.0, 1.0),
        ("best that keeps pass@N", [2, 2], 1.0, 1.0),
    ]
    assert found[0]["accuracy_over_never"] == 0 and found[0]["accuracy_low"] <= 0 <= found[0]["accuracy_high"]
    assert found[3]["accuracy_over_never"] == 1 and found[3]["accuracy_low"] > 0.8
    assert stopping.judged_stops(given_values, ["m1", "m4"], "pass_at_1", "pass_at_8", {}) == []


def test_no_problem_has_a_say_in_the_stop_that_it_judges():
    """Two models that are alike but for luck: the best of them on validation gains nothing on test."""
    rng, gains = np.random.default_rng(0), []
    for _ in range(60):
        frame = values((0, 1), (0, 1), (0, 1), (0, 1))
        luck = pl.Series(rng.integers(0, 2, frame.height).astype(float))
        frame = frame.with_columns(value=pl.when(pl.col("metric") == "pass_at_1").then(luck).otherwise("value"))
        rows = stopping.judged_stops(frame, ["m1", "m2", "m3", "m4"], "pass_at_1", "pass_at_8", {})
        gains.append(rows[3]["accuracy_over_never"])
    assert abs(np.mean(gains)) < 0.04  # its standard error is 0.015; chosen on the test problems it would be 0.08


def run(method: str, seed: int, accuracies: list[float], **others: list[float]) -> list[tuple]:
    """METRICS rows of one run. others: coverage=[M1's], diversity=[M1's, M2's], entropy=[..]."""
    named = {"coverage": ("coverage", "train"), "diversity": ("pairwise_distinct_n", "correct")}
    named |= {"entropy": ("answer_entropy", "all")}
    series = [("sample_accuracy", "test", accuracies), *((*named[key], values) for key, values in others.items())]
    return [
        ("s", "m", "t", method, 0, seed, i, f"l{i}", metric, subset, value, 9)
        for metric, subset, values in series
        for i, value in enumerate(values, start=1)
    ]


def metrics(*runs: list[tuple]) -> pl.DataFrame:
    return pl.DataFrame([row for rows in runs for row in rows], schema=METRICS, orient="row")


def test_early_signs():
    table = metrics(
        run("a", 0, [0.25, 0.5, 0.25], coverage=[0.5], diversity=[0.75, 0.5], entropy=[1.0, 0.5]),
        run("a", 1, [0.25, 0.5, 0.5]),
        run("short", 0, [0.1, 0.2]),
    )
    expected = pl.DataFrame(
        {
            "model": ["m", "m"],
            "task": ["t", "t"],
            "method": ["a", "a"],
            "base": [0, 0],
            "seed": [0, 1],
            "coverage of M1": [0.5, None],
            "slope of accuracy": [0.25, 0.25],
            "slope of syntactic diversity": [-0.25, None],
            "slope of logical diversity": pl.Series([None, None], dtype=pl.Float64),
            "entropy of M2's answers": [0.5, None],
            "slope of the answers' entropy": [-0.5, None],
            "regressed": [True, False],
        }
    )
    assert_frame_equal(stopping.early_signs(table, "sample_accuracy"), expected)


@pytest.mark.parametrize(
    ("values", "regressed", "expected"),
    [
        ([1.0, 2.0, 3.0], [False, False, True], (2.5, True)),
        ([1.0, 2.0, 3.0], [True, False, False], (1.5, False)),
        ([1.0, 2.0], [True, True], (-np.inf, True)),  # always
        ([1.0, 2.0], [False, False], (-np.inf, False)),  # never
    ],
)
def test_threshold(values, regressed, expected):
    assert stopping.threshold(np.array(values), np.array(regressed)) == expected


def test_a_sign_that_tells_in_every_arm_tells_of_the_one_left_out():
    runs = [
        run(method, seed, [0.25, 0.5, 0.25 if seed else 0.75], diversity=[0.5, 0.25 if seed else 0.5])
        for method in "abc"
        for seed in range(2)
    ]
    signs = stopping.early_signs(metrics(*runs), "sample_accuracy")
    found = {row["sign"]: row for row in stopping.warnings_judged(signs, "method")}
    assert found["slope of syntactic diversity"] == {
        "sign": "slope of syntactic diversity",
        "runs": 6,
        "right": 6,
        "usual": 3,
    }
    assert found["slope of accuracy"]["right"] == 3 and "coverage of M1" not in found
    assert stopping.warnings_judged(signs.filter(method="a"), "method") == []
