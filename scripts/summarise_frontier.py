"""summarise_frontier: M1 over temperatures and every later model against it, for the whole study."""

import json
from pathlib import Path

import polars as pl
from reversal import jobs, tables
from reversal.frontier import frontier


def main(paths: list[str], series: dict[str, list[str]], temperature: float, table_path: str, curves_path: str):
    rows, curves = [], []
    places = dict.fromkeys(_place(path)[:3:2] for path in paths)
    for model, task in places:  # one at a time: the problems of a large study do not fit in memory together
        print(f"{model} on {task}", flush=True)
        values = pl.concat([_of_model(path) for path in paths if _place(path)[:3:2] == (model, task)])
        of_place, points = frontier(values, series, temperature)
        names = {"model": pl.lit(model), "task": pl.lit(task)}
        rows.append(of_place.with_columns(**names).select(list(tables.FRONTIER)))
        curves.append(points.with_columns(**names).select(list(tables.CURVES)))
    tables.write(pl.concat([pl.DataFrame(schema=tables.FRONTIER), *rows]), tables.FRONTIER, table_path)
    tables.write(pl.concat([pl.DataFrame(schema=tables.CURVES), *curves]), tables.CURVES, curves_path)


def _place(path: str) -> tuple[str, int, str, int, str]:
    """(model, base, task, seed, lineage) of a model's file: ../{model}/base{base}/{task}/seed{seed}/{lineage}/.."""
    model, base, task, seed, lineage = Path(path).parts[-6:-1]
    return model, int(base.removeprefix("base")), task, int(seed.removeprefix("seed")), lineage


def _of_model(path: str) -> pl.DataFrame:
    _, base, _, seed, lineage = _place(path)
    columns = {"base": pl.lit(base, pl.Int64), "seed": pl.lit(seed, pl.Int64), "lineage": pl.lit(lineage)}
    return tables.read(path, tables.FRONTIER_SCORES).with_columns(**columns)


if "snakemake" in globals():
    jobs.start(snakemake.log[0])
    study = json.loads(snakemake.params.study)
    main(
        list(snakemake.input.scores),
        dict(study["series"]),
        study["temperature"],
        snakemake.output.frontier,
        snakemake.output.curves,
    )
