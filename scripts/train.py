"""train: one post-training step from the parent's checkpoint."""

import json
import shutil
import time
from pathlib import Path

import polars as pl
from reversal import checkpoints, devices, holding, jobs, tables
from reversal.lineages import last_step
from reversal.seals import file_digest
from reversal.seeds import seed_for
from reversal.training import train
from reversal.watching import DivergedError


def main(parent_json, rows_path, code, step, chat, gpus, seed_parts, lineage, model_json, losses_path) -> None:
    started = time.time()
    parent = checkpoints.weights_folder(parent_json, lineage)
    schema = tables.DPO_ROWS if step["trainer"] == "dpo" else tables.SFT_ROWS
    rows, seed = tables.read(rows_path, schema), seed_for(*seed_parts)
    origin = {"lineage": lineage, "parent": parent_json, "step": step, "chat": chat, "seed": seed, "rows": rows.height}
    origin |= {"training_set_sha256": file_digest(rows_path), "code": code}
    # The checkpoints of one process and of several have different forms.
    work = checkpoints.work_folder(model_json, origin, Path(parent_json).read_text(), gpus > 1)
    holding.hold(work)
    finished = f"{work}/finished"
    if step["trainer"] == "none":  # a control: the parent under a name of its own, so that it is sampled anew
        shutil.copytree(parent, finished, dirs_exist_ok=True)
        curve = pl.DataFrame(schema=tables.LOSSES)
    else:
        try:
            curve = train(parent, rows, **step, seed=seed, work=work, output=finished, gpus=gpus, chat=chat)
        except DivergedError as error:
            raise RuntimeError(
                f"The training of {lineage} ({model_json}) diverged: {error}. Nothing is published; its last good "
                f"checkpoint, if there is one, stays in {work}. Lower the learning_rate of the step "
                f"{last_step(lineage)}, whose recipe was {json.dumps(step)}."
            ) from error
    tables.write(curve, tables.LOSSES, losses_path)
    checkpoints.publish(finished, model_json, {**origin, "seconds": round(time.time() - started, 1)})
    checkpoints.forget_unfinished(model_json)


if "snakemake" in globals():
    jobs.start(snakemake.log[0])
    devices.lease(snakemake.resources.get("gpu", 0))
    main(
        snakemake.input.get("parent"),
        snakemake.input.rows,
        snakemake.params.code,
        json.loads(snakemake.params.step),
        snakemake.params.chat,
        snakemake.resources.processes,
        json.loads(snakemake.params.seed_parts),
        snakemake.wildcards.lineage,
        snakemake.output.model,
        snakemake.output.losses,
    )
