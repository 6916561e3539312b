"""The best of several models without peeking: chosen on one half of the problems, judged on the other, and vice versa.

The best of four models that are all alike looks better than M1 by luck alone. Here no problem, and (with several) no
replicate, takes part in the choice that it judges (cross-fitting; Chernozhukov et al. 2018, The Econometrics
Journal 21:C1).
"""

import numpy as np
import polars as pl

from reversal.evaluation.paired import certainty, problem_values


def best_iteration(values: pl.DataFrame, lineages: list[str], metric: str, clusters: dict[str, str]) -> dict | None:
    """What CHANGES says of the change from M1 to the best later iteration; None without problems that all models have.

    values: as for changes.changes. The note says which iterations were chosen.
    """
    found, of_problems = problem_values(values, lineages, metric, "test", clusters)
    if not found.size:
        return None
    chosen, places = cross_fitted(found[1:], of_problems)
    names = ", ".join(f"M{place + 2}" for place in sorted(set(places)))
    return certainty(found[0], chosen, of_problems) | {"note": f"chosen on the other half of the problems: {names}"}


def cross_fitted(candidates: np.ndarray, clusters: np.ndarray | None) -> tuple[np.ndarray, list[int]]:
    """(replicates x problems: the values of the candidate that is chosen for each, the places of those chosen).

    candidates: candidates x replicates x problems. For each half of the problems and each replicate the candidate is
    chosen whose mean over the other half, and over the other replicates where there are any, is highest; the first of
    equals. Clusters are not torn apart.
    """
    _, replicates, problems = candidates.shape
    half = halves(problems, clusters)
    chosen, places = np.empty((replicates, problems)), []
    for replicate in range(replicates):
        others = [i for i in range(replicates) if i != replicate] or [0]
        for side in (0, 1):
            means = np.nanmean(candidates[:, others][:, :, half != side], axis=(1, 2)).round(9)
            places.append(int(np.argmax(means)))
            chosen[replicate, half == side] = candidates[places[-1], replicate, half == side]
    return chosen, places


def halves(problems: int, clusters: np.ndarray | None) -> np.ndarray:
    """Of each problem its half, 0 or 1; the problems of a cluster are in one half."""
    clusters = np.arange(problems) if clusters is None else clusters
    return (np.random.default_rng(0).permutation(clusters.max() + 1) % 2)[clusters]
