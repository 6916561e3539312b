"""Whether a training ended where it should: not far above where it began."""

import polars as pl

FAR = 1.5  # times the loss at the beginning; rows differ, but not so much in the median of a tenth of the curve


def ends(curve: pl.DataFrame) -> dict:
    """first_loss and last_loss: medians of the first and of the last tenth of LOSSES; null where nothing was logged."""
    tenth = -(-curve.height // 10)
    return {"first_loss": curve["loss"].head(tenth).median(), "last_loss": curve["loss"].tail(tenth).median()}


def warnings(trained: list[dict]) -> str:
    """A line for every model whose loss ended far above its beginning. trained: model, base, task, seed, lineage and
    `ends` of each."""
    far = [row for row in trained if row["first_loss"] and row["last_loss"] > FAR * row["first_loss"]]
    return "".join(
        f"Warning: the loss of {row['lineage']} ({row['model']} on {row['task']}, base {row['base']}, seed "
        f"{row['seed']}) rose from {row['first_loss']:.3g} to {row['last_loss']:.3g}: its training may have diverged. "
        "A lower learning_rate would help.\n"
        for row in far
    )
