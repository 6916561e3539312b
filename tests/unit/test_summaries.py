import polars as pl
from polars.testing import assert_frame_equal
from reversal import summaries
from reversal.tables import METRICS, SCORES

SERIES = {"dpo": ["sft", "sft-dpo"], "both": ["sft", "sft-sft"]}


def scores(rows: list[tuple]) -> pl.DataFrame:
    """SCORES of one study, model and task from (seed, lineage, metric, subset, value)."""
    full = [("s", "m", "t", seed, line.count("-") + 1, line, metric, of, v, 9) for seed, line, metric, of, v in rows]
    return pl.DataFrame(full, schema=SCORES, orient="row")


def test_metrics_hold_a_lineage_once_for_every_method_in_order():
    rows = [(0, "sft", "pass_at_1", "test", 0.25), (0, "sft", "coverage", "train", 0.5)]
    rows += [(0, "sft-sft", "pass_at_1", "test", 0.5), (0, "sft-dpo", "pass_at_1", "test", 0.75)]
    metrics = summaries.metrics_of_methods(scores(rows), SERIES)
    expected = [
        ("s", "m", "t", "dpo", 0, 1, "sft", "pass_at_1", "test", 0.25, 9),
        ("s", "m", "t", "dpo", 0, 1, "sft", "coverage", "train", 0.5, 9),
        ("s", "m", "t", "dpo", 0, 2, "sft-dpo", "pass_at_1", "test", 0.75, 9),
        ("s", "m", "t", "both", 0, 1, "sft", "pass_at_1", "test", 0.25, 9),
        ("s", "m", "t", "both", 0, 1, "sft", "coverage", "train", 0.5, 9),
        ("s", "m", "t", "both", 0, 2, "sft-sft", "pass_at_1", "test", 0.5, 9),
    ]
    assert_frame_equal(metrics, pl.DataFrame(expected, schema=METRICS, orient="row"))
