"""What all scripts that make a model do: unfinished work is found again, and the model appears whole or not at all."""

import json
import time
from collections.abc import Callable

import polars as pl

from reversal import checkpoints, holding, tables
from reversal.learning.watching import DivergedError
from reversal.lineages import last_step


def make(
    build: Callable[[str, str], pl.DataFrame], origin: dict, model_json: str, losses_path: str, *depends_on: object
) -> None:
    """Has `build` make a checkpoint and publishes it with its LOSSES.

    build(work, finished): makes the checkpoint `finished`, a folder in the folder `work`, where a killed job finds its
    unfinished training again; returns LOSSES. origin: what the model is made of, for model.json, with its lineage and
    step. depends_on: what else another work folder belongs to. Raises RuntimeError if the training diverges.
    """
    started = time.time()
    work = checkpoints.work_folder(model_json, origin, *depends_on)
    holding.hold(work)
    try:
        curve = build(work, f"{work}/finished")
    except DivergedError as error:
        raise RuntimeError(
            f"The training of {origin['lineage']} ({model_json}) diverged: {error}. Nothing is published; its last "
            f"good checkpoint, if there is one, stays in {work}. Lower the learning_rate of the step "
            f"{last_step(origin['lineage'])}, whose recipe was {json.dumps(origin['step'])}."
        ) from error
    tables.write(curve, tables.LOSSES, losses_path)
    if origin["step"].get("arguments", {}).get("save_total_limit", 1) > 1:
        checkpoints.keep_inside(work, model_json)
    checkpoints.publish(f"{work}/finished", model_json, {**origin, "seconds": round(time.time() - started, 1)})
    checkpoints.forget_unfinished(model_json)
