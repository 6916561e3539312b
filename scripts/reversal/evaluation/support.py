"""What M_t solves that M1 does not, and the reverse, against chance; from PROBLEM_SCORES of a model and task.

A problem is in the support of k samples of a model if one of them is right. What M_t gains and loses over M1 has to be
set against the same between M1 and M1: trained anew where the study has several seeds (or else bases), and otherwise
sampled anew. Values are PROBLEM_SCORES with columns base, seed and lineage before them.
"""

from functools import cache
from math import ceil, comb

import numpy as np
import polars as pl

from reversal.evaluation.accuracy import beyond
from reversal.evaluation.paired import cluster_numbers
from reversal.evaluation.summaries import replicates
from reversal.evaluation.uncertainty import interval, over_replicates, resampled_means
from reversal.tables import PROBLEM_SCORES, SCORES, SUPPORT

RUN = ["base", "seed", "lineage"]
TAUS = (0.25, 0.5, 0.75, 1.0)
ANEW, AGAIN = "M1 trained anew", "M1 sampled anew"
ITSELF, SYMMETRY = "M1 itself", "0: neither model comes first"  # of what is no comparison, and of a difference
PARTS = ("retained", "lost", "gained")


def answers(values: pl.DataFrame) -> pl.DataFrame:
    """base, seed, lineage, problem_id, n, c, and greedy (1, 0 or null): samples, right ones, and the greedy answer."""
    wanted = ["samples", "sample_accuracy", "pass_at_1"]
    here = values.filter(pl.col("metric").is_in(wanted), subset="test").drop_nulls("value")
    wide = here.pivot("metric", index=[*RUN, "problem_id"], values="value", maintain_order=True)
    lacking = [pl.lit(None, pl.Float64).alias(name) for name in wanted if name not in wide.columns]
    wide = wide.with_columns(lacking).drop_nulls(["samples", "sample_accuracy"])
    right = (pl.col("sample_accuracy") * pl.col("samples")).round().cast(pl.Int64)
    return wide.select(*RUN, "problem_id", n=pl.col("samples").cast(pl.Int64), c=right, greedy="pass_at_1")


def trained_anew(found: pl.DataFrame) -> pl.DataFrame:
    """Every pair of an M1 and another one made the same way: `answers` of M1s, and beside them those of the other.

    The others' columns end in _later. They are other training seeds of the same base where there are several seeds,
    otherwise other bases: a base differs by more than a training, so that null is generous. Empty for a single run.
    """
    within = ["lineage", "problem_id", *(["base"] if found["seed"].n_unique() > 1 else [])]
    pairs = found.join(found, on=within, suffix="_later", maintain_order="left")
    other = [pl.col(name) != pl.col(f"{name}_later") for name in ("base", "seed") if f"{name}_later" in pairs.columns]
    return pairs.filter(pl.any_horizontal(other))


def null_of_anew(values: pl.DataFrame, firsts: list[str]) -> pl.DataFrame:
    """Values, subset "anew", of what M1s trained anew gain and lose over each other: a null with the luck of training.

    firsts: lineages of M1s. The answer flow, what is beyond N samples and M1's pass@k on the improvement set, for every
    M1 the mean over all others: the weight of a problem in that set is how often another M1 newly solves it.
    """
    found = answers(values.filter(pl.col("lineage").is_in(firsts)))
    pairs = beyond(trained_anew(found).filter(pl.min_horizontal("n", "n_later") >= 2))
    before, after, reached = pl.col("greedy") == 1, pl.col("greedy_later") == 1, pl.col("c") > 0
    flow = {
        "kept": before & after,
        "gained_inside": ~before & after & reached,
        "gained_outside": ~before & after & ~reached,
        "lost": before & ~after,
    }
    names = [*flow, "beyond_n_samples", "beyond_n_samples_lost"]
    flow = {name: value.cast(pl.Float64) for name, value in flow.items()}  # null where there are no greedy answers
    means = pairs.with_columns(**flow).group_by(*RUN, "problem_id", maintain_order=True).agg(pl.col(names).mean())
    rows = means.unpivot(names, index=[*RUN, "problem_id"], variable_name="metric").drop_nulls("value")
    rows = rows.with_columns(weight=pl.lit(1.0))
    gained = means.select(*RUN, "problem_id", weight=pl.col("gained_inside") + pl.col("gained_outside"))
    k = pl.col("metric").str.extract(r"^pass_at_(\d+)$").cast(pl.Int64)
    curves = values.filter(pl.col("lineage").is_in(firsts), k > 1, (k & (k - 1)) == 0, subset="test")
    curves = curves.with_columns(metric=pl.format("m1_{}", "metric")).drop("weight")
    curves = curves.join(
        gained.filter(pl.col("weight") > 0), on=[*RUN, "problem_id"], how="inner", maintain_order="left"
    )
    columns = [*RUN, *PROBLEM_SCORES]
    return pl.concat([frame.with_columns(subset=pl.lit("anew")).select(columns) for frame in (rows, curves)])


def scores_of(values: pl.DataFrame, study: str, model: str, task: str) -> pl.DataFrame:
    """SCORES of M1s out of their values in the same columns: weighted means over problems."""
    mean = (pl.col("value") * pl.col("weight")).sum() / pl.col("weight").sum()
    rows = values.drop_nulls("value").group_by(*RUN, "metric", "subset", maintain_order=True)
    rows = rows.agg(value=mean, n=pl.len().cast(pl.Int64))
    names = {"study": study, "model": model, "task": task}
    rows = rows.with_columns(iteration=pl.lit(1, pl.Int64), **{key: pl.lit(value) for key, value in names.items()})
    return rows.select(list(SCORES))


def support(
    values: pl.DataFrame, series: dict[str, list[str]], model: str, task: str, clusters: dict[str, str]
) -> pl.DataFrame:
    """SUPPORT of one model and task: per method, iteration and number of samples what M_t kept, lost and gained.

    clusters: {problem_id: its cluster} of the problems that are in one. Number of samples: half of them and all. Of
    half, M1's other half is the null; of all, there is one only where M1s were trained anew.
    """
    found = answers(values.filter(pl.col("lineage").is_in([name for chain in series.values() for name in chain])))
    ks = sorted({(fewest := found["n"].min() or 0) // 2, fewest} - {0})
    rows, known = [], {}
    for method, chain in series.items():
        firsts = found.filter(lineage=chain[0])
        for iteration, lineage in enumerate(chain[1:], start=2):
            if lineage not in known:  # methods that share a prefix share its models
                known[lineage] = _rows(firsts, found.filter(lineage=lineage), ks, clusters)
            names = {"model": model, "task": task, "method": method, "iteration": iteration}
            rows += [names | row for row in known[lineage]]
    return pl.DataFrame(rows, schema=SUPPORT).with_columns(pl.selectors.float().fill_nan(None))


def dynamics(retained, lost, gained) -> dict[str, np.ndarray]:
    """Support retention rate, net discovery rate, support dynamic score and net support change rate.

    Wu et al. 2025, The Invisible Leash, arXiv 2507.14843, definition 3.3: SRR = P / (P + H), the share of M1's support
    that M_t keeps; NDR = E / (P + E), the share of M_t's support that is new; SDS, their harmonic mean; NSCR =
    (E - H) / (P + E + H); with P retained, H lost and E gained. nan where a denominator is 0 (SDS: 0 where
    SRR and NDR both are).
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        srr, ndr = retained / (retained + lost), gained / (retained + gained)
        both = srr + ndr
        sds = np.where(both == 0, 0.0, 2 * srr * ndr / both)
        return {"srr": srr, "ndr": ndr, "sds": sds, "nscr": (gained - lost) / (retained + gained + lost)}


@cache
def g_pass_at_k(n: int, c: int, k: int, tau: float) -> float:
    """The chance that of k of a problem's n samples, c of them right, a share of tau or more is right.

    G-Pass@k_tau (Liu et al. 2024, arXiv 2412.13147): sum over j >= ceil(tau k) of C(c, j) C(n - c, k - j) / C(n, k).
    pass@k for tau = 1 / k. For k = n it is whether c / n >= tau: the plug-in estimate of Cover@tau, the share of
    problems with a chance of tau or more (Dragoi et al. 2025, arXiv 2510.08325), which is biased for small n.
    """
    least = max(1, ceil(tau * k - 1e-9))  # 0.7 * 10 is above 7
    return sum(comb(c, j) * comb(n - c, k - j) for j in range(least, min(c, k) + 1)) / comb(n, k)


def _rows(firsts: pl.DataFrame, laters: pl.DataFrame, ks: list[int], clusters: dict[str, str]) -> list[dict]:
    """Rows of SUPPORT of one model against M1, without names."""
    rows = []
    for k in ks:
        null_from, cells = _cells(firsts, laters, k)
        columns = cells.columns[3:]
        arrays = np.stack([_array(cells, name) for name in columns])
        of_problems = cluster_numbers(cells["problem_id"].unique().sort().to_list(), clusters)
        draws = resampled_means(arrays, clusters=of_problems)
        (found, null), (values, nulls) = (_metrics(means, columns) for means in (draws, _means(arrays, axis=-1)))
        for name, value in values.items():
            low, high = interval(over_replicates(found[name], value))
            difference = value - nulls[name]
            under, over = interval(over_replicates(found[name] - null[name], difference))
            rows.append(
                {"samples": k, "metric": name, "value": _means(value), "low": float(low), "high": float(high)}
                | {"null": _means(nulls[name]), "null_from": _null_from(name, null_from)}
                | {"difference": _means(difference), "difference_low": float(under), "difference_high": float(over)}
                | {"replicates": int(np.isfinite(value).sum()), "problems": arrays.shape[-1]}
            )
    return rows


def _cells(firsts: pl.DataFrame, laters: pl.DataFrame, k: int) -> tuple[str | None, pl.DataFrame]:
    """(where the null is from; base, seed, problem_id and per problem what was retained, .. and its null).

    Expectations over all choices of k of the samples. A null that there is not is nan.
    """
    both = firsts.join(laters, on=["base", "seed", "problem_id"], suffix="_later", maintain_order="left")
    miss, miss_later = 1 - _chances(both, "", k, 1 / k), 1 - _chances(both, "_later", k, 1 / k)
    found = _parts(miss, miss_later)
    pairs = trained_anew(firsts)
    if pairs.height:
        null_from, null = ANEW, _parts(1 - _chances(pairs, "", k, 1 / k), 1 - _chances(pairs, "_later", k, 1 / k))
        of_pairs = pairs.select("base", "seed", "problem_id", **{name: pl.Series(null[name]) for name in PARTS})
        means = of_pairs.group_by("base", "seed", "problem_id").agg(pl.col(PARTS).mean())
        means = both.join(means, on=["base", "seed", "problem_id"], how="left", maintain_order="left")
        null = {name: means[name].to_numpy() for name in PARTS}
    elif 2 * k <= (both["n"].min() or 0):  # k samples against k others of the same model
        twice = 1 - _chances(both, "", 2 * k, 1 / (2 * k))
        null_from = AGAIN
        null = {"retained": 1 - 2 * miss + twice, "lost": miss - twice, "gained": miss - twice}
    else:
        null_from, null = None, dict.fromkeys(PARTS, np.full(both.height, np.nan))
    cover = {f"cover_{tau:g}": [_chances(both, end, k, tau) for end in ("_later", "")] for tau in TAUS}
    columns = found | {f"null {name}": value for name, value in null.items()}
    columns |= {name: value[0] for name, value in cover.items()}
    columns |= {f"null {name}": value[1] for name, value in cover.items()}
    cells = both.select("base", "seed", "problem_id", **{name: pl.Series(value) for name, value in columns.items()})
    return null_from, cells


def _parts(miss: np.ndarray, miss_later: np.ndarray) -> dict[str, np.ndarray]:
    """Chances that both models' samples hold a right one, only the first's, only the other's. miss: that none is."""
    parts = (1 - miss) * (1 - miss_later), (1 - miss) * miss_later, miss * (1 - miss_later)
    return dict(zip(PARTS, parts, strict=True))


def _chances(both: pl.DataFrame, end: str, k: int, tau: float) -> np.ndarray:
    return np.array([g_pass_at_k(n, c, k, tau) for n, c in both.select(f"n{end}", f"c{end}").rows()], float)


def _array(cells: pl.DataFrame, name: str) -> np.ndarray:
    """replicates x problems of one column of `_cells`, by the same rule as all other tables."""
    tidy = cells.select("base", "seed", "problem_id", value=pl.col(name).fill_nan(None))
    extra = {"lineage": pl.lit(""), "metric": pl.lit(name), "subset": pl.lit("test"), "weight": pl.lit(1.0)}
    wide = replicates(tidy.with_columns(**extra)).sort("replicate", "problem_id")
    return wide.pivot("problem_id", index="replicate", values="value").drop("replicate").to_numpy().astype(float)


def _metrics(means: np.ndarray, names: list[str]) -> tuple[dict, dict]:
    """(metrics, their null) out of the means of the columns of `_cells`, whatever their further axes."""
    of = dict(zip(names, means, strict=True))
    found = []
    for mark in ("", "null "):
        parts = {name: of[mark + name] for name in PARTS}
        covers = {name: of[mark + name] for name in names if name.startswith("cover")}
        found.append(parts | dynamics(*parts.values()) | covers)
    found[1]["nscr"] = np.zeros_like(found[0]["nscr"])
    return found[0], found[1]


def _null_from(metric: str, null_from: str | None) -> str | None:
    return ITSELF if metric.startswith("cover") else SYMMETRY if metric == "nscr" else null_from


def _means(values: np.ndarray, axis: int | None = None):
    """Means of what is defined; nan of nothing."""
    known = np.isfinite(values)
    with np.errstate(invalid="ignore"):
        return np.where(known, values, 0.0).sum(axis=axis) / known.sum(axis=axis)
