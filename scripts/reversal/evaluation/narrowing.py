"""Why diversity over all answers changed: fewer wrong answers (composition), or answers more alike (narrowing).

A diversity that is a mean over pairs of answers is the sum over kinds of pairs (both correct, one of each, both
incorrect) of the kind's share w times its mean distance D. So its change is, exactly and problem by problem,
sum of (D1 + DT) / 2 (wT - w1) + sum of (w1 + wT) / 2 (DT - D1): composition and narrowing. A kind of pairs that one of
the two models lacks has the other's distance, so that its change is composition.
"""

import polars as pl

from reversal.evaluation.dimensions import DIVERSITIES
from reversal.evaluation.paired import certainty, problem_values
from reversal.evaluation.summaries import replicates
from reversal.tables import NARROWING

KINDS = ["correct", "mixed", "incorrect"]
PARTS = ["all answers", "composition", "narrowing"]
SHARES = {"semantic_diversity": "embedded_pair_share"}  # of the first answers, which alone are embedded
EXACT = 1e-6  # embeddings are 32-bit numbers


def narrowing(values: pl.DataFrame, names: dict, lineages: list[str], clusters: dict[str, str]) -> list[dict]:
    """Rows of NARROWING of one method: per diversity its change over all answers and the two parts.

    values: PROBLEM_SCORES with columns base, seed and lineage. names: {model, task, method}. A part of a base is the
    mean of its training seeds' parts, as everywhere.
    """
    rows = []
    for dimension, metric in DIVERSITIES.items():
        parts = parts_of_change(values, lineages[0], lineages[-1], metric)
        if parts.is_empty():
            continue
        of_replicates = replicates(parts)
        for part in PARTS:
            (change,), of_problems = problem_values(of_replicates, [lineages[-1]], metric, part, clusters)
            found = certainty(0 * change, change, of_problems)
            kept = {name: found[name] for name in ("change", "low", "high", "problems")}
            rows.append(names | {"dimension": dimension, "part": part} | kept)
    return rows


def parts_of_change(values: pl.DataFrame, first: str, last: str, metric: str) -> pl.DataFrame:
    """PROBLEM_SCORES with base, seed and lineage (that of the last model), one row per problem and part, as subset.

    Only problems with two answers of both models. Raises ValueError where the parts of a metric do not add up.
    """
    share = SHARES.get(metric, "pair_share")
    here = values.filter(pl.col("metric").is_in([metric, share]), pl.col("lineage").is_in([first, last]))
    end = pl.when(pl.col("lineage") == first).then(pl.lit("1")).otherwise(pl.lit("T"))
    what = pl.when(pl.col("metric") == share).then(pl.lit("w")).otherwise(pl.lit("d"))
    if here.is_empty():
        return pl.DataFrame(schema=values.schema)
    here = here.with_columns(name=what + pl.lit(" ") + pl.col("subset") + pl.lit(" ") + end)
    key = ["base", "seed", "problem_id"]
    wide = here.pivot("name", index=key, values="value", maintain_order=True)
    needed = [f"{what} {kind} {end}" for kind in KINDS for what in "wd" for end in "1T"]
    if not {"d all 1", "d all T"} <= set(wide.columns) or not any(name in wide.columns for name in needed):
        return pl.DataFrame(schema=values.schema)
    wide = wide.with_columns(pl.lit(None, pl.Float64).alias(name) for name in needed if name not in wide.columns)
    wide = wide.drop_nulls(["d all 1", "d all T"])
    composition, narrowed = pl.lit(0.0), pl.lit(0.0)
    for kind in KINDS:
        w1, wt = (pl.col(f"w {kind} {end}").fill_null(0.0) for end in "1T")
        d1, dt = pl.col(f"d {kind} 1"), pl.col(f"d {kind} T")
        d1, dt = pl.coalesce(d1, dt, pl.lit(0.0)), pl.coalesce(dt, d1, pl.lit(0.0))
        composition += (d1 + dt) / 2 * (wt - w1)
        narrowed += (w1 + wt) / 2 * (dt - d1)
    parts = wide.select(*key, composition, narrowed.alias("narrowing"), pl.col("d all T") - pl.col("d all 1"))
    parts.columns = [*key, "composition", "narrowing", "all answers"]
    off = (parts["composition"] + parts["narrowing"] - parts["all answers"]).abs().max() or 0.0
    if off > EXACT:
        raise ValueError(f"{metric}: composition and narrowing differ from the change over all answers by {off}")
    long = parts.unpivot(index=key, variable_name="subset")
    return long.with_columns(metric=pl.lit(metric), lineage=pl.lit(last), weight=pl.lit(1.0)).select(values.columns)


def in_words(rows: list[dict]) -> list[str]:
    """A sentence per diversity. rows: NARROWING of one model, task and method."""
    lines = []
    for dimension in DIVERSITIES:
        of = {row["part"]: row for row in rows if row["dimension"] == dimension}
        if of:
            parts = [f"{_with_interval(of[part])} by {part}" for part in PARTS[1:]]
            whole = _with_interval(of["all answers"])
            lines.append(f"{dimension} over all answers changed by {whole}: {' and '.join(parts)}")
    return lines


def _with_interval(row: dict) -> str:
    return f"{row['change']:+.3f}" + ("" if row["low"] is None else f" [{row['low']:+.3f} to {row['high']:+.3f}]")


def table(rows: list[dict]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=NARROWING).with_columns(pl.selectors.float().fill_nan(None))
