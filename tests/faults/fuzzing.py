"""Wrong studies by chance: changes of the values, the keys and the text of a study that is right."""

import copy
import os
import random

import yaml


def how_many(fault: str, few: int) -> int:
    """`few` in `make test`; what `make faults` says of this fault (STUDIES=500 ..), e.g. in $FAULTS_STUDIES."""
    return int(os.environ.get(f"FAULTS_{fault}", few))


# Values that are wrong nearly everywhere: other types, limits, odd spellings of numbers, texts that break lines.
JUNK = [None, True, "", " ", "x", "a b", "a/b", "../up", "a\nb", "ü", "x" * 300, "{question}", "5e-7", "1e400", "base"]
JUNK += [0, -1, 1, 2, 3, 7, 10**6, 10**12, -0.5, 0.0, 0.5, 1.5, 3.0, 1e9, float("nan"), float("inf"), -float("inf")]
JUNK += [[], {}, [[]], [1], [1.0], ["x"], [None], [1, 1], [3, 2], {"x": 1}, {"x": None}, {1: 2}, {"generator": "x"}]
# What stands in a text and is no YAML, or is YAML that no study means.
BROKEN = ["\t", "{", "]", ": ", "&a ", "*a", "!!set ", "!own ", "!!python/name:os.system ", "<<: ", "- ", "'", "010"]
BROKEN += [
    "1:30",
    "2026-01-02",
    "0x1F",
    "~",
    "? [a]\n: ",
    "&a [*a]",
    "&b {x: *b}",
    "%YAML 9\n",
    "---\n",
    "\x00",
    "|",
    "no: ",
]


def places(value, path: tuple = ()) -> list[tuple]:
    """The paths of all entries of maps and lists in `value`."""
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place for key, entry in entries for place in ((*path, key), *places(entry, (*path, key)))]


def change_value(config: dict, draw: random.Random) -> tuple:
    """Makes one entry of `config` wrong, in place; returns its path."""
    *path, last = draw.choice(places(config))
    around = config
    for key in path:
        around = around[key]
    kind = draw.choice(["junk", "junk", "junk", "scale", "delete", "rename", "add", "twin"])
    if kind == "scale" and type(around[last]) in (int, float):
        around[last] = around[last] * draw.choice([-1, 0, 0.5, 1.5, 100, 1e12])
    elif kind == "delete":
        del around[last]
    elif kind == "rename" and isinstance(around, dict):
        around[draw.choice([f"{last}x", str(last)[1:], str(last).upper(), f"{last}\n"])] = around.pop(last)
    elif kind == "add" and isinstance(around, dict):
        last = draw.choice(["x", "base", "train", "logs", "a.b", "a b", ""])
        around[last] = copy.deepcopy(draw.choice(JUNK))
    elif kind == "twin" and isinstance(around, dict):
        around[f"{last}_2"] = copy.deepcopy(around[last])
    else:
        around[last] = copy.deepcopy(draw.choice(JUNK))
    return (*path, last)


def change_text(text: str, draw: random.Random) -> str:
    """The text with something lost, doubled or put in, as an editor or a disk would do it."""
    at, length = draw.randrange(len(text)), draw.randrange(1, 9)
    put = draw.choice(["", "", text[at : at + 20], *BROKEN])
    return text[:at] + put + text[at + draw.choice([0, length]) :]


def wrong_study(right: dict, draw: random.Random) -> tuple[str, str | None]:
    """(The text of a study, the first key on the way to what was changed; None where that is the text itself)."""
    config = copy.deepcopy(right)
    if draw.random() < 0.25:
        return change_text(yaml.dump(config, Dumper=yaml.CSafeDumper, sort_keys=False), draw), None
    key = str(change_value(config, draw)[0])
    return yaml.dump(config, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True), key
