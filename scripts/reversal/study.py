"""A study's configuration: what is wrong with it, in words, before the first job.

Light imports only: the rules call this at every start of Snakemake.
"""

import difflib
import json

from reversal.lineages import series


def without_nulls(value):
    """The configuration less every key set to null: how a study takes an entry of config.yaml away."""
    if isinstance(value, dict):
        return {key: without_nulls(entry) for key, entry in value.items() if entry is not None}
    return value


def canonical(value) -> str:
    """One JSON text per value, whatever the order of its keys: Snakemake compares params as text."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def problems_of(config: dict, schema: dict) -> list[str]:
    """Everything that is wrong with `config`, one sentence each, naming the key and what is allowed; [] if nothing."""
    from jsonschema import Draft202012Validator

    errors = sorted(Draft202012Validator(schema).iter_errors(config), key=lambda error: list(map(str, error.path)))
    return [_sentence(error) for error in errors] or _inconsistencies(config)


def _sentence(error) -> str:
    place = ".".join(map(str, error.absolute_path)) or "top level"
    if error.validator == "additionalProperties":
        allowed = sorted(error.schema["properties"])
        unknown = [key for key in error.instance if key not in allowed]
        near = [match for key in unknown for match in difflib.get_close_matches(key, allowed, n=1)]
        meant = f" (did you mean {near[0]}?)" if near else ""
        return f"{place}: unknown key {', '.join(map(repr, unknown))}{meant}; allowed: {', '.join(allowed)}"
    if error.validator == "oneOf":
        return _sentence(_nearest(error))
    return f"{place}: {error.message}"


def _nearest(error):
    """Of an error "none of these forms", what is wrong with the form that was probably meant."""
    forms: dict[int, list] = {}
    for reason in error.context:
        forms.setdefault(reason.schema_path[0], []).append(reason)
    # A form was not meant if its own name is missing (required) or another one's stands there (const).
    return min(forms.values(), key=lambda reasons: sum(r.validator == "const" or (r.validator == "required" and not r.relative_path) for r in reasons))[0]


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
        if steps[lineages[0]]["trainer"] != "sft":
            found.append(
                f"methods.{name}: starts with {lineages[0]}, but M1 is trained on gold solutions, which have no rejected "
                f"answers; start with one of: {', '.join(s for s, v in steps.items() if v['trainer'] == 'sft')}"
            )
    for task, settings in config["tasks"].items():
        for name in set(settings["ood"]) & {"train", "test"}:
            found.append(f"tasks.{task}.ood.{name}: an OOD set needs a name other than train and test")
        if "{question}" not in settings["prompt"]:
            found.append(f"tasks.{task}.prompt: must contain {{question}}")
    return found
