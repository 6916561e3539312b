"""What the jobs of a study take: seconds, GPUs, cores and tokens; assumed (rules/throughputs.yaml) or measured."""

import json
import math
import re
from pathlib import Path
from typing import NamedTuple

from reversal.hub import gguf_file
from reversal.steps import TRAINERS, step_of
from reversal.study import (
    answers_wanted,
    asked,
    batch_of,
    gpus_to_sample,
    gpus_to_train,
    sets_of,
    shards_of,
    source_of,
)

Kind = tuple[str, ...]  # of a job, see reversal/planning/dag.py


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
        """Its row of the table, or the device that the study itself describes."""
        device = self.config["plan"]["device"]
        return device if isinstance(device, dict) else self.table["devices"][device]

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
        "train_grpo": _train_grpo,
        "score": _score,
    }
    assumed = costs[rule](study, *names) if rule in costs else Cost(study.table["start"])
    found = study.measured.seconds.get(kind, [])
    return assumed._replace(seconds=sum(found) / len(found), measured=len(found)) if found else assumed


def parameters(model: dict) -> float:
    """Parameters of a model: by its architecture, its weights, or otherwise the last "7b" or "135M" of its name.

    Raises ValueError for a model that is not here and has no size in its name.
    """
    if "pretrain" in model:
        return _llama({"vocab_size": model["pretrain"]["vocabulary"], **model["pretrain"]["architecture"]})
    found = _in_folder(Path(model["folder"])) if "folder" in model else None
    if found:
        return found
    name = model.get("hub") or model.get("folder") or gguf_file(model["package"]).name
    sizes = re.findall(r"(?<![A-Za-z0-9.])(\d+(?:\.\d+)?)([bm])(?![A-Za-z0-9])", name, re.IGNORECASE)
    if not sizes:
        raise ValueError(
            f"{name}: how many parameters? There are no weights here to count, no config.json, and no size in "
            f"its name; call it, say, {name}-7b"
        )
    number, unit = sizes[-1]
    return float(number) * {"b": 1e9, "m": 1e6}[unit.lower()]


def _in_folder(folder: Path) -> int | None:
    """The numbers in a checkpoint's safetensors, by their headers; without any, a Llama as config.json describes it."""
    shapes = [
        tensor["shape"]
        for path in sorted(folder.glob("*.safetensors"))
        for name, tensor in _header(path).items()
        if name != "__metadata__"
    ]
    if shapes:
        return sum(map(math.prod, shapes))
    config = folder / "config.json"
    return _llama({"tie_word_embeddings": False, **json.loads(config.read_text())}) if config.is_file() else None


def _header(path: Path) -> dict:
    """{tensor: its dtype, shape and place} of a safetensors file: eight bytes say how long this JSON text is."""
    with path.open("rb") as file:
        return json.loads(file.read(int.from_bytes(file.read(8), "little")))


def _llama(config: dict) -> int:
    """Attention, gated feed-forward part and two norms per layer, one norm at the end; a head of its own unless tied.

    config: under the names of transformers.LlamaConfig; embeddings are tied unless it says otherwise, as in our own.
    """
    hidden, heads, layers = config["hidden_size"], config["num_attention_heads"], config["num_hidden_layers"]
    width = config.get("head_dim") or hidden // heads
    queries, keys = heads * width, config.get("num_key_value_heads", heads) * width
    layer = 2 * hidden * (queries + keys) + 3 * hidden * config["intermediate_size"] + 2 * hidden
    embeddings = config["vocab_size"] * hidden * (1 if config.get("tie_word_embeddings", True) else 2)
    return embeddings + layers * layer + hidden


def problems(study: Study, task: str, name: str) -> int:
    """Problems of a set: of its table or file if that is there, otherwise as its source is known; 0 if it is not."""
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
    """Rows of a training set: one per gold solution, the different correct answers up to per_problem, or as it says."""
    found = study.measured.rows.get(("build_training_set", model, task, step, source), [])
    if found:
        return sum(found) / len(found)
    per_problem = 1.0
    settings = step_of(study.config, model, step)["training_set"]
    if "rows" in settings:
        per_problem = settings["rows"]
    elif source == "samples":
        share = study.table["answers"]["correct"] * study.table["answers"]["different"]
        per_problem = min(settings["per_problem"], study.config["sampling"]["train_samples"] * share)
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
    """A pair has two answers, and the reference model also reads both, at a third of the cost of learning them."""
    settings = step_of(study.config, model, step)
    if not TRAINERS[settings["trainer"]].trains:
        return Cost(study.table["start"])
    arguments, gpus = settings["arguments"], gpus_to_train(study.config, model, step)
    pairs = TRAINERS[settings["trainer"]].rows == "pairs"
    number = _learnt(arguments, rows(study, model, task, step, source))
    tokens = number * row_tokens(study, model, task) * (2 if pairs else 1)
    work = tokens * parameters(study.config["models"][model]) / 1e9 * (4 / 3 if pairs else 1)
    seconds = work / study.device["trained"] / gpus
    return Cost(study.device["start"]["train"] + seconds, gpus * study.has_gpus, 1, tokens)


def _learnt(arguments: dict, number: float) -> float:
    """How many rows a training of `number` different ones takes in, over its epochs or its max_steps."""
    if arguments.get("max_steps", -1) > 0:
        batch = arguments.get("per_device_train_batch_size", 1) * arguments.get("gradient_accumulation_steps", 1)
        return arguments["max_steps"] * batch
    return number * arguments.get("num_train_epochs", 3)


def _train_grpo(study: Study, model: str, task: str, step: str, _: str) -> Cost:
    """Every answer is sampled and then learnt from; what judging takes is left out."""
    arguments = step_of(study.config, model, step)["arguments"]
    number = _learnt(arguments, problems(study, task, "train") * arguments["num_generations"])
    size = parameters(study.config["models"][model]) / 1e9
    sampled, trained = number * answer_tokens(study, model, task), number * row_tokens(study, model, task)
    seconds = size * (sampled / study.device["sampled"] + trained / study.device["trained"])
    gpus = gpus_to_train(study.config, model, step) * study.has_gpus
    return Cost(study.device["start"]["train"] + seconds, gpus, 1, sampled + trained)


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
