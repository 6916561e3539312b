"""What is wrong with a study's configuration, in words, before the first job.

Light imports only: the rules call this at every start of Snakemake.
"""

from importlib.util import find_spec
from pathlib import Path

from reversal import consistency, file_names
from reversal.given import answers_of, missing, needs_base, with_given
from reversal.learning.batches import per_process
from reversal.lineages import series
from reversal.problem_sources.families import WITH_SOLUTIONS
from reversal.sentences import odd_values, sentence
from reversal.steps import TRAINERS, step_of
from reversal.study import FRONTIER

FOLDERS = (
    "problems",
    "tables",
    "figures",
    "pages",
    "logs",
    "benchmarks",
    "export",
)  # of a study, beside those of its models
# What each kind of problems is judged as, and what comes before the final answer in its gold solutions.
JUDGED = {"gsm8k": "number", "word_problems": "number", "expressions": "number", "math": "expression"}
JUDGED |= {"fractions": "expression", "commonsenseqa": "choice", "choices": "choice"}
JUDGED |= {"mbpp": "program", "programs": "program"}
TYPES = ("number", "expression", "choice", "program")  # what answers are judged as
MARKS = {"gsm8k": "####", "reasoning_gym": "####", "word_problems": "####", "expressions": "####", "choices": "####"}
MARKS |= {"math": "\\boxed{", "fractions": "\\boxed{"}


def problems_of(config: dict, schema: dict) -> list[str]:
    """Everything that is wrong with `config`, one sentence each, naming the key and what is allowed; [] if nothing."""
    from jsonschema import Draft202012Validator, validators

    if faults := odd_values(config, ""):
        return faults
    # Of a JSON schema 3.0 is an integer, of range() it is none.
    whole = Draft202012Validator.TYPE_CHECKER.redefine("integer", lambda _, value: type(value) is int)
    validator = validators.extend(Draft202012Validator, type_checker=whole)
    errors = sorted(validator(schema).iter_errors(config), key=lambda error: list(map(str, error.path)))
    if errors:
        return [sentence(error) for error in errors]
    return _inconsistencies(with_given(config)) or _faults_of_own_steps(config, schema)


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


def _inconsistencies(config: dict) -> list[str]:
    """What no schema can say: names that must exist, lineages that cannot be built, values that must fit together."""
    found = [*_of_methods(config), *_of_given(config), *consistency.of_sampling(config), *_of_tasks(config)]
    found += [*_of_prompts_and_sources(config), *consistency.of_architectures(config), *consistency.of_losses(config)]
    found += consistency.of_rewards(config)
    if found:  # what follows builds the series, whose steps must be known
        return found
    of_all = (
        consistency.of_accumulated,
        consistency.of_equal_sources,
        consistency.of_equal_methods,
        consistency.of_equal_logs,
    )
    return [fault for of in of_all for fault in of(config)] or file_names.faults(config)


def _of_given(config: dict) -> list[str]:
    """Answers without a model make one series of tables: nothing can be sampled for other models and seeds."""
    found, answers = [], answers_of(config)
    several = [axis for axis in ("models", "tasks", "seeds") if len(config[axis]) > 1] if answers else []
    found += [f"{axis}: given answers belong to a single one of the {axis}; leave the others out" for axis in several]
    based = [name for name, step in config["steps"].items() if needs_base(step.get("checkpoint", {}))]
    if based and not all(config["models"].values()):
        found.append(
            f"base: {based[0]} is the base model or an adapter to it; name it (base: a folder, or a hub model)"
        )
    sampled = [name for name, step in config["steps"].items() if name not in answers]
    for name, task in config["tasks"].items():
        if not _is_source(task["test"]) and sampled:
            found.append(f"questions: {sampled[0]} has to be asked some; name a file and its format")
            continue
        if "labels" in task and sampled:
            found.append(f"tasks.{name}.labels: only given answers have labels, and {sampled[0]} is sampled")
        if not _is_source(task["test"]) and "labels" not in task and "answer_type" not in task["test"]:
            found.append(
                "questions.answer_type: number, expression or choice says how answers are judged (or give labels)"
            )
    return found


def _of_methods(config: dict) -> list[str]:
    found, steps = [], config["steps"]
    for name, method in config["methods"].items():
        missing = [step or "''" for step in method["start"] + method.get("repeat", []) if step not in steps]
        if missing:
            found.append(f"methods.{name}: no such step: {', '.join(missing)}; steps are: {', '.join(steps)}")
            continue
        try:
            lineages = series(method, config["iterations"])
        except ValueError as error:
            found.append(f"methods.{name}: cannot be built: {error}; add steps to start, or a repeat")
            continue
        found += _of_first_step(name, lineages[0], steps)
    without = [name for name, task in config["tasks"].items() if task.get("rationales") == "few_shot"]
    of_gold = [name for name, step in steps.items() if step.get("training_set", {}).get("data") == "gold"]
    for name in of_gold if without else []:
        found.append(
            f"steps.{name}.training_set.data: {without[0]} has no gold solutions (rationales: few_shot); take parent"
        )
    for name, step in ((name, step) for name, step in steps.items() if TRAINERS[step["trainer"]].settings):
        try:
            per_process(step["arguments"], step.get("gpus", 1))
        except ValueError as error:
            found.append(f"steps.{name}: {error}, or change gpus")
    return found


def _of_first_step(method: str, name: str, steps: dict) -> list[str]:
    """M1 comes from M0 and gold solutions: before it there are no preferences, no data but gold, and no M1."""
    step, others = steps[name], ", ".join(s for s, v in steps.items() if v["trainer"] not in ("dpo", "interpolate"))
    place, kind = f"methods.{method}: starts with {name}, but", step["trainer"]
    if kind == "dpo":
        return [f"{place} M1 is trained on gold solutions, which have no rejected answers; start with: {others}"]
    if kind == "interpolate":
        return [f"{place} there is no earlier model to mix M0's weights with; start with: {others}"]
    asks = [f"{key}: {step[key]}" for key in ("from", "reference") if step.get(key) == "first"]
    return [f"{place} its {asks[0]} is M1 itself; start with a step without it"] if asks else []


def _of_tasks(config: dict) -> list[str]:
    found = [
        f"models.{name}: a study keeps other files in a folder of this name; choose another"
        for name in FOLDERS
        if name in config["models"]
    ]
    for task, settings in config["tasks"].items():
        for name in set(settings["ood"]) & {"train", "test", FRONTIER}:
            found.append(f"tasks.{task}.ood.{name}: an OOD set needs a name other than train, test and {FRONTIER}")
        found += _of_plain(task, settings)
        if "train" not in settings or "rationales" not in settings:
            used = {
                step for method in config["methods"].values() for step in method["start"] + method.get("repeat", [])
            }
            trained = sorted(step for step in used if config["steps"].get(step, {}).get("trainer") != "given")
            needs = "train and rationales" if "train" not in settings else "rationales"
            found += [f"tasks.{task}: needs {needs}, since the step {trained[0]} is trained here"] if trained else []
            continue
        if settings["rationales"] == "few_shot" and "few_shot_prompt" not in settings:
            found.append(
                f"tasks.{task}: rationales few_shot need a few_shot_prompt: worked examples, then {{question}}"
            )
        train = _kind(settings["train"])
        judged = [_judged_as(settings[name]) for name in ("train", "test")]
        found += [] if judged[1] == "program" else _stops_at_mark(task, settings)
        if judged[0] != judged[1]:
            found.append(f"tasks.{task}: answers of train are {judged[0]}s, of test {judged[1]}s")
        mark = MARKS.get(train)
        named = settings["train"].get("family", train)
        if settings["rationales"] == "gold" and (train == "commonsenseqa" or named not in (train, *WITH_SOLUTIONS)):
            found.append(f"tasks.{task}.rationales: {named} has no gold solutions; take few_shot or none")
        elif settings["rationales"] == "gold" and mark and settings["answer_mark"] != mark:
            found.append(
                f"tasks.{task}.answer_mark: {mark!r} stands before the answers in the gold solutions of {train}"
            )
    return found


def _of_plain(task: str, settings: dict) -> list[str]:
    found = []
    for name, source in _sources(settings).items():
        if "answer_type" in source and _is_source(source) and _kind(source) not in ("plain", "reasoning_gym"):
            found.append(f"tasks.{task}.{name}.answer_type: {_kind(source)} problems say it themselves; leave it out")
        if _is_source(source) and _kind(source) == "plain" and "answer_type" not in source:
            found.append(f"tasks.{task}.{name}.answer_type: plain problems need one of {', '.join(TYPES)}")
    return found


def _is_source(source: dict) -> bool:
    """Whether it says where problems come from; otherwise given answers do."""
    return "generator" in source or "format" in source


def _stops_at_mark(task: str, settings: dict) -> list[str]:
    mark = settings["answer_mark"]
    return [
        f"tasks.{task}.stop: {stop!r} would end every answer at its mark, {mark!r}; choose one that is not in it"
        for stop in settings["stop"]
        if stop.strip() and (stop.strip() in mark or mark in stop)
    ]


def _kind(source: dict) -> str:
    return source.get("generator") or source["format"]


def _judged_as(source: dict) -> str | None:
    return source.get("answer_type") or JUDGED.get(_kind(source))


def _sources(task: dict) -> dict[str, dict]:
    """The problem sources of a task by key."""
    ood = {f"ood.{key}": source for key, source in task["ood"].items()}
    return {name: task[name] for name in ("train", "test") if name in task} | ood


def _of_prompts_and_sources(config: dict) -> list[str]:
    places = _prompts_and_sources(config)
    found = [f"{place}: must contain {{question}}" for place, prompt, _ in places if "{question}" not in prompt]
    for place, _, sources in places:
        for name, source in sources.items():
            where = f"{place.removesuffix('.prompt')}.{name}"
            for key in ("steps", "numbers"):
                if key in source and source[key][0] > source[key][1]:
                    found.append(f"{where}.{key}: must be [lowest, highest], not {source[key]}")
            if name.startswith("corpus.") and _kind(source) == "commonsenseqa":
                found.append(f"{where}: commonsenseqa has no gold solutions to learn from")
            if name.startswith("corpus.") and _kind(source) == "reasoning_gym":
                found.append(
                    f"{where}: reasoning_gym's questions may include those of a test; choose another generator"
                )
    return found


def missing_files(config: dict) -> list[str]:
    """The files, folders and packages that the study names and that are not there, one sentence each."""
    encoder_key = "embedding_model" if "series" in config else "scoring.embedding_model"
    config = with_given(config)
    named = [
        (f"{place.removesuffix('.prompt')}.{name}.file", source["file"], Path.is_file)
        for place, _, sources in _prompts_and_sources(config)
        for name, source in sources.items()
        if "file" in source
    ]
    if "policy" in config["sampling"]["engine"]:
        named.append(("sampling.engine.policy", config["sampling"]["engine"]["policy"], Path.is_file))
    for name, step in config["steps"].items():
        if "script" in step:
            named.append((f"steps.{name}.script", step["script"], Path.is_file))
    for name, model in config["models"].items():
        if "folder" in model and name != "given":
            named.append((f"models.{name}.folder", model["folder"], Path.is_dir))
    encoder = config["scoring"].get("embedding_model", "")
    if not encoder.startswith("package:") and (encoder.startswith((".", "/", "~")) or encoder.count("/") > 1):
        named.append((encoder_key, encoder, Path.is_dir))
    return [*missing(config), *_missing_package(encoder_key, encoder)] + [
        f"{place}: there is no {path}, seen from {Path.cwd()}"
        for place, path, exists in named
        if not exists(Path(path))
    ]


def _missing_package(key: str, encoder: str) -> list[str]:
    """Of package:NAME, where what embeds is installed here: else the jobs have another environment, and find out."""
    name = encoder.removeprefix("package:")
    if name == encoder or not find_spec("sentence_transformers"):
        return []
    try:
        package = find_spec(name)
    except (ImportError, ValueError):  # of a part of a package that is not there, and of no name
        package = None
    if any(Path(place, "model").is_dir() for place in (package and package.submodule_search_locations) or []):
        return []
    what = "has no folder called model in it" if package else "is not installed"
    return [f"{key}: the Python package {name!r} {what}; name another, a folder (./NAME) or a model on the hub"]


def _prompts_and_sources(config: dict) -> list[tuple[str, str, dict]]:
    """(key of a prompt, the prompt, its problem sources by key) of every task and pre-trained model."""
    found = []
    for name, task in config["tasks"].items():
        prompt = task["prompt"] if isinstance(task["prompt"], str) else task["prompt"]["user"]
        found.append((f"tasks.{name}.prompt", prompt, _sources(task)))
        if "few_shot_prompt" in task:
            found.append((f"tasks.{name}.few_shot_prompt", task["few_shot_prompt"], {}))
    for name, model in config["models"].items():
        if "pretrain" not in model:
            continue
        corpus = {f"corpus.{i}": source for i, source in enumerate(model["pretrain"]["corpus"])}
        found.append((f"models.{name}.pretrain.prompt", model["pretrain"]["prompt"], corpus))
    return found
