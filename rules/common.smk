# common: the study's names and paths, its check, and what every rule needs to say what it depends on.
import sys
from modulefinder import ModuleFinder
from pathlib import Path

import yaml

sys.path.insert(0, str(Path(workflow.basedir) / "scripts"))
from reversal import lineages
from reversal.study import canonical, problems_of, without_nulls

config = without_nulls(config)
with open(Path(workflow.basedir) / "rules" / "config.schema.yaml") as schema_file:
    faults = problems_of(config, yaml.safe_load(schema_file))
if faults:
    raise WorkflowError(
        "The study's configuration cannot be used:\n  " + "\n  ".join(faults)
    )

RESULTS = f"results/{config['study']}"
MODEL = RESULTS + "/{model}/{task}/seed{seed}/{lineage}"
LOG = "/{model}-{task}-seed{seed}-{lineage}"
SERIES = {
    name: lineages.series(method, config["iterations"])
    for name, method in config["methods"].items()
}
ALL_LINEAGES = sorted({lineage for chain in SERIES.values() for lineage in chain})


wildcard_constraints:
    model="|".join(config["models"]),
    task="|".join(config["tasks"]),
    seed=r"\d+",
    lineage="[a-z0-9_]+(-[a-z0-9_]+)*",
    problems="[A-Za-z0-9_-]+",
    shard=r"\d+",


def code(script):
    """The script and the library modules it imports, directly or not: an edit to one of them reruns the rule."""
    scripts = Path(workflow.basedir) / "scripts"
    finder = ModuleFinder(path=[str(scripts)])
    finder.run_script(str(scripts / f"{script}.py"))
    modules = {
        m.__file__
        for name, m in finder.modules.items()
        if name.split(".")[0] == "reversal"
    }
    return [str(scripts / f"{script}.py"), *sorted(modules)]


def problem_set(w):
    """The configuration of a task's problem set: train, test, or one of its OOD sets."""
    task = config["tasks"][w.task]
    return (
        task[w.problems] if w.problems in ("train", "test") else task["ood"][w.problems]
    )


def model_of(w, lineage):
    """model.json of a lineage, or of the base model."""
    if lineage == lineages.BASE:
        return f"{RESULTS}/{w.model}/base/model/model.json"
    return (
        MODEL.format(model=w.model, task=w.task, seed=w.seed, lineage=lineage)
        + "/model/model.json"
    )


def every_model(path):
    """`path` for every model, task, seed and lineage of the study."""
    return expand(
        MODEL + path,
        model=config["models"],
        task=config["tasks"],
        seed=config["seeds"],
        lineage=ALL_LINEAGES,
    )
