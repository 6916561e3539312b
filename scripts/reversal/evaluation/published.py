"""The numbers that the paper prints, beside a study's own of the same model, task and method."""

import polars as pl

from reversal.tables import PRINTED


def beside(intervals: pl.DataFrame, figures: pl.DataFrame) -> pl.DataFrame:
    """PRINTED: every number of the paper's Figures 3 to 5 for which the study has its own.

    intervals: INTERVALS. figures: PUBLISHED_FIGURES; where the paper does not say which of its models a figure shows,
    the number is beside each of them.
    """
    printed = figures.rename({"value": "published"}).with_columns(pl.col("model").str.split("|")).explode("model")
    keys = ["model", "task", "method", "iteration", "metric", "subset"]
    ours = intervals.filter(pl.col("value").is_not_null()).select(*keys, "value", "low", "high")
    both = printed.join(ours, on=keys, maintain_order="left")
    return both.with_columns(difference=pl.col("value") - pl.col("published")).select(list(PRINTED))
