"""sample: one shard of a model's answers to a problem set."""

import json
from pathlib import Path

from reversal import jobs, tables
from reversal.sampling import generate, requests_for


def main(problems_path, model_path, settings, engine, prompt, seed_parts, shard, shards, output) -> None:
    # Every so-many-th problem, so that all shards hold easy and hard ones and end at about the same time.
    problems = tables.read(problems_path, tables.PROBLEMS).gather_every(shards, offset=shard)
    requests = requests_for(problems, settings, prompt, tuple(seed_parts))
    print(f"{len(requests)} answers to {problems.height} problems, shard {shard + 1} of {shards}", flush=True)
    tables.write(generate(model_path, requests, engine), tables.SAMPLES, output)


if "snakemake" in globals():
    jobs.log_to(snakemake.log[0])
    main(
        snakemake.input.problems,
        str(Path(snakemake.input.model).parent),
        json.loads(snakemake.params.settings),
        json.loads(snakemake.params.engine),
        snakemake.params.prompt,
        json.loads(snakemake.params.seed_parts),
        int(snakemake.wildcards.shard),
        int(snakemake.wildcards.shards),
        snakemake.output[0],
    )
