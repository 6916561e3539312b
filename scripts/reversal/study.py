"""A study's configuration: what is wrong with it, in words, before the first job.

Light imports only: the rules call this at every start of Snakemake.
"""

import difflib
import json

from reversal.batches import per_process
from reversal.lineages import BASE, last_step, series


def without_nulls(value):
    """The configuration less every key set to null: how a study takes an entry of config.yaml away."""
    if isinstance(value, dict):
        return {key: without_nulls(entry) for key, entry in value.items() if entry is not None}
    return [without_nulls(entry) for entry in value] if isinstance(value, list) else value


def canonical(value) -> str:
    """One JSON text per value, whatever the order of its keys: Snakemake compares params as text."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


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


def answers_wanted(config: dict, batch: str, model: str, task_name: str, seed: int, lineage: str) -> dict:
    """What sample does for a batch: sampled answers for train, greedy and sampled for test, greedy for OOD sets.

    The base model, asked for rationales, gets the few-shot prompt. The keys are the arguments of scripts/sample.py.
    """
    sampling, task = config["sampling"], config["tasks"][task_name]
    decoding = {"max_tokens": task["max_tokens"]} | {key: sampling[key] for key in ("temperature", "top_p")}
    train = {"greedy": False, "sampled": sampling["train_samples"]}
    test = {"greedy": True, "sampled": sampling["test_samples"]}
    ood = {"greedy": True, "sampled": 0}
    return {
        "settings": [{**{"train": train, "test": test}.get(name, ood), **decoding} for name in sets_of(task, batch)],
        "engine": sampling["engine"],
        "prompt": task["few_shot_prompt" if lineage == BASE else "prompt"],
        "stop": task["stop"],
        "seed_parts": [seed, model, task_name, lineage],
    }


def kinds_of_methods(config: dict) -> dict[str, str]:
    """{method: "dpo" if one of its steps is trained with DPO, else "sft"}: for the paper's coverage rule."""
    chains = {name: series(method, config["iterations"])[-1].split("-") for name, method in config["methods"].items()}
    trainers = {name: {config["steps"][step]["trainer"] for step in chain} for name, chain in chains.items()}
    return {name: "dpo" if "dpo" in used else "sft" for name, used in trainers.items()}


def gpus_to_sample(config: dict, model: str) -> int:
    """How many GPUs one job that samples from `model` uses, where there are any."""
    return config["models"][model].get("tensor_parallel", 1)


def gpus_to_train(config: dict, model: str, step: str) -> int:
    """How many GPUs one job that trains `model` by `step` uses, where there are any."""
    settings = step_of(config, model, step)
    return 0 if settings["trainer"] == "none" else settings.get("gpus", 1)


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


def problems_of(config: dict, schema: dict) -> list[str]:
    """Everything that is wrong with `config`, one sentence each, naming the key and what is allowed; [] if nothing."""
    from jsonschema import Draft202012Validator

    errors = sorted(Draft202012Validator(schema).iter_errors(config), key=lambda error: list(map(str, error.path)))
    return [_sentence(error) for error in errors] or _inconsistencies(config) or _faults_of_own_steps(config, schema)


def _faults_of_own_steps(config: dict, schema: dict) -> list[str]:
    """What is wrong with the steps once a model's own changes to them are made."""
    found = []
    for name, model in config["models"].items():
        own = model.get("steps", {})
        missing = [step for step in own if step not in config["steps"]]
        if missing:
            found.append(f"models.{name}.steps: no such step: {', '.join(missing)}")
            continue
        steps = {step: step_of(config, name, step) for step in config["steps"]}
        plain = {key: settings for key, settings in model.items() if key != "steps"}
        changed = {**config, "steps": steps, "models": {name: plain}}
        found += [f"models.{name}.{fault}" for fault in problems_of(changed, schema)] if own else []
    return found


def _sentence(error) -> str:
    place = ".".join(map(str, error.absolute_path)) or "top level"
    if error.validator == "additionalProperties":
        allowed = sorted(error.schema["properties"])
        unknown = [key for key in error.instance if key not in allowed]
        near = [match for key in unknown for match in difflib.get_close_matches(str(key), allowed, n=1)]
        meant = f" (did you mean {near[0]}?)" if near else ""
        return f"{place}: unknown key {', '.join(map(repr, unknown))}{meant}; allowed: {', '.join(allowed)}"
    return f"{place}: {error.message}"


def _inconsistencies(config: dict) -> list[str]:
    """What no schema can say: names that must exist, lineages that cannot be built, numbers that must fit together."""
    found = []
    steps = config["steps"]
    for name, method in config["methods"].items():
        missing = [step for step in method["start"] + method.get("repeat", []) if step not in steps]
        if missing:
            found.append(f"methods.{name}: no such step: {', '.join(missing)}; steps are: {', '.join(steps)}")
            continue
        try:
            lineages = series(method, config["iterations"])
        except ValueError as error:
            found.append(f"methods.{name}: cannot be built: {error}; add steps to start, or a repeat")
            continue
        if steps[lineages[0]]["trainer"] == "dpo":
            found.append(
                f"methods.{name}: starts with {lineages[0]}, but M1 is trained on gold solutions, which have no "
                f"rejected answers; start with: {', '.join(s for s, v in steps.items() if v['trainer'] != 'dpo')}"
            )
    for name, step in ((name, step) for name, step in steps.items() if step["trainer"] != "none"):
        try:
            per_process(step["arguments"], step.get("gpus", 1))
        except ValueError as error:
            found.append(f"steps.{name}: {error}, or change gpus")
    if config["sampling"]["engine"]["name"] != "vllm":
        spread = [name for name in config["models"] if gpus_to_sample(config, name) > 1]
        found += [f"models.{name}.tensor_parallel: only the engine vllm has it; take vllm or 1" for name in spread]
    for task, settings in config["tasks"].items():
        for name in set(settings["ood"]) & {"train", "test"}:
            found.append(f"tasks.{task}.ood.{name}: an OOD set needs a name other than train and test")
        if settings["rationales"] == "few_shot" and "few_shot_prompt" not in settings:
            found.append(
                f"tasks.{task}: rationales few_shot need a few_shot_prompt: worked examples, then {{question}}"
            )
    places = _prompts_and_sources(config)
    found += [f"{place}: must contain {{question}}" for place, prompt, _ in places if "{question}" not in prompt]
    for place, _, sources in places:
        for name, source in sources.items():
            if "steps" in source and source["steps"][0] > source["steps"][1]:
                where = place.removesuffix(".prompt")
                found.append(f"{where}.{name}.steps: must be [fewest, most], not {source['steps']}")
    return found


def _prompts_and_sources(config: dict) -> list[tuple[str, str, dict]]:
    """(key of a prompt, the prompt, its problem sources by key) of every task and pre-trained model."""
    found = []
    for name, task in config["tasks"].items():
        ood = {f"ood.{key}": source for key, source in task["ood"].items()}
        found.append((f"tasks.{name}.prompt", task["prompt"], {"train": task["train"], "test": task["test"], **ood}))
        if "few_shot_prompt" in task:
            found.append((f"tasks.{name}.few_shot_prompt", task["few_shot_prompt"], {}))
    for name, model in config["models"].items():
        if "pretrain" not in model:
            continue
        corpus = {f"corpus.{i}": source for i, source in enumerate(model["pretrain"]["corpus"])}
        found.append((f"models.{name}.pretrain.prompt", model["pretrain"]["prompt"], corpus))
    return found
