"""A digest of the code that makes a rule's results: its script, and of the library what that really uses.

It is followed definition by definition: from the names in the script to what they stand for, in whatever module, and
on from there. Comments, docstrings, layout and whatever is not reached, as another stage's table schema, are no part
of it. Where it cannot be seen which part of a module is used, all of the module counts.

Standard library only: the rules import this module, and every cluster job parses the rules again.
"""

import ast
import hashlib
import os
from functools import cache
from pathlib import Path
from typing import NamedTuple

LIBRARY = "reversal"
# No result depends on these: what a job logs, that it ends with its parent, on which GPU it runs, whom it keeps out.
NO_RESULT = {
    (f"{LIBRARY}.jobs", "start"),
    (f"{LIBRARY}.jobs", "end_with_parent"),
    (f"{LIBRARY}.devices", "lease"),
    (f"{LIBRARY}.holding", "hold"),
}
Place = tuple[str, str]  # a module and a name in it, or instead of the name:
WHOLE = "*"
IMPORTED = ""  # what a module does as soon as it is imported, other than defining names


class Module(NamedTuple):
    """statements: those at its top, an import of several names as several. binds: the names that each defines."""

    statements: list[ast.stmt]
    binds: list[set[str]]
    scope: dict[str, Place]  # what its names stand for: definitions of its own, and modules of the library


def digest(script: str) -> str:
    """Twelve hexadecimal digits for a script in the folder of the library. The same in every process and Python."""
    folder, name = os.path.split(script)
    used = code_used(folder, name.removesuffix(".py"))
    text = repr([(module, _read(folder, module, number)[0]) for module, number in used])
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def code_used(folder: str, script: str) -> list[tuple[str, int]]:
    """The top-level statements that a script uses, its own included: (module, which of its statements), in order."""
    reached, waiting, used = set(), [(script, WHOLE)], set()
    while waiting:
        place = waiting.pop()
        if place in reached or place in NO_RESULT:
            continue
        reached.add(place)
        module, name = place
        statements, binds, _ = _module(folder, module)
        if name not in (WHOLE, IMPORTED) and not any(name in names for names in binds):
            name = WHOLE  # __file__, say
        for number, names in enumerate(binds):
            if name not in names and (library := _of_library(folder, statements[number])):
                waiting += [(imported, IMPORTED) for imported, _ in library]
            elif name == WHOLE or name in names or not names:
                used.add((module, number))
                waiting += _read(folder, module, number)[1]
    return sorted(used)


@cache
def _module(folder: str, name: str) -> Module:
    tree = ast.parse(Path(folder, *name.split(".")).with_suffix(".py").read_text(encoding="utf-8"))
    statements = [part for node in tree.body if not _is_text(node) for part in _parts(node)]
    binds = [_binds(node) for node in statements]
    scope = {bound: (name, bound) for names in binds for bound in names}
    for node in statements:
        for imported, what in _of_library(folder, node):
            if what == WHOLE:
                scope[node.names[0].asname or node.names[0].name] = (imported, WHOLE)
    return Module(statements, binds, scope)


def _is_text(node: ast.AST) -> bool:
    """Whether a statement is a docstring, or another constant that is only there to be read."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _parts(node: ast.stmt) -> list[ast.stmt]:
    if isinstance(node, ast.Import):
        return [ast.Import([alias]) for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return [ast.ImportFrom(node.module, [alias], node.level) for alias in node.names]
    return [node]


def _binds(node: ast.stmt) -> set[str]:
    """The names that a statement defines or changes; none if it does anything else."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        return {(node.names[0].asname or node.names[0].name).partition(".")[0]}
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {node.name}
    if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        parts = [part for target in targets for part in (target.elts if isinstance(target, ast.Tuple) else [target])]
        return {part.id for part in parts} if all(isinstance(part, ast.Name) for part in parts) else set()
    return set()


def _of_library(folder: str, node: ast.AST) -> set[Place]:
    """What an import takes from the library: modules, or names of one."""
    if not isinstance(node, ast.ImportFrom) or (node.module or "").partition(".")[0] != LIBRARY:
        return set()
    room = Path(folder, *node.module.split("."))
    if room.is_dir():
        return {(f"{node.module}.{alias.name}", WHOLE) for alias in node.names}
    return {(node.module, alias.name) for alias in node.names}


@cache
def _read(folder: str, module: str, number: int) -> tuple[str, set[Place]]:
    """A statement in one notation for all Pythons (ast.dump and ast.unparse have several), and the places it names.

    A local variable that has the name of a definition counts as that.
    """
    found = _module(folder, module)
    node = found.statements[number]
    if library := _of_library(folder, node):
        return "", library  # from where is no part of it
    words, names = [], set()
    _write(folder, node, found.scope, words, names)
    return " ".join(words), names


def _write(folder: str, node, scope: dict[str, Place], words: list[str], names: set[Place]) -> None:
    if isinstance(node, list):
        words.append("[")
        for part in node:
            _write(folder, part, scope, words, names)
        words.append("]")
    elif not isinstance(node, ast.AST):
        words.append(repr(node))
    elif not _is_text(node):
        words.append(type(node).__name__)
        inner = node.value if isinstance(node, ast.Attribute) else None
        if isinstance(inner, ast.Name) and scope.get(inner.id, ("", ""))[1] == WHOLE:
            names.add((scope[inner.id][0], node.attr))
            words += [inner.id, node.attr]
            return
        if isinstance(node, ast.Name) and node.id in scope:
            names.add(scope[node.id])
        names |= _of_library(folder, node)
        for field, value in ast.iter_fields(node):
            if value is not None and value != [] and field != "ctx":  # newer Pythons have more empty fields
                words.append(field)
                _write(folder, value, scope, words, names)
