"""summarise: the tables of the whole study and its verdict in words."""

import json
from pathlib import Path

import polars as pl
from reversal import jobs, summaries, tables
from reversal.changes import changes, verdict_text


def main(score_paths, problem_score_paths, training_set_paths, dropped_paths, series, ood, outputs) -> None:
    scores = pl.concat([tables.read(path, tables.SCORES) for path in score_paths])
    metrics = summaries.metrics_of_methods(scores, series)
    tables.write(metrics, tables.METRICS, outputs["metrics"])
    tables.write(metrics, tables.METRICS, outputs["metrics_csv"])
    table = changes(metrics, pl.concat(map(_named, problem_score_paths)), series, ood)
    tables.write(table, tables.CHANGES, outputs["changes"])
    rows = [{"path": path, **json.loads(Path(path).read_text())} for path in training_set_paths]
    jobs.write_text(outputs["training_sets"], pl.DataFrame(rows, infer_schema_length=None).write_csv())
    dropped = pl.concat([pl.read_csv(path, schema=tables.DROPPED) for path in dropped_paths])
    tables.write(dropped, tables.DROPPED, outputs["dropped"])
    jobs.write_text(outputs["verdict"], verdict_text(table, metrics))


def _named(path: str) -> pl.DataFrame:
    """A model's problem scores with its names, which stand in the path: ../{model}/{task}/seed{seed}/{lineage}/.."""
    model, task, seed, lineage, _ = Path(path).parts[-5:]
    names = {"model": model, "task": task, "seed": int(seed.removeprefix("seed")), "lineage": lineage}
    return tables.read(path, tables.PROBLEM_SCORES).with_columns(**{key: pl.lit(value) for key, value in names.items()})


if "snakemake" in globals():
    jobs.start(snakemake.log[0])
    main(
        list(snakemake.input.scores),
        list(snakemake.input.problem_scores),
        list(snakemake.input.training_sets),
        list(snakemake.input.dropped),
        dict(json.loads(snakemake.params.series)),
        json.loads(snakemake.params.ood),
        dict(snakemake.output.items()),
    )
