"""fetch_checkpoint: a model that others made, from a folder, the hub or an adapter, as a checkpoint of this study."""

import json
import time

from reversal import checkpoints, holding, hub, jobs
from reversal.learning.training import merge


def main(source: dict, base_json: str | None, adapted: str | None, lineage: str, model_json: str) -> None:
    """source: {hub, revision}, {folder} or {base}. adapted: the model that an adapter in the folder belongs to."""
    started = time.time()
    work = checkpoints.work_folder(model_json, source, base_json, adapted)
    holding.hold(work)
    finished, base = f"{work}/finished", checkpoints.weights_folder(base_json, lineage) if base_json else None
    if "hub" in source:
        hub.download(source["hub"], source["revision"], finished)
    elif "base" in source:
        hub.link(base, finished)
    elif adapted or base:  # the rule asks for a base where the folder holds an adapter alone
        merge(adapted or base, source["folder"], finished)
    else:
        hub.link(source["folder"], finished)
    origin = {"lineage": lineage, "source": source, "seconds": round(time.time() - started, 1)}
    checkpoints.publish(finished, model_json, origin | ({"adapted": adapted or base} if adapted or base else {}))
    checkpoints.forget_unfinished(model_json)


if "snakemake" in globals():
    jobs.start(snakemake.log[0])
    main(
        json.loads(snakemake.params.source),
        snakemake.input.get("base"),
        snakemake.params.adapted,
        snakemake.wildcards.lineage,
        snakemake.output[0],
    )
