"""Small literal tables of a study with two methods, and what a panel shows of them."""

import polars as pl
from reversal import tables
from reversal.evaluation.outcomes import outcomes

LINEAGES = {"iterative_sft": ["sft", "sft-sft", "sft-sft-sft"], "iterative_dpo": ["sft", "sft-dpo", "sft-dpo-dpo"]}
ACCURACY = {"iterative_sft": [0.25, 0.375, 0.3125], "iterative_dpo": [0.25, 0.125, 0.1875]}


def rows(metric, subset, values, method="iterative_sft", seed=0, base=0, first=1, task="words"):
    """Rows of METRICS: the values of successive iterations."""
    return [
        ("study", "tiny", task, method, base, seed, t, ([*LINEAGES[method], "base"])[t - 1], metric, subset, value, 10)
        for t, value in enumerate(values, start=first)
    ]


def metrics_of(*groups):
    return pl.DataFrame([row for group in groups for row in group], schema=tables.METRICS, orient="row")


def intervals_of(metrics):
    """INTERVALS whose limits are half and twice the mean over runs, exactly."""
    key = [name for name in tables.INTERVALS if name not in ("value", "low", "high", "replicates", "n")]
    means = metrics.group_by(key, maintain_order=True).agg(
        value=pl.col("value").mean(), replicates=pl.col("value").count().cast(pl.Int64), n=pl.col("n").mean()
    )
    limits = means.with_columns(low=pl.col("value") / 2, high=pl.col("value") * 2)
    return tables.check(limits, tables.INTERVALS, "the test's intervals")


def change(method, dimension, metric, subset, first, last, verdict, task="words", **others):
    """A row of CHANGES; its interval is 0.01 to both sides, and best is last at M3 unless said otherwise."""
    row = dict.fromkeys(tables.CHANGES) | {"model": "tiny", "task": task, "method": method, "dimension": dimension}
    row |= {"role": "primary", "better": "higher", "margin": 0.05}
    row |= {"metric": metric, "subset": subset, "first": first, "last": last, "change": last - first}
    row |= {
        "low": last - first - 0.01,
        "high": last - first + 0.01,
        "verdict": verdict,
        "replicates": 1,
        "problems": 10,
    }
    return row | {"best": last, "best_iteration": 3} | others


def extrapolations_of(*found):
    """EXTRAPOLATIONS of a method: (iteration, N, k, value); k None is a refusal. Limits as in intervals_of."""
    rows = [
        dict.fromkeys(tables.EXTRAPOLATIONS)
        | {"model": "tiny", "task": "words", "method": "iterative_sft", "iteration": t, "samples": n, "k": k}
        | {"value": value, "low": value and value / 2, "high": value and value * 2, "reason": "" if k else "no fit"}
        for t, n, k, value in found
    ]
    return pl.DataFrame(rows, schema=tables.EXTRAPOLATIONS)


def printed_of(*found):
    """PRINTED of iterative SFT on words: (figure, iteration, metric, subset, the paper's value)."""
    rows = [
        dict.fromkeys(tables.PRINTED)
        | {"figure": figure, "model": "tiny", "task": "words", "method": "iterative_sft", "iteration": t}
        | {"metric": metric, "subset": subset, "published": value, "reading_error": 0.01}
        for figure, t, metric, subset, value in found
    ]
    return pl.DataFrame(rows, schema=tables.PRINTED)


def changes_of(*found):
    return pl.DataFrame(list(found), schema=tables.CHANGES)


def outcomes_of(changes, runs="of this run: one base, one seed"):
    """OUTCOMES of CHANGES."""
    return outcomes(changes, [], runs)


def lines(ax, hidden=False):
    """{label: y values}; None where nothing is drawn. Labels of helpers (dots, limits, thresholds) begin with _."""
    return {
        line.get_label(): [None if y != y else float(y) for y in line.get_ydata()]
        for line in ax.lines
        if line.get_label().startswith("_") == hidden
    }


def whiskers(ax):
    """(x, low, high) of all defined whiskers of a panel, in the order of drawing."""
    drawn = [found.get_segments() for found in ax.collections if found.get_label() == "_whiskers"]
    ends = [segment.tolist() for segments in drawn for segment in segments if len(segment)]
    return [(low[0], low[1], high[1]) for low, high in ends]


def bars(ax):
    """(foot, height) of the bars of a panel."""
    return [(bar.get_y(), bar.get_height()) for bar in ax.patches]


def texts(figure):
    return [text.get_text() for ax in figure.axes for text in ax.texts]
