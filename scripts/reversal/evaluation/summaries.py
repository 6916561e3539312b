"""A study's tables: the metrics per method, their intervals, and where the time went.

Values are PROBLEM_SCORES of many models, with columns base, seed and lineage before them, or replicate and lineage.
"""

from collections.abc import Collection
from pathlib import Path

import numpy as np
import polars as pl

from reversal.evaluation.paired import cluster_numbers
from reversal.evaluation.text_diversity import SUBSETS
from reversal.evaluation.uncertainty import disparity, interval, over_replicates, resampled_means
from reversal.lineages import BASE
from reversal.tables import INTERVALS, METRICS

INTERVAL_ROWS = {
    "metric": pl.String,
    "subset": pl.String,
    "value": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "replicates": pl.Int64,
    "n": pl.Float64,
}


def of_methods(
    scores: pl.DataFrame,
    values: pl.DataFrame,
    series: dict[str, list[str]],
    clusters: dict[str, str],
    from_base: Collection[str] = (),
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """(METRICS, INTERVALS) of one model and task: every lineage once for each method whose series contains it.

    scores: SCORES. values: those of all its bases, seeds and lineages. series: {method: [lineage of M1,
    lineage of M2, ..]}. clusters: {problem_id: its cluster} of the problems that are in one. from_base: the methods
    that start from M0, which is their iteration 0. Diversity appears twice: for all problems, and as subset X/common
    for those that every iteration of the method has, M0 aside.
    """
    names = scores.select("study", "model", "task").row(0, named=True)
    of_replicates = replicates(values)
    alone = {lineage: of_replicates.filter(lineage=lineage) for lineage in scores["lineage"].unique()}
    limits = {lineage: intervals(found, clusters) for lineage, found in alone.items()}
    metrics, found = [], []
    for method, lineages in series.items():
        common = common_values(values, lineages)
        columns = {"method": pl.lit(method)} | {key: pl.lit(value) for key, value in names.items()}
        before = [BASE] if method in from_base else []
        for iteration, lineage in enumerate([*before, *lineages], start=1 - len(before)):
            here = common.filter(lineage=lineage)
            means = here.group_by("base", "seed", "lineage", "metric", "subset", maintain_order=True).agg(
                pl.col("value").mean(), n=pl.len().cast(pl.Int64)
            )
            place = columns | {"iteration": pl.lit(iteration, pl.Int64), "lineage": pl.lit(lineage)}
            for rows in (scores.filter(lineage=lineage), means):
                metrics.append(rows.with_columns(**place).select(list(METRICS)))
            for rows in (limits[lineage], intervals(replicates(here), clusters)):
                found.append(rows.with_columns(**place).select(list(INTERVALS)))
    by_seed = pl.concat(metrics).with_columns(
        place=pl.col("method").replace_strict({m: i for i, m in enumerate(series)})
    )
    return by_seed.sort("place", "base", "seed", "iteration", maintain_order=True).select(list(METRICS)), pl.concat(
        found
    )


def place_of(path: str) -> tuple[str, int, str, int, str]:
    """(model, base, task, seed, lineage) of a model's file: ../{model}/base{base}/{task}/seed{seed}/{lineage}/.."""
    model, base, task, seed, lineage = Path(path).parts[-6:-1]
    return model, int(base.removeprefix("base")), task, int(seed.removeprefix("seed")), lineage


def of_model(frame: pl.DataFrame, path: str) -> pl.DataFrame:
    """`frame`, which is the file of a model, with the columns base, seed and lineage before it."""
    _, base, _, seed, lineage = place_of(path)
    columns = {"base": pl.lit(base, pl.Int64), "seed": pl.lit(seed, pl.Int64), "lineage": pl.lit(lineage)}
    return frame.select(**columns, **{key: pl.col(key) for key in frame.columns})


def replicates(values: pl.DataFrame) -> pl.DataFrame:
    """The values of every replicate, in a column of that name for base and seed.

    Replicates are independent of each other: the bases, where there are several, each problem's values averaged over
    the training seeds, which share their base; otherwise the training seeds.
    """
    if values["base"].n_unique() < 2:
        return values.drop("base").rename({"seed": "replicate"})
    keys = ["base", "lineage", "problem_id", "metric", "subset"]
    weighted = (pl.col("value") * pl.col("weight")).sum() / pl.col("weight").sum()
    defined = (
        values.drop_nulls("value")
        .group_by(keys, maintain_order=True)
        .agg(weighted.alias("value"), pl.col("weight").mean())
    )
    nowhere = (
        values.join(defined, on=keys, how="anti").select(*keys, "value", "weight").unique(keys, maintain_order=True)
    )
    return pl.concat([defined, nowhere]).rename({"base": "replicate"})


def common_values(values: pl.DataFrame, lineages: list[str]) -> pl.DataFrame:
    """Diversity values of the problems for which a metric is defined at every one of `lineages`, as subset X/common.

    Without them the problems behind a diversity change from iteration to iteration, and the metric with them.
    """
    here = values.filter(pl.col("subset").is_in(SUBSETS), pl.col("lineage").is_in(lineages)).drop_nulls("value")
    here = here.filter(pl.col("metric") != "semantic_diversity_across_questions")  # of all questions together
    keys = ["base", "seed", "problem_id", "metric", "subset"]
    everywhere = here.group_by(keys).len().filter(pl.col("len") == len(set(lineages)))
    kept = here.join(everywhere, on=keys, how="semi", maintain_order="left")
    return kept.with_columns(pl.col("subset") + "/common")


def intervals(values: pl.DataFrame, clusters: dict[str, str]) -> pl.DataFrame:
    """INTERVAL_ROWS of all metrics and subsets of one lineage: mean over problems and replicates, and its
    95 % interval.

    Problems are drawn within their problem set, those of a cluster together. Group disparity comes from the levels of
    each OOD set.
    """
    rows = []
    problem_set = pl.col("problem_id").str.replace(r"/[^/]*$", "")
    for _, group in values.group_by(problem_set.alias("set"), maintain_order=True):
        cells = group.select("metric", "subset").unique(maintain_order=True)
        array, weights = _arrays(group, cells)
        with np.errstate(invalid="ignore", divide="ignore"):
            usable = np.isfinite(array) * weights
            points = np.nansum(array * weights, axis=-1) / usable.sum(axis=-1)
        problems = group["problem_id"].unique().sort().to_list()
        draws = resampled_means(array, weights, clusters=cluster_numbers(problems, clusters))
        counts = (usable > 0).sum(axis=-1)
        rows += _interval_rows(cells.rows(), points, draws, counts)
        for name, easy, hard in _extreme_levels(cells["subset"].to_list()):
            gap, gap_points = disparity(draws[easy], draws[hard]), disparity(points[easy], points[hard])
            of_both = counts[easy] + counts[hard]
            rows += _interval_rows([("group_disparity", name)], gap_points[None], gap[None], of_both[None])
    return pl.DataFrame(rows, schema=INTERVAL_ROWS, orient="row", nan_to_null=True).with_columns(
        pl.selectors.float().fill_nan(None)
    )


def _interval_rows(cells: list, points: np.ndarray, draws: np.ndarray, counts: np.ndarray) -> list[tuple]:
    low, high = interval(over_replicates(draws, points))
    usable = np.isfinite(points)
    many = usable.sum(axis=-1)
    value = np.where(usable, points, 0).sum(axis=-1) / np.where(many, many, np.nan)
    numbers = zip(
        value.tolist(), low.tolist(), high.tolist(), many.tolist(), counts.mean(axis=-1).tolist(), strict=True
    )
    return [(*cell, *found) for cell, found in zip(cells, numbers, strict=True)]


def _arrays(values: pl.DataFrame, cells: pl.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """(values, weights): cells x replicates x problems, nan and 0 where there is none."""
    places = [cells, *(values.select(key).unique().sort(key) for key in ("replicate", "problem_id"))]
    rows = values
    for i, place in enumerate(places):
        rows = rows.join(place.with_row_index(f"place_{i}"), on=place.columns, maintain_order="left")
    where = tuple(rows[f"place_{i}"].to_numpy() for i in range(3))
    array = np.full([place.height for place in places], np.nan)
    weights = np.zeros_like(array)
    array[where], weights[where] = rows["value"].to_numpy(), rows["weight"].to_numpy()
    return array, weights


def _extreme_levels(subsets: list[str]) -> list[tuple[str, int, int]]:
    """(OOD set, place of its lowest level, place of its highest) for every set with two levels or more."""
    levels: dict[str, list[tuple[int, int]]] = {}
    for place, subset in enumerate(subsets):
        name, mark, level = subset.partition("/level=")
        if mark:
            levels.setdefault(name, []).append((int(level), place))
    return [(name, min(of)[1], max(of)[1]) for name, of in levels.items() if len(of) > 1]


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
