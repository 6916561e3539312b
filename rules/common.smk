# common: the study's names and paths, its check, and what every rule needs to say what it depends on.
import json
import os
import sys
from functools import cache
from modulefinder import ModuleFinder
from pathlib import Path

import yaml
from snakemake.settings.types import DeploymentMethod

sys.path.insert(0, str(Path(workflow.basedir) / "scripts"))
from reversal import checks, given, lineages, recipes, steps, study, study_files
from reversal.study import answers_wanted, asked, bases_of, batch_of, canonical, frontier_lineages, kinds_of_methods
from reversal.study import sets_of, shards_of, source_of, without_nulls

if workflow.is_main_process:  # jobs on a cluster read the same files
    faults = study_files.faults([*filter(os.path.exists, ["config.yaml"]), *map(str, workflow.overwrite_configfiles)])
    if faults:
        raise WorkflowError("The study's files cannot be used:\n  " + "\n  ".join(faults))
config = without_nulls(study.with_likes(config))
with open(Path(workflow.basedir) / "rules" / "config.schema.yaml") as schema_file:
    faults = checks.problems_of(config, yaml.safe_load(schema_file)) or checks.missing_files(config)
if workflow.is_main_process and not faults and "series" not in config:
    faults = recipes.inherited(config, study.with_likes(workflow.config_settings.overwrite_config))
if faults:
    raise WorkflowError("The study's configuration cannot be used:\n  " + "\n  ".join(faults))
AS_WRITTEN, config = config, given.with_given(config)

# Threads of OpenMP that wait at a barrier spin: beside other work a training took thirty times as long for it. Jobs, on
# clusters too, inherit this; whoever has set something else keeps it.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

RESULTS = f"results/{config['study']}"
ROOT = os.path.relpath(workflow.basedir)  # relative: Snakemake knows files by their paths, and a study may move
BASE = f"{RESULTS}/{{model}}/base{{base}}"
MODEL = f"{BASE}/{{task}}/seed{{seed}}/{{lineage}}"
LOG = "{model}-base{base}-{task}-seed{seed}-{lineage}"
SERIES = {name: lineages.series(method, config["iterations"]) for name, method in config["methods"].items()}
ALL_LINEAGES = sorted({lineage for chain in SERIES.values() for lineage in chain})
ANSWERS = given.answers_of(config)  # {step: files} of models that are known by their answers alone
BY_ANSWERS = [lineage for lineage in ALL_LINEAGES if lineages.last_step(lineage) in ANSWERS]
TRAINED = [m for m in ALL_LINEAGES if config["steps"][lineages.last_step(m)]["trainer"] != "given"]
SCORED = [*([lineages.BASE] if TRAINED else []), *ALL_LINEAGES]  # M0 too, where a method starts from it
SAMPLED = [lineages.BASE, *(lineage for lineage in ALL_LINEAGES if lineage not in BY_ANSWERS)]


def one_of(names):
    """A pattern that matches these names only, and nothing if there are none."""
    return "|".join(names) or "(?!)"


wildcard_constraints:
    model=one_of(config["models"]),
    task=one_of(config["tasks"]),
    base=r"\d+",
    seed=r"\d+",
    lineage=r"[a-z0-9_]+(-[a-z0-9_]+(\.\d+)?)*",
    problems="[A-Za-z0-9_-]+",
    batch="train|evaluation|frontier",
    shard=r"\d+",


@cache
def code(script):
    """The script and the library modules it imports, directly or not: an edit to one of them reruns the rule."""
    scripts = os.path.normpath(f"{ROOT}/scripts")
    finder = ModuleFinder(path=[scripts])
    finder.run_script(f"{scripts}/{script}.py")
    modules = {os.path.relpath(m.__file__) for name, m in finder.modules.items() if name.split(".")[0] == "reversal"}
    return [f"{scripts}/{script}.py", *sorted(modules)]


def modules(environment):
    """The environment module, if asked for: Snakemake counts a named one as other software even where it loads none."""
    in_use = DeploymentMethod.ENV_MODULES in workflow.deployment_settings.deployment_method
    return [f"reversal/{environment}"] if in_use else []


def of_lineage(w, lineage, file):
    """`file` of another model of the same series."""
    return f"{RESULTS}/{w.model}/base{w.base}/{w.task}/seed{w.seed}/{lineage}/{file}"


def identity(w):
    """What names a model: its place in the tree of results, and what its seeds are made of."""
    return {"base": int(w.base), "seed": int(w.seed), "model": w.model, "task": w.task, "lineage": w.lineage}


def model_of(w, lineage):
    base = f"{RESULTS}/{w.model}/base{w.base}/model/model.json"
    return base if lineage == lineages.BASE else of_lineage(w, lineage, "model/model.json")


def answers_learnt(w, table):
    """The samples or verdicts on the training problems that a step learns from, of one model after the other."""
    models = steps.answers_read(config, w.model, w.task, w.lineage)
    return [of_lineage(w, lineage, f"{table}/train.parquet") for lineage in models]


def first_rows(w):
    """What trained M1, where a step learns from all data so far."""
    accumulates = steps.accumulates(config, w.model, w.lineage)
    return of_lineage(w, lineages.first(w.lineage), "training_set.parquet") if accumulates else []


def sandbox_of(w):
    """What says that programs can be run safely, where a task's answers are such."""
    return f"{RESULTS}/problems/{w.task}/sandbox.json" if study.runs_programs(config, w.task) else []


def checkpoint_of(w):
    return config["steps"][lineages.last_step(w.lineage)]["checkpoint"]


def train_answered(w):
    """Whether a model's answers to the training questions are scored: its coverage. Those without a model have none."""
    return lineages.iteration(w.lineage) == 1 and "train" in config["tasks"][w.task] and w.lineage not in BY_ANSWERS


def of_sets(w, folder):
    """The tables in `folder`, of a pattern of wildcards, for the test and OOD problems of a task."""
    return expand(f"{folder}/{{problems}}.parquet", problems=sets_of(config["tasks"][w.task], "evaluation"), **w)


def first_verdicts(w):
    """M1's verdicts on the test problems, which the improvement set is measured against; none for M1 itself and M0."""
    first = lineages.first(w.lineage)
    return [] if first == w.lineage else of_lineage(w, first, "verdicts/test.parquet")


def base_verdicts(w):
    """M0's, where the study holds the answers of the others against them; none for M0 itself."""
    wanted = study.reference(config) == "M0" and w.lineage != lineages.BASE
    return of_lineage(w, lineages.BASE, "verdicts/test.parquet") if wanted else []


def every_model(file, replicates=None, lineages=ALL_LINEAGES):
    """`file` of every model, base, task, seed and lineage of the study. replicates: of the first so many bases and seeds."""
    return [
        path
        for model in config["models"]
        for path in expand(
            f"{MODEL}/{file}",
            model=model,
            base=bases_of(config["models"][model])[:replicates],
            task=config["tasks"],
            seed=config["seeds"][:replicates],
            lineage=lineages,
        )
    ]
