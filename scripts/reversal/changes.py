"""Progress or regress: what changed from M1 to the last iteration, dimension by dimension, and how sure that is.

The rule. A dimension has progressed or regressed if its change has an adjusted p below 0.05 (Holm, over all rows of the
study); else it is unclear. A method shows a reversal if its accuracy progressed and another dimension regressed. It
shows none if its accuracy progressed and every other interval lies above a loss of 0.05. Otherwise: unclear.
"""

import numpy as np
import polars as pl

from reversal.tables import CHANGES
from reversal.uncertainty import bootstrap_interval, disparity_interval, holm, paired_p_value

SIGNIFICANT = 0.05
MARGIN = 0.05  # a loss smaller than this is no reversal


def changes(
    metrics: pl.DataFrame, problem_scores: pl.DataFrame, series: dict[str, list[str]], ood: dict[str, list[str]]
) -> pl.DataFrame:
    """CHANGES: a row per model, task, method and dimension that has a value at both ends, means over seeds.

    metrics: METRICS. problem_scores: PROBLEM_SCORES with columns model, task, seed and lineage before them, of at least
    the first and last lineage of every method. series: {method: lineages}. ood: {task: names of its OOD sets}.
    """
    rows = []
    for (model, task, method), group in metrics.group_by("model", "task", "method", maintain_order=True):
        of_model = problem_scores.filter(model=model, task=task)
        ends = [of_model.filter(lineage=series[method][place]) for place in (0, -1)]
        for dimension, (metric, subset) in _dimensions(group, ood[task]).items():
            values = group.filter((pl.col("metric") == metric) & (pl.col("subset") == subset))
            found = _ends(values)
            if found is not None:
                names = {"model": model, "task": task, "method": method, "dimension": dimension}
                rows.append(names | {"metric": metric, "subset": subset} | found | _certainty(*ends, metric, subset))
    adjusted = holm([row["p"] for row in rows])
    for row, p_adjusted in zip(rows, adjusted, strict=True):
        row["p_adjusted"] = p_adjusted
        row["verdict"] = _verdict(row)
    return pl.DataFrame(rows, schema=CHANGES).with_columns(pl.selectors.float().fill_nan(None))


def reversal(rows: list[dict]) -> str:
    """yes, no or unclear: the rule at the top, on the CHANGES rows of one model, task and method."""
    accuracy = [row for row in rows if row["dimension"] == "accuracy"]
    others = [row for row in rows if row["dimension"] != "accuracy"]
    if not accuracy or accuracy[0]["verdict"] != "progress":
        return "unclear"
    if any(row["verdict"] == "regress" for row in others):
        return "yes"
    worst = [-row["high"] if _falling_is_good(row) else row["low"] for row in others if row["low"] is not None]
    return "no" if len(worst) == len(others) and all(value > -MARGIN for value in worst) else "unclear"


def verdict_text(table: pl.DataFrame, metrics: pl.DataFrame) -> str:
    """One line per model, task and method in plain words, as printed at the end of a run."""
    seeds = metrics["seed"].n_unique()
    lines = [f"From M1 to M{metrics['iteration'].max()} (seeds: {seeds}; 95 % intervals; p adjusted over the study):"]
    for (model, task, method), group in table.group_by("model", "task", "method", maintain_order=True):
        rows = group.rows(named=True)
        best = _best_iteration(metrics, model, task, method)
        parts = [*map(_words, rows), f"best accuracy at M{best}", f"reversal: {reversal(rows)}"]
        lines.append(f"  {model} on {task}, {method}: " + "; ".join(parts))
    return "\n".join(lines) + "\n"


def _dimensions(group: pl.DataFrame, ood: list[str]) -> dict[str, tuple[str, str]]:
    """dimension -> (metric, subset), in the order of the verdict."""
    ks = [
        int(metric[8:])
        for metric in group.filter(pl.col("subset") == "test")["metric"].unique()
        if metric.startswith("pass_at_")
    ]
    return {
        "accuracy": ("pass_at_1", "test"),
        **{f"pass@{k}": (f"pass_at_{k}", "test") for k in [max(ks)] if k > 1},
        "distinct n-grams": ("distinct_n", "all"),
        "semantic diversity": ("semantic_diversity", "all"),
        "distinct equations": ("equation_diversity", "all"),
        **{f"OOD accuracy on {name}": ("pass_at_1", name) for name in ood},
        **{f"OOD disparity on {name}": ("group_disparity", name) for name in ood},
    }


def _ends(values: pl.DataFrame) -> dict | None:
    """first, last, change and its extremes over the seeds that have both ends; None without such a seed."""
    last = values["iteration"].max()
    ends = values.filter(pl.col("iteration").is_in([1, last])).drop_nulls("value")
    wide = ends.pivot("iteration", index="seed", values="value")
    if last in (None, 1) or not {"1", str(last)} <= set(wide.columns):
        return None
    wide = wide.drop_nulls().with_columns(change=pl.col(str(last)) - pl.col("1"))
    if wide.is_empty():
        return None
    return {
        "first": wide["1"].mean(),
        "last": wide[str(last)].mean(),
        "change": wide["change"].mean(),
        "change_min": wide["change"].min(),
        "change_max": wide["change"].max(),
        "seeds": wide.height,
    }


def _certainty(first: pl.DataFrame, last: pl.DataFrame, metric: str, subset: str) -> dict:
    """low, high, p and problems (how many have a value at both ends)."""
    if metric == "group_disparity":
        levels = sorted(
            (name for name in first["subset"].unique() if name.startswith(f"{subset}/level=")),
            key=lambda name: int(name.rpartition("=")[2]),
        )
        easy, hard = (_both_ends(first, last, "pass_at_1", level) for level in (levels[0], levels[-1]))
        low, high, p = disparity_interval(easy, hard)
        return {"low": low, "high": high, "p": p, "problems": easy[0].shape[1] + hard[0].shape[1]}
    before, after = _both_ends(first, last, metric, subset)
    low, high = bootstrap_interval(after - before)
    return {"low": low, "high": high, "p": paired_p_value(after - before), "problems": before.shape[1]}


def _both_ends(first: pl.DataFrame, last: pl.DataFrame, metric: str, subset: str) -> tuple[np.ndarray, np.ndarray]:
    """(values at M1, values at the last iteration), seeds x problems that have both; nan where a seed lacks one."""
    wanted = (pl.col("metric") == metric) & (pl.col("subset") == subset)
    pairs = first.filter(wanted).join(last.filter(wanted), on=["seed", "problem_id"], suffix="_last")
    pairs = pairs.drop_nulls(["value", "value_last"]).sort("seed", "problem_id")
    if pairs.is_empty():
        return np.empty((1, 0)), np.empty((1, 0))
    before, after = (
        pairs.pivot("problem_id", index="seed", values=column).drop("seed").to_numpy()
        for column in ("value", "value_last")
    )
    return before, after


def _falling_is_good(row: dict) -> bool:
    return row["metric"] == "group_disparity"


def _verdict(row: dict) -> str:
    if not row["p_adjusted"] < SIGNIFICANT or row["change"] == 0:  # also for nan
        return "unclear"
    return "progress" if (row["change"] > 0) != _falling_is_good(row) else "regress"


def _words(row: dict) -> str:
    word = "up" if row["change"] > 0 else "down" if row["change"] < 0 else "unchanged"
    interval = "no interval" if row["low"] is None else f"{row['low']:+.3f} to {row['high']:+.3f}"
    return f"{row['dimension']} {word} {row['change']:+.3f} [{interval}] to {row['last']:.3f}: {row['verdict']}"


def _best_iteration(metrics: pl.DataFrame, model: str, task: str, method: str) -> int:
    accuracy = metrics.filter(
        (pl.col("model") == model) & (pl.col("task") == task) & (pl.col("method") == method),
        (pl.col("metric") == "pass_at_1") & (pl.col("subset") == "test"),
    )
    means = (
        accuracy.group_by("iteration").agg(pl.col("value").mean()).sort("value", "iteration", descending=[True, False])
    )
    return means["iteration"][0]
