"""How often pass@k beyond N is refused, and how often its 95 % interval contains the truth, where the truth is known.

python benchmarks/extrapolation_coverage.py [--studies 100]

Studies of 300 problems with 8 samples each, as the embedded one. The beta-binomial holds for the first three truths and
not for the next three, which must be refused, or their interval is luck. Of 100 studies a share of 95 % has a sampling
error of +-4 points.
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "scripts"))
import numpy as np
from reversal.evaluation import extrapolation, uncertainty
from reversal.evaluation.extrapolation import Fit, extrapolated, pass_at

PROBLEMS, SAMPLES = 300, 8
KS = [SAMPLES * 2**i for i in (1, 2, 3)]
Draw = Callable[[np.random.Generator], np.ndarray]


def of_beta(alpha: float, beta: float, zeros: float, cluster: int = 1) -> tuple[Draw, np.ndarray]:
    """(chances of the problems of a study, true pass@k); the problems of a cluster share their chance."""

    def draw(rng: np.random.Generator) -> np.ndarray:
        many = PROBLEMS // cluster
        return np.repeat(rng.beta(alpha, beta, many) * (rng.random(many) >= zeros), cluster)

    return draw, pass_at(Fit(alpha, beta, zeros, np.nan), KS)


def of_points(chances: list[float], shares: list[float]) -> tuple[Draw, np.ndarray]:
    """The same for problems of a few kinds, each with one chance."""
    truth = np.array(shares) @ (1 - (1 - np.array(chances)[:, None]) ** KS)
    return lambda rng: rng.choice(chances, PROBLEMS, p=shares), truth


TRUTHS = [
    ("Beta(0.5, 0.7)", *of_beta(0.5, 0.7, 0.0), 1),
    ("Beta(0.5, 0.7), 15 % never solved", *of_beta(0.5, 0.7, 0.15), 1),
    ("Beta(1, 1.5), 30 % never solved", *of_beta(1.0, 1.5, 0.3), 1),
    ("chances 0.3 and 0.7, half each", *of_points([0.3, 0.7], [0.5, 0.5]), 1),
    ("chances 0.05 and 0.9, half each", *of_points([0.05, 0.9], [0.5, 0.5]), 1),
    ("chances 0.01, 0.3, 0.9, shares 2 : 3 : 3", *of_points([0.01, 0.3, 0.9], [0.25, 0.375, 0.375]), 1),
    ("Beta(0.5, 0.7), clusters of 3 alike, unknown", *of_beta(0.5, 0.7, 0.0, 3), 1),
    ("the same, known", *of_beta(0.5, 0.7, 0.0, 3), 3),
]


def judged(draw: Draw, truth: np.ndarray, cluster: int, studies: int) -> tuple[float, np.ndarray]:
    """(share refused; of the others per k: share of intervals with the truth, mean width, mean error of the value)."""
    rng, found = np.random.default_rng(1), []
    clusters = np.arange(PROBLEMS) // cluster if cluster > 1 else None
    for seed in range(studies):
        _, rows = extrapolated(rng.binomial(SAMPLES, draw(rng))[None], SAMPLES, seed, clusters)
        if rows:
            value, low, high = (np.array([row[name] for row in rows]) for name in ("value", "low", "high"))
            found.append([(low <= truth) & (truth <= high), high - low, value - truth])
    return 1 - len(found) / studies, np.mean(found, axis=0) if found else np.empty((3, 0))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--studies", type=int, default=100)
    studies = parser.parse_args().studies
    extrapolation.DRAWS = uncertainty.DRAWS = 100  # studies use 200 and 4,000
    print(f"{studies} simulated studies each of {PROBLEMS} problems x {SAMPLES} samples")
    print(f"{'of k = ' + ', '.join(map(str, KS)):<46} refused  truth inside          width              error")
    for name, draw, truth, cluster in TRUTHS:
        refused, (inside, widths, errors) = judged(draw, truth, cluster, studies)
        numbers = [f"{share:6.1%}" for share in inside] + [f"{width:.3f}" for width in widths]
        numbers += [f"{error:+.3f}" for error in errors]
        print(f"{name:<46} {refused:7.1%}  {' '.join(numbers)}", flush=True)


if __name__ == "__main__":
    main()
