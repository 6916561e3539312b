"""pretrain_base: the embedded base model M0, trained from scratch on generated problems."""

import json
import time

from reversal import checkpoints, devices, holding, jobs
from reversal.learning.pretraining import corpus_texts, pretrain
from reversal.learning.watching import DivergedError


def main(recipe: dict, threads: int, model_json: str) -> None:
    started = time.time()
    work = checkpoints.work_folder(model_json, recipe)
    holding.hold(work)
    texts = corpus_texts(recipe["corpus"], recipe["prompt"], recipe["hard_changes"])
    print(f"{len(texts)} texts", flush=True)
    try:
        pretrain(texts, recipe, threads, work, f"{work}/finished")
    except DivergedError as error:
        raise RuntimeError(
            f"The training of {model_json} diverged: {error}. Nothing is published; its last good checkpoint, if there "
            f"is one, stays in {work}. Lower the learning_rate in its arguments: {json.dumps(recipe['arguments'])}."
        ) from error
    origin = {"lineage": "base", "recipe": recipe, "seconds": round(time.time() - started, 1)}
    checkpoints.publish(f"{work}/finished", model_json, origin)
    checkpoints.forget_unfinished(model_json)


if "snakemake" in globals():
    jobs.start(snakemake.log[0])
    devices.lease(snakemake.resources.get("gpu", 0))
    main(json.loads(snakemake.params.recipe), snakemake.threads, snakemake.output[0])
