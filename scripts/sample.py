"""sample: one shard of a model's answers to one or several problem sets."""

import json

from reversal import checkpoints, devices, jobs, tables
from reversal.requests import requests_for
from reversal.sampling import generate


def main(problems_paths, model_json, settings, engine, gpus, prompt, stop, seed_parts, shard, shards, output) -> None:
    model_path = checkpoints.weights_folder(model_json, output)
    # Every so-many-th problem, so that all shards hold easy and hard ones and end at about the same time.
    requests = [
        request
        for path, of_set in zip(problems_paths, settings, strict=True)
        for request in requests_for(
            tables.read(path, tables.PROBLEMS).gather_every(shards, offset=shard), of_set, prompt, tuple(seed_parts)
        )
    ]
    print(f"{len(requests)} answers, shard {shard + 1} of {shards}", flush=True)
    found = generate(model_path, requests, engine | {"tensor_parallel": gpus}, stop, chat=isinstance(prompt, dict))
    tables.write(found, tables.SAMPLES, output)


# Tensor parallelism starts processes that read this file again, with a snakemake of their own.
if "snakemake" in globals() and __name__ == "__main__":
    jobs.start(snakemake.log[0])
    devices.lease(snakemake.resources.get("gpu", 0))
    main(
        list(snakemake.input.problems),
        snakemake.input.get("model"),
        shard=int(snakemake.wildcards.shard),
        shards=int(snakemake.wildcards.shards),
        gpus=snakemake.resources.processes,
        output=snakemake.output[0],
        **json.loads(snakemake.params.wanted),
    )
