"""When to stop: rules that read a validation half of the problems, judged on the other; and an early warning.

Every problem is a test problem of rules that saw the other half alone (cross-fitting, as in
reversal.evaluation.best_iteration): no further set of problems has to be answered. A live run has a validation set
instead of a half.
"""

import numpy as np
import polars as pl

from reversal.evaluation.best_iteration import halves
from reversal.evaluation.dimensions import MARGINS
from reversal.evaluation.paired import certainty, problem_values

ALWAYS = 3  # the iteration that "always the third" stops at


def falls(accuracy: np.ndarray, reach: np.ndarray) -> int:
    """The place before the first fall of validation accuracy; the last if it never falls."""
    down = np.flatnonzero(np.diff(accuracy) < 0)
    return int(down[0]) if down.size else len(accuracy) - 1


def best_accuracy(accuracy: np.ndarray, reach: np.ndarray) -> int:
    return int(np.argmax(accuracy))


def best_that_keeps_reach(accuracy: np.ndarray, reach: np.ndarray) -> int:
    """Of the places whose pass@N is within its margin of M1's, that of the best accuracy."""
    kept = reach >= reach[0] * (1 - MARGINS["pass@N"]) - 1e-9
    return int(np.argmax(np.where(kept, accuracy, -1.0)))


# {rule: function of validation accuracy and pass@N of M1 .. MT -> place of the model to keep}
RULES = {
    "never": lambda accuracy, reach: len(accuracy) - 1,
    f"always at {ALWAYS}": lambda accuracy, reach: min(ALWAYS, len(accuracy)) - 1,
    "when accuracy falls": falls,
    "best accuracy": best_accuracy,
    "best that keeps pass@N": best_that_keeps_reach,
}


def judged_stops(
    values: pl.DataFrame, lineages: list[str], accuracy: str, reach: str, clusters: dict[str, str]
) -> list[dict]:
    """Per rule of RULES what stopping by it gives on test: {rule, stops, accuracy .., pass@N ..}; [] without problems.

    values: PROBLEM_SCORES with columns replicate and lineage. lineages: M1 .. MT. accuracy, reach: names of metrics.
    stops: iterations that were chosen, of each replicate and half. accuracy, reach: means over the test problems;
    *_over_never with *_low and *_high: the difference to going on to the end, paired, with its 95 % interval.
    """
    both = [problem_values(values, lineages, metric, "test", clusters) for metric in (accuracy, reach)]
    (of_accuracy, numbers), (of_reach, _) = both
    if not of_accuracy.size or of_accuracy.shape != of_reach.shape:
        return []
    half = halves(of_accuracy.shape[-1], numbers)
    found = []
    for name, rule in RULES.items():
        kept, stops = np.empty((2, *of_accuracy.shape[1:])), []
        for replicate in range(of_accuracy.shape[1]):
            for side in (0, 1):
                seen = [np.nanmean(v[:, replicate, half != side], axis=-1).round(9) for v in (of_accuracy, of_reach)]
                stops.append(rule(*seen))
                kept[:, replicate, half == side] = [
                    v[stops[-1], replicate, half == side] for v in (of_accuracy, of_reach)
                ]
        row = {"rule": name, "stops": [place + 1 for place in stops]}
        for metric, table, at_stop in zip(("accuracy", "reach"), (of_accuracy, of_reach), kept, strict=True):
            sure = certainty(table[-1], at_stop, numbers)
            row |= {metric: sure["last"], f"{metric}_over_never": sure["change"]}
            row |= {f"{metric}_low": sure["low"], f"{metric}_high": sure["high"]}
        found.append(row)
    return found


# {sign: (metric, subset, iterations)}: what the first two iterations show; a slope is the second less the first.
SIGNS = {
    "coverage of M1": ("coverage", "train", [1]),
    "slope of accuracy": ("sample_accuracy", "test", [1, 2]),
    "slope of syntactic diversity": ("pairwise_distinct_n", "correct", [1, 2]),
    "slope of logical diversity": ("pairwise_equation_diversity", "correct", [1, 2]),
    "entropy of M2's answers": ("answer_entropy", "all", [2]),
    "slope of the answers' entropy": ("answer_entropy", "all", [1, 2]),
}
RUN = ["model", "task", "method", "base", "seed"]


def early_signs(metrics: pl.DataFrame, outcome: str) -> pl.DataFrame:
    """A row per run of three iterations or more: RUN, the SIGNS (null where not measured), and `regressed`.

    metrics: METRICS of a study or of several. outcome: the metric of the test problems that has regressed if the last
    model's is below M2's.
    """
    runs = metrics.group_by(RUN, maintain_order=True).agg(last=pl.col("iteration").max()).filter(pl.col("last") > 2)
    ends = metrics.filter(metric=outcome, subset="test").join(runs, on=RUN)
    second = ends.filter(iteration=2).select(*RUN, second="value")
    final = ends.filter(pl.col("iteration") == pl.col("last")).select(*RUN, final="value")
    found = runs.join(second, on=RUN).join(final, on=RUN, maintain_order="left")
    for name, (metric, subset, iterations) in SIGNS.items():
        here = metrics.filter(pl.col("iteration").is_in(iterations), metric=metric, subset=subset)
        here = here.sort("iteration").group_by(RUN).agg(pl.col("value"))
        slope = pl.col("value").list.last() - pl.col("value").list.first()
        value = (slope if len(iterations) > 1 else pl.col("value").list.first()).alias(name)
        complete = pl.col("value").list.len() == len(iterations)
        found = found.join(here.select(*RUN, pl.when(complete).then(value).alias(name)), on=RUN, how="left")
    regressed = pl.col("final").round(9) < pl.col("second").round(9)
    return found.sort(RUN, maintain_order=True).select(*RUN, *SIGNS, regressed=regressed)


def threshold(values: np.ndarray, regressed: np.ndarray) -> tuple[float, bool]:
    """(cut, above): the split of `values` that is most often right about `regressed`, and whether above it is.

    Cuts lie half-way between neighbours, and outside of all values (which says always, or never); the first of equals.
    """
    known = np.unique(values)
    cuts = [-np.inf, *((known[1:] + known[:-1]) / 2), np.inf]
    right = [((values > cut) == (regressed == above)).mean() for cut in cuts for above in (True, False)]
    best = int(np.argmax(np.round(right, 9)))
    return float(cuts[best // 2]), best % 2 == 0


def warnings_judged(signs: pl.DataFrame, group: str) -> list[dict]:
    """Per sign how often a threshold on it, chosen on the other groups, says right of a left-out run if it regresses.

    signs: as early_signs gives them. group: the column whose values are left out one after the other (method: one arm).
    {sign, runs, right, usual}: usual is how often the other groups' more frequent outcome is right, without any sign.
    A sign without values, or one group alone, has no row.
    """
    found = []
    for name in SIGNS:
        known = signs.drop_nulls(name)
        values, regressed, groups = (known[column].to_numpy() for column in (name, "regressed", group))
        right = usual = 0
        for left_out in known[group].unique(maintain_order=True) if known[group].n_unique() > 1 else ():
            out = groups == left_out
            cut, above = threshold(values[~out], regressed[~out])
            right += int((((values[out] > cut) == above) == regressed[out]).sum())
            usual += int(((regressed[~out].mean() > 0.5) == regressed[out]).sum())
        if known[group].n_unique() > 1:
            found.append({"sign": name, "runs": known.height, "right": right, "usual": usual})
    return found
