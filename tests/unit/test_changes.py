"""What changed and how sure it is, on problems whose outcome is written out."""

import polars as pl
import pytest
from reversal.changes import changes, reversal, verdict_text
from reversal.summaries import metrics_of_methods
from reversal.tables import CHANGES, PROBLEM_SCORES, SCORES

SERIES = {"dpo": ["sft", "sft-dpo"], "both": ["sft", "sft-sft"]}
NAMED = {"model": pl.String, "task": pl.String, "seed": pl.Int64, "lineage": pl.String}


def study(values: dict[tuple, list]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """(METRICS, named problem scores) from {(seed, lineage, metric, subset): values of problems 0, 1, ..}."""
    scores, per_problem = [], []
    for (seed, lineage, metric, subset), found in values.items():
        defined = [value for value in found if value is not None]
        mean = sum(defined) / len(defined) if defined else None
        iteration = lineage.count("-") + 1
        scores.append(("s", "m", "t", seed, iteration, lineage, metric, subset, mean, len(defined)))
        per_problem += [("m", "t", seed, lineage, f"{subset}/{i}", metric, subset, v) for i, v in enumerate(found)]
    metrics = metrics_of_methods(pl.DataFrame(scores, schema=SCORES, orient="row"), SERIES)
    return metrics, pl.DataFrame(per_problem, schema=NAMED | PROBLEM_SCORES, orient="row")


def right(count: int, of: int) -> list[float]:
    return [1.0] * count + [0.0] * (of - count)


ONE_SEED = {
    (0, "sft", "pass_at_1", "test"): right(10, 40),
    (0, "sft-dpo", "pass_at_1", "test"): right(30, 40),
    (0, "sft-sft", "pass_at_1", "test"): right(12, 40),
    (0, "sft", "distinct_n", "all"): [0.5, 0.75] * 20,
    (0, "sft-dpo", "distinct_n", "all"): [0.25, 0.75] * 19 + [0.25, None],
    (0, "sft-sft", "distinct_n", "all"): [0.5, 0.75] * 20,
}


def table(values: dict, ood: list[str] = ()) -> pl.DataFrame:
    metrics, per_problem = study(values)
    return changes(metrics, per_problem, SERIES, {"t": list(ood)})


def test_a_change_comes_with_its_interval_its_p_and_a_verdict():
    found = table(ONE_SEED)
    assert found.schema == CHANGES
    names = ["method", "dimension", "first", "last", "change", "seeds", "problems", "verdict"]
    assert found.select(names).rows() == [
        ("dpo", "accuracy", 0.25, 0.75, 0.5, 1, 40, "progress"),
        (
            "dpo",
            "distinct n-grams",
            0.625,
            pytest.approx((0.25 * 20 + 0.75 * 19) / 39),
            pytest.approx(-0.1314, abs=1e-4),
            1,
            39,
            "regress",
        ),
        ("both", "accuracy", 0.25, 0.3, pytest.approx(0.05), 1, 40, "unclear"),
        ("both", "distinct n-grams", 0.625, 0.625, 0.0, 1, 40, "unclear"),
    ]
    # McNemar: 20 up, none down; 2 up, none down.
    assert found["p"][0] == pytest.approx(2 * 0.5**20) and found["p"][2] == 0.5
    assert found["p_adjusted"][0] == pytest.approx(4 * 2 * 0.5**20)
    assert all(low <= change <= high for low, change, high in found.select("low", "change", "high").rows())
    assert found.select("low", "high").row(3) == (0.0, 0.0)


def test_seeds_are_averaged_and_their_extremes_kept():
    values = {
        (seed, lineage, metric, subset): [v if seed == 0 else 0.0 for v in found]
        for (_, lineage, metric, subset), found in ONE_SEED.items()
        if metric == "pass_at_1"
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
    assert row["seeds"] == 2 and row["low"] == 0.0 and row["high"] > 0.5


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
    values |= {(0, line, "pass_at_1", "test"): right(30, 40) for line in ("sft", "sft-dpo", "sft-sft")}
    found = table(values, ["math"]).filter(dimension="OOD disparity on math")
    row = found.row(0, named=True)
    assert (row["method"], row["change"], row["verdict"], row["problems"]) == (
        "dpo",
        pytest.approx(0.7),
        "regress",
        120,
    )
    assert 0.5 < row["low"] < 0.7 < row["high"] < 0.9


def test_a_metric_without_both_ends_has_no_row():
    values = {key: found for key, found in ONE_SEED.items() if key[1:3] != ("sft", "distinct_n")}
    assert table(values)["dimension"].to_list() == ["accuracy", "accuracy"]


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
    metrics, per_problem = study({key: value for key, value in ONE_SEED.items() if key[1] != "sft-sft"})
    series = {"dpo": SERIES["dpo"]}
    metrics = metrics.filter(method="dpo")
    found = changes(metrics, per_problem, series, {"t": []})
    lows = [f"{low:+.3f} to {high:+.3f}" for low, high in found.select("low", "high").rows()]
    assert verdict_text(found, metrics) == (
        "From M1 to M2 (seeds: 1; 95 % intervals; p adjusted over the study):\n"
        f"  m on t, dpo: accuracy up +0.500 [{lows[0]}] to 0.750: progress; "
        f"distinct n-grams down -0.131 [{lows[1]}] to 0.494: regress; best accuracy at M2; reversal: yes\n"
    )
