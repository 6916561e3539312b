"""Which names of a study cannot be names of its files, in words, before the first job.

Light imports only: the rules call this at every start of Snakemake.
"""

import re

from reversal.lineages import series
from reversal.study import bases_of, sets_of

LONGEST = 255  # bytes of a file's name, on every Linux file system
ENDLESS = re.compile(r"(.+)\1{19}$")  # what Snakemake takes for an endless loop of rules (PeriodicWildcardError)


def faults(config: dict) -> list[str]:
    """One sentence for every key whose names are too long or repeat themselves too often; [] if none."""
    keys = {f"models.{name}": name for name in config["models"]} | {f"tasks.{name}": name for name in config["tasks"]}
    keys |= {f"steps.{name}": name for name in config["steps"]}
    keys |= {f"tasks.{task}.ood.{name}": name for task, settings in config["tasks"].items() for name in settings["ood"]}
    found = [
        f"{key}: ends in {endless[1]!r} twenty times, which Snakemake takes for an endless loop; choose another name"
        for key, name in keys.items()
        if (endless := ENDLESS.search(name))
    ]
    return found or _too_long(config)


def _too_long(config: dict) -> list[str]:
    longest = max((_of_job(config, model, task) for model in config["models"] for task in config["tasks"]), key=len)
    found = []
    for name, method in config["methods"].items():
        chain = series(method, config["iterations"])
        fits = sum(len(longest.format(lineage).encode()) <= LONGEST for lineage in chain)
        if fits < len(chain):
            key = f"methods.{name}" if "given" in method else "iterations"
            found.append(
                f"{key}: names of files hold all steps of a model, and of {name}'s {len(chain)} iterations {fits} fit "
                f"into {LONGEST} bytes; take fewer, or shorter names of steps, models and tasks"
            )
    return found


def _of_job(config: dict, model: str, task: str) -> str:
    """The longest log of a model, less its lineage."""
    shards = max(config["sampling"]["shards"].values())
    batches = [f"evaluation-{shards - 1}-of-{shards}", *sets_of(config["tasks"][task], "evaluation")]
    base, seed = max(bases_of(config["models"][model])), max(config["seeds"])
    return f"{model}-base{base}-{task}-seed{seed}-{{}}-{max(batches, key=len)}.json"
