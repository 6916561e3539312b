"""summarise_time: where the time of a study went, from the benchmark files of all its jobs."""

import json
from pathlib import Path

import polars as pl
from reversal import jobs
from reversal.dag import names_of
from reversal.given import with_given
from reversal.summaries import time_per_rule


def main(config: dict, folder: str, output: str) -> None:
    names = names_of(with_given(config))  # other files are of methods and shards that the study had before
    paths = [path for path in sorted(Path(folder).rglob("*.tsv")) if path.stem in names]
    frames = [
        pl.read_csv(path, separator="\t", null_values=["-", "NA"]).with_columns(rule=pl.lit(rule_of(path, folder)))
        for path in paths
    ]
    jobs.write_text(output, time_per_rule(pl.concat(frames, how="diagonal_relaxed")).write_csv())


def rule_of(path: Path, folder: str) -> str:
    return path.relative_to(folder).parts[0].removesuffix(".tsv")


if "snakemake" in globals():
    jobs.start(snakemake.log[0])
    main(json.loads(snakemake.params.config), snakemake.params.folder, snakemake.output[0])
