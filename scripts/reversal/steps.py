"""The steps of a study: what each trainer needs, and which models and answers a step reads beside its parent's.

Light imports only: the rules call this at every start of Snakemake.
"""

from typing import NamedTuple

from reversal.lineages import BASE, first, last_step, parent, path


class Trainer(NamedTuple):
    rule: str  # that makes the model
    rows: str | None = None  # of its training set: answers, or pairs of them; none for one without
    settings: str | None = None  # TRL's class of its arguments
    trains: bool = True


TRAINERS = {
    "sft": Trainer("train", "answers", "SFTConfig"),
    "dpo": Trainer("train", "pairs", "DPOConfig"),
    "grpo": Trainer("train_grpo", settings="GRPOConfig"),
    "script": Trainer("train", "answers"),
    "interpolate": Trainer("interpolate", trains=False),
    "none": Trainer("train", "answers", trains=False),
    "given": Trainer("fetch_checkpoint", trains=False),
}


MAKING = ("train", "train_grpo", "interpolate")  # the rules that make a model out of others


def trainer_of(config: dict, lineage: str) -> Trainer:
    return TRAINERS[config["steps"][last_step(lineage)]["trainer"]]


def made_by(config: dict, lineages: list[str], rule: str) -> list[str]:
    """Those of `lineages` whose last step is a job of this rule."""
    return [lineage for lineage in lineages if trainer_of(config, lineage).rule == rule]


def with_rows(config: dict, lineages: list[str]) -> list[str]:
    """Those of `lineages` that have a training set."""
    return [lineage for lineage in lineages if trainer_of(config, lineage).rows]


def step_of(config: dict, model: str, lineage: str) -> dict:
    """The settings of the lineage's last step, with what the model changes about them."""
    name = last_step(lineage)
    step, own = config["steps"][name], config["models"][model].get("steps", {}).get(name, {})
    return step | {part: step.get(part, {}) | new if isinstance(new, dict) else new for part, new in own.items()}


def start_of(config: dict, lineage: str) -> str:
    """The model whose weights the lineage's last step starts with, or mixes its parent's with."""
    return _earlier(lineage, config["steps"][last_step(lineage)].get("from", "parent"))


def reference_of(config: dict, lineage: str) -> str | None:
    """DPO's reference where it is another model than the one that the step starts from."""
    named = config["steps"][last_step(lineage)].get("reference")
    reference = _earlier(lineage, named) if named else None
    return reference if reference != start_of(config, lineage) else None


def weights_read(config: dict, lineage: str) -> list[str]:
    """The models whose weights the lineage's last step reads: its start, then DPO's reference or what is mixed in."""
    mixed = config["steps"][last_step(lineage)]["trainer"] == "interpolate"
    other = parent(lineage) if mixed else reference_of(config, lineage)
    return list(dict.fromkeys([start_of(config, lineage), *([other] if other else [])]))


def answers_read(config: dict, model: str, task: str, lineage: str) -> list[str]:
    """The models from whose answers to the training questions the lineage's last step learns, the earliest first.

    M1 learns from gold solutions, or from M0's answers where the task has it write its rationales; every later step
    with a training set from its parent's, from those of all models before it (`data: all`), or from none (gold).
    """
    if not trainer_of(config, lineage).rows:
        return []
    if parent(lineage) == BASE:
        return [BASE] if config["tasks"][task].get("rationales") == "few_shot" else []
    data = step_of(config, model, lineage)["training_set"].get("data", "parent")
    return {"parent": [parent(lineage)], "all": path(parent(lineage)), "gold": []}[data]


def accumulates(config: dict, model: str, lineage: str) -> bool:
    """Whether M1's training set is part of this one: of SFT on all data so far. DPO has no use for gold solutions."""
    all_data = step_of(config, model, lineage).get("training_set", {}).get("data") == "all"
    return all_data and trainer_of(config, lineage).rows == "answers" and parent(lineage) != BASE


def _earlier(lineage: str, name: str) -> str:
    return {"parent": parent(lineage), "first": first(lineage), "base": BASE}[name]
