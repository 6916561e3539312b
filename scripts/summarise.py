"""summarise: the tables of the whole study and its verdict in words."""

import json
from pathlib import Path

import polars as pl
from reversal import jobs, summaries, tables


def main(score_paths, training_set_paths, dropped_paths, series, ood, outputs) -> None:
    scores = pl.concat([tables.read(path, tables.SCORES) for path in score_paths])
    metrics = summaries.metrics_of_methods(scores, series)
    tables.write(metrics, tables.METRICS, outputs["metrics"])
    tables.write(metrics, tables.METRICS, outputs["metrics_csv"])
    changes = summaries.changes(metrics, ood)
    tables.write(changes, summaries.CHANGES, outputs["changes"])
    rows = [{"path": path, **json.loads(Path(path).read_text())} for path in training_set_paths]
    jobs.write_text(outputs["training_sets"], pl.DataFrame(rows, infer_schema_length=None).write_csv())
    dropped = pl.concat([pl.read_csv(path, schema=tables.DROPPED) for path in dropped_paths])
    tables.write(dropped, tables.DROPPED, outputs["dropped"])
    jobs.write_text(outputs["verdict"], summaries.verdict_text(changes, metrics))


if "snakemake" in globals():
    jobs.start(snakemake.log[0])
    main(
        list(snakemake.input.scores),
        list(snakemake.input.training_sets),
        list(snakemake.input.dropped),
        dict(json.loads(snakemake.params.series)),
        json.loads(snakemake.params.ood),
        dict(snakemake.output.items()),
    )
