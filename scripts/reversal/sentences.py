"""What is wrong with single values of a configuration, each in a sentence that says what to write.

Light imports only: the rules call this at every start of Snakemake.
"""

import difflib
import math


def odd_values(value, place: str) -> list[str]:
    """What YAML can say and no setting is: no text for a key, infinite numbers, dates and other kinds of values."""
    where = place or "top level"
    if isinstance(value, float) and not math.isfinite(value):
        return [f"{where}: must be a finite number, not {value}"]
    if value is None or isinstance(value, (str, int, float)):
        return []
    if not isinstance(value, (dict, list)):
        return [f"{where}: {value!r} is not a text, number, list or map; if it is meant as text, write it in quotes"]
    entries = value if isinstance(value, dict) else dict(enumerate(value))
    keys = [key for key in value if not isinstance(key, str)] if isinstance(value, dict) else []
    found = [f"{where}: the key {key!r} is not a text; write it in quotes" for key in keys]
    return found + [
        fault for key, entry in entries.items() for fault in odd_values(entry, f"{place}.{key}".lstrip("."))
    ]


def sentence(error) -> str:
    """A description in the schema says what a value must be where the schema's own words would not help."""
    place, value = ".".join(map(str, error.absolute_path)) or "top level", error.instance
    if error.validator == "additionalProperties":
        allowed = sorted(error.schema["properties"])
        unknown = [key for key in value if key not in allowed]
        near = [match for key in unknown for match in difflib.get_close_matches(str(key), allowed, n=1)]
        meant = f" (did you mean {near[0]}?)" if near else ""
        if {"file", "dataset"} & set(value) and "generator" in unknown:
            meant = " (from the study below: set them to null, since maps merge)"
        return f"{place}: unknown key {', '.join(map(repr, unknown))}{meant}; allowed: {', '.join(allowed)}"
    number = _number(value) if error.validator == "type" else None
    if number is not None and error.validator_value in ("number", "integer"):
        whole = error.validator_value == "integer"
        if whole and not number.is_integer():
            return f"{place}: must be a whole number, not {value}"
        read = "YAML reads {value} as text; " if isinstance(value, str) else "must be a whole number; "
        return f"{place}: {read.format(value=value)}write {as_yaml(int(number) if whole else number)}"
    if "description" in error.schema and error.validator not in ("type", "required"):
        return f"{place}: must be {error.schema['description']}" + (
            "" if isinstance(value, dict) else f", not {value!r}"
        )
    return f"{place}: {error.message}"


def _number(value) -> float | None:
    """The finite number that a text or a float is."""
    try:
        number = float(value) if isinstance(value, (str, float)) else math.nan
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def as_yaml(number: float) -> str:
    """A number as YAML reads it as one: 5.0e-07, where 5e-07 is a text."""
    text = repr(number)
    return text.replace("e", ".0e") if "e" in text and "." not in text else text
