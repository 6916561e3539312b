"""What the verdict says of simulated studies whose truth is known, through the same code as a study's.

usage: python benchmarks/known_truth.py [--studies 500]

Per scenario: the share of each outcome, of studies with any false verdict on a primary dimension (one whose true change
is none), and how often the 95 % intervals of the primary dimensions contain the true change. The bars at the end are
fixed: what misses one is said to.

A problem has a chance to be answered right, and shares of three kinds of right and four kinds of wrong answers, all its
own. Greedy answers are drawn like samples. A replicate's training luck moves the chances of all its problems alike, and
how much its answers vary.
"""

import argparse
import sys
import time
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import polars as pl

sys.path.insert(0, str(Path(__file__).parents[1] / "scripts"))
from reversal.evaluation import uncertainty
from reversal.evaluation.changes import changes, judged
from reversal.evaluation.dimensions import DIVERSITIES
from reversal.evaluation.outcomes import OUTCOME, outcomes
from reversal.tables import METRICS, PROBLEM_SCORES, PUBLISHED

LINEAGES = ["first", "last"]
RIGHT, WRONG = np.array([0.6, 0.3, 0.1]), np.array([0.25, 0.25, 0.25, 0.25])
PER_PROBLEM = 5.0  # concentration of a problem's own shares around these
_POSITIONS = np.random.default_rng(0).normal(size=(7, 6))
_POSITIONS /= np.linalg.norm(_POSITIONS, axis=1, keepdims=True)
DISTANCES = {  # between two answers of the seven kinds
    "syntactic diversity": np.where(np.eye(7), 0.5, np.random.default_rng(1).uniform(0.6, 0.9)),
    "semantic diversity": 1 - _POSITIONS @ _POSITIONS.T,
    "logical diversity": 1.0 - np.eye(7),
}


@dataclass(frozen=True)
class Scenario:
    """gain: of the logit of being right, on average. narrower, colder: powers of the shares of kinds, of all chances.

    lost: share of M1's hardest problems that the last model never solves. churn: standard deviation of a problem's own
    change of logit. luck: that of a replicate's, for either model. cluster: problems that share their difficulty and
    their changes. rare: the share of problems that turn from never to always right, while nothing else happens.
    """

    name: str
    gain: float = 0.0
    narrower: float = 1.0
    colder: float = 1.0
    lost: float = 0.0
    churn: float = 0.0
    luck: float = 0.0
    replicates: int = 1
    problems: int = 300
    samples: int = 8
    cluster: int = 1
    rare: float | None = None


SCENARIOS = [
    Scenario("global null, 1 seed"),
    Scenario("global null, 3 seeds", luck=0.15, replicates=3),
    Scenario("global null, 5 seeds", luck=0.15, replicates=5),
    Scenario("global null, clusters of 5", cluster=5, churn=0.7),
    Scenario("churn without change", churn=1.5),
    Scenario("sampled colder", colder=2.0),
    Scenario("mechanical growth", gain=1.0),
    Scenario("mechanical growth, 3 seeds", gain=1.0, luck=0.15, replicates=3),
    Scenario("growth, 1,000 problems x 16", gain=1.0, problems=1000, samples=16),
    Scenario("reversal: narrower answers", gain=1.0, narrower=2.0),
    Scenario("reversal: narrower, 3 seeds", gain=1.0, narrower=2.0, luck=0.15, replicates=3),
    Scenario("reversal: narrower, 10 bases", gain=1.0, narrower=2.0, luck=0.15, replicates=10),
    Scenario("reversal: pass@8 lost", gain=1.5, lost=0.25),
    Scenario("regress", gain=-0.7),
    Scenario("rare gains, 60 problems", rare=0.02, problems=60),
    Scenario("rare gains, 300 problems", rare=0.01),
]


def simulated(scenario: Scenario, rng: np.random.Generator, problems: int, replicates: int) -> dict[str, np.ndarray]:
    """{metric and subset: values, replicates x models x problems}, nan where undefined."""
    clusters = np.repeat(np.arange(-(-problems // scenario.cluster)), scenario.cluster)[:problems]
    difficulty = rng.logistic(0, 1, clusters.max() + 1)[clusters]
    own_change = scenario.gain + scenario.churn * rng.normal(size=clusters.max() + 1)[clusters]
    right, wrong = (rng.dirichlet(PER_PROBLEM * shares, problems) for shares in (RIGHT, WRONG))
    found = {}
    for replicate in range(replicates):
        luck = scenario.luck * rng.normal(size=2)
        logits = [difficulty + luck[0], difficulty + own_change + luck[1]]
        chances = [1 / (1 + np.exp(-logit)) for logit in logits]
        if scenario.lost:  # by the quantile of all such problems: of these ones, it would be no random draw
            chances[1] = np.where(difficulty < np.log(scenario.lost / (1 - scenario.lost)), 0.0, chances[1])
        if scenario.rare is not None:
            solved = rng.random(problems) < 0.5
            gained = ~solved & (rng.random(problems) < 2 * scenario.rare)
            chances = [solved.astype(float), (solved | gained).astype(float)]
        narrower = [np.exp(scenario.luck * rng.normal()), scenario.narrower * np.exp(scenario.luck * rng.normal())]
        greedy_luck = rng.random(problems)
        for model in (0, 1):
            shares = _shares(chances[model], right, wrong, narrower[model])
            chance = chances[model]
            if scenario.colder > 1 and model:  # the greedy answer is that of M1
                shares = _normal(shares**scenario.colder)
            luck_of_answer = greedy_luck if scenario.colder > 1 else rng.random(problems)
            counts = rng.multinomial(scenario.samples, shares)
            for key, value in _values(
                counts, luck_of_answer < chance, rng.random(problems) < _away(difficulty)
            ).items():
                found.setdefault(key, np.empty((replicates, 2, problems)))[replicate, model] = value
    return found


def _away(difficulty: np.ndarray) -> np.ndarray:
    """Chances out of distribution, which no scenario changes; some problems are hard for all models."""
    return 1 / (1 + np.exp(-2 * np.roll(difficulty, 1)))


def _shares(chance: np.ndarray, right: np.ndarray, wrong: np.ndarray, narrower: float) -> np.ndarray:
    parts = [chance[:, None] * _normal(right**narrower), (1 - chance)[:, None] * _normal(wrong**narrower)]
    return _normal(np.concatenate(parts, axis=1))


def _normal(weights: np.ndarray) -> np.ndarray:
    return weights / weights.sum(axis=1, keepdims=True)


def _values(counts: np.ndarray, greedy: np.ndarray, away: np.ndarray) -> dict[tuple[str, str], np.ndarray]:
    samples, right = int(counts[0].sum()), counts[:, : len(RIGHT)].astype(float)
    correct = right.sum(axis=1).astype(int)
    found = {
        ("pass_at_1", "test"): greedy.astype(float),
        (f"pass_at_{samples}", "test"): (correct > 0).astype(float),
        ("pass_at_1", "away"): away.astype(float),
    }
    pairs = np.where(correct > 1, correct * (correct - 1), np.nan)
    for dimension, metric in DIVERSITIES.items():
        between = DISTANCES[dimension][: len(RIGHT), : len(RIGHT)]
        total = np.einsum("pi,ij,pj->p", right, between, right) - right @ np.diag(between)
        found[metric, "correct"] = total / pairs
    return found


def study(scenario: Scenario, rng: np.random.Generator) -> tuple[str, pl.DataFrame]:
    """(the outcome, the primary rows of CHANGES) of one simulated study."""
    values = simulated(scenario, rng, scenario.problems, scenario.replicates)
    table, metrics = frames(scenario, tuple(values))
    table = table.with_columns(value=pl.Series(np.stack(list(values.values())).ravel(), nan_to_null=True))
    means = np.array([np.nanmean(array, axis=-1) for array in values.values()])
    metrics = metrics.with_columns(value=pl.Series(means.ravel()))
    of_test = {f"test/{i:04d}": str(i // scenario.cluster) for i in range(scenario.problems)}
    clusters = of_test if scenario.cluster > 1 else {}
    rows = changes(metrics, table, {"a": LINEAGES}, ["away"], pl.DataFrame(schema=PUBLISHED), clusters)
    found = judged(rows)
    (outcome,) = outcomes(found, [], "")["outcome"]
    return outcome, found.filter(role="primary")


@cache
def frames(scenario: Scenario, cells: tuple[tuple[str, str], ...]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """(PROBLEM_SCORES with replicate and lineage, METRICS) without their values, in the order of `simulated`."""
    runs = [(r, i) for r in range(scenario.replicates) for i in (1, 2)]
    place = {"model": "m", "task": "t", "method": "a", "base": 0}
    scores = [
        dict.fromkeys(METRICS)
        | place
        | {"metric": metric, "subset": subset, "seed": r, "iteration": i, "lineage": LINEAGES[i - 1]}
        for metric, subset in cells
        for r, i in runs
    ]
    rows = [
        (r, LINEAGES[i - 1], f"{'away' if subset == 'away' else 'test'}/{problem:04d}", metric, subset, None, 1.0)
        for metric, subset in cells
        for r, i in runs
        for problem in range(scenario.problems)
    ]
    schema = {"replicate": pl.Int64, "lineage": pl.String} | PROBLEM_SCORES
    return pl.DataFrame(rows, schema=schema, orient="row"), pl.DataFrame(scores, schema=METRICS)


def truths(scenario: Scenario) -> dict[tuple[str, str], float]:
    """The true change of every metric: that of a study with a great many problems, luck averaged out."""
    rng = np.random.default_rng(12345)
    many = 200 if scenario.luck else 1
    runs = [simulated(scenario, rng, 400_000 // many, 1) for _ in range(many)]
    return {key: float(np.mean([np.nanmean(run[key][0, 1] - run[key][0, 0]) for run in runs])) for key in runs[0]}


def judge(scenario: Scenario, studies: int) -> tuple[Counter, dict[str, float], dict[str, float]]:
    """(outcomes, {"any": share of studies with a false verdict}, {dimension: coverage})."""
    rng, truth = np.random.default_rng(1), truths(scenario)
    counted, wrong, inside = Counter(), [], {}
    for _ in range(studies):
        outcome, rows = study(scenario, rng)
        counted[outcome] += 1
        false = False
        for row in rows.to_dicts():
            change = truth[row["metric"], row["subset"]]
            covered = row["low"] is not None and row["low"] - 1e-12 <= change <= row["high"] + 1e-12
            inside.setdefault(row["dimension"], []).append(covered)
            none = abs(change) < 0.002  # more than the Monte Carlo error of the truth, less than any margin
            sign = {"progress": 1, "regress": -1, "unclear": 0}[row["verdict"]]
            false |= sign != 0 and (none or sign * change < 0)
        wrong.append(false)
    return counted, {"any": float(np.mean(wrong))}, {name: float(np.mean(found)) for name, found in inside.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--studies", type=int, default=500)
    parser.add_argument("--only", default="", help="scenarios whose name holds this")
    arguments = parser.parse_args()
    # Studies use 4,000 and 20,000: fewer move limits and p by a few hundredths of themselves.
    uncertainty.DRAWS, uncertainty.FLIPS = 1_000, 2_000
    shares, false, least, most, started = {}, {}, {}, {}, time.process_time()
    print(f"{arguments.studies} studies per scenario")
    for scenario in SCENARIOS:
        if arguments.only not in scenario.name:
            continue
        counted, wrong, covered = judge(scenario, arguments.studies)
        shares[scenario.name] = {word: counted[word] / arguments.studies for word in OUTCOME}
        false[scenario.name] = wrong["any"]
        least[scenario.name], most[scenario.name] = min(covered.values()), max(covered.values())
        words = ", ".join(f"{word} {share:.1%}" for word, share in shares[scenario.name].items() if share)
        print(f"{scenario.name}: {words}; false primary verdict {wrong['any']:.1%}")
        print("  intervals cover: " + ", ".join(f"{name} {share:.1%}" for name, share in covered.items()), flush=True)
    print(f"{time.process_time() - started:.0f} s of CPU time")
    if not arguments.only:
        bars(shares, false, least, most)


def bars(shares: dict, false: dict, least: dict, most: dict) -> None:
    """What was promised before any of this was run."""
    reversal, growth = "progress with reversal", "growth, 1,000 problems x 16"
    found = [
        (f"{name} called a reversal in at most 5 %", shares[name][reversal], shares[name][reversal] <= 0.05)
        for name in shares
        if name.startswith("mechanical")
    ]
    found += [
        (f"{name}: a false primary verdict in at most 5 %", false[name], false[name] <= 0.05)
        for name in false
        if name.startswith("global null")
    ]
    found.append(
        (f"{growth} called progress in at least 80 %", shares[growth]["progress"], shares[growth]["progress"] >= 0.8)
    )
    for name in shares:
        if name.startswith("reversal"):
            found.append((f"{name} found in at least 90 %", shares[name][reversal], shares[name][reversal] >= 0.9))
    found += [(f"{name}: intervals cover at least 93 %", least[name], least[name] >= 0.93) for name in least]
    found += [(f"{name}: intervals cover at most 97 %", most[name], most[name] <= 0.97) for name in most]
    for sentence, value, met in found:
        print(f"{'met' if met else 'MISSED':<7} {sentence}: {value:.1%}")


if __name__ == "__main__":
    main()
