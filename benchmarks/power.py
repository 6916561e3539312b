"""How many test problems the embedded study needs: power, from the bases of studies/pilot.yaml alone.

usage: python benchmarks/power.py [results/pilot] after `make study STUDY=studies/pilot.yaml`

Problems of a pilot's base are drawn with replacement, so many as a study would have, and tested as `changes` tests the
change from M1 to the last iteration of one base; every p counts times the number of rows of the embedded study, Holm's
strictest factor. Beside it the smallest gain of accuracy that a study of this size shows in 80 % of cases, where as
many answers change either way as in the pilot (exact McNemar test).
"""

import sys
from pathlib import Path

import numpy as np
import polars as pl
from scipy.stats import binom, binomtest

REPOSITORY = Path(__file__).parents[1]
sys.path.insert(0, str(REPOSITORY / "scripts"))
from reversal import tables  # noqa: E402
from reversal.evaluation import uncertainty  # noqa: E402

METHOD, LAST = "iterative_sft", 5
ROWS = 18  # primary dimensions of the embedded study's three methods
SIZES = [100, 150, 200, 240, 300, 400, 500]
STUDIES = 200
DIMENSIONS = {
    "accuracy": ("pass_at_1", "test", 1),
    "syntactic": ("pairwise_distinct_n", "correct", -1),
    "semantic": ("semantic_diversity", "correct", -1),
    "logical": ("pairwise_equation_diversity", "correct", -1),
}


def main(results: str) -> None:
    uncertainty.FLIPS = 2_000
    folders = sorted(Path(results).glob("*/base*/*/seed*"))
    if not folders:
        sys.exit(f"{results}: no models; run make study STUDY=studies/pilot.yaml first")
    pilots = [changes_of(folder) for folder in folders]
    print(f"pilot bases: {len(pilots)}; change of accuracy from M1 to M{LAST}: ", end="")
    print(", ".join(f"{np.nanmean(pilot['accuracy']):+.3f}" for pilot in pilots))
    print("problems  " + "  ".join(DIMENSIONS) + "  reversal  smallest gain seen at 80 %")
    rng = np.random.default_rng(0)
    for size in SIZES:
        found = np.array([shown(pilot, size, rng) for pilot in pilots for _ in range(STUDIES)])
        yes = (found[:, 0] & found[:, 1:].any(axis=1)).mean()
        moved = np.mean([np.mean(np.abs(pilot["accuracy"])) for pilot in pilots])
        shares = "  ".join(f"{share:8.2f}" for share in found.mean(axis=0))
        print(f"{size:8d}  {shares}  {yes:8.2f}  {smallest_gain(size, moved):.3f}", flush=True)


def changes_of(folder: Path) -> dict[str, np.ndarray]:
    """{dimension: change of every problem}, nan where it has none at one end."""
    ends = [folder / "sft", folder / "-".join(["sft"] * LAST)]
    first, last = (tables.read(str(end / "problem_scores.parquet"), tables.PROBLEM_SCORES) for end in ends)
    pairs = first.join(last, on=["problem_id", "metric", "subset"], suffix="_last")
    change = (pl.col("value_last") - pl.col("value")).cast(pl.Float64).fill_null(float("nan"))
    return {
        name: pairs.filter(metric=metric, subset=subset).sort("problem_id").select(change).to_series().to_numpy()
        for name, (metric, subset, _) in DIMENSIONS.items()
    }


def shown(pilot: dict[str, np.ndarray], size: int, rng) -> list[bool]:
    """Of one simulated study, whether each dimension's change is shown, in the direction of a reversal."""
    drawn = rng.integers(0, len(pilot["accuracy"]), size)
    found = []
    for name, (_, _, sign) in DIMENSIONS.items():
        change = pilot[name][drawn]
        p = uncertainty.paired_p_value(np.zeros(size), change, seed=int(rng.integers(2**31)))
        found.append(bool(p * ROWS < 0.05 and np.sign(np.nanmean(change)) == sign))
    return found


def smallest_gain(size: int, moved: float) -> float:
    """moved: the share of problems whose greedy answer turns right or wrong."""
    many = round(size * moved)
    wanted = next(up for up in range(many + 1) if 2 * up > many and binomtest(up, many).pvalue * ROWS < 0.05)
    return next(
        moved * (2 * share - 1) for share in np.arange(0.5, 1.001, 0.005) if binom.sf(wanted - 1, many, share) > 0.8
    )


if __name__ == "__main__":
    main(*(sys.argv[1:] or [str(REPOSITORY / "results/pilot")]))
