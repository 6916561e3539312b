"""summarise_time: where the time of a study went, from the benchmark files of all its jobs."""

from pathlib import Path

import polars as pl
from reversal import jobs
from reversal.summaries import time_per_rule


def main(folder: str, output: str) -> None:
    frames = [
        pl.read_csv(path, separator="\t", null_values=["-", "NA"]).with_columns(rule=pl.lit(rule_of(path, folder)))
        for path in sorted(Path(folder).rglob("*.tsv"))
    ]
    jobs.write_text(output, time_per_rule(pl.concat(frames, how="diagonal_relaxed")).write_csv())


def rule_of(path: Path, folder: str) -> str:
    return path.relative_to(folder).parts[0].removesuffix(".tsv")


if "snakemake" in globals():
    jobs.start(snakemake.log[0])
    main(snakemake.params.folder, snakemake.output[0])
