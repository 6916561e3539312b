"""fetch_base: the base model M0 from the hub, from a local folder, or out of an installed package."""

import json
import time

from reversal import checkpoints, holding, hub, jobs


def main(source: dict, model_json: str) -> None:
    started = time.time()
    work = checkpoints.work_folder(model_json, source)
    holding.hold(work)
    if "hub" in source:
        hub.download(source["hub"], source["revision"], f"{work}/finished")
    elif "package" in source:
        hub.unpack(source["package"], f"{work}/finished")
    else:
        hub.link(source["folder"], f"{work}/finished")
    origin = {"lineage": "base", "source": source, "seconds": round(time.time() - started, 1)}
    checkpoints.publish(f"{work}/finished", model_json, origin)
    checkpoints.forget_unfinished(model_json)


if "snakemake" in globals():
    jobs.start(snakemake.log[0])
    main(json.loads(snakemake.params.source), snakemake.output[0])
