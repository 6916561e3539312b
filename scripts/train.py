"""train: one post-training step from the checkpoint of the parent, or of an earlier model."""

import json
import shutil
from pathlib import Path

import polars as pl
from reversal import checkpoints, devices, jobs, tables
from reversal.learning import making, own_steps
from reversal.learning.training import train
from reversal.seals import file_digest
from reversal.seeds import seed_for


def main(
    parent_json,
    reference_json,
    rows_path,
    code,
    step,
    chat,
    gpus,
    seed_parts,
    lineage,
    model_json,
    losses_path,
) -> None:
    parent = checkpoints.weights_folder(parent_json, lineage)
    schema = tables.DPO_ROWS if step["trainer"] == "dpo" else tables.SFT_ROWS
    rows, seed = tables.read(rows_path, schema), seed_for(*seed_parts)
    origin = {"lineage": lineage, "parent": parent_json, "step": step, "chat": chat, "seed": seed, "rows": rows.height}
    origin |= {"training_set_sha256": file_digest(rows_path), "code": code}
    recipe, read = {key: value for key, value in step.items() if key != "from"}, [parent_json]
    if "script" in step:
        read.append(step["script"])
    if "reference" in step:
        recipe["reference"] = checkpoints.weights_folder(reference_json, lineage)
        origin["reference"] = reference_json
        read.append(reference_json)

    def build(work: str, finished: str) -> pl.DataFrame:
        if step["trainer"] == "none":  # a control: the parent under a name of its own, so that it is sampled anew
            shutil.copytree(parent, finished, dirs_exist_ok=True)
            return pl.DataFrame(schema=tables.LOSSES)
        if step["trainer"] == "script":
            return own_steps.train(parent, rows, step["script"], step["arguments"], seed, work, finished, chat)
        return train(parent, rows, **recipe, seed=seed, work=work, output=finished, gpus=gpus, chat=chat)

    # The checkpoints of one process and of several have different forms.
    making.make(build, origin, model_json, losses_path, *(Path(path).read_text() for path in read), gpus > 1)


if "snakemake" in globals():
    jobs.start(snakemake.log[0])
    devices.lease(snakemake.resources.get("gpu", 0))
    main(
        snakemake.input.get("parent"),
        snakemake.input.get("reference"),
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
