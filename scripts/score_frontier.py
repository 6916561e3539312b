"""score_frontier: one model's samples at all temperatures, the training's own among them, per problem."""

import json

import polars as pl
from reversal import devices, jobs, tables
from reversal.evaluation.frontier_scores import frontier_scores


def main(samples_paths: list[str], verdicts_paths: list[str], k: int, embedding: dict, output: str) -> None:
    samples = pl.concat([tables.read(path, tables.SAMPLES) for path in samples_paths])
    verdicts = pl.concat([tables.read(path, tables.VERDICT_ROWS) for path in verdicts_paths])
    tables.write(frontier_scores(samples, verdicts, k, embedding), tables.FRONTIER_SCORES, output)


if "snakemake" in globals():
    jobs.start(snakemake.log[0])
    devices.lease(0)  # SentenceBERT would take a GPU that a training job has, as in score
    main(
        list(snakemake.input.samples),
        list(snakemake.input.verdicts),
        snakemake.params.k,
        json.loads(snakemake.params.embedding),
        snakemake.output[0],
    )
