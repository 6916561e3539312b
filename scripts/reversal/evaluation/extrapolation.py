"""pass@k beyond the N samples that were drawn: a beta-binomial fit of the problems' chances, its interval and check.

The chance of a right sample is taken to be Beta(a, b) over problems, but for a share z of problems that the model never
solves, where the counts ask for it (Kazdan et al. 2025, arXiv 2510.05197; with zero inflation, Verine et al. 2026,
openreview IGzxVhdGMb). What this says of k far beyond N is the shape of that family, not data: with z = 0 every problem
is solved in the end.
"""

from typing import NamedTuple

import numpy as np
import polars as pl

from reversal.evaluation.paired import cluster_numbers
from reversal.evaluation.uncertainty import TAIL, of_clusters, times_drawn
from reversal.tables import EXTRAPOLATIONS

DRAWS = 200  # of the bootstrap, and of the check: a refit each
INFLATED = 2.71  # twice the gain of likelihood that 5 % of samples give a third parameter at its limit, z = 0
FITS = 0.05  # a smaller p of the check refuses the fit
DOUBLINGS = 3  # how far beyond N
LEAST = 4  # samples of each problem: three parameters, and a count more to check them
BOUNDS = [(-7.0, 7.0)] * 3  # of log a, log b and the log-odds of z


class Fit(NamedTuple):
    """alpha, beta of the chances, zeros: the share of problems that are never solved, log_likelihood: of the counts."""

    alpha: float
    beta: float
    zeros: float
    log_likelihood: float


def fit(problems: np.ndarray) -> Fit:
    """The maximum-likelihood fit to problems: how many problems have c right samples, for c = 0 .. n.

    With a share of problems that are never solved only where a likelihood-ratio test at 5 % asks for it.
    """
    mean = np.clip(problems @ np.arange(len(problems)) / problems.sum() / (len(problems) - 1), 0.01, 0.99)
    plain = refit(problems, Fit(mean, 1 - mean, 0.0, np.nan))
    inflated = refit(problems, plain._replace(zeros=max(problems[0] / problems.sum(), 0.02) / 2))
    return inflated if 2 * (inflated.log_likelihood - plain.log_likelihood) > INFLATED else plain


def refit(problems: np.ndarray, start: Fit) -> Fit:
    """The maximum-likelihood fit from there on, of the same kind: zeros stays 0 where it is."""
    from scipy.optimize import minimize

    share = problems / problems.sum()
    at = [np.log(start.alpha), np.log(start.beta), *([np.log(start.zeros / (1 - start.zeros))] if start.zeros else [])]
    found = minimize(_loss, at, (share,), jac=True, method="L-BFGS-B", bounds=BOUNDS[: len(at)])
    alpha, beta = np.exp(found.x[:2])
    zeros = 1 / (1 + np.exp(-found.x[2])) if start.zeros else 0.0
    return Fit(float(alpha), float(beta), float(zeros), float(-found.fun * problems.sum()))


def probabilities(fitted: Fit, n: int) -> np.ndarray:
    """Of c = 0 .. n right samples among n."""
    of_beta = np.exp(_log_beta_binomial(fitted.alpha, fitted.beta, n))
    return fitted.zeros * (np.arange(n + 1) == 0) + (1 - fitted.zeros) * of_beta


def pass_at(fitted: Fit, ks: list[int]) -> np.ndarray:
    """The chance that one of k samples is right: (1 - z) (1 - B(a, b + k) / B(a, b))."""
    from scipy.special import betaln

    none = np.exp(betaln(fitted.alpha, fitted.beta + np.array(ks)) - betaln(fitted.alpha, fitted.beta))
    return (1 - fitted.zeros) * (1 - none)


def extrapolated(
    right: np.ndarray, n: int, seed: int = 0, clusters: np.ndarray | None = None
) -> tuple[dict, list[dict]]:
    """({alpha, beta, zeros, p, reason}, [{k, value, low, high}] for k = 2 n, 4 n, ..): means over runs' own fits.

    right: runs x problems, right ones of n samples. clusters: as in uncertainty.resampled_means. Intervals: 95 %
    percentiles of fits to resampled problems (clusters), the same ones for all runs, so they speak of these runs. p: of
    the fit, from the chi-square of the counts against its own distribution, which refits to counts drawn from the fit
    give (so few problems with a count do no harm); the smallest of the runs times their number. Counts are drawn one by
    one: clusters whose problems are alike look like a bad fit, and are refused more often. No rows where p is below
    FITS or nothing can be fitted; `reason` then says why.
    """
    about = dict.fromkeys(("alpha", "beta", "zeros", "p")) | {"reason": ""}
    histograms = [np.bincount(of_run, minlength=n + 1) for of_run in right]
    if n < LEAST:
        return about | {"reason": f"{n} samples of each problem: a fit and its check need {LEAST}"}, []
    if min((counts > 0).sum() for counts in histograms) < 3:
        return about | {"reason": "nearly all problems have the same number of right samples"}, []
    rng = np.random.default_rng(seed)
    fits = [fit(counts) for counts in histograms]
    p = min(1.0, len(fits) * min(_p_of_fit(*pair, rng) for pair in zip(histograms, fits, strict=True)))
    about |= dict(zip(("alpha", "beta", "zeros"), np.mean(fits, axis=0)[:3].tolist(), strict=True)) | {"p": p}
    if p < FITS:
        return about | {"reason": f"the beta-binomial does not fit the counts (p = {p:.3f})"}, []
    ks = [n * 2**i for i in range(1, DOUBLINGS + 1)]
    again = _resampled(right, n, seed, clusters)
    draws = [np.mean([pass_at(fit(counts), ks) for counts in of_draw], axis=0) for of_draw in again]
    limits = np.quantile(draws, [TAIL, 1 - TAIL], axis=0)
    values = np.mean([pass_at(of_run, ks) for of_run in fits], axis=0)
    rows = zip(ks, values.tolist(), *limits.tolist(), strict=True)
    return about, [dict(zip(("k", "value", "low", "high"), row, strict=True)) for row in rows]


def extrapolations(
    answers: pl.DataFrame, series: dict[str, list[str]], model: str, task: str, clusters: dict[str, str]
) -> pl.DataFrame:
    """EXTRAPOLATIONS of one model and task: M1 and the last iteration of every method; a refusal is a row without k.

    answers: support.answers of these models. clusters: {problem_id: its cluster} of the problems that are in one. Of
    unequal numbers of samples none is extrapolated.
    """
    rows, known = [], {}
    for method, chain in series.items():
        for iteration, lineage in dict([(1, chain[0]), (len(chain), chain[-1])]).items():
            here = answers.filter(lineage=lineage)
            if lineage not in known and here.height:  # methods that share a model share its fit
                known[lineage] = _of_model(here, clusters)
            names = {"model": model, "task": task, "method": method, "iteration": iteration}
            rows += [names | row for row in known.get(lineage, [])]
    return pl.DataFrame(rows, schema=EXTRAPOLATIONS)


def _of_model(answers: pl.DataFrame, clusters: dict[str, str]) -> list[dict]:
    wide = answers.sort("base", "seed", "problem_id").pivot("problem_id", index=["base", "seed"], values="c")
    right, n = wide.drop("base", "seed").drop_nulls().to_numpy(), answers["n"].min()
    if answers["n"].n_unique() > 1 or len(right) < wide.height:
        nothing = {"samples": n, "reason": "not all problems have the same number of samples"}
        return [dict.fromkeys(list(EXTRAPOLATIONS)[4:]) | nothing]
    about, rows = extrapolated(right, n, clusters=cluster_numbers(wide.columns[2:], clusters))
    return [{"samples": n} | dict.fromkeys(("k", "value", "low", "high")) | about | row for row in rows or [{}]]


def _resampled(right: np.ndarray, n: int, seed: int, clusters: np.ndarray | None) -> np.ndarray:
    """DRAWS x runs x (n + 1): how many problems of a resample have c right samples."""
    has = (right[:, None] == np.arange(n + 1)[:, None]).astype(int)
    has = has if clusters is None else of_clusters(has, clusters)
    return np.moveaxis(has.astype(float) @ times_drawn(has.shape[-1], seed)[:DRAWS].T.astype(float), -1, 0)


def _p_of_fit(counts: np.ndarray, fitted: Fit, rng: np.random.Generator) -> float:
    chances = probabilities(fitted, len(counts) - 1)
    drawn = rng.multinomial(counts.sum(), chances, size=DRAWS)
    by_chance = [_chi_square(again, probabilities(refit(again, fitted), len(counts) - 1)) for again in drawn]
    return float((1 + (np.array(by_chance) >= _chi_square(counts, chances)).sum()) / (1 + DRAWS))


def _loss(x: np.ndarray, share: np.ndarray) -> tuple[float, np.ndarray]:
    """Minus the mean log-likelihood of the counts, and its gradient, at x: log a, log b and perhaps z's log-odds."""
    from scipy.special import digamma

    n = len(share) - 1
    c = np.arange(n + 1)
    a, b = np.exp(x[:2])
    logs = _log_beta_binomial(a, b, n)
    common = digamma(a + b) - digamma(n + a + b)
    slopes = np.stack([a * (digamma(c + a) - digamma(a) + common), b * (digamma(n - c + b) - digamma(b) + common)])
    if len(x) == 2:
        return -float(share @ logs), -(slopes @ share)
    z = 1 / (1 + np.exp(-x[2]))
    none = np.exp(logs[0])
    zero = z + (1 - z) * none
    value = share[1:] @ (np.log1p(-z) + logs[1:]) + share[0] * np.log(zero)
    of_beta = slopes[:, 1:] @ share[1:] + slopes[:, 0] * share[0] * (1 - z) * none / zero
    of_z = z * (1 - z) * (share[0] * (1 - none) / zero - share[1:].sum() / (1 - z))
    return -float(value), -np.append(of_beta, of_z)


def _log_beta_binomial(a: float, b: float, n: int) -> np.ndarray:
    from scipy.special import betaln, gammaln

    c = np.arange(n + 1)
    choose = gammaln(n + 1) - gammaln(c + 1) - gammaln(n - c + 1)
    return choose + betaln(c + a, n - c + b) - betaln(a, b)


def _chi_square(problems: np.ndarray, chances: np.ndarray) -> float:
    expected = np.maximum(problems.sum() * chances, 1e-9)
    return float(((problems - expected) ** 2 / expected).sum())
