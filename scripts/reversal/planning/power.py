"""The smallest change that a study can show in 80 % of cases, before it is run: through the tests of its verdicts.

Every primary dimension is tested at 0.05 / (primary rows of the study): the first, and strictest, step of Holm's
correction, as in outcomes.smallest_seen.
A change has to stand out from how much single problems change. That is known from a pilot's tables or, for what follows
from right and wrong answers alone, from an assumed beta-binomial: the chances of a right sample are Beta over problems,
and a later model has the same ones. For a study of one run only the problems count; for several runs, the variance
between them also comes from a pilot.
"""

from math import comb, exp
from typing import NamedTuple

import polars as pl

from reversal.evaluation.outcomes import LIMIT, POWER

CONCENTRATION = 1.0  # a + b of the assumed Beta: most problems are nearly always, or nearly never, solved


class Spread(NamedTuple):
    """How much problems change without a change of the mean, as the standard deviation of one problem's change.

    moved: the share of problems that change, where all changes are by 1, up or down. between: the standard deviation of
    runs; 0 where they are not known. share: of the set's problems, those that have a value at both ends.
    """

    deviation: float
    moved: float | None = None
    between: float = 0.0
    share: float = 1.0


def smallest_change(spread: Spread, problems: int, alpha: float, runs: int = 1) -> float:
    """The change of a mean over problems that the two-sided paired test at alpha shows in 80 % of cases; inf for none.

    Exact for changes by 1 of a single run (McNemar's test); else by Student's t, whose level the randomisation test
    shares for all but few problems; with several runs of known variance, by the critical value of Cochran and Cox that
    `uncertainty` uses.
    """
    from scipy.stats import norm, t

    if problems < 2:
        return float("inf")
    if spread.moved is not None and runs == 1:
        return _smallest_gain(problems, spread.moved, alpha)
    of_problems, of_runs = spread.deviation**2 / problems, spread.between**2 / runs
    freedom = problems - 1 if runs == 1 or not of_runs else runs - 1
    share = of_runs / (of_problems + of_runs) if of_runs and runs > 1 else 0.0
    normal = t.isf(alpha / 2, problems - 1)
    critical = normal + (t.isf(alpha / 2, freedom) - normal) * share
    return float((critical + norm.isf(1 - POWER)) * (of_problems + of_runs * (runs > 1)) ** 0.5)


def assumed(accuracy: float, samples: int) -> dict[str, Spread]:
    """{metric: Spread} of the beta-binomial with that mean: of greedy accuracy and pass@N.

    A greedy answer counts as one sample: that is as much as two models of the same chances can differ. Exact sums over
    how many of N samples of either model are right.
    """
    from scipy.special import betaln

    a, b, n = accuracy * CONCENTRATION, (1 - accuracy) * CONCENTRATION, samples

    def of_both(c: int, d: int, number: int) -> float:
        """The chance of c and d right among `number` samples of two models."""
        rest = betaln(a + c + d, b + 2 * number - c - d) - betaln(a, b)
        return comb(number, c) * comb(number, d) * exp(rest)

    moved = 2 * of_both(0, 1, 1)
    found = {"pass_at_1": Spread(moved**0.5, moved)}
    if n < 2:
        return found
    moved = 2 * sum(of_both(0, d, n) for d in range(1, n + 1))
    found[f"pass_at_{n}"] = Spread(moved**0.5, moved)
    return found


def of_pilot(changes: pl.DataFrame, metrics: pl.DataFrame) -> dict[tuple[str, str], Spread]:
    """{(task, primary dimension): Spread} out of a finished study: means over its models and methods.

    changes: CHANGES; a problem's deviation is its mean change over the effect size, or from the interval where there is
    none. metrics: METRICS; the change of every run.
    """
    found: dict[tuple[str, str], list[Spread]] = {}
    places = ["model", "task", "method"]
    tested = {tuple(place): n for *place, n in changes.filter(dimension="accuracy").select(*places, "problems").rows()}
    for row in changes.filter(role="primary").to_dicts():
        here = metrics.filter(**{name: row[name] for name in ("model", "task", "method", "metric", "subset")})
        ends = here.filter(pl.col("iteration").is_in([1, here["iteration"].max()])).drop_nulls("value")
        of_run = pl.col("value").sort_by("iteration")
        runs = ends.group_by("base", "seed").agg(change=of_run.last() - of_run.first(), ends=pl.len())
        runs = runs.filter(pl.col("ends") == 2)["change"]
        deviation = _deviation(row)
        if deviation is not None:
            moved = deviation**2 + row["change"] ** 2 if row["metric"] == "pass_at_1" and len(runs) == 1 else None
            of_set = tested.get(tuple(row[name] for name in places))
            share = row["problems"] / of_set if row["subset"] == "correct" and of_set else 1.0
            spread = Spread(deviation, moved, float(runs.std()) if len(runs) > 1 else 0.0, share)
            found.setdefault((row["task"], row["dimension"]), []).append(spread)
    return {place: _mean(spreads) for place, spreads in found.items()}


def _smallest_gain(problems: int, moved: float, alpha: float) -> float:
    """McNemar's test. moved: the share of answers that turn right or wrong; where that is too small a gain, more."""
    from scipy.stats import binom

    for many in range(max(1, round(problems * moved)), problems + 1):
        # The fewest of `many` that have to turn right: two-sided p is twice the tail beyond it.
        wanted = int(binom.isf(alpha / 2, many, 0.5)) + 1
        if wanted > many:
            continue
        low, high = 0.5, 1.0
        for _ in range(40):  # bisection: the share of turns to the right that reaches it in 80 % of cases
            middle = (low + high) / 2
            low, high = (low, middle) if binom.sf(wanted - 1, many, middle) >= POWER else (middle, high)
        return many / problems * (2 * high - 1)
    return float("inf")


def _deviation(row: dict) -> float | None:
    if row["effect_size"]:
        return abs(row["change"] / row["effect_size"])
    if row["low"] is None or not row["problems"]:
        return None
    return (row["high"] - row["low"]) / 2 / LIMIT * row["problems"] ** 0.5


def _mean(spreads: list[Spread]) -> Spread:
    """Variances are averaged, shares too."""

    def root(values: list[float]) -> float:
        return (sum(value**2 for value in values) / len(values)) ** 0.5

    moved = [spread.moved for spread in spreads if spread.moved is not None]
    between = root([spread.between for spread in spreads])
    share = sum(spread.share for spread in spreads) / len(spreads)
    return Spread(root([s.deviation for s in spreads]), sum(moved) / len(moved) if moved else None, between, share)
