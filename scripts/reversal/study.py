"""A study's configuration: what its rules and scripts take from it.

Light imports only: the rules call this at every start of Snakemake.
"""

import json

from reversal.lineages import BASE, last_step, parent, series
from reversal.steps import TRAINERS, reference_of, start_of, step_of

FRONTIER = "frontier"  # the answers to the test problems at the temperatures of `evaluation`, and their batch

PROGRAMS = {"program", "programs", "mbpp"}  # an answer type, a generator and a format


def with_likes(config: dict) -> dict:
    """`config` with every step that is `like` another as that step is, its own keys laid over; models' changes, too.

    Before nulls are taken out, so that a null takes away what the other step has. A step like one that is not there, or
    that is itself like another, stays as it is, and the schema says what is wrong with it.
    """
    steps = _maps(config.get("steps"))
    likes = {name: str(step["like"]) for name, step in steps.items() if "like" in step}
    likes = {name: other for name, other in likes.items() if other in steps and other not in likes}

    def filled(own: dict) -> dict:
        both = {name: _laid_over(own.get(other, {}), own.get(name, {})) for name, other in likes.items()}
        return own | {name: {k: v for k, v in step.items() if k != "like"} for name, step in both.items() if step}

    models = {
        name: model | {"steps": model["steps"] | filled(_maps(model["steps"]))}
        for name, model in _maps(config.get("models")).items()
        if _maps(model.get("steps"))
    }
    found = {"steps": config["steps"] | filled(steps)} if likes else {}
    return config | found | ({"models": config["models"] | models} if likes and models else {})


def _maps(value) -> dict[str, dict]:
    """The entries of `value` that are maps; none where it is no map itself."""
    return {key: entry for key, entry in value.items() if isinstance(entry, dict)} if isinstance(value, dict) else {}


def _laid_over(below, value):
    if not (isinstance(below, dict) and isinstance(value, dict)):
        return value
    return below | {key: _laid_over(below.get(key), entry) for key, entry in value.items()}


def without_nulls(value):
    """The configuration less every key set to null: how a study removes an entry of config.yaml."""
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
    """The batch that a table of answers comes from: train, frontier, or evaluation for the test and OOD sets."""
    return problems if problems in ("train", FRONTIER) else "evaluation"


def sets_of(task: dict, batch: str) -> list[str]:
    """The tables of answers that one engine fills in one go: train or frontier alone, or all other evaluation."""
    return [batch] if batch in ("train", FRONTIER) else ["test", *task["ood"]]


def asked(problems: str) -> str:
    """The problem set that a table of answers is about."""
    return "test" if problems == FRONTIER else problems


def shards_of(config: dict, batch: str) -> int:
    return config["sampling"]["shards"]["train" if batch == "train" else "evaluation"]


def temperatures(config: dict) -> list[float]:
    """Those that the frontier is sampled at, beside the training's own, whose samples are there anyway."""
    listed = config.get("evaluation", {}).get("temperatures", [])
    return sorted({float(value) for value in listed} - {float(config["sampling"]["temperature"])})


def frontier_samples(config: dict) -> int:
    return config.get("evaluation", {}).get("samples", config["sampling"]["test_samples"])


def frontier_lineages(config: dict) -> list[str]:
    """The models that are sampled at several temperatures: M1 and MT of every method whose models can be asked."""
    chains = [series(method, config["iterations"]) for method in config["methods"].values()]
    asked_of_all = config.get("evaluation", {}).get("iterations", "ends") == "all"
    wanted = {lineage for chain in chains for lineage in (chain if asked_of_all else (chain[0], chain[-1]))}
    with_weights = {lineage for lineage in wanted if "answers" not in config["steps"][last_step(lineage)]}
    return sorted(with_weights) if temperatures(config) else []


def source_of(task: dict, problems: str) -> dict:
    """Where the problems of a table of answers come from: train, test, or one of the task's OOD sets."""
    problems = asked(problems)
    return task[problems] if problems in ("train", "test") else task["ood"][problems]


def asks_for_programs(task: dict) -> bool:
    sources = [task[name] for name in ("train", "test") if name in task] + list(task["ood"].values())
    kinds = {source.get("answer_type") or source.get("generator") or source.get("format") for source in sources}
    return bool(kinds & PROGRAMS)


def runs_programs(config: dict, task: str) -> bool:
    """Whether answers to a task are programs that are run in a sandbox."""
    settings = config["tasks"][task]
    return config["verification"]["sandboxed"] and "labels" not in settings and asks_for_programs(settings)


def answers_wanted(config: dict, batch: str, base: int, seed: int, model: str, task: str, lineage: str) -> dict:
    """What sample does for a batch: sampled answers for train, greedy and sampled for test, greedy for OOD sets.

    For the frontier, sampled answers to the test problems at every one of its temperatures. The base model gets
    the few-shot prompt where the task has one. The keys are the arguments of scripts/sample.py.
    """
    sampling, settings = config["sampling"], config["tasks"][task]
    decoding = {"max_tokens": settings["max_tokens"], "top_p": sampling["top_p"]}
    warm = {"temperature": sampling["temperature"]}
    train = {"greedy": False, "sampled": sampling["train_samples"], **warm}
    test = {"greedy": True, "sampled": sampling["test_samples"], **warm}
    ood = {"greedy": True, "sampled": 0, **warm}
    if batch == FRONTIER:
        decoding |= {"temperatures": temperatures(config)}
    frontier = {"greedy": False, "sampled": frontier_samples(config)}
    kinds = {"train": train, "test": test, FRONTIER: frontier}
    return {
        "settings": [{**kinds.get(name, ood), **decoding} for name in sets_of(settings, batch)],
        "engine": sampling["engine"],
        "prompt": settings.get("few_shot_prompt", settings["prompt"]) if lineage == BASE else settings["prompt"],
        "stop": settings["stop"],
        "seed_parts": [base, seed, model, task, lineage],
    }


def reference(config: dict) -> str:
    """M1 or M0: the model that answer flow and what is solved beyond start from."""
    return config.get("evaluation", {}).get("reference", "M1")


def asked_of_set(config: dict, problems: str, **identity) -> dict:
    """The part of `answers_wanted` that makes the requests of one problem set."""
    batch = batch_of(problems)
    wanted = answers_wanted(config, batch, **identity)
    place = sets_of(config["tasks"][identity["task"]], batch).index(problems)
    return {"settings": wanted["settings"][place], "prompt": wanted["prompt"], "seed_parts": wanted["seed_parts"]}


def kinds_of_methods(config: dict) -> dict[str, str]:
    """{method: kind}, for the paper's coverage rule: dpo if one of its steps is trained with DPO, sft, or other.

    other: what the rule says nothing about: given models, other trainers, and a control of gold solutions all the way.
    """
    kinds = {}
    for name, method in config["methods"].items():
        steps = [config["steps"][last_step(lineage)] for lineage in series(method, config["iterations"])]
        trainers = {step["trainer"] for step in steps}
        of_gold = len(steps) > 1 and all(step.get("training_set", {}).get("data") == "gold" for step in steps[1:])
        other = of_gold or trainers - {"sft", "dpo", "none"}
        kinds[name] = "other" if other else "dpo" if "dpo" in trainers else "sft"
    return kinds


def gpus_to_sample(config: dict, model: str) -> int:
    """How many GPUs one job that samples from `model` uses, where there are any."""
    return config["models"][model].get("tensor_parallel", 1)


def gpus_to_train(config: dict, model: str, step: str) -> int:
    """How many GPUs one job that trains `model` by `step` uses, where there are any."""
    settings = step_of(config, model, step)
    return settings.get("gpus", 1) if TRAINERS[settings["trainer"]].trains else 0


def gpus_asked_for(config: dict) -> dict[str, tuple[str, int]]:
    """{key that says so: (rule, how many GPUs one of its jobs uses, where there are any)}."""
    steps = {last_step(m) for method in config["methods"].values() for m in series(method, config["iterations"])}
    asked = {}
    for name, model in config["models"].items():
        asked[f"models.{name}.tensor_parallel"] = ("sample", gpus_to_sample(config, name))
        for step in sorted(steps):
            owner = f"models.{name}." if "gpus" in model.get("steps", {}).get(step, {}) else ""
            asked[f"{owner}steps.{step}.gpus"] = ("train", gpus_to_train(config, name, step))
    return asked


def gpus_beyond(config: dict, cap: int) -> list[str]:
    """What asks for more GPUs than `cap` (0: there are none, all runs without), one sentence each.

    Snakemake itself would lower the request to the cap and start the job.
    """
    return [
        f"{key}: a {rule} job needs {gpus} GPUs, more than --resources gpu={cap}: raise that to {gpus}, or lower {key}"
        for key, (rule, gpus) in gpus_asked_for(config).items()
        if 0 < cap < gpus
    ]


def recipe_of(config: dict, model: str, lineage: str) -> dict:
    """What the lineage's last step is trained with: all of its settings that the result depends on."""
    step = step_of(config, model, lineage)
    recipe = {key: step[key] for key in ("trainer", "script", "reward", "arguments", "lora") if key in step}
    # Which models a job reads, too: Snakemake minds its params, not which files its inputs are.
    recipe |= {"from": step["from"]} if start_of(config, lineage) != parent(lineage) else {}
    recipe |= {"reference": step["reference"]} if reference_of(config, lineage) else {}
    attention = config["models"][model].get("attention")
    return recipe | ({"attention": attention} if attention else {})


def rewarded_task(config: dict, task: str) -> dict:
    """What training on a task's questions by the verdicts on its own answers depends on."""
    settings = {key: config["tasks"][task][key] for key in ("prompt", "stop", "max_tokens", "answer_mark")}
    return settings | {"sandboxed": config["verification"]["sandboxed"]}


def settings_to_try(config: dict) -> dict:
    """What reversal.trying asks the libraries about; {} for a study that trains nothing and samples with no engine."""
    lineages = {lineage for method in config["methods"].values() for lineage in series(method, config["iterations"])}
    steps = {last_step(lineage) for lineage in lineages}
    trained = sorted(name for name in steps if TRAINERS[config["steps"][name]["trainer"]].settings)
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
