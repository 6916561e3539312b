"""Progress or regress: what changed from M1 to the last iteration, dimension by dimension, and how sure that is.

The rule. A dimension has progressed or regressed if the change has an adjusted p below 0.05 and a 95 % interval without
0; else it is unclear. Holm's correction is over all primary rows of the study, and over the secondary ones apart. What
follows for a method is in outcomes.py.
"""

import numpy as np
import polars as pl

from reversal.evaluation.accuracy import accuracy_metric
from reversal.evaluation.best_iteration import best_iteration
from reversal.evaluation.dimensions import BEST, Dimension, dimensions, most_samples
from reversal.evaluation.paired import certainty, problem_values
from reversal.evaluation.uncertainty import (
    disparity,
    holm,
    interval,
    over_replicates,
    paired_disparity_p_value,
    replicates_p_value,
    resampled_means,
)
from reversal.tables import CHANGES

SIGNIFICANT = 0.05


def changes(
    metrics: pl.DataFrame,
    values: pl.DataFrame,
    series: dict[str, list[str]],
    ood: list[str],
    published: pl.DataFrame,
    clusters: dict[str, str],
) -> list[dict]:
    """Rows of CHANGES of one model and task, p not yet adjusted: one per method and dimension with both ends.

    metrics: METRICS of that model and task. values: PROBLEM_SCORES with columns replicate and lineage
    (summaries.replicates), of all lineages. series: {method: lineages}. ood: names of the task's OOD sets. published:
    PUBLISHED. clusters: {problem_id: its cluster} of the problems that are in one.
    """
    rows = []
    for (model, task, method), group in metrics.group_by("model", "task", "method", maintain_order=True):
        lineages = series[method][: group["iteration"].max()]
        printed = published.filter(model=model, task=task, method=method).to_dicts()
        accuracy = accuracy_metric(group)
        for dimension in dimensions(accuracy, most_samples(group), ood) if len(lineages) > 1 else []:
            found = _change(values, lineages, dimension, clusters)
            if found is not None:
                names = {"model": model, "task": task, "method": method, "dimension": dimension.name}
                names |= {"role": dimension.role, "better": dimension.better}
                names |= {"metric": dimension.metric, "subset": dimension.subset}
                margin = None if dimension.margin is None else dimension.margin * found["first"]
                at_best = _best(group, accuracy) if dimension.name == "accuracy" else {}
                rows.append({"note": "", "margin": margin} | names | found | at_best | _published(dimension, printed))
    return rows


def judged(rows: list[dict]) -> pl.DataFrame:
    """CHANGES of a whole study from the rows of all its models and tasks: p adjusted within each role, and verdicts."""
    adjusted = [float("nan")] * len(rows)
    for role in ("primary", "secondary"):
        of_role = [i for i, row in enumerate(rows) if row["role"] == role]
        for i, p_adjusted in zip(of_role, holm([rows[i]["p"] for i in of_role]), strict=True):
            adjusted[i] = p_adjusted
    rows = [row | {"p_adjusted": p_adjusted} for row, p_adjusted in zip(rows, adjusted, strict=True)]
    rows = [dict.fromkeys(CHANGES) | row | {"verdict": _verdict(row)} for row in rows]
    return pl.DataFrame(rows, schema=CHANGES).with_columns(pl.selectors.float().fill_nan(None))


def _verdict(row: dict) -> str:
    up, down = row["low"] > 0, row["high"] < 0  # neither for nan
    if not row["p_adjusted"] < SIGNIFICANT or not (up or down):
        return "unclear"
    return "progress" if up == (row["better"] == "higher") else "regress"


def _change(values: pl.DataFrame, lineages: list[str], dimension: Dimension, clusters: dict[str, str]) -> dict | None:
    """What CHANGES says of one dimension's change, and how sure it is; None without problems that have both ends."""
    if dimension.metric == "group_disparity":
        return _change_of_disparity(values, lineages, dimension.subset, clusters)
    if dimension.name == BEST:
        return best_iteration(values, lineages, dimension.metric, clusters) if len(lineages) > 2 else None
    ends = [lineages[0], lineages[-1]]
    (before, after), of_problems = problem_values(values, ends, dimension.metric, dimension.subset, clusters)
    if not before.size:
        return None
    return certainty(before, after, of_problems)


def _change_of_disparity(values: pl.DataFrame, lineages: list[str], name: str, clusters: dict[str, str]) -> dict | None:
    levels = values["subset"].unique().to_list()
    levels = [subset for subset in levels if subset.startswith(f"{name}/level=")]
    levels = sorted(levels, key=lambda subset: int(subset.rpartition("=")[2]))
    if len(levels) < 2:
        return None
    ends = [lineages[0], lineages[-1]]
    (easy, of_easy), (hard, of_hard) = (
        problem_values(values, ends, "pass_at_1", level, clusters) for level in (levels[0], levels[-1])
    )
    if not (easy.size and hard.size):
        return None
    points = disparity(np.nanmean(easy, axis=-1), np.nanmean(hard, axis=-1))
    if not np.isfinite(points).all():
        return None
    # Problems are drawn within their level, the same ones for both models.
    draws = disparity(resampled_means(easy, seed=0, clusters=of_easy), resampled_means(hard, seed=1, clusters=of_hard))
    change = draws[1] - draws[0], points[1] - points[0]
    low, high = interval(over_replicates(*change))
    if len(points[0]) == 1:
        pairs = [tuple(of_end[0] for of_end in level) for level in (easy, hard)]
        p = paired_disparity_p_value(*pairs, clusters=(of_easy, of_hard))
    else:
        p = replicates_p_value(*change)
    moved = [
        f"{level.rpartition('/')[2]} {np.nanmean(b - a):+.3f}"
        for level, (a, b) in zip((levels[0], levels[-1]), (easy, hard), strict=True)
    ]
    first, last = points.mean(axis=-1)
    return {"first": float(first), "last": float(last), "change": float(last - first)} | {
        "change_min": float(change[1].min()),
        "change_max": float(change[1].max()),
        "low": float(low),
        "high": float(high),
        "effect_size": None,
        "p": float(p),
        "replicates": points.shape[1],
        "problems": easy.shape[-1] + hard.shape[-1],
        "note": "accuracy at " + ", at ".join(moved),
    }


def _best(group: pl.DataFrame, accuracy: str) -> dict:
    """best and best_iteration: the highest accuracy (mean over runs) and the earliest iteration that has it."""
    rounded = pl.col("value").mean().round(9)  # equal accuracies of seeds in another order differ in the last digit
    means = group.filter(metric=accuracy, subset="test").group_by("iteration").agg(rounded)
    top = means.sort("value", "iteration", descending=[True, False], nulls_last=True).row(0, named=True)
    return {"best": top["value"], "best_iteration": top["iteration"]}


def _published(dimension: Dimension, printed: list[dict]) -> dict:
    """The paper's numbers for greedy accuracy, as shares; nothing for other dimensions or for methods it lacks."""
    row = printed[0] if printed and (dimension.name, dimension.metric) == ("accuracy", "pass_at_1") else None
    return {
        "published_first": row and row["m1_pass_at_1"] / 100,
        "published_best": row and row["best_pass_at_1"] / 100,
        "published_best_iteration": row and row["best_iteration"],
    }
