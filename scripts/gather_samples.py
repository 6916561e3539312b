"""gather_samples: the shards of a problem set as one table, in an order that does not depend on the sharding."""

import polars as pl
from reversal import jobs, tables


def main(problems_path: str, shard_paths: list[str], output: str) -> None:
    problems = tables.read(problems_path, tables.PROBLEMS).select("problem_id").with_row_index("place")
    samples = pl.concat([tables.read(path, tables.SAMPLES) for path in shard_paths])
    ordered = samples.join(problems, on="problem_id").sort("place", "decoding", "sample_index").drop("place")
    tables.write(ordered, tables.SAMPLES, output)


if "snakemake" in globals():
    jobs.start(snakemake.log[0])
    main(snakemake.input.problems, list(snakemake.input.shards), snakemake.output[0])
