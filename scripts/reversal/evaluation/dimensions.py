"""What a method is judged by: few primary dimensions, declared before any data are seen, and secondary ones.

A verdict on a method is about the primary dimensions only. Diversity is judged among the correct answers: over all
answers it falls by itself as more of them are right, since right answers are more alike than wrong ones.
"""

import re
from dataclasses import dataclass

import polars as pl

# The largest loss that still counts as none, as a share of M1's value, for verdicts and for the frontier. Half as much
# for pass@N, which lies near 1, where a tenth would be most of what there is to lose. Syntactic diversity has no fixed
# least to count from: of the same answer twice it is about 1/2, and less for an answer that repeats itself.
MARGINS = {"accuracy": 0.1, "pass@N": 0.05, "diversity": 0.1, "OOD accuracy": 0.1}
# {dimension: the metric of PROBLEM_SCORES that is a mean over pairs of answers}, and what it makes alike when it falls
DIVERSITIES = {
    "syntactic diversity": "pairwise_distinct_n",
    "semantic diversity": "semantic_diversity",
    "logical diversity": "pairwise_equation_diversity",
}
ALIKE = {"syntactic diversity": "words", "semantic diversity": "meaning", "logical diversity": "reasoning"}
BEST = "accuracy of the best iteration"


@dataclass(frozen=True)
class Dimension:
    """margin: share of M1's value, None where no outcome asks for it. better: the way that is progress."""

    name: str
    metric: str
    subset: str
    role: str  # primary or secondary
    margin: float | None = None
    better: str = "higher"  # or lower


def dimensions(accuracy: str, most: int, ood: list[str]) -> list[Dimension]:
    """The dimensions of one model, task and method, in the order of the verdict.

    accuracy: the metric that accuracy is (accuracy.accuracy_metric). most: N of pass@N, 1 for none. ood: OOD sets.
    """
    primary = [Dimension("accuracy", accuracy, "test", "primary", MARGINS["accuracy"])]
    if most > 1:
        primary.append(Dimension(f"pass@{most}", f"pass_at_{most}", "test", "primary", MARGINS["pass@N"]))
    for name, metric in DIVERSITIES.items():
        primary.append(Dimension(name, metric, "correct", "primary", MARGINS["diversity"]))
    for name in ood:
        primary.append(Dimension(f"OOD accuracy on {name}", "pass_at_1", name, "primary", MARGINS["OOD accuracy"]))
    secondary = [
        Dimension(BEST, accuracy, "test", "secondary"),
        Dimension("beyond N samples", "beyond_n_samples_net", "test", "secondary"),
        *(Dimension(f"OOD disparity on {n}", "group_disparity", n, "secondary", better="lower") for n in ood),
    ]
    for subset in ("all", "incorrect"):
        for name, metric in DIVERSITIES.items():
            secondary.append(Dimension(f"{name}, {subset} answers", metric, subset, "secondary"))
    return primary + secondary


def most_samples(metrics: pl.DataFrame) -> int:
    """N: the largest k of pass@k on the test problems that M1 and the last model both have; 1 for none.

    metrics: METRICS of one model, task and method.
    """
    ks = []
    for iteration in (1, metrics["iteration"].max()):
        names = metrics.filter(subset="test", iteration=iteration)["metric"].unique()
        ks.append({int(found[1]) for name in names if (found := re.fullmatch(r"pass_at_(\d+)", name))})
    return max(ks[0] & ks[1], default=1)
