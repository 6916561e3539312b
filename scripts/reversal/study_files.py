"""The files that a study is made of: config.yaml, then those named on the command line, each laid over the ones before.

Light imports only: the rules call this at every start of Snakemake, which itself says that a file is broken
but not where, and silently takes the last of two equal keys.
"""

import difflib
import re
from pathlib import Path

import yaml

YAML_ORG = "tag:yaml.org,2002:"
KNOWN_TAGS = {YAML_ORG + kind for kind in ("str", "int", "float", "bool", "null", "map", "seq", "merge")}


def faults(paths: list[str]) -> list[str]:
    """What is wrong with the files as such, one sentence each, with file and line; [] if nothing."""
    found, before = [], None
    for path in paths:
        try:
            node = yaml.compose(Path(path).read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
        except FileNotFoundError:
            found.append(f"{path}: there is no such file, seen from {Path.cwd()}")
            continue
        except yaml.MarkedYAMLError as error:
            begun = f", {error.context}, line {error.context_mark.line + 1}" if error.context_mark else ""
            found.append(f"{path}, line {error.problem_mark.line + 1}: not valid YAML: {error.problem}{begun}")
            continue
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            found.append(f"{path}: cannot be read: {error}")
            continue
        if not isinstance(node, yaml.MappingNode):
            kind = {None: "empty", yaml.SequenceNode: "a list"}.get(node and type(node), "text")
            found.append(f"{path}: must be a map (`study: NAME` and so on), and is {kind}")
            continue
        faults_of_values = _of_values(node, "", ())
        found += [f"{path}, {fault}" for fault in faults_of_values or _of_map(node, before, "")]
        before = before or {} if faults_of_values else _laid_over(before or {}, node)
    return found


def folder(paths: list[str]) -> str:
    """Where the results go: the last `study` of these files says it."""
    names = [yaml.safe_load(Path(path).read_text(encoding="utf-8")).get("study") for path in paths]
    return "results/" + [name for name in names if name][-1]


def _of_values(node: yaml.Node, place: str, around: tuple) -> list[str]:
    """What YAML can express and no study means: cycles, tags, keys that are not names, numbers read in another base.

    around: the nodes that this one is in.
    """
    line = f"line {node.start_mark.line + 1}: {place or 'the study'}"
    if node in around:
        return [f"{line}: an anchor (&) contains itself here"]
    if node.tag not in KNOWN_TAGS:
        return [f"{line}: the tag {node.tag.replace(YAML_ORG, '!!')} cannot be used here"]
    if isinstance(node, yaml.ScalarNode):
        # YAML 1.1: 010 is 8, and 1:30 is 90.
        odd = re.fullmatch(r"[-+]?(0[0-9_]+|[0-9_]+(:[0-9.]+)+)", node.value)
        if not odd or not node.tag.endswith((":int", ":float")):
            return []
        read = f"YAML reads {node.value} as {yaml.safe_load(node.value)}"
        return [f"{line}: {read}; write it without leading zeros, or in quotes if it is text"]
    if isinstance(node, yaml.SequenceNode):
        entries = [(str(i), entry) for i, entry in enumerate(node.value)]
    else:
        if odd := [key for key, _ in node.value if key.tag not in (YAML_ORG + "str", YAML_ORG + "merge")]:
            shown = odd[0].value if isinstance(odd[0], yaml.ScalarNode) else "a list or map"
            return [f"{line}: the key {shown} is not a text; write it in quotes"]
        entries = [(key.value, value) for key, value in node.value]
    inner = (*around, node)
    return [fault for key, entry in entries for fault in _of_values(entry, f"{place}.{key}".lstrip("."), inner)]


def _of_map(node: yaml.MappingNode, before: dict | None, place: str) -> list[str]:
    """before: the keys of this map in earlier files; None where it is new, so that a null removes nothing."""
    found, lines = [], {}
    for key, value in node.value:
        line, name = key.start_mark.line + 1, f"{place}{key.value}"
        if key.value in lines:
            found.append(f"line {line}: {name} appears twice, first in line {lines[key.value]}; keep one")
        elif before is not None and key.value not in before and value.tag == "tag:yaml.org,2002:null":
            near = difflib.get_close_matches(key.value, before, n=1)
            meant = f"; did you mean {near[0]}?" if near else f"; there are: {', '.join(before)}"
            found.append(f"line {line}: {name}: null removes an entry, but there is none of this name{meant}")
        elif isinstance(value, yaml.MappingNode):
            found += _of_map(value, (before or {}).get(key.value), f"{name}.")
        lines.setdefault(key.value, line)
    return found


def _laid_over(before: dict, node: yaml.MappingNode) -> dict:
    """The keys of a map after this file: {key: keys of its value, None if that is no map}."""
    own = {key.value: value for key, value in node.value}
    return before | {
        key: _laid_over(before.get(key) or {}, value) if isinstance(value, yaml.MappingNode) else None
        for key, value in own.items()
    }
