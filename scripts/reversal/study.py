"""A study's configuration: what its rules and scripts take from it.

Light imports only: the rules call this at every start of Snakemake.
"""

import json

from reversal.lineages import BASE, last_step, series


def without_nulls(value):
    """The configuration less every key set to null: how a study takes an entry of config.yaml away."""
    if isinstance(value, dict):
        return {key: without_nulls(entry) for key, entry in value.items() if entry is not None}
    return [without_nulls(entry) for entry in value] if isinstance(value, list) else value


def canonical(value) -> str:
    """One JSON text per value, whatever the order of its keys: Snakemake compares params as text."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def bases_of(model: dict) -> list[int]:
    """The replicates of a base model: the seeds that it is pre-trained with, or 0 for one that is given."""
    return model["pretrain"]["seeds"] if "pretrain" in model else [0]


def runs_in_words(config: dict) -> str:
    """How many independent runs a study's numbers come from."""
    if all("given" in method for method in config["methods"].values()):
        return "of these models"
    bases, seeds = max(len(bases_of(model)) for model in config["models"].values()), len(config["seeds"])
    if bases == seeds == 1:
        return "of this run: one base, one seed"
    return f"bases: {bases}, seeds of each: {seeds}"


def pretraining_of(model: dict, base: int) -> dict:
    """What one base is pre-trained with: the model's recipe, and the base's seed instead of those of all."""
    return {key: value for key, value in model["pretrain"].items() if key != "seeds"} | {"seed": base}


def batch_of(problems: str) -> str:
    """The batch that answers a problem set: train, or evaluation for the test and OOD sets."""
    return "train" if problems == "train" else "evaluation"


def sets_of(task: dict, batch: str) -> list[str]:
    """The problem sets that one engine answers in one go: train alone, or all that a model is evaluated on."""
    return ["train"] if batch == "train" else ["test", *task["ood"]]


def source_of(task: dict, problems: str) -> dict:
    """Where a task's problem set comes from: train, test, or one of its OOD sets."""
    return task[problems] if problems in ("train", "test") else task["ood"][problems]


def step_of(config: dict, model: str, lineage: str) -> dict:
    """The settings of the lineage's last step, with what the model changes about them."""
    name = last_step(lineage)
    step, own = config["steps"][name], config["models"][model].get("steps", {}).get(name, {})
    return step | {part: step.get(part, {}) | new if isinstance(new, dict) else new for part, new in own.items()}


def answers_wanted(config: dict, batch: str, base: int, seed: int, model: str, task: str, lineage: str) -> dict:
    """What sample does for a batch: sampled answers for train, greedy and sampled for test, greedy for OOD sets.

    The base model, asked for rationales, gets the few-shot prompt. The keys are the arguments of scripts/sample.py.
    """
    sampling, settings = config["sampling"], config["tasks"][task]
    decoding = {"max_tokens": settings["max_tokens"]} | {key: sampling[key] for key in ("temperature", "top_p")}
    train = {"greedy": False, "sampled": sampling["train_samples"]}
    test = {"greedy": True, "sampled": sampling["test_samples"]}
    ood = {"greedy": True, "sampled": 0}
    return {
        "settings": [
            {**{"train": train, "test": test}.get(name, ood), **decoding} for name in sets_of(settings, batch)
        ],
        "engine": sampling["engine"],
        "prompt": settings["few_shot_prompt" if lineage == BASE else "prompt"],
        "stop": settings["stop"],
        "seed_parts": [base, seed, model, task, lineage],
    }


def kinds_of_methods(config: dict) -> dict[str, str]:
    """{method: "dpo" if one of its steps is trained with DPO, "given", or "sft"}: for the paper's coverage rule."""
    chains = {name: series(method, config["iterations"])[-1].split("-") for name, method in config["methods"].items()}
    trainers = {name: {config["steps"][step]["trainer"] for step in chain} for name, chain in chains.items()}
    return {name: "dpo" if "dpo" in used else "given" if "given" in used else "sft" for name, used in trainers.items()}


def gpus_to_sample(config: dict, model: str) -> int:
    """How many GPUs one job that samples from `model` uses, where there are any."""
    return config["models"][model].get("tensor_parallel", 1)


def gpus_to_train(config: dict, model: str, step: str) -> int:
    """How many GPUs one job that trains `model` by `step` uses, where there are any."""
    settings = step_of(config, model, step)
    return 0 if settings["trainer"] in ("none", "given") else settings.get("gpus", 1)


def gpus_beyond(config: dict, cap: int) -> list[str]:
    """What asks for more GPUs than `cap` (0: there are none, all runs without), one sentence each.

    Snakemake itself would lower the request to the cap and start the job.
    """
    steps = {last_step(m) for method in config["methods"].values() for m in series(method, config["iterations"])}
    asked = {}
    for name, model in config["models"].items():
        asked[f"models.{name}.tensor_parallel"] = ("sample", gpus_to_sample(config, name))
        for step in sorted(steps):
            owner = f"models.{name}." if "gpus" in model.get("steps", {}).get(step, {}) else ""
            asked[f"{owner}steps.{step}.gpus"] = ("train", gpus_to_train(config, name, step))
    return [
        f"{key}: a {rule} job needs {gpus} GPUs, more than --resources gpu={cap}: raise that to {gpus}, or lower {key}"
        for key, (rule, gpus) in asked.items()
        if 0 < cap < gpus
    ]


def recipe_of(config: dict, model: str, lineage: str) -> dict:
    """What the lineage's last step is trained with: all of its settings that the result depends on."""
    step = step_of(config, model, lineage)
    recipe = {key: step[key] for key in ("trainer", "arguments", "lora") if key in step}
    attention = config["models"][model].get("attention")
    return recipe | ({"attention": attention} if attention else {})


def settings_to_try(config: dict) -> dict:
    """What reversal.trying asks the libraries about; {} for a study that trains nothing and samples with no engine."""
    lineages = {lineage for method in config["methods"].values() for lineage in series(method, config["iterations"])}
    steps = {last_step(lineage) for lineage in lineages}
    trained = sorted(name for name in steps if config["steps"][name]["trainer"] in ("sft", "dpo"))
    sampled = config["sampling"]["engine"]["name"] == "vllm" and any("answers" not in config["steps"][s] for s in steps)
    kept = ("pretrain", "hub", "revision", "folder")
    models = {
        name: {key: model[key] for key in kept if key in model}
        | {"steps": {step: recipe_of(config, name, step) for step in trained}}
        for name, model in config["models"].items()
        if set(kept) & set(model)
    }
    if not models or not (trained or sampled):
        return {}
    return {
        "models": models,
        "engine": config["sampling"]["engine"] if sampled else {"name": "none"},
        "decoding": {key: config["sampling"][key] for key in ("temperature", "top_p")},
        "max_tokens": {name: task["max_tokens"] for name, task in config["tasks"].items()},
    }
