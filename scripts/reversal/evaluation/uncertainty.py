"""How sure a number is: bootstrap over problems with replicates as a second level, paired tests, Holm, effect sizes.

Replicates are the bases of a study that has several, each the mean of its training seeds; otherwise its training seeds.
"""

import warnings
from functools import lru_cache

import numpy as np

DRAWS = 4_000  # resamples: the Monte Carlo error of a limit is then a few hundredths of the interval
FLIPS = 20_000  # of a randomisation test: a p can be as small as 1 in 20,001, and still count among hundreds of rows
BLOCK = 500  # resamples at a time
TAIL = 0.025  # on either side of a 95 % interval


def resampled_means(
    values: np.ndarray, weights: np.ndarray | None = None, seed: int = 0, clusters: np.ndarray | None = None
) -> np.ndarray:
    """Bootstrap means over problems: metrics x replicates x DRAWS, from values, metrics x replicates x
    problems.

    nan marks undefined values, which are left out; weights (of the same shape, 1 unless given) those of the mean.
    Problems are drawn with replacement, the same ones for all metrics and replicates, so that differences and ratios of
    the results are paired. clusters: of each problem the number of its cluster (problems of one template or passage),
    0, 1, ..; a cluster is drawn as a whole, and stands below for a problem. nan where a resample holds no defined
    value, and throughout where fewer than two problems have one. Percentiles of n problems are too narrow, like a
    normal interval with a variance over n: the draws are stretched to Student's t and n - 1 (the expanded percentile
    interval; Hesterberg 2015, arXiv 1411.5279).
    """
    defined = np.isfinite(values)
    weights = np.where(defined, 1.0 if weights is None else weights, 0.0)
    weighted = np.where(defined, values, 0.0) * weights
    if clusters is not None:
        weighted, weights = of_clusters(weighted, clusters), of_clusters(weights, clusters)
    problems = weights.shape[-1]
    means = np.full((*values.shape[:-1], DRAWS), np.nan)
    for start in range(0, DRAWS if problems else 0, BLOCK):
        drawn = times_drawn(problems, seed)[start : start + BLOCK].T.astype(float)
        with np.errstate(divide="ignore", invalid="ignore"):
            means[..., start : start + BLOCK] = (weighted @ drawn) / (weights @ drawn)
    behind = (weights > 0).sum(axis=-1, keepdims=True)
    with _ignore_empty_slices():
        centre = np.nanmean(means, axis=-1, keepdims=True)
    return centre + _stretch_of_few(behind) * (means - centre)


def of_clusters(values: np.ndarray, clusters: np.ndarray) -> np.ndarray:
    """Sums over the problems (last axis) of each cluster. clusters: of each problem its number, 0, 1, .."""
    order = np.argsort(clusters, kind="stable")
    starts = np.flatnonzero(np.diff(clusters[order], prepend=-1))
    return np.add.reduceat(values[..., order], starts, axis=-1) if order.size else values


def over_replicates(draws: np.ndarray, points: np.ndarray, seed: int = 0) -> np.ndarray:
    """Draws of the mean over replicates, with the replicates as a second level: .. x DRAWS, for `interval`.

    draws: .. x replicates x DRAWS, the statistic on resampled problems, the same ones for all replicates. points: .. x
    replicates, the statistic itself. One replicate has no second level: its interval speaks of that one run. With
    several, the variance of the mean has the two parts of `_variances`. That between replicates is drawn from its
    normal theory, since drawing from so few values again is too narrow; and as it is known with replicates - 1 degrees
    of freedom only, all is stretched to the critical value of Cochran and Cox (1950, Experimental Designs, for the
    Behrens-Fisher problem): the normal's and Student's t's, weighted by the two variances.
    """
    usable = np.isfinite(points)
    with _ignore_empty_slices():
        mean_draws = np.nanmean(np.where(usable[..., None], draws, np.nan), axis=-2)
        centre = np.nanmean(mean_draws, axis=-1)
    if points.shape[-1] < 2:
        return mean_draws
    of_problems, of_replicates = _variances(draws, points)
    with _ignore_empty_slices():
        of_mean = np.nanvar(mean_draws, axis=-1)
    kept = np.sqrt(np.divide(of_problems, of_mean, out=np.zeros_like(of_problems), where=of_mean > 0))
    noise = np.sqrt(of_replicates)[..., None] * np.random.default_rng(seed).permutation(_normal_quantiles())
    stretch = _critical(2 * TAIL, of_problems, of_replicates, usable.sum(axis=-1)) / _critical(2 * TAIL, 1.0, 0.0, 1)
    return centre[..., None] + stretch[..., None] * (kept[..., None] * (mean_draws - centre[..., None]) + noise)


def replicates_p_value(draws: np.ndarray, points: np.ndarray) -> float:
    """Two-sided p of the hypothesis that the mean change over replicates is 0, with both levels of `over_replicates`.

    draws: replicates x DRAWS, points: replicates, of a change. The p at which Cochran and Cox's critical value is the
    mean over its standard error: below 0.05 exactly where the normal form of the interval excludes 0. nan where fewer
    than two replicates have a change.
    """
    from scipy.optimize import brentq

    found = int(np.isfinite(points).sum())
    if found < 2:
        return float("nan")
    of_problems, of_replicates = _variances(draws, points)
    change, error = abs(np.nanmean(points)), np.sqrt(of_problems + of_replicates)
    if change <= 1e-12:
        return 1.0

    def beyond(log_p: float) -> float:
        return float(_critical(np.exp(log_p), of_problems, of_replicates, found) * error - change)

    least = np.log(1e-12)
    return float(np.exp(brentq(beyond, least, 0.0))) if beyond(least) > 0 else 1e-12


def interval(draws: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(low, high): 95 % percentile limits over the last axis; nan where over a twentieth of the draws is undefined."""
    with _ignore_empty_slices():
        low, high = np.nanquantile(draws, [TAIL, 1 - TAIL], axis=-1)
    unsure = np.isnan(draws).mean(axis=-1) > 0.05
    return np.where(unsure, np.nan, low), np.where(unsure, np.nan, high)


def disparity(easy: np.ndarray, hard: np.ndarray) -> np.ndarray:
    """(easy - hard) / easy; nan where easy is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(easy > 0, (easy - hard) / easy, np.nan)


def paired_p_value(before: np.ndarray, after: np.ndarray, seed: int = 0, clusters: np.ndarray | None = None) -> float:
    """Two-sided p of the hypothesis that it does not matter which of two models a problem's values come from.

    before, after: of each problem, nan where undefined. For values of 0 and 1 (greedy accuracy) this is the exact
    McNemar test (McNemar 1947). Otherwise the two values of a problem are swapped at random (Fisher's randomisation
    test). It speaks of these two models, not of others trained alike. nan for no values. Problems of one of `clusters`
    (as in resampled_means) are swapped together.
    """
    from scipy.special import bdtr

    differences = after - before
    defined = ~np.isnan(differences)
    differences = differences[defined]
    if clusters is not None:
        differences = of_clusters(differences, clusters[defined])
    if not differences.size:
        return float("nan")
    if np.isin(differences, (-1.0, 0.0, 1.0)).all():
        up, down = int((differences == 1).sum()), int((differences == -1).sum())
        return min(1.0, 2 * float(bdtr(min(up, down), up + down, 0.5)))
    swapped = np.concatenate([signs @ differences for signs in _signs(len(differences), seed)])
    return _share_as_large(swapped, differences.sum(), np.abs(differences).sum())


def paired_disparity_p_value(
    easy: tuple[np.ndarray, np.ndarray],
    hard: tuple[np.ndarray, np.ndarray],
    seed: int = 0,
    clusters: tuple[np.ndarray | None, np.ndarray | None] = (None, None),
) -> float:
    """The same randomisation test for the change of group disparity.

    easy, hard: (before, after), one value per problem of the lowest and of the highest level, without nan; clusters:
    those of both levels' problems. nan if the easy level has no right answer before or after.
    """
    changes = []
    swapped = (_swapped_means(*easy, seed, clusters[0]), _swapped_means(*hard, seed + 1, clusters[1]))
    for of_easy, of_hard in zip(*swapped, strict=True):
        changes.append(disparity(of_easy[1], of_hard[1]) - disparity(of_easy[0], of_hard[0]))
    found = float(disparity(easy[1].mean(), hard[1].mean()) - disparity(easy[0].mean(), hard[0].mean()))
    changed = np.concatenate(changes)
    if np.isnan(found) or np.isnan(changed).mean() > 0.05:
        return float("nan")
    return _share_as_large(changed[~np.isnan(changed)], found, 1.0)


def effect_size(before: np.ndarray, after: np.ndarray) -> float:
    """Mean change of a problem over the standard deviation of the problems' changes (Cohen's d for pairs).

    before, after: replicates x problems, nan where undefined; replicates are averaged first. nan for fewer than two
    problems or equal changes.
    """
    with _ignore_empty_slices():
        changes = np.nanmean(after - before, axis=0)
    changes = changes[~np.isnan(changes)]
    spread = changes.std(ddof=1) if len(changes) > 1 else 0.0
    return float(changes.mean() / spread) if spread > 1e-12 else float("nan")


def holm(p_values: list[float]) -> list[float]:
    """Holm's step-down adjusted p values (Holm 1979), in the order given; nan stays nan and is not counted."""
    order = sorted((p, i) for i, p in enumerate(p_values) if not np.isnan(p))
    adjusted, largest = [float("nan")] * len(p_values), 0.0
    for rank, (p, i) in enumerate(order):
        largest = max(largest, min(1.0, (len(order) - rank) * p))
        adjusted[i] = largest
    return adjusted


@lru_cache(maxsize=2)  # drawing takes longer than all means of a model
def times_drawn(problems: int, seed: int) -> np.ndarray:
    """DRAWS x problems: how often each resample holds each problem. A mean is then a product of matrices."""
    rng, blocks = np.random.default_rng(seed), []
    for _ in range(0, DRAWS, BLOCK):
        places = rng.integers(problems, size=(BLOCK, problems)) + problems * np.arange(BLOCK)[:, None]
        blocks.append(
            np.bincount(places.ravel(), minlength=BLOCK * problems).reshape(BLOCK, problems).astype(np.uint16)
        )
    return np.concatenate(blocks)


def _stretch_of_few(problems: np.ndarray) -> np.ndarray:
    """By how much the percentiles of so many problems are too narrow; nan for fewer than two."""
    from scipy.special import ndtri, stdtrit

    freedom = np.where(problems > 1, problems - 1, np.nan)
    return np.sqrt(problems / freedom) * stdtrit(freedom, 1 - TAIL) / ndtri(1 - TAIL)


def _variances(draws: np.ndarray, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The two parts of the variance of a mean over replicates; shapes as in `over_replicates`, two replicates or more.

    What the choice of problems does to all replicates alike (the variance of the mean's draws less what is each
    replicate's own), and the variance between replicates / replicates.
    """
    usable = np.isfinite(points)
    many = np.maximum(usable.sum(axis=-1), 1)
    with np.errstate(invalid="ignore"), _ignore_empty_slices():
        mean_draws = np.nanmean(np.where(usable[..., None], draws, np.nan), axis=-2)
        own = np.where(usable, np.nanvar(draws - mean_draws[..., None, :], axis=-1), 0.0)
        of_each = np.nansum(own, axis=-1) / np.maximum(many - 1, 1)
        of_problems = np.maximum(np.nanvar(mean_draws, axis=-1) - of_each / many, 0.0)
        of_replicates = np.where(many >= 2, np.nanvar(points, axis=-1, ddof=1) / many, 0.0)
    return of_problems, of_replicates


def _critical(p, of_problems, of_replicates, replicates) -> np.ndarray:
    """Cochran and Cox's two-sided critical value: the normal one where replicates do not vary."""
    from scipy.special import ndtri, stdtrit

    normal, students = -ndtri(p / 2), -stdtrit(np.maximum(np.asarray(replicates) - 1, 1), p / 2)
    total = np.asarray(of_problems + of_replicates, float)
    share = np.divide(of_replicates, total, out=np.zeros_like(total), where=total > 0)
    return normal + (students - normal) * share


def _normal_quantiles() -> np.ndarray:
    """DRAWS evenly spaced quantiles: the limits are in the tails, which are not left to chance."""
    from scipy.special import ndtri

    return ndtri((np.arange(DRAWS) + 0.5) / DRAWS)


def _signs(problems: int, seed: int):
    """FLIPS rows of random signs, a block at a time."""
    rng = np.random.default_rng(seed)
    for _ in range(0, FLIPS, BLOCK):
        bits = np.unpackbits(np.frombuffer(rng.bytes(BLOCK * problems // 8 + 1), np.uint8), count=BLOCK * problems)
        yield bits.reshape(BLOCK, problems).astype(np.float64) * 2 - 1


def _swapped_means(before: np.ndarray, after: np.ndarray, seed: int, clusters: np.ndarray | None):
    """(means before, means after) of every flip, with the values of random problems swapped; a block at a time."""
    middle, half = (before + after).mean() / 2, (after - before) / 2
    half = half if clusters is None else of_clusters(half, clusters)
    for signs in _signs(len(half), seed):
        shift = signs @ half / len(before)
        yield middle - shift, middle + shift


def _share_as_large(swapped: np.ndarray, found: float, scale: float) -> float:
    # Equal sums in another order differ by rounding; the small allowance counts them as equal.
    as_large = np.abs(swapped) >= abs(found) - 1e-9 * scale
    return float((as_large.sum() + 1) / (len(swapped) + 1))


def _ignore_empty_slices():
    """numpy warns of means over nothing but nan; nan is the right answer."""
    return warnings.catch_warnings(action="ignore", category=RuntimeWarning)
