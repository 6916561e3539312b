"""summarise_time: where the time of a study went, from the benchmark files of all its jobs."""

import json

import polars as pl
from reversal import jobs
from reversal.evaluation.summaries import time_per_rule
from reversal.job_files import of_study


def main(config: dict, folder: str, output: str) -> None:
    frames = [
        pl.read_csv(path, separator="\t", null_values=["-", "NA"]).with_columns(rule=pl.lit(rule))
        for rule, paths in of_study(folder, ".tsv", config).items()
        for path in paths
    ]
    jobs.write_text(output, time_per_rule(pl.concat(frames, how="diagonal_relaxed")).write_csv())


if "snakemake" in globals():
    jobs.start(snakemake.log[0])
    main(json.loads(snakemake.params.config), snakemake.params.folder, snakemake.output[0])
