"""How sure a difference is: intervals by bootstrap over problems and seeds, exact paired tests, Holm's correction."""

import numpy as np

DRAWS = 4_000  # resamples: the Monte Carlo error of a limit is then a few hundredths of the interval
BLOCK = 500  # resamples at a time


def bootstrap_interval(values: np.ndarray, seed: int = 0, level: float = 0.95) -> tuple[float, float]:
    """The percentile interval of a mean over problems, or over problems and training seeds.

    values: seeds x problems, e.g. each problem's difference to M1; nan where undefined. Problems are drawn with
    replacement, the same for all seeds, and with several seeds these too, independently (the pigeonhole bootstrap,
    Owen 2007, https://doi.org/10.1214/07-AOAS122). Intervals for few seeds are wide in truth: the spread of three says
    little about the next one. Returns (low, high); (nan, nan) for no values.
    """
    values = values[:, ~np.isnan(values).all(axis=0)]
    if values.size == 0:
        return np.nan, np.nan
    means = _resampled_means(values, np.random.default_rng(seed))
    tail = (1 - level) / 2
    low, high = np.nanquantile(means, [tail, 1 - tail])
    return float(low), float(high)


def disparity_interval(
    easy: tuple[np.ndarray, np.ndarray], hard: tuple[np.ndarray, np.ndarray], seed: int = 0, level: float = 0.95
) -> tuple[float, float, float]:
    """Percentile interval and two-sided p of a change of group disparity, (easy - hard) / easy, since M1.

    easy, hard: (M1, later), seeds x problems of the lowest and the highest level. Problems are drawn within their
    level, the same for both models; p is twice the smaller share of resamples on one side of 0. Returns (low, high, p),
    all nan if in more than one resample of twenty the easy level is all wrong.
    """
    rng = np.random.default_rng(seed)
    easy_means = _resampled_means(np.stack(easy), rng)
    hard_means = _resampled_means(np.stack(hard), rng)
    with np.errstate(divide="ignore", invalid="ignore"):
        disparity = np.where(easy_means > 0, (easy_means - hard_means) / easy_means, np.nan)
    change = disparity[1] - disparity[0]
    if np.isnan(change).mean() > 0.05:
        return np.nan, np.nan, np.nan
    tail = (1 - level) / 2
    low, high = np.nanquantile(change, [tail, 1 - tail])
    change = change[~np.isnan(change)]
    sides = [(change <= 0).sum(), (change >= 0).sum()]
    return float(low), float(high), min(1.0, 2 * (min(sides) + 1) / (len(change) + 1))


def _resampled_means(values: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """DRAWS means over the last two axes (seeds, problems), resampled; leading axes share the resample."""
    seeds, problems = values.shape[-2:]
    defined = ~np.isnan(values)
    filled = np.where(defined, values, 0.0)
    means = np.empty((*values.shape[:-2], DRAWS))
    # Counts of how often each problem is drawn, a block of draws at a time: the mean is then a product of matrices.
    for start in range(0, DRAWS, BLOCK):
        weights = rng.multinomial(problems, np.full(problems, 1 / problems), size=BLOCK)
        of_seeds = rng.multinomial(seeds, np.full(seeds, 1 / seeds), size=BLOCK)
        totals = np.einsum("...sp,dp,ds->...d", filled, weights, of_seeds, optimize=True)
        counts = np.einsum("...sp,dp,ds->...d", defined.astype(float), weights, of_seeds, optimize=True)
        with np.errstate(divide="ignore", invalid="ignore"):
            means[..., start : start + BLOCK] = totals / counts
    return means


def paired_p_value(values: np.ndarray, seed: int = 0) -> float:
    """Two-sided p of the hypothesis that the differences of the problems are as often up as down.

    values: seeds x problems, nan where undefined. For one seed and differences of -1, 0 and 1 (greedy accuracy) this is
    the exact McNemar test (McNemar 1947). Otherwise signs are flipped at random, all seeds of a problem together
    (Fisher's randomisation test, 4,000 flips): the seeds are those that were run, not a sample of others. nan for no
    values.
    """
    from scipy.stats import binomtest

    if values.size == 0 or np.isnan(values).all():
        return float("nan")
    if len(values) == 1 and np.isin(values[~np.isnan(values)], (-1.0, 0.0, 1.0)).all():
        up, down = int((values == 1).sum()), int((values == -1).sum())
        return float(binomtest(up, up + down, 0.5).pvalue) if up + down else 1.0
    sums = np.nansum(values, axis=0)
    signs = np.random.default_rng(seed).choice([-1.0, 1.0], size=(DRAWS, len(sums)))
    # Equal sums in another order differ by rounding; the small allowance counts them as equal.
    as_large = np.abs(signs @ sums) >= np.abs(sums.sum()) - 1e-9 * np.abs(sums).sum()
    return float((as_large.sum() + 1) / (DRAWS + 1))


def holm(p_values: list[float]) -> list[float]:
    """Holm's step-down adjusted p values (Holm 1979), in the order given; nan stays nan and is not counted."""
    order = sorted((p, i) for i, p in enumerate(p_values) if not np.isnan(p))
    adjusted, largest = [float("nan")] * len(p_values), 0.0
    for rank, (p, i) in enumerate(order):
        largest = max(largest, min(1.0, (len(order) - rank) * p))
        adjusted[i] = largest
    return adjusted
