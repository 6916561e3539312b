from pathlib import Path

import polars as pl
import pytest
from reversal.coverage_rule import coverage_rule
from reversal.tables import METRICS, PUBLISHED, RULE

KINDS = {"plain": "sft", "pairs": "dpo", "both": "dpo"}
PRINTED = Path(__file__).parents[2] / "studies/published_results.csv"


def rule(coverage: float | None, best: dict[str, list[float]], published: pl.DataFrame | None = None) -> dict:
    """The row of one model and task. best: {method: greedy accuracy at M1, M2, ..}."""
    rows = []
    for method, accuracies in best.items():
        rows.append(("s", "llama2-7b", "gsm8k", method, 0, 0, 1, "sft", "coverage", "train", coverage, 9))
        for t, value in enumerate(accuracies, start=1):
            rows.append(("s", "llama2-7b", "gsm8k", method, 0, 0, t, "x", "pass_at_1", "test", value, 9))
    metrics = pl.DataFrame(rows, schema=METRICS, orient="row")
    none = pl.DataFrame(schema=PUBLISHED)
    found = coverage_rule(metrics, KINDS, none if published is None else published)
    assert found.schema == RULE and found.height == 1
    return found.row(0, named=True)


@pytest.mark.parametrize(
    ("coverage", "best", "expects", "fits", "margin", "winner"),
    [
        (0.6, {"plain": [0.3, 0.5], "pairs": [0.3, 0.4], "both": [0.3, 0.7]}, "dpo", "yes", 0.2, "both"),
        (0.6, {"plain": [0.3, 0.8], "pairs": [0.3, 0.4]}, "dpo", "no", 0.4, "plain"),
        (0.5, {"plain": [0.3, 0.8], "pairs": [0.3, 0.4]}, "sft", "yes", 0.4, "plain"),
        (0.4, {"plain": [0.3, 0.5], "pairs": [0.5, 0.4]}, "sft", "tie", 0.0, "plain, pairs"),
        (0.4, {"plain": [0.3, 0.5]}, "sft", "not compared", None, "plain"),
        (0.9, {"pairs": [0.3, 0.5], "both": [0.3, 0.5]}, "dpo", "not compared", None, "pairs, both"),
        (None, {"plain": [0.3, 0.8], "pairs": [0.3, 0.4]}, None, "not compared", None, "plain"),
    ],
)
def test_what_coverage_predicts_against_what_happened(coverage, best, expects, fits, margin, winner):
    row = rule(coverage, best)
    assert (row["rule_expects"], row["rule_fits"], row["best_method"]) == (expects, fits, winner)
    assert row["margin"] == (None if margin is None else pytest.approx(margin))
    assert row["published_rule_fits"] is None


def test_the_papers_own_numbers_stand_beside():
    """LLaMA2-7B on GSM8K: coverage 0.398, best by SFT (53.91): the rule was read off such cases."""
    row = rule(0.6, {"plain": [0.3, 0.5]}, pl.read_csv(PRINTED, schema=PUBLISHED))
    assert (row["published_coverage"], row["published_rule_fits"]) == (pytest.approx(0.398), "yes")
