"""gather_samples: the shards of a problem set as one table, in an order that does not depend on the sharding."""

import json

import polars as pl
from reversal import jobs, tables
from reversal.requests import requests_for


def main(problems_path: str, shard_paths: list[str], asked: dict, output: str) -> None:
    """asked: settings, prompt and seed_parts of reversal.sampling.requests_for, for this problem set."""
    problems = tables.read(problems_path, tables.PROBLEMS)
    samples = pl.concat([tables.read(path, tables.SAMPLES) for path in shard_paths])
    places = problems.select("problem_id").with_row_index("place")
    ordered = samples.join(places, on="problem_id").sort("place", "decoding", "sample_index")
    require_all(ordered, requests_for(problems, **asked), places, shard_paths)
    tables.write(ordered.drop("place"), tables.SAMPLES, output)


def require_all(samples: pl.DataFrame, requests: list[dict], places: pl.DataFrame, shard_paths: list[str]) -> None:
    """Raises ValueError, which names the shards, unless there is one answer to every request and no other."""
    key = [*tables.SAMPLE_KEY, "seed"]
    wanted = pl.DataFrame(requests, schema={name: tables.SAMPLES[name] for name in key})
    lacking = wanted.join(samples, on=key, how="anti").join(places, on="problem_id")
    if lacking.height or samples.height != wanted.height:
        # sample.py: shard i of n has every n-th problem from the i-th on
        of = [shard_paths[shard] for shard in sorted(set(lacking["place"] % len(shard_paths)))] or shard_paths
        raise ValueError(
            f"{', '.join(of)}: {samples.height} answers, of which {wanted.height - lacking.height} are to the "
            f"{wanted.height} that were asked for; delete this file and run again"
        )


if "snakemake" in globals():
    jobs.start(snakemake.log[0])
    main(
        snakemake.input.problems,
        list(snakemake.input.shards),
        json.loads(snakemake.params.asked),
        snakemake.output[0],
    )
