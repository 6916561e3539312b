"""What a verdict is about, as declared."""

import polars as pl
from reversal.evaluation.dimensions import dimensions, most_samples
from reversal.tables import METRICS


def test_few_dimensions_are_primary_and_all_of_them_have_a_margin():
    found = dimensions("pass_at_1", 8, ["far"])
    assert [(d.name, d.metric, d.subset, d.margin) for d in found if d.role == "primary"] == [
        ("accuracy", "pass_at_1", "test", 0.1),
        ("pass@8", "pass_at_8", "test", 0.05),
        ("syntactic diversity", "pairwise_distinct_n", "correct", 0.1),
        ("semantic diversity", "semantic_diversity", "correct", 0.1),
        ("logical diversity", "pairwise_equation_diversity", "correct", 0.1),
        ("OOD accuracy on far", "pass_at_1", "far", 0.1),
    ]
    assert [d.name for d in found if d.role == "secondary"] == [
        "accuracy of the best iteration",
        "beyond N samples",
        "OOD disparity on far",
        *(f"{d} diversity, {of} answers" for of in ("all", "incorrect") for d in ("syntactic", "semantic", "logical")),
    ]
    assert [d.name for d in found if d.better == "lower"] == ["OOD disparity on far"]
    assert all(d.name[:5] != "pass@" for d in dimensions("sample_accuracy", 1, []))


def test_n_is_the_largest_k_that_both_ends_have():
    rows = [(1, "pass_at_2"), (1, "pass_at_10"), (2, "pass_at_2"), (2, "pass_at_16"), (3, "pass_at_2"), (3, "coverage")]
    empty = dict.fromkeys(METRICS) | {"subset": "test"}
    metrics = pl.DataFrame([empty | {"iteration": t, "metric": name} for t, name in rows], schema=METRICS)
    assert most_samples(metrics) == 2
    assert most_samples(metrics.filter(metric="coverage")) == 1
