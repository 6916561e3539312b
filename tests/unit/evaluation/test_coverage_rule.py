from pathlib import Path

import polars as pl
import pytest
from reversal.evaluation.coverage_rule import coverage_rule
from reversal.tables import METRICS, PROBLEM_SCORES, PUBLISHED, RULE

KINDS = {"plain": "sft", "pairs": "dpo", "both": "dpo"}
PRINTED = Path(__file__).parents[3] / "studies/published_results.csv"
SCHEMA = {"replicate": pl.Int64, "lineage": pl.String} | PROBLEM_SCORES
MANY = 100


def rule(coverage: float | None, best: dict[str, list[float]], published: pl.DataFrame | None = None) -> dict:
    """The row of one model and task. best: {method: greedy accuracy at M1, M2, ..}: the first problems are solved."""
    rows, values = [], []
    series = {method: [f"{method} {t}" if t else "M1" for t in range(len(its))] for method, its in best.items()}
    for method, accuracies in best.items():
        rows.append(("s", "llama2-7b", "gsm8k", method, 0, 0, 1, "M1", "coverage", "train", coverage, 9))
        for t, value in enumerate(accuracies):
            rows.append(
                ("s", "llama2-7b", "gsm8k", method, 0, 0, t + 1, series[method][t], "pass_at_1", "test", value, 9)
            )
            right = [
                (0, series[method][t], f"p/{i}", "pass_at_1", "test", float(i < value * MANY), 1.0) for i in range(MANY)
            ]
            values += right if t else []
    metrics, none = pl.DataFrame(rows, schema=METRICS, orient="row"), pl.DataFrame(schema=PUBLISHED)
    values = pl.DataFrame(values, schema=SCHEMA, orient="row")
    kinds = {method: KINDS[method] for method in best}
    found = coverage_rule(metrics, values, series, kinds, none if published is None else published, {})
    table = pl.DataFrame(found, schema=RULE)
    assert table.height == 1
    return table.row(0, named=True)


@pytest.mark.parametrize(
    ("coverage", "best", "expects", "fits", "margin", "winner"),
    [
        (0.6, {"plain": [0.3, 0.5], "pairs": [0.3, 0.4], "both": [0.3, 0.7]}, "dpo", "yes", 0.2, "both"),
        (0.6, {"plain": [0.3, 0.8], "pairs": [0.3, 0.4]}, "dpo", "no", -0.4, "plain"),
        (0.5, {"plain": [0.3, 0.8], "pairs": [0.3, 0.4]}, "sft", "yes", 0.4, "plain"),
        (0.4, {"plain": [0.3, 0.5], "pairs": [0.5, 0.49]}, "sft", "not shown", 0.01, "plain, pairs"),
        (0.4, {"plain": [0.3, 0.5]}, "sft", "not compared", None, "plain"),
        (0.9, {"pairs": [0.3, 0.5], "both": [0.3, 0.5]}, "dpo", "not compared", None, "pairs, both"),
        (None, {"plain": [0.3, 0.8], "pairs": [0.3, 0.4]}, None, "not compared", None, "plain"),
    ],
)
def test_what_coverage_predicts_against_what_happened(coverage, best, expects, fits, margin, winner):
    row = rule(coverage, best)
    assert (row["rule_expects"], row["rule_fits"], row["best_method"]) == (expects, fits, winner)
    assert row["margin"] == (None if margin is None else pytest.approx(margin))
    assert (row["low"] is None) == (margin is None) and (margin is None or row["low"] < margin < row["high"])
    assert row["published_rule_fits"] is None


def test_the_papers_own_numbers_stand_beside():
    """LLaMA2-7B on GSM8K: coverage 0.398, best by SFT (53.91): the rule was read off such cases."""
    printed = pl.read_csv(PRINTED, schema=PUBLISHED)
    row = rule(0.6, {"plain": [0.3, 0.5]}, printed)
    assert (row["published_coverage"], row["published_rule_fits"]) == (pytest.approx(0.398), "yes")


def test_of_given_series_the_rule_says_nothing():
    metrics = pl.DataFrame([dict.fromkeys(METRICS) | {"method": "other"}], schema=METRICS)
    nothing = pl.DataFrame(schema=SCHEMA)
    assert coverage_rule(metrics, nothing, {}, {"other": "other"}, pl.DataFrame(schema=PUBLISHED), {}) == []
