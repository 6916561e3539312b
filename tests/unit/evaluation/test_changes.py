"""What changed and how sure it is, on problems whose outcome is written out."""

import polars as pl
import pytest
from reversal.evaluation.changes import changes, judged
from reversal.tables import CHANGES, METRICS, PROBLEM_SCORES, PUBLISHED

SERIES = {"dpo": ["sft", "sft-dpo"], "both": ["sft", "sft-sft"]}
NAMED = {"replicate": pl.Int64, "lineage": pl.String}
PRINTED = pl.DataFrame([("m", "t", "dpo", 0.5, 41.6, 48.5, 4, 6.9)], schema=PUBLISHED, orient="row")


def study(values: dict[tuple, list], series: dict = SERIES) -> tuple[pl.DataFrame, pl.DataFrame]:
    """(METRICS, values) from {(seed, lineage, metric, subset): values of problems 0, 1, ..}."""
    scores, per_problem = [], []
    for method, lineages in series.items():
        for (seed, lineage, metric, subset), found in values.items():
            if lineage in lineages:
                defined = [value for value in found if value is not None]
                mean = sum(defined) / len(defined) if defined else None
                place = (0, seed, lineages.index(lineage) + 1, lineage)
                scores.append(("s", "m", "t", method, *place, metric, subset, mean, len(defined)))
    for (seed, lineage, metric, subset), found in values.items():
        per_problem += [(seed, lineage, f"{subset}/{i}", metric, subset, v, 1.0) for i, v in enumerate(found)]
    metrics = pl.DataFrame(scores, schema=METRICS, orient="row")
    return metrics, pl.DataFrame(per_problem, schema=NAMED | PROBLEM_SCORES, orient="row")


def right(count: int, of: int) -> list[float]:
    return [1.0] * count + [0.0] * (of - count)


ONE_SEED = {
    **{(0, line, "pass_at_2", "test"): [0.5] * 40 for line in ("sft", "sft-dpo", "sft-sft")},
    (0, "sft", "pass_at_1", "test"): right(10, 40),
    (0, "sft-dpo", "pass_at_1", "test"): right(30, 40),
    (0, "sft-sft", "pass_at_1", "test"): right(12, 40),
    **{(0, "sft", "pairwise_distinct_n", subset): [0.5, 0.75] * 20 for subset in ("correct", "all")},
    (0, "sft-dpo", "pairwise_distinct_n", "correct"): [0.25, 0.75] * 19 + [0.25, None],
    (0, "sft-sft", "pairwise_distinct_n", "correct"): [0.5, 0.75] * 20,
    (0, "sft-dpo", "pairwise_distinct_n", "all"): [0.5, 0.75] * 20,
}


def table(values: dict, ood: list[str] = (), series: dict = SERIES, clusters: dict = {}) -> pl.DataFrame:  # noqa: B006
    metrics, per_problem = study(values, series)
    return judged(changes(metrics, per_problem, series, list(ood), PRINTED, clusters))


def test_a_change_comes_with_its_interval_its_p_and_a_verdict():
    found = table(ONE_SEED)
    assert found.schema == CHANGES
    names = ["method", "dimension", "role", "first", "last", "change", "margin", "replicates", "problems", "verdict"]
    fallen = pytest.approx((0.25 * 20 + 0.75 * 19) / 39)
    assert found.filter(pl.col("metric") != "pass_at_2").select(names).rows() == [
        ("dpo", "accuracy", "primary", 0.25, 0.75, 0.5, 0.025, 1, 40, "progress"),
        # On the 39 problems that have a value at both ends: 20 times 0.5 and 19 times 0.75 before.
        (
            *("dpo", "syntactic diversity", "primary", pytest.approx((0.5 * 20 + 0.75 * 19) / 39), fallen),
            *(pytest.approx(-0.25 * 20 / 39), pytest.approx(0.0622, abs=1e-4), 1, 39, "regress"),
        ),
        ("dpo", "syntactic diversity, all answers", "secondary", 0.625, 0.625, 0.0, None, 1, 40, "unclear"),
        ("both", "accuracy", "primary", 0.25, 0.3, pytest.approx(0.05), 0.025, 1, 40, "unclear"),
        ("both", "syntactic diversity", "primary", 0.625, 0.625, 0.0, 0.0625, 1, 40, "unclear"),
    ]
    by_cell = {(row["method"], row["dimension"]): row for row in found.iter_rows(named=True)}
    # McNemar: 20 up, none down; 2 up, none down. Six primary rows: Holm's factor for the smallest p is 6.
    first, other = by_cell["dpo", "accuracy"], by_cell["both", "accuracy"]
    assert (first["p"], other["p"]) == (pytest.approx(2 * 0.5**20), 0.5)
    assert first["p_adjusted"] == pytest.approx(6 * 2 * 0.5**20)
    assert first["effect_size"] == pytest.approx(0.5 / (10 / 39) ** 0.5)  # 20 of 40 change by 1
    assert all(row["low"] <= row["change"] <= row["high"] for row in by_cell.values())
    unchanged = by_cell["both", "syntactic diversity"]
    assert unchanged["low"] < -0.08 and unchanged["high"] > 0.08  # what 40 problems without a change leave possible
    assert unchanged["effect_size"] is None


def test_primary_and_secondary_rows_are_adjusted_apart():
    rows = [
        {"role": role, "p": p, "low": 0.1, "high": 0.2, "better": better}
        for role, p, better in [
            ("primary", 0.02, "higher"),
            ("secondary", 0.001, "lower"),
            ("primary", 0.03, "higher"),
            *[("secondary", 0.5, "higher")] * 3,
        ]
    ]
    found = judged(rows)
    assert found["p_adjusted"].to_list() == pytest.approx([0.04, 0.004, 0.04, 1, 1, 1])
    assert found["verdict"].to_list() == ["progress", "regress", "progress", *["unclear"] * 3]


def test_the_best_iteration_as_it_looks_and_published_numbers_stand_with_accuracy_alone():
    found = table(ONE_SEED).filter(method="dpo")
    names = ["dimension", "best", "best_iteration", "published_first", "published_best", "published_best_iteration"]
    assert found.select(names).rows() == [
        ("accuracy", 0.75, 2, pytest.approx(0.416), pytest.approx(0.485), 4),
        *((name, None, None, None, None, None) for name in found["dimension"][1:]),
    ]
    assert table(ONE_SEED).filter(method="both")["published_first"].null_count() == 3


def test_the_best_of_several_iterations_has_a_row_of_its_own():
    series = {"dpo": ["sft", "sft-dpo", "sft-dpo-dpo"]}
    values = {(0, line, "pass_at_1", "test"): right(c, 40) for line, c in zip(series["dpo"], (10, 30, 20), strict=True)}
    row = table(values, series=series).filter(dimension="accuracy of the best iteration").row(0, named=True)
    assert (row["role"], row["first"], row["last"], row["verdict"]) == ("secondary", 0.25, 0.75, "progress")
    assert row["note"] == "chosen on the other half of the problems: M2"
    assert table(ONE_SEED).filter(pl.col("dimension") == "accuracy of the best iteration").is_empty()


def test_seeds_are_averaged_and_their_extremes_kept():
    values = {
        (seed, lineage, metric, subset): [v if seed == 0 else 0.0 for v in found]
        for (_, lineage, metric, subset), found in ONE_SEED.items()
        if metric.startswith("pass_at_")
        for seed in (0, 1)
    }
    row = table(values).row(0, named=True)
    names = ("first", "last", "change", "change_min", "change_max")
    assert tuple(row[name] for name in names) == (0.125, 0.375, 0.25, 0.0, 0.5)
    # Two seeds, one of which did not change: nothing is certain about a third.
    assert row["replicates"] == 2 and row["low"] < 0.0 and row["high"] > 0.5 and row["verdict"] == "unclear"


def test_a_disparity_that_grows_is_a_regress():
    values = {
        (0, lineage, "pass_at_1", subset): right(count, 60)
        for lineage, subset, count in [
            ("sft", "math/level=1", 50),
            ("sft", "math/level=10", 40),
            ("sft-dpo", "math/level=1", 50),
            ("sft-dpo", "math/level=10", 5),
        ]
    }
    values |= {
        (0, line, m, "test"): right(30, 40)
        for line in ("sft", "sft-dpo", "sft-sft")
        for m in ("pass_at_1", "pass_at_2")
    }
    found = table(values, ["math"]).filter(dimension="OOD disparity on math")
    row = found.row(0, named=True)
    assert row["note"] == "accuracy at level=1 +0.000, at level=10 -0.583"
    assert (row["method"], row["role"], row["better"], row["verdict"], row["problems"]) == (
        *("dpo", "secondary", "lower", "regress", 120),
    )
    assert row["change"] == pytest.approx(0.7) and 0.5 < row["low"] < 0.7 < row["high"] < 0.9


def test_a_metric_without_both_ends_has_no_row():
    values = {key: found for key, found in ONE_SEED.items() if key[1:3] != ("sft", "pairwise_distinct_n")}
    assert table(values)["dimension"].to_list() == ["accuracy", "pass@2"] * 2


def test_problems_of_a_cluster_go_together():
    """The twenty problems that gain are one template's: one gain, not twenty."""
    clusters = {f"test/{i}": "template" for i in range(10, 30)}
    row = table(ONE_SEED, clusters=clusters).row(0, named=True)
    assert (row["change"], row["p"], row["verdict"]) == (0.5, 1.0, "unclear") and row["low"] < 0


def test_several_bases_count_as_one_level_however_many_seeds_each_has():
    """One seed gains and one loses in either base: METRICS has four runs, values two bases."""
    metrics, per_problem = study({key: found for key, found in ONE_SEED.items() if key[2].startswith("pass_at_")})
    runs = [
        metrics.with_columns(base=pl.lit(base, pl.Int64), seed=pl.lit(seed, pl.Int64))
        for base in (3, 4)
        for seed in (0, 1)
    ]
    bases = [per_problem.with_columns(replicate=pl.lit(base, pl.Int64)) for base in (3, 4)]
    row = judged(changes(pl.concat(runs), pl.concat(bases), SERIES, [], PRINTED, {})).row(0, named=True)
    assert (row["replicates"], row["problems"], row["change"], row["verdict"]) == (2, 40, 0.5, "progress")
