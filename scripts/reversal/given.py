"""Series of checkpoints or answers that others made, turned into the methods and steps that all stages know.

A given model is a step of its own, {trainer: given} with a checkpoint or answers: its lineage is that of a trained
model, and only where its weights or its answers come from differs (rules/given.smk).

Light imports only: the rules call this at every start of Snakemake.
"""

import glob
import json
import re
from pathlib import Path

HUB = re.compile(r"([^/@]+/[^/@]+)@([0-9a-f]{40})")
FILES = (".jsonl", ".parquet", ".json")
FORMS = ", ".join(FILES)
# What a task says about sampling and reading answers; whatever else is in `questions` is a source of problems.
TASK = {"prompt": "{question}\n", "stop": [], "max_tokens": 256, "answer_mark": "\\boxed{", "ood": {}}
SHORT = ("series", "questions", "labels", "embedding_model", "base")


def with_given(config: dict) -> dict:
    """The configuration with every given series as steps of its own, and the short form `series` written out."""
    config = _in_full(config) if "series" in config else config
    methods, steps = {}, dict(config["steps"])
    for name, method in config["methods"].items():
        if "given" in method:
            models = _models(method["given"])
            start = [f"{re.sub('[^a-z0-9_]', '_', name.lower())}_{i}" for i in range(1, len(models) + 1)]
            steps |= {step: {"trainer": "given", **model} for step, model in zip(start, models, strict=True)}
            method = method | {"start": start}
        methods[name] = method
    return config | {"methods": methods, "steps": steps}


def answers_of(config: dict) -> dict[str, list[str]]:
    """{step: files of answers} of every given model that is known by its answers alone."""
    return {name: step["answers"] for name, step in config["steps"].items() if "answers" in step}


def adapted(checkpoint: dict) -> str | None:
    """The local folder of the model that the adapter in a checkpoint's folder says it belongs to; otherwise None."""
    told = Path(checkpoint["folder"], "adapter_config.json") if "folder" in checkpoint else None
    name = json.loads(told.read_text()).get("base_model_name_or_path") if told and told.is_file() else None
    return name if name and Path(name).is_dir() else None


def needs_base(checkpoint: dict) -> bool:
    """Whether it is the base model of the study, or an adapter to it: one whose own model is no folder here."""
    adapter = "folder" in checkpoint and Path(checkpoint["folder"], "adapter_config.json").is_file()
    return "base" in checkpoint or (adapter and adapted(checkpoint) is None)


def names(config: dict) -> dict[str, list[str]]:
    """{method: what each of its models is} of the given series, as short as files and folders can be named."""
    return {
        name: [_name(config["steps"][step]) for step in method["start"]]
        for name, method in config["methods"].items()
        if "given" in method
    }


def _name(step: dict) -> str:
    if "answers" in step:
        first, *more = step["answers"]
        return f"{first} and {len(more)} more" if more else first
    source = step["checkpoint"]
    return source.get("folder") or source.get("hub") or "the base model"


def _in_full(config: dict) -> dict:
    """A study of given series alone: no base model is made and nothing trained, whatever config.yaml has."""
    questions, labels = config.get("questions", {}), config.get("labels")
    task = TASK | {key: value for key, value in questions.items() if key in TASK}
    source = {key: value for key, value in questions.items() if key not in TASK}
    if labels is None and not source:
        labels = True
    methods = {name: {"given": series} for name, series in config["series"].items()}
    own = {"embedding_model": config.get("embedding_model")}
    scoring = config["scoring"] | own if own["embedding_model"] else {}
    base = config.get("base")
    hub = HUB.fullmatch(base or "")
    model = {"hub": hub[1], "revision": hub[2]} if hub else {"folder": base} if base else {}
    full = {"models": {"given": model}, "methods": methods, "steps": {}, "seeds": [0], "scoring": scoring}
    full |= {"tasks": {"questions": task | {"test": source} | ({} if labels is None else {"labels": labels})}}
    return {key: value for key, value in config.items() if key not in SHORT} | full | {"keep_models": "all"}


def missing(config: dict) -> list[str]:
    """What given series name and what is not there, one sentence each. config: as with_given gives it."""
    found = []
    for name, model in config["models"].items():
        if "folder" in model and name == "given" and not Path(model["folder"]).is_dir():
            found.append(f"base: there is no folder {model['folder']}, seen from {Path.cwd()}")
    for name, method in config["methods"].items():
        for step in method["start"] if "given" in method else ():
            of_method = [*map(_fault_of_file, config["steps"][step].get("answers", []))]
            if folder := config["steps"][step].get("checkpoint", {}).get("folder"):
                of_method.append(_fault_of_folder(folder))
            found += [f"methods.{name}.given: {fault}, seen from {Path.cwd()}" for fault in filter(None, of_method)]
    sources = {"file", "dataset", "generator"}
    unasked = [name for name, task in config["tasks"].items() if "test" in task and not sources & set(task["test"])]
    if any("checkpoint" in step for step in config["steps"].values()):
        found += [f"tasks.{name}: checkpoints need questions to answer (questions: {{file: ..}})" for name in unasked]
    return found


def _fault_of_file(path: str) -> str | None:
    return None if Path(path).is_file() else f"there is no file of answers {path}"


def _fault_of_folder(path: str) -> str | None:
    if not Path(path).is_dir():
        return (
            f"there is no folder with a model, file of answers ({FORMS}) or hub model (OWNER/NAME@ and the 40 digits "
            f"of a commit) {path}"
        )
    if any(Path(path, name).is_file() for name in ("config.json", "adapter_config.json")):
        return None
    return (
        f"{path} contains no model (config.json or adapter_config.json); name answers in it by a pattern, "
        f"{Path(path)}/*.jsonl"
    )


def _models(series: str | list[str]) -> list[dict]:
    """{answers: files} or {checkpoint: source} of every model of a series.

    A pattern alone is a series, one model a match; in a list a pattern of files is one model, of folders several.
    """
    entries = _matches(series) if isinstance(series, str) else series
    return [model for entry in entries for model in _models_of(entry)]


def _models_of(entry: str) -> list[dict]:
    if hub := HUB.fullmatch(entry):
        return [{"checkpoint": {"hub": hub[1], "revision": hub[2]}}]
    if entry == "base":
        return [{"checkpoint": {"base": True}}]
    if entry.endswith(FILES):
        return [{"answers": _matches(entry)}]
    return [{"checkpoint": {"folder": path}} for path in _matches(entry)]


def _matches(pattern: str) -> list[str]:
    """The paths that fit, by the numbers in them: step 100 after step 20. One that fits nothing stays as it is."""
    found = [pattern] if Path(pattern).exists() else glob.glob(pattern, recursive=True)  # noqa: PTH207, also absolute
    return sorted(found, key=_by_number) or [pattern]


def _by_number(path: str) -> list:
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in re.split(r"(\d+)", path) if part]
