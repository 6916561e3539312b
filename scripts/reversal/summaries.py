"""A study's tables: metrics per method, the change from M1 to the last iteration, and the verdict in words."""

import polars as pl

from reversal.tables import METRICS

CHANGES = {
    "model": pl.String,
    "task": pl.String,
    "method": pl.String,
    "dimension": pl.String,
    "metric": pl.String,
    "subset": pl.String,
    "first": pl.Float64,
    "last": pl.Float64,
    "change": pl.Float64,
    "change_min": pl.Float64,
    "change_max": pl.Float64,
    "seeds": pl.Int64,
}


def metrics_of_methods(scores: pl.DataFrame, series: dict[str, list[str]]) -> pl.DataFrame:
    """METRICS: the scores of every lineage, once for each method whose series contains it.

    series: {method: [lineage of M1, lineage of M2, ..]}.
    """
    member = pl.DataFrame(
        [{"method": method, "lineage": lineage} for method, lineages in series.items() for lineage in lineages],
        schema={"method": pl.String, "lineage": pl.String},
    )
    order = pl.DataFrame({"method": list(series), "place": range(len(series))})
    joined = scores.join(member, on="lineage", maintain_order="left").join(order, on="method", maintain_order="left")
    keys = ["model", "task", "place", "seed", "iteration"]
    return joined.sort(keys, maintain_order=True).select(list(METRICS))


def changes(metrics: pl.DataFrame, ood: dict[str, list[str]]) -> pl.DataFrame:
    """CHANGES: per method and dimension the value at M1 and at the last iteration, means over seeds.

    change_min and change_max are the extremes over seeds of last minus first. ood: {task: [names of its OOD sets]}.
    """
    rows = []
    keys = ["model", "task", "method"]
    for (model, task, method), group in metrics.group_by(keys, maintain_order=True):
        for dimension, (metric, subset) in _dimensions(group, ood[task]).items():
            values = group.filter((pl.col("metric") == metric) & (pl.col("subset") == subset))
            ends = _ends(values)
            if ends is not None:
                rows.append(
                    {"model": model, "task": task, "method": method, "dimension": dimension}
                    | {"metric": metric, "subset": subset, **ends}
                )
    return pl.DataFrame(rows, schema=CHANGES)


def verdict_text(table: pl.DataFrame, metrics: pl.DataFrame) -> str:
    """One line per model, task and method in plain words, as printed at the end of a run."""
    lines = [f"From M1 to M{metrics['iteration'].max()} (seeds: {metrics['seed'].n_unique()}):"]
    for (model, task, method), group in table.group_by("model", "task", "method", maintain_order=True):
        parts = [_change(row) for row in group.iter_rows(named=True)]
        best = _best_iteration(metrics, model, task, method)
        lines.append(f"  {model} on {task}, {method}: " + "; ".join(parts) + f"; best accuracy at M{best}")
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


def _change(row: dict) -> str:
    word = "up" if row["change"] > 0 else "down" if row["change"] < 0 else "unchanged"
    seeds = f", seeds {row['change_min']:+.3f} to {row['change_max']:+.3f}" if row["seeds"] > 1 else ""
    return f"{row['dimension']} {word} {row['change']:+.3f} (to {row['last']:.3f}{seeds})"


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


def _best_iteration(metrics: pl.DataFrame, model: str, task: str, method: str) -> int:
    accuracy = metrics.filter(
        (pl.col("model") == model) & (pl.col("task") == task) & (pl.col("method") == method),
        (pl.col("metric") == "pass_at_1") & (pl.col("subset") == "test"),
    )
    means = (
        accuracy.group_by("iteration").agg(pl.col("value").mean()).sort("value", "iteration", descending=[True, False])
    )
    return means["iteration"][0]


def time_per_rule(benchmarks: pl.DataFrame) -> pl.DataFrame:
    """Per rule, most wall-clock seconds first: jobs, wall and CPU seconds (sums), longest job, peak memory in MB.

    benchmarks: rule, and s, cpu_time, max_rss of Snakemake's benchmark files.
    """
    per_rule = benchmarks.group_by("rule").agg(
        jobs=pl.len(),
        wall_seconds=pl.col("s").sum().round(1),
        cpu_seconds=pl.col("cpu_time").sum().round(1),
        longest_job_seconds=pl.col("s").max().round(1),
        peak_memory_mb=pl.col("max_rss").max().round(0),
    )
    return per_rule.sort("wall_seconds", "rule", descending=[True, False])
