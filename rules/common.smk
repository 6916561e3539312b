# common: all imports of the rules, the study's check, its names and paths, and what every rule says of its software.
import hashlib
import importlib.metadata
import json
import os
import shlex
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from functools import cache
from pathlib import Path

import psutil
import yaml
from snakemake.logging import logger
from snakemake.settings.enums import Quietness
from snakemake.settings.types import DeploymentMethod
from snakemake.shell import shell

sys.path.insert(0, str(Path(workflow.basedir) / "scripts"))
from reversal import checkpoints, checks, code_digests, given, holding, jobs, keeping, lineages, recipes, runs
from reversal import steps, study, study_files
from reversal.planning import ending, status, status_page
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
    """What a rule's params hold of its code: an edit that changes what the script does reruns the rule."""
    digest = code_digests.digest(str(Path(workflow.basedir, "scripts", f"{script}.py")))
    return f"{script}.py {digest}"


def modules(environment):
    """The environment module, if asked for: Snakemake counts a named one as other software even where it loads none."""
    in_use = DeploymentMethod.ENV_MODULES in workflow.deployment_settings.deployment_method
    return [f"reversal/{environment}"] if in_use else []
