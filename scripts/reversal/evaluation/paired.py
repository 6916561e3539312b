"""The change of one metric, paired by problem: the values of two models or more, the mean change, how sure it is."""

import numpy as np
import polars as pl

from reversal.evaluation.uncertainty import (
    TAIL,
    effect_size,
    interval,
    of_clusters,
    over_replicates,
    paired_p_value,
    replicates_p_value,
    resampled_means,
)

FEW = 10  # problems that changed: with fewer, the percentiles of a bootstrap are too narrow


def problem_values(
    values: pl.DataFrame, lineages: list[str], metric: str, subset: str, clusters: dict[str, str]
) -> tuple[np.ndarray, np.ndarray | None]:
    """(lineages x replicates x problems, the number of each problem's cluster or None if all are their own).

    values: PROBLEM_SCORES with columns replicate and lineage. Only problems that all of `lineages` have a value for;
    nan where only other replicates have one. clusters: {problem_id: its cluster} of those that are in one.
    """
    wanted = (pl.col("metric") == metric) & (pl.col("subset") == subset) & pl.col("lineage").is_in(lineages)
    here = values.filter(wanted).drop_nulls("value")
    wide = here.pivot("lineage", index=["replicate", "problem_id"], values="value")
    if not set(lineages) <= set(wide.columns):
        return np.empty((len(lineages), 1, 0)), None
    wide = wide.drop_nulls(lineages)
    replicates, problems = (wide[name].unique().sort() for name in ("replicate", "problem_id"))
    found = np.full((len(lineages), max(1, len(replicates)), len(problems)), np.nan)
    where = replicates.search_sorted(wide["replicate"]), problems.search_sorted(wide["problem_id"])
    found[:, where[0], where[1]] = wide.select(lineages).to_numpy().T
    return found, cluster_numbers(problems.to_list(), clusters)


def cluster_numbers(problem_ids: list[str], clusters: dict[str, str]) -> np.ndarray | None:
    """Of each problem the number of its cluster, 0, 1, ..; None where no two problems share one."""
    names = [clusters.get(problem_id, problem_id) for problem_id in problem_ids]
    found, numbers = np.unique(names, return_inverse=True)
    return numbers if len(found) < len(names) else None


def certainty(before: np.ndarray, after: np.ndarray, clusters: np.ndarray | None) -> dict:
    """first, last, change, its extremes over replicates, low, high, effect_size, p, replicates and problems.

    before, after: replicates x problems, nan where undefined; one problem or more. The interval is the bootstrap's,
    with replicates as a second level; for one replicate whose answers are right or wrong the score interval, to which
    that of anything else is widened where fewer than FEW problems (or clusters) changed. p: replicates_p_value, or
    paired_p_value for one replicate; with several, never below that of their mean where so few changed.
    """
    change = after - before
    points = np.nanmean(change, axis=-1)
    draws = resampled_means(change[None], clusters=clusters)[0]
    low, high = interval(over_replicates(draws, points))
    with np.errstate(invalid="ignore"):
        mean = np.nanmean(change, axis=0)
    binary = len(change) == 1 and clusters is None and np.isin(before, (0, 1)).all() and np.isin(after, (0, 1)).all()
    moved = mean if clusters is None else of_clusters(mean, clusters)
    few = (np.abs(moved) > 1e-12).sum() < FEW
    if (binary or few) and len(moved) > 1:
        of_score = score_interval(mean, clusters)
        low, high = of_score if binary else (min(low, of_score[0]), max(high, of_score[1]))
    p = replicates_p_value(draws, points)
    if len(change) == 1 or few:
        p = np.fmax(p, paired_p_value(np.zeros_like(mean), mean, clusters=clusters))
    return {
        "first": float(np.nanmean(np.nanmean(before, axis=-1))),
        "last": float(np.nanmean(np.nanmean(after, axis=-1))),
        "change": float(np.nanmean(points)),
        "change_min": float(np.nanmin(points)),
        "change_max": float(np.nanmax(points)),
        "low": float(low),
        "high": float(high),
        "effect_size": effect_size(before, after),
        "p": float(p),
        "replicates": int(np.isfinite(points).sum()),
        "problems": change.shape[1],
    }


def score_interval(change: np.ndarray, clusters: np.ndarray | None = None) -> tuple[float, float]:
    """95 % interval of the mean of changes between -1 and 1: Tango's score interval (1998, doi in the last line).

    For changes of answers that are right or wrong this is his interval for paired proportions, good for few problems
    and rare changes, and never a point. Other changes count as that share of a change by 1, which has the same mean and
    at least the same variance: the interval is then wider than it need be. A cluster counts as one problem with its sum
    over the largest cluster's size. (nan, nan) for changes beyond 1.
    doi 10.1002/(SICI)1097-0258(19980430)17:8<891::AID-SIM780>3.0.CO;2-B
    """
    from scipy.optimize import brentq
    from scipy.special import ndtri

    scale = 1.0
    if clusters is not None:
        size = np.bincount(clusters).max()
        scale = size * len(np.unique(clusters)) / len(change)
        change = of_clusters(change, clusters) / size
    n, up, down = len(change), change[change > 0].sum(), -change[change < 0].sum()
    if np.abs(change).max(initial=0) > 1 + 1e-9:
        return float("nan"), float("nan")
    critical = -ndtri(TAIL)

    def beyond(mean: float) -> float:
        """How many standard errors the observed mean lies above `mean`, which is taken for true."""
        a, b, c = 2 * n, -up - down + (2 * n - up + down) * mean, -down * mean * (1 - mean)
        losses = (np.sqrt(max(b * b - 4 * a * c, 0.0)) - b) / (2 * a)  # their likeliest share, given the mean
        error = np.sqrt(max(n * (2 * losses + mean * (1 - mean)), 1e-300))
        return (up - down - n * mean) / error

    found = (up - down) / n
    low = brentq(lambda mean: beyond(mean) - critical, -1, found) if beyond(-1.0) > critical else -1.0
    high = brentq(lambda mean: beyond(mean) + critical, found, 1) if beyond(1.0) < -critical else 1.0
    return low * scale, high * scale
