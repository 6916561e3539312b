"""What changed and how sure it is, on problems whose outcome is written out."""

import polars as pl
import pytest
from reversal.changes import changes, judged, reversal, verdict_text
from reversal.tables import CHANGES, METRICS, PROBLEM_SCORES, PUBLISHED

SERIES = {"dpo": ["sft", "sft-dpo"], "both": ["sft", "sft-sft"]}
NAMED = {"replicate": pl.Int64, "lineage": pl.String}
PRINTED = pl.DataFrame([("m", "t", "dpo", 0.5, 41.6, 48.5, 4, 6.9)], schema=PUBLISHED, orient="row")


def study(values: dict[tuple, list]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """(METRICS, values) from {(seed, lineage, metric, subset): values of problems 0, 1, ..}."""
    scores, per_problem = [], []
    for method, lineages in SERIES.items():
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
    (0, "sft", "distinct_n", "all"): [0.5, 0.75] * 20,
    (0, "sft-dpo", "distinct_n", "all"): [0.25, 0.75] * 19 + [0.25, None],
    (0, "sft-sft", "distinct_n", "all"): [0.5, 0.75] * 20,
}


def table(values: dict, ood: list[str] = ()) -> pl.DataFrame:
    metrics, per_problem = study(values)
    return judged(changes(metrics, per_problem, SERIES, list(ood), PRINTED))


def test_a_change_comes_with_its_interval_its_p_and_a_verdict():
    found = table(ONE_SEED)
    assert found.schema == CHANGES
    names = ["method", "dimension", "first", "last", "change", "replicates", "problems", "verdict"]
    assert found.filter(pl.col("metric") != "pass_at_2").select(names).rows() == [
        ("dpo", "accuracy", 0.25, 0.75, 0.5, 1, 40, "progress"),
        (
            "dpo",
            "syntactic diversity",
            0.625,
            pytest.approx((0.25 * 20 + 0.75 * 19) / 39),
            pytest.approx(-0.1314, abs=1e-4),
            1,
            39,
            "regress",
        ),
        ("both", "accuracy", 0.25, 0.3, pytest.approx(0.05), 1, 40, "unclear"),
        ("both", "syntactic diversity", 0.625, 0.625, 0.0, 1, 40, "unclear"),
    ]
    by_cell = {(row["method"], row["dimension"]): row for row in found.iter_rows(named=True)}
    # McNemar: 20 up, none down; 2 up, none down. Six rows in all: Holm's factor for the smallest p is 6.
    first, other = by_cell["dpo", "accuracy"], by_cell["both", "accuracy"]
    assert (first["p"], other["p"]) == (pytest.approx(2 * 0.5**20), 0.5)
    assert first["p_adjusted"] == pytest.approx(6 * 2 * 0.5**20)
    assert first["effect_size"] == pytest.approx(0.5 / (10 / 39) ** 0.5)  # 20 of 40 change by 1
    assert all(row["low"] <= row["change"] <= row["high"] for row in by_cell.values())
    unchanged = by_cell["both", "syntactic diversity"]
    assert (unchanged["low"], unchanged["high"], unchanged["effect_size"]) == (0.0, 0.0, None)


def test_the_best_iteration_is_that_of_accuracy_and_published_numbers_are_shares_of_accuracy_alone():
    found = table(ONE_SEED).filter(method="dpo")
    names = ["dimension", "best", "best_iteration", "published_first", "published_best", "published_best_iteration"]
    assert found.select(names).rows() == [
        ("accuracy", 0.75, 2, pytest.approx(0.416), pytest.approx(0.485), 4),
        ("pass@2", 0.5, 2, None, None, None),
        ("syntactic diversity", pytest.approx(0.4936, abs=1e-4), 2, None, None, None),
    ]
    assert table(ONE_SEED).filter(method="both")["published_first"].null_count() == 3


def test_a_diversity_notes_the_correct_answers_alone():
    values = ONE_SEED | {
        (0, "sft", "pairwise_distinct_n", "correct"): [0.5, 0.75, None],
        (0, "sft-dpo", "pairwise_distinct_n", "correct"): [0.25, 0.5, 0.5],
    }
    notes = dict(table(values).filter(method="dpo").select("dimension", "note").iter_rows())
    assert notes == {
        "accuracy": "",
        "pass@2": "",
        "syntactic diversity": "pairwise_distinct_n of correct answers alone: -0.250 [-0.250 to -0.250]",
    }


def test_seeds_are_averaged_and_their_extremes_kept():
    values = {
        (seed, lineage, metric, subset): [v if seed == 0 else 0.0 for v in found]
        for (_, lineage, metric, subset), found in ONE_SEED.items()
        if metric.startswith("pass")
        for seed in (0, 1)
    }
    row = table(values).row(0, named=True)
    assert (row["first"], row["last"], row["change"], row["change_min"], row["change_max"]) == (
        0.125,
        0.375,
        0.25,
        0.0,
        0.5,
    )
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
    } | {(0, "sft", "group_disparity", "math"): [0.2], (0, "sft-dpo", "group_disparity", "math"): [0.9]}
    values |= {
        (0, line, m, "test"): right(30, 40)
        for line in ("sft", "sft-dpo", "sft-sft")
        for m in ("pass_at_1", "pass_at_2")
    }
    found = table(values, ["math"]).filter(dimension="OOD disparity on math")
    row = found.row(0, named=True)
    assert row["note"] == "accuracy at level=1 +0.000, at level=10 -0.583"
    assert (row["method"], row["change"], row["verdict"], row["problems"]) == (
        "dpo",
        pytest.approx(0.7),
        "regress",
        120,
    )
    assert 0.5 < row["low"] < 0.7 < row["high"] < 0.9


def test_a_metric_without_both_ends_has_no_row():
    values = {key: found for key, found in ONE_SEED.items() if key[1:3] != ("sft", "distinct_n")}
    assert table(values)["dimension"].to_list() == ["accuracy", "pass@2"] * 2


def row(dimension: str, verdict: str, low: float | None = 0.0, high: float | None = 0.1, metric: str = "x") -> dict:
    return {"dimension": dimension, "verdict": verdict, "low": low, "high": high, "metric": metric}


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([row("accuracy", "progress"), row("pass@8", "regress", -0.3, -0.2)], "yes"),
        ([row("accuracy", "progress"), row("pass@8", "unclear", -0.04)], "no"),
        ([row("accuracy", "progress"), row("pass@8", "unclear", -0.06)], "unclear"),
        ([row("accuracy", "progress"), row("OOD", "unclear", -0.2, 0.04, "group_disparity")], "no"),
        ([row("accuracy", "progress"), row("OOD", "unclear", -0.2, 0.06, "group_disparity")], "unclear"),
        ([row("accuracy", "progress"), row("OOD", "unclear", None, None)], "unclear"),
        ([row("accuracy", "unclear"), row("pass@8", "regress", -0.3, -0.2)], "unclear"),
        ([row("accuracy", "regress"), row("pass@8", "regress", -0.3, -0.2)], "unclear"),
        ([], "unclear"),
    ],
)
def test_reversal(rows, expected):
    assert reversal(rows) == expected


def test_the_verdict_in_words():
    metrics, per_problem = study(ONE_SEED)
    found = judged(changes(metrics.filter(method="dpo"), per_problem, SERIES, [], PRINTED))
    low, high = found.select("low", "high").row(0)
    assert verdict_text(found, [1], "runs") == "Only M1 was made (iterations: 1): there is no change to judge.\n"
    assert verdict_text(found, [2], "bases: 1, seeds of each: 1") == (
        "From M1 to M2 (bases: 1, seeds of each: 1; [95 % interval]; p adjusted over the study):\n"
        f"  m on t, dpo: reversal: yes; accuracy up +0.500 [{low:+.3f} to {high:+.3f}] from 0.250 to 0.750, "
        "best 0.750 at M2; progress: accuracy +0.500; regress: syntactic diversity -0.131; unclear: pass@2 +0.000\n"
    )


def test_several_bases_count_as_one_level_however_many_seeds_each_has():
    """One seed gains and one loses in either base: METRICS has four runs, values two bases."""
    metrics, per_problem = study({key: found for key, found in ONE_SEED.items() if key[2].startswith("pass")})
    runs = [
        metrics.with_columns(base=pl.lit(base, pl.Int64), seed=pl.lit(seed, pl.Int64))
        for base in (3, 4)
        for seed in (0, 1)
    ]
    bases = [per_problem.with_columns(replicate=pl.lit(base, pl.Int64)) for base in (3, 4)]
    row = judged(changes(pl.concat(runs), pl.concat(bases), SERIES, [], PRINTED)).row(0, named=True)
    assert (row["replicates"], row["problems"], row["change"], row["verdict"]) == (2, 40, 0.5, "progress")
