"""summarise_frontier: M1 over temperatures and every later model against it, for the whole study."""

import json

import polars as pl
from reversal import jobs, tables
from reversal.evaluation.frontier import frontier
from reversal.evaluation.summaries import of_model, place_of


def main(
    paths: list[str],
    problem_paths: list[str],
    series: dict[str, list[str]],
    temperature: float,
    table_path: str,
    curves_path: str,
):
    problems = [tables.read(path, tables.PROBLEMS).select("problem_id", "cluster") for path in problem_paths]
    clusters = dict(pl.concat(problems).drop_nulls().rows())
    rows, curves = [], []
    places = dict.fromkeys(place_of(path)[:3:2] for path in paths)
    for model, task in places:  # one at a time: the problems of a large study do not fit in memory together
        print(f"{model} on {task}", flush=True)
        values = pl.concat(
            [
                of_model(tables.read(path, tables.FRONTIER_SCORES), path)
                for path in paths
                if place_of(path)[:3:2] == (model, task)
            ]
        )
        of_place, points = frontier(values, series, temperature, clusters)
        names = {"model": pl.lit(model), "task": pl.lit(task)}
        rows.append(of_place.with_columns(**names).select(list(tables.FRONTIER)))
        curves.append(points.with_columns(**names).select(list(tables.CURVES)))
    tables.write(pl.concat([pl.DataFrame(schema=tables.FRONTIER), *rows]), tables.FRONTIER, table_path)
    tables.write(pl.concat([pl.DataFrame(schema=tables.CURVES), *curves]), tables.CURVES, curves_path)


if "snakemake" in globals():
    jobs.start(snakemake.log[0])
    study = json.loads(snakemake.params.study)
    main(
        list(snakemake.input.scores),
        list(snakemake.input.problems),
        dict(study["series"]),
        study["temperature"],
        snakemake.output.frontier,
        snakemake.output.curves,
    )
