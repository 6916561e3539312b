"""train_grpo: a model learns from its own answers to the training questions, judged as it gives them."""

import json
from pathlib import Path

from reversal import checkpoints, devices, jobs, tables
from reversal.learning import grpo, making
from reversal.seals import file_digest
from reversal.seeds import seed_for


def main(parent_json, problems_path, code, step, task, workers, seed_parts, lineage, model_json, losses_path) -> None:
    parent, seed = checkpoints.weights_folder(parent_json, lineage), seed_for(*seed_parts)
    problems = tables.read(problems_path, tables.PROBLEMS)
    origin = {"lineage": lineage, "parent": parent_json, "step": step, "task": task, "seed": seed}
    origin |= {
        "rows": problems.height,
        "training_set_sha256": file_digest(problems_path),
        "code": code,
    }
    recipe = {key: value for key, value in step.items() if key not in ("trainer", "from")}

    def build(work: str, finished: str):
        return grpo.train(parent, problems, task, **recipe, seed=seed, work=work, output=finished, workers=workers)

    making.make(build, origin, model_json, losses_path, Path(parent_json).read_text())


if "snakemake" in globals():
    jobs.start(snakemake.log[0])
    devices.lease(snakemake.resources.get("gpu", 0))
    main(
        snakemake.input.get("parent"),
        snakemake.input.problems,
        snakemake.params.code,
        json.loads(snakemake.params.step),
        json.loads(snakemake.params.task),
        snakemake.threads,
        json.loads(snakemake.params.seed_parts),
        snakemake.wildcards.lineage,
        snakemake.output.model,
        snakemake.output.losses,
    )
