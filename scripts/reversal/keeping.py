"""Which checkpoints a study keeps (keep_models), and which of the removed ones it needs again.

A removed checkpoint leaves model/removed.json: its model.json and the uses that were over by then, each with its
recipe, a digest of all that the use is made of. A use is a batch of answers or the making of a model that reads the
weights: a child, or a later one that starts from them (reversal.steps). One that is over under the same recipe no
longer needs the weights; any other does, and so the checkpoint is trained again.

Standard library only: the rules import this module, and every cluster job parses the rules again.
"""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

from reversal import lineages
from reversal.steps import answers_read, made_by, step_of, weights_read
from reversal.study import FRONTIER, answers_wanted, canonical, frontier_lineages, pretraining_of, sets_of

# The scripts whose code is part of a recipe: those that a first model comes from, and those of its answers.
TRAINING = ["prepare_problems", "pretrain_base", "fetch_base", "build_training_set", "train", "interpolate"]
REINFORCING = ["train_grpo"]
ANSWERING = ["sample", "gather_samples"]
JUDGING = ["verify"]
Uses = dict[str, str]  # {"train", "evaluation", "frontier" or the lineage of a reader: recipe}
Code = Callable[[str], str]  # the digest of a script, by its name


def readers_of(config: dict, all_lineages: list[str]) -> dict[str, list[str]]:
    """{lineage: the models whose making reads its weights}."""
    found: dict[str, list[str]] = {lineage: [] for lineage in all_lineages}
    for reader in all_lineages:
        for lineage in set(weights_read(config, reader)) - {lineages.BASE}:
            found[lineage].append(reader)
    return found


def learners_of(config: dict, model: str, task: str, all_lineages: list[str]) -> dict[str, list[str]]:
    """{lineage: the models that learn from its answers to the training questions}."""
    found: dict[str, list[str]] = {lineage: [] for lineage in all_lineages}
    for learner in all_lineages:
        for lineage in set(answers_read(config, model, task, learner)) - {lineages.BASE}:
            found[lineage].append(learner)
    return found


def judged_after(lineage: str, readers: dict[str, list[str]]) -> list[str]:
    """The models that may be removed once this one is scored: those that led to it, or after a last one, any.

    Only then are all methods known that share a model. One that a much later step reads again waits for a last one, so
    that the others need not wait with it. readers: `readers_of` all models.
    """
    if all(lineages.parent(other) != lineage for other in readers):
        return list(readers)
    path = lineages.path(lineage)
    return [m for m in path if all(lineages.parent(reader) in path for reader in readers[m])]


def removable(series: dict[str, list[str]], keep: str, accuracy: dict[str, float]) -> list[str]:
    """The models that need not stay: no method's last one and, for best_and_last, no method's best so far.

    series: {method: lineages}. keep: best_and_last or last. accuracy: greedy accuracy of the models scored so far; of
    equal ones the earliest is the best.
    """

    def is_best(lineage: str, chain: list[str]) -> bool:
        return lineage == max((other for other in chain if other in accuracy), key=accuracy.__getitem__)

    chains = {lineage: [chain for chain in series.values() if lineage in chain] for lineage in accuracy}
    return [
        lineage
        for lineage, its in chains.items()
        if all(chain[-1] != lineage for chain in its)
        and (keep == "last" or not any(is_best(lineage, chain) for chain in its))
    ]


def uses(config: dict, all_lineages: list[str], model: str, task: str, lineage: str, code: Code) -> Uses:
    """What a model's weights are needed for in this study."""
    learners = learners_of(config, model, task, all_lineages).get(lineage, [])
    batches = ["evaluation", "train"] if learners or lineages.iteration(lineage) == 1 else ["evaluation"]
    # Where all models are to stay, one that was removed earlier is never done with: asked for, it brings its parents.
    kept = ["keep"] if config["keep_models"] == "all" else []
    answers = recipe(config, model, task, lineage, code, answered=True)
    hot = [FRONTIER] if lineage in frontier_lineages(config) else []
    wanted = answers_wanted(config, FRONTIER, 0, 0, model, task, lineage)["settings"]
    return (
        dict.fromkeys(batches + kept, answers)
        | dict.fromkeys(hot, f"{answers} {canonical(wanted)}")
        | {
            reader: recipe(config, model, task, reader, code, answered=False)
            for reader in readers_of(config, all_lineages).get(lineage, [])
        }
    )


def recipe(config: dict, model: str, task: str, lineage: str, code: Code, answered: bool) -> str:
    """A digest of everything that a model (or its answers) is made of, down to the problems and the code.

    It may hold more than that: a use whose recipe changed merely asks for weights that it would not have read.
    """
    path = lineages.path(lineage)
    from_answers = any(answers_read(config, model, task, step) for step in path)
    stages = TRAINING + (ANSWERING if answered or from_answers else []) + (JUDGING if from_answers else [])
    stages += REINFORCING if made_by(config, path, "train_grpo") else []
    steps = [step_of(config, model, step) for step in path]
    settings = {
        "model": _origin(config["models"][model]),
        "steps": [{key: value for key, value in step.items() if key != "gpus"} for step in steps],
        "scripts": [Path(step["script"]).read_text() for step in steps if "script" in step],
        "task": config["tasks"][task],
        "sampling": {key: value for key, value in config["sampling"].items() if key != "shards"},
        "sandboxed": config["verification"]["sandboxed"],
        "code": {stage: code(stage) for stage in stages},
    }
    return hashlib.sha256(canonical(settings).encode()).hexdigest()[:12]


def _origin(model: dict) -> dict:
    """What a base model is made of; its own seed is the name of its folder."""
    origin = {key: value for key, value in model.items() if key not in ("steps", "tensor_parallel")}
    return origin | ({"pretrain": pretraining_of(model, 0)} if "pretrain" in model else {})


def is_over(folder: Path, lineage: str, use: str, task: dict, uses_of: Callable[[str], Uses]) -> bool:
    """Whether a use of a removed checkpoint was made before, just as it would be made now, and its results are there.

    folder: results/{study}/{model}/base{base}/{task}/seed{seed}. uses_of: the uses of a lineage in the study as it
    is now.
    """
    removed = _removed(folder, lineage)
    if removed is None or removed["uses"].get(use) != uses_of(lineage)[use]:
        return False
    if not use.startswith(f"{lineage}-"):  # a batch
        return all((folder / lineage / "samples" / f"{name}.parquet").exists() for name in sets_of(task, use))
    if _removed(folder, use) is None:
        return (folder / use / "model/model.json").exists()
    return all(is_over(folder, use, later, task, uses_of) for later in uses_of(use))


def _removed(folder: Path, lineage: str) -> dict | None:
    """What a removed checkpoint left behind; None for one that is there, or was never trained."""
    place = folder / lineage / "model"
    if (place / "model.json").exists() or not (place / "removed.json").exists():
        return None
    return json.loads((place / "removed.json").read_text())
