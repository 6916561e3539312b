"""Metrics and intervals per method, on two methods that share M1, two seeds, two iterations."""

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from reversal.evaluation import summaries
from reversal.tables import INTERVALS, METRICS, PROBLEM_SCORES, SCORES

SERIES = {"dpo": ["sft", "sft-dpo"], "both": ["sft", "sft-sft"]}
NAMED = {"base": pl.Int64, "seed": pl.Int64, "lineage": pl.String}


def scores(rows: list[tuple]) -> pl.DataFrame:
    """SCORES of one study, model and task from (seed, lineage, metric, subset, value, n)."""
    full = [("s", "m", "t", 0, seed, line.count("-") + 1, line, *rest) for seed, line, *rest in rows]
    return pl.DataFrame(full, schema=SCORES, orient="row")


def values(rows: list[tuple]) -> pl.DataFrame:
    """From (seed, lineage, metric, subset, values of problems t/test/0, t/test/1, ..)."""
    full = [
        (0, seed, line, f"t/test/{i}", metric, subset, value, 1.0)
        for seed, line, metric, subset, found in rows
        for i, value in enumerate(found)
    ]
    return pl.DataFrame(full, schema=NAMED | PROBLEM_SCORES, orient="row")


DIVERSITY = [
    (0, "sft", "distinct_n", "all", [0.25, 0.75, None]),
    (0, "sft-dpo", "distinct_n", "all", [0.5, None, 0.5]),
    (0, "sft-sft", "distinct_n", "all", [None, 0.25, 0.25]),
]


def test_metrics_hold_a_lineage_once_for_every_method_and_diversity_once_more_of_common_problems():
    rows = [(0, "sft", "distinct_n", "all", 0.5, 2), (0, "sft-dpo", "distinct_n", "all", 0.5, 2)]
    rows += [(0, "sft-sft", "distinct_n", "all", 0.25, 2)]
    metrics, _ = summaries.of_methods(scores(rows), values(DIVERSITY), SERIES, {})
    expected = [
        ("s", "m", "t", "dpo", 0, 0, 1, "sft", "distinct_n", "all", 0.5, 2),
        ("s", "m", "t", "dpo", 0, 0, 1, "sft", "distinct_n", "all/common", 0.25, 1),
        ("s", "m", "t", "dpo", 0, 0, 2, "sft-dpo", "distinct_n", "all", 0.5, 2),
        ("s", "m", "t", "dpo", 0, 0, 2, "sft-dpo", "distinct_n", "all/common", 0.5, 1),
        ("s", "m", "t", "both", 0, 0, 1, "sft", "distinct_n", "all", 0.5, 2),
        ("s", "m", "t", "both", 0, 0, 1, "sft", "distinct_n", "all/common", 0.75, 1),
        ("s", "m", "t", "both", 0, 0, 2, "sft-sft", "distinct_n", "all", 0.25, 2),
        ("s", "m", "t", "both", 0, 0, 2, "sft-sft", "distinct_n", "all/common", 0.25, 1),
    ]
    assert_frame_equal(metrics, pl.DataFrame(expected, schema=METRICS, orient="row"))


def test_m0_is_iteration_0_of_the_methods_that_start_from_it_and_moves_no_common_set():
    rows = [(0, line, "distinct_n", "all", 0.5, 2) for line in ("base", "sft", "sft-dpo", "sft-sft")]
    of_base = [(0, "base", "distinct_n", "all", [None, None, 0.5])]
    metrics, intervals = summaries.of_methods(scores(rows), values(DIVERSITY + of_base), SERIES, {}, ["dpo"])
    without, _ = summaries.of_methods(scores(rows), values(DIVERSITY), SERIES, {})
    assert_frame_equal(metrics.filter(pl.col("iteration") > 0), without)
    (found,) = metrics.filter(iteration=0).to_dicts()
    assert (found["method"], found["lineage"], found["value"]) == ("dpo", "base", 0.5)
    assert intervals.filter(iteration=0).select("method", "subset", "value").rows() == [("dpo", "all", 0.5)]


def test_intervals_are_means_over_seeds_with_limits_around_them():
    answers = [(seed, "sft", "pass_at_1", "test", [1.0, 0.0, 1.0, 1.0 - seed]) for seed in (0, 1)]
    rows = [(seed, "sft", "pass_at_1", "test", 0.75 - seed / 4, 4) for seed in (0, 1)]
    _, found = summaries.of_methods(scores(rows), values(answers), {"one": ["sft"]}, {})
    assert found.schema == INTERVALS
    names = ["method", "iteration", "metric", "subset", "value", "replicates", "n"]
    assert found.select(names).rows() == [("one", 1, "pass_at_1", "test", 0.625, 2, 4.0)]
    low, high = found.select("low", "high").row(0)
    assert low < 0.625 < high


def test_a_metric_that_is_nowhere_defined_has_no_interval():
    _, found = summaries.of_methods(
        scores([(0, "sft", "distinct_n", "correct", None, 0)]),
        values([(0, "sft", "distinct_n", "correct", [None, None])]),
        {"one": ["sft"]},
        {},
    )
    assert found.select("value", "low", "high", "replicates").rows() == [(None, None, None, 0)]


def test_weights_count_in_the_mean():
    frame = values([(0, "sft", "m1_pass_at_2", "null", [1.0, 0.0])]).with_columns(weight=pl.Series([0.75, 0.25]))
    row = summaries.intervals(summaries.replicates(frame), {}).row(0, named=True)
    assert (row["value"], row["n"]) == (0.75, 2.0) and row["low"] < 0.75 < row["high"]


def test_replicates_are_seeds_of_one_base_or_bases_averaged_over_their_seeds():
    one = values([(seed, "sft", "distinct_n", "all", [0.25, None]) for seed in (0, 1)])
    assert summaries.replicates(one).select("replicate", "value").rows() == [(0, 0.25), (0, None), (1, 0.25), (1, None)]
    second = values([(0, "sft", "distinct_n", "all", [0.5, None]), (1, "sft", "distinct_n", "all", [1.0, 0.25])])
    both = pl.concat([one, second.with_columns(base=pl.lit(7, pl.Int64))])
    found = summaries.replicates(both.with_columns(weight=pl.when(pl.col("seed") == 0).then(1.0).otherwise(3.0)))
    rows = [
        (0, "t/test/0", 0.25, 2.0),
        (7, "t/test/0", 0.875, 2.0),
        (7, "t/test/1", 0.25, 3.0),
        (0, "t/test/1", None, 1.0),
    ]
    assert found.select("replicate", "problem_id", "value", "weight").rows() == rows


def test_problems_of_a_cluster_are_drawn_together():
    frame = summaries.replicates(values([(0, "sft", "pass_at_1", "test", [1.0] * 6 + [0.0] * 6)]))
    alone = summaries.intervals(frame, {}).row(0, named=True)
    clusters = {f"t/test/{i}": str(i // 3) for i in range(12)}
    together = summaries.intervals(frame, clusters).row(0, named=True)
    assert together["high"] - together["low"] > 1.5 * (alone["high"] - alone["low"])


def test_group_disparity_comes_from_the_levels():
    right = {"1": [1.0] * 8 + [0.0] * 2, "10": [1.0] * 2 + [0.0] * 8, "2": [1.0] * 5 + [0.0] * 5}
    rows = []
    for place, (level, found) in enumerate(right.items()):
        for i, value in enumerate(found):
            problem = (0, 0, "sft", f"t/away/{place}-{i}", "pass_at_1")
            rows += [(*problem, "away", value, 1.0), (*problem, f"away/level={level}", value, 1.0)]
    frame = pl.DataFrame(rows, schema=NAMED | PROBLEM_SCORES, orient="row")
    found = summaries.intervals(summaries.replicates(frame), {})
    row = found.filter(metric="group_disparity").row(0, named=True)
    assert row["subset"] == "away" and row["value"] == pytest.approx((0.8 - 0.2) / 0.8)
    assert 0 < row["low"] < 0.75 < row["high"]


def test_time_per_rule():
    benchmarks = pl.DataFrame(
        {"rule": ["a", "b", "a"], "s": [1.0, 9.0, 2.5], "cpu_time": [0.5, 8.0, 2.0], "max_rss": [10.0, None, 30.0]}
    )
    assert summaries.time_per_rule(benchmarks).rows() == [("b", 1, 9.0, 8.0, 9.0, None), ("a", 2, 3.5, 2.5, 2.5, 30.0)]
