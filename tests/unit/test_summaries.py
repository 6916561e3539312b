import polars as pl
import pytest
from polars.testing import assert_frame_equal
from reversal import summaries
from reversal.tables import METRICS, SCORES

SERIES = {"dpo": ["sft", "sft-dpo"], "both": ["sft", "sft-sft"]}


def scores(rows: list[tuple]) -> pl.DataFrame:
    """SCORES of one study, model and task from (seed, lineage, metric, subset, value)."""
    full = [("s", "m", "t", seed, line.count("-") + 1, line, metric, of, v, 9) for seed, line, metric, of, v in rows]
    return pl.DataFrame(full, schema=SCORES, orient="row")


SCORED = scores(
    [
        (seed, lineage, metric, subset, value + seed / 4)
        for seed in (1, 0)
        for lineage, metric, subset, value in [
            ("sft-dpo", "pass_at_1", "test", 0.5),
            ("sft-dpo", "pass_at_4", "test", 0.5),
            ("sft", "pass_at_1", "test", 0.25),
            ("sft", "pass_at_4", "test", 0.75),
            ("sft", "pass_at_8", "train", 0.75),  # more samples were drawn for training than for the test
            ("sft-sft", "pass_at_1", "test", 0.25),
            ("sft", "pass_at_1", "math", 0.5),
            ("sft-sft", "pass_at_1", "math", 0.25),
        ]
    ]
)


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


def test_changes():
    changes = summaries.changes(summaries.metrics_of_methods(SCORED, SERIES), {"t": ["math"]})
    expected = [
        ("m", "t", "dpo", "accuracy", "pass_at_1", "test", 0.375, 0.625, 0.25, 0.25, 0.25, 2),
        ("m", "t", "dpo", "pass@4", "pass_at_4", "test", 0.875, 0.625, -0.25, -0.25, -0.25, 2),
        ("m", "t", "both", "accuracy", "pass_at_1", "test", 0.375, 0.375, 0.0, 0.0, 0.0, 2),
        ("m", "t", "both", "OOD accuracy on math", "pass_at_1", "math", 0.625, 0.375, -0.25, -0.25, -0.25, 2),
    ]
    assert_frame_equal(changes, pl.DataFrame(expected, schema=summaries.CHANGES, orient="row"))


def test_one_sample_per_problem_gives_accuracy_once():
    metrics = summaries.metrics_of_methods(SCORED.filter(pl.col("metric") == "pass_at_1"), SERIES)
    changes = summaries.changes(metrics.filter(pl.col("method") == "dpo"), {"t": []})
    assert changes["dimension"].to_list() == ["accuracy"]


def test_seeds_that_lack_an_end_are_left_out():
    values = [(0, 0.25, 0.5), (1, None, 0.75), (2, 0.5, 0.25)]
    rows = [(s, "sft", "pass_at_1", "test", first) for s, first, _ in values]
    rows += [(s, "sft-dpo", "pass_at_1", "test", last) for s, _, last in values]
    changes = summaries.changes(summaries.metrics_of_methods(scores(rows), {"dpo": SERIES["dpo"]}), {"t": []})
    assert changes.row(0)[3:] == ("accuracy", "pass_at_1", "test", 0.375, 0.375, 0.0, -0.25, 0.25, 2)
    undefined = scores([(0, "sft", "pass_at_1", "test", 0.5), (0, "sft-dpo", "pass_at_1", "test", None)])
    none = summaries.changes(summaries.metrics_of_methods(undefined, {"dpo": SERIES["dpo"]}), {"t": []})
    assert_frame_equal(none, pl.DataFrame(schema=summaries.CHANGES))


@pytest.mark.parametrize("seeds", [1, 2])
def test_verdict_text(seeds):
    metrics = summaries.metrics_of_methods(SCORED.filter(pl.col("seed") < seeds), SERIES)
    only_test = metrics.filter(~pl.col("metric").is_in(["pass_at_8"]))
    text = summaries.verdict_text(summaries.changes(only_test, {"t": ["math"]}), only_test)
    if seeds == 1:
        assert text == (
            "From M1 to M2 (seeds: 1):\n"
            "  m on t, dpo: accuracy up +0.250 (to 0.500); pass@4 down -0.250 (to 0.500); best accuracy at M2\n"
            "  m on t, both: accuracy unchanged +0.000 (to 0.250); OOD accuracy on math down -0.250 (to 0.250); "
            "best accuracy at M1\n"
        )
    else:
        assert "pass@4 down -0.250 (to 0.625, seeds -0.250 to -0.250)" in text
