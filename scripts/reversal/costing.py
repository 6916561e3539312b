"""What the jobs of a study take: seconds, GPUs, cores and tokens; assumed (rules/throughputs.yaml) or measured."""

import re
from typing import NamedTuple

from reversal.study import (
    answers_wanted,
    asked,
    batch_of,
    gpus_to_sample,
    gpus_to_train,
    sets_of,
    shards_of,
    source_of,
    step_of,
)

Kind = tuple[str, ...]  # of a job, see reversal/dag.py


class Measured(NamedTuple):
    """What the study's own files say so far."""

    seconds: dict[Kind, list[float]]  # of finished jobs
    rows: dict[Kind, list[int]]  # of the training sets that jobs of a kind built
    problems: dict[tuple[str, str], int]  # of a task's problem sets
    tokens: dict[tuple[str, str], float]  # per answer of a model to a task


class Study(NamedTuple):
    config: dict
    table: dict  # rules/throughputs.yaml
    measured: Measured

    @property
    def device(self) -> dict:
        return self.table["devices"][self.config["plan"]["device"]]

    @property
    def has_gpus(self) -> bool:
        return "memory" in self.device


class Cost(NamedTuple):
    """Of one job. tokens: that it samples or trains on. measured: how many jobs its seconds are the mean of."""

    seconds: float
    gpus: int = 0
    cores: int = 1
    tokens: float = 0
    measured: int = 0


def cost_of(kind: Kind, study: Study) -> Cost:
    rule, *names = kind
    costs = {
        "fetch_base": _fetch,
        "pretrain_base": _pretrain,
        "sample": _sample,
        "gather_samples": _gather,
        "verify": _verify,
        "build_training_set": _build,
        "train": _train,
        "score": _score,
    }
    assumed = costs[rule](study, *names) if rule in costs else Cost(study.table["start"])
    found = study.measured.seconds.get(kind, [])
    return assumed._replace(seconds=sum(found) / len(found), measured=len(found)) if found else assumed


def parameters(model: dict) -> float:
    """Parameters of a model: of a pre-trained one by its architecture, else the last "7b" or "135M" of its name.

    Raises ValueError for a name without a size.
    """
    if "pretrain" in model:
        return _llama(model["pretrain"]["vocabulary"], model["pretrain"]["architecture"])
    name = model.get("hub") or model["folder"]
    sizes = re.findall(r"(?<![A-Za-z0-9.])(\d+(?:\.\d+)?)([bm])(?![A-Za-z0-9])", name, re.IGNORECASE)
    if not sizes:
        raise ValueError(f"{name}: how many parameters? The plan reads them from the name; call it, say, {name}-7b")
    number, unit = sizes[-1]
    return float(number) * {"b": 1e9, "m": 1e6}[unit.lower()]


def _llama(vocabulary: int, architecture: dict) -> int:
    """A Llama with tied embeddings: attention, gated feed-forward part and two norms per layer, one norm at the end."""
    hidden, heads = architecture["hidden_size"], architecture["num_attention_heads"]
    keys = hidden * architecture.get("num_key_value_heads", heads) // heads
    layer = 2 * hidden * (hidden + keys) + 3 * hidden * architecture["intermediate_size"] + 2 * hidden
    return vocabulary * hidden + architecture["num_hidden_layers"] * layer + hidden


def problems(study: Study, task: str, name: str) -> int:
    """Problems of a set: of its table or file if that is there, else as its source is known; 0 if it is not."""
    name = asked(name)
    if (task, name) in study.measured.problems:
        return study.measured.problems[task, name]
    source = source_of(study.config["tasks"][task], name)
    if "count" in source:
        return source["count"]
    number = study.table["problems"].get(source.get("dataset"), {}).get(source.get("split"), 0)
    if isinstance(number, dict):
        number = sum(number[key] for key in source.get("configs", number))
    first, last = source.get("numbers", (1, number))
    return min(number, last - first + 1, source.get("limit", number))


def answer_tokens(study: Study, model: str, task: str) -> float:
    assumed = study.config["tasks"][task]["max_tokens"] * study.table["answers"]["length"]
    return study.measured.tokens.get((model, task), assumed)


def answers(study: Study, task: str, name: str) -> int:
    """Answers that one model gives to a problem set."""
    config, batch = study.config, batch_of(name)
    wanted = answers_wanted(config, batch, base=0, seed=0, model="", task=task, lineage="sft")["settings"]
    setting = wanted[sets_of(config["tasks"][task], batch).index(name)]
    sampled = setting["sampled"] * len(setting.get("temperatures", [1]))
    return (setting["greedy"] + sampled) * problems(study, task, name)


def rows(study: Study, model: str, task: str, step: str, source: str) -> float:
    """Rows of a training set: one per gold solution, or the different correct answers up to per_problem."""
    found = study.measured.rows.get(("build_training_set", model, task, step, source), [])
    if found:
        return sum(found) / len(found)
    per_problem = 1.0
    if source == "samples":
        share = study.table["answers"]["correct"] * study.table["answers"]["different"]
        limit = step_of(study.config, model, step)["training_set"]["per_problem"]
        per_problem = min(limit, study.config["sampling"]["train_samples"] * share)
    return per_problem * problems(study, task, "train")


def row_tokens(study: Study, model: str, task: str) -> float:
    """Tokens of a prompt and one answer."""
    prompt = len(study.config["tasks"][task]["prompt"]) + _characters(study, study.config["tasks"][task]["train"])
    return prompt / study.table["characters_per_token"] + answer_tokens(study, model, task)


def _characters(study: Study, source: dict) -> float:
    return study.table["question_characters"][source.get("generator") or source["format"]]


def _fetch(study: Study, model: str) -> Cost:
    settings = study.config["models"][model]
    size = parameters(settings) * study.table["bytes"]["base_parameter"] / 1e9 if "hub" in settings else 0
    return Cost(study.table["start"] + size / study.table["download"])


def _pretrain(study: Study, model: str) -> Cost:
    """A solution is taken to be as long as its question."""
    recipe = study.config["models"][model]["pretrain"]
    corpus = [s for s in recipe["corpus"] if "count" in s]
    characters = sum(s["count"] * (len(recipe["prompt"]) + 2 * _characters(study, s)) for s in corpus)
    tokens = characters / study.table["characters_per_token"] * recipe["arguments"].get("num_train_epochs", 3)
    seconds = tokens * parameters(study.config["models"][model]) / 1e9 / study.device["trained"]
    return Cost(study.device["start"]["train"] + seconds, int(study.has_gpus), 1, tokens)


def _sample(study: Study, model: str, task: str, batch: str) -> Cost:
    if study.config["sampling"]["engine"]["name"] == "scripted":
        return Cost(study.table["start"])
    settings = study.config["models"][model]
    number = sum(answers(study, task, name) for name in sets_of(study.config["tasks"][task], batch))
    tokens = number / shards_of(study.config, batch) * answer_tokens(study, model, task)
    gpus = gpus_to_sample(study.config, model)
    seconds = tokens * parameters(settings) / 1e9 / study.device["sampled"] / gpus
    return Cost(study.device["start"]["sample"] + seconds, gpus * study.has_gpus, 1, tokens)


def _train(study: Study, model: str, task: str, step: str, source: str) -> Cost:
    """A pair has two answers, and the reference model reads both once more: a third of what learning them takes."""
    settings = step_of(study.config, model, step)
    if settings["trainer"] == "none":
        return Cost(study.table["start"])
    arguments, gpus = settings["arguments"], gpus_to_train(study.config, model, step)
    pairs = settings["trainer"] == "dpo"
    number = rows(study, model, task, step, source) * arguments.get("num_train_epochs", 3)
    if arguments.get("max_steps", -1) > 0:
        batch = arguments["per_device_train_batch_size"] * arguments.get("gradient_accumulation_steps", 1)
        number = arguments["max_steps"] * batch
    tokens = number * row_tokens(study, model, task) * (2 if pairs else 1)
    work = tokens * parameters(study.config["models"][model]) / 1e9 * (4 / 3 if pairs else 1)
    seconds = work / study.device["trained"] / gpus
    return Cost(study.device["start"]["train"] + seconds, gpus * study.has_gpus, 1, tokens)


def _gather(study: Study, model: str, task: str, name: str) -> Cost:
    return Cost(study.table["start"] + answers(study, task, name) / study.table["rows"])


def _verify(study: Study, model: str, task: str, name: str) -> Cost:
    source, workers = source_of(study.config["tasks"][task], name), study.config["verification"]["workers"]
    rate = study.table["verdicts"][source.get("generator") or source["format"]]
    return Cost(study.table["start"] + answers(study, task, name) / rate / workers, cores=workers)


def _build(study: Study, model: str, task: str, step: str, source: str) -> Cost:
    number = answers(study, task, "train") if source == "samples" else 0
    return Cost(study.table["start"] + number / study.table["rows"])


def _score(study: Study, model: str, task: str) -> Cost:
    samples = min(study.config["scoring"]["embedded_samples"], study.config["sampling"]["test_samples"])
    return Cost(study.table["start"] + samples * problems(study, task, "test") / study.table["embeddings"])
