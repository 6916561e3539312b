"""How often a 95 % interval contains the truth, on simulated studies whose truth is known.

python benchmarks/interval_coverage.py [--studies 1000]

A study has problems that are harder or easier for all replicates (bases or training seeds), replicates that are better
or worse on all problems, and noise. The share of intervals that contain the true mean should be 95 %; sampling error
alone is +-1.4 points.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "scripts"))
import numpy as np
from reversal.evaluation import uncertainty
from reversal.evaluation.uncertainty import disparity, interval, over_replicates, resampled_means

TRUTH = 0.1


def simulated(rng: np.random.Generator, problems: int, many: int, of_replicate: float, of_problem: float, noise: float):
    """Values, replicates x problems, with standard deviations of their effects, of problem effects and of noise."""
    effects = rng.normal(0, of_replicate, (many, 1)) + rng.normal(0, of_problem, (1, problems))
    return TRUTH + effects + rng.normal(0, noise, (many, problems))


def contains_mean(rng: np.random.Generator, run: int, *shape) -> bool:
    values = simulated(rng, *shape)[None]
    low, high = interval(over_replicates(resampled_means(values, seed=run), values.mean(axis=-1), seed=run))
    return low[0] <= TRUTH <= high[0]


def contains_accuracy(rng: np.random.Generator, run: int, problems: int) -> bool:
    """Change of greedy accuracy by 0.1: answers of 0 and 1, of problems that differ in difficulty."""
    chance = rng.beta(1, 1, problems) * 0.9
    change = (rng.random(problems) < chance + TRUTH).astype(float) - (rng.random(problems) < chance)
    low, high = interval(
        over_replicates(resampled_means(change[None, None], seed=run), change.mean()[None, None], seed=run)
    )
    return low[0] <= TRUTH <= high[0]


def contains_disparity(rng: np.random.Generator, run: int, per_level: int) -> bool:
    """Group disparity (0.8 - 0.4) / 0.8 of one model, one replicate: a ratio of two means."""
    values = np.full((2, 1, 2 * per_level), np.nan)
    values[0, 0, :per_level] = rng.random(per_level) < 0.8
    values[1, 0, per_level:] = rng.random(per_level) < 0.4
    draws = resampled_means(values, seed=run)
    low, high = interval(disparity(draws[0], draws[1])[0])
    return low <= 0.5 <= high


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--studies", type=int, default=1000)
    studies = parser.parse_args().studies
    uncertainty.DRAWS = (
        1_000  # of resamples; studies use 4,000, which changes limits by a few hundredths of their width
    )
    print(f"{studies} simulated studies each; sd: of replicates, of problems, of noise")
    shapes = [(1, 0, 0.3, 0.3), (3, 0, 0.3, 0.3), (3, 0.01, 0.3, 0.3), (3, 0.03, 0.3, 0.3), (3, 0.1, 0.3, 0.3)]
    shapes += [(3, 0.03, 0.05, 0.5), (5, 0.03, 0.3, 0.3), (2, 0.03, 0.3, 0.3)]
    for many, *deviations in shapes:
        rng = np.random.default_rng(1)
        inside = sum(contains_mean(rng, run, 120, many, *deviations) for run in range(studies))
        name = f"mean of 120 problems, {many} replicate(s), sd {', '.join(map(str, deviations))}"
        print(f"{name:<64} {inside / studies:6.1%}", flush=True)
    for name, contains, size in [
        ("change of greedy accuracy, 120 problems, 1 replicate", contains_accuracy, 120),
        ("group disparity, 60 problems per level, 1 replicate", contains_disparity, 60),
    ]:
        rng = np.random.default_rng(1)
        print(f"{name:<64} {sum(contains(rng, run, size) for run in range(studies)) / studies:6.1%}", flush=True)


if __name__ == "__main__":
    main()
