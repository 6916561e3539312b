"""A study's tables: the metrics per method, and where the time went."""

import polars as pl

from reversal.tables import METRICS


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
