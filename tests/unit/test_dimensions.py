"""What a verdict is about, as declared."""

import polars as pl
import pytest
from reversal.dimensions import dimensions, margin, most_samples
from reversal.tables import METRICS


def test_few_dimensions_are_primary():
    found = dimensions("pass_at_1", 8, ["far"])
    assert [(d.name, d.metric, d.subset) for d in found if d.role == "primary"] == [
        ("accuracy", "pass_at_1", "test"),
        ("pass@8", "pass_at_8", "test"),
        ("syntactic diversity", "pairwise_distinct_n", "correct"),
        ("semantic diversity", "semantic_diversity", "correct"),
        ("logical diversity", "pairwise_equation_diversity", "correct"),
        ("OOD accuracy on far", "pass_at_1", "far"),
    ]
    assert [d.name for d in found if d.role == "secondary"] == [
        "accuracy of the best iteration",
        "beyond N samples",
        "OOD disparity on far",
        *(f"{d} diversity, {of} answers" for of in ("all", "incorrect") for d in ("syntactic", "semantic", "logical")),
    ]
    assert [d.name for d in found if d.better == "lower"] == ["OOD disparity on far"]
    assert all(d.name[:5] != "pass@" for d in dimensions("sample_accuracy", 1, []))


@pytest.mark.parametrize(
    ("name", "first", "loss"),
    [
        ("accuracy", 0.5, 0.05),
        ("OOD accuracy on far", 0.2, 0.02),
        ("pass@8", 0.8, 0.04),
        ("logical diversity", 0.6, 0.06),
        ("syntactic diversity", 0.7, 0.02),  # the same answer twice has 0.5: a tenth of the 0.2 above that
        ("syntactic diversity", 0.45, 0.0),
    ],
)
def test_a_margin_is_a_share_of_what_there_is_to_lose(name, first, loss):
    assert margin(name, first) == pytest.approx(loss)


def test_n_is_the_largest_k_that_both_ends_have():
    rows = [(1, "pass_at_2"), (1, "pass_at_10"), (2, "pass_at_2"), (2, "pass_at_16"), (3, "pass_at_2"), (3, "coverage")]
    empty = dict.fromkeys(METRICS) | {"subset": "test"}
    metrics = pl.DataFrame([empty | {"iteration": t, "metric": name} for t, name in rows], schema=METRICS)
    assert most_samples(metrics) == 2
    assert most_samples(metrics.filter(metric="coverage")) == 1
