"""The verdict for people: a sentence per method in plain words, and a small table of the primary dimensions."""

import textwrap
from itertools import pairwise

import polars as pl

from reversal.evaluation.dimensions import ALIKE
from reversal.evaluation.outcomes import NOT_EXCLUDED, OUTCOME, listed, may_have_lost, problems_needed

# Of which verdict an outcome has the colour, on pages and in figures.
COLOURS = dict.fromkeys(OUTCOME, "unclear") | {
    "progress": "progress",
    "regressed": "regress",
    "progress with reversal": "regress",
}
ACRONYMS = ("sft", "dpo", "grpo", "rft", "ppo")
COLUMNS = 100  # of a terminal


def in_words(name: str) -> str:
    """The name of a method as one reads it: iterative_sft_dpo is iterative SFT-DPO."""
    words = [word.upper() if word in ACRONYMS else word for word in name.split("_")]
    text = words[0]
    for before, word in pairwise(words):
        text += ("-" if before.isupper() and word.isupper() else " ") + word
    return text


def verdict_text(changes: pl.DataFrame, outcomes: pl.DataFrame, lasts: list[int]) -> str:
    """What is printed at the end of a run. lasts: the last iteration of every method."""
    if max(lasts) == 1:
        return "Only M1 was made (iterations: 1): there is no change to judge.\n"
    lines = [basis(outcomes, lasts)]
    for (model, task), group in outcomes.group_by("model", "task", maintain_order=True):
        here = changes.filter(model=model, task=task, role="primary")
        lines += ["", f"{model} on {task}"]
        for row in group.to_dicts():
            said = f"{in_words(row['method'])}: {sentence(row, here.filter(method=row['method']).to_dicts())}."
            lines.append(f"  {said}")
        lines += _tables(here, dict(group.select("method", "outcome").rows()))
    return "\n".join(lines) + "\n"


def wrapped(text: str) -> str:
    """Text whose lines are at most COLUMNS wide, for a terminal; what goes on in the next line stands further in."""
    lines = []
    for line in text.split("\n"):
        indent = " " * (len(line) - len(line.lstrip()))
        lines += textwrap.wrap(line, COLUMNS, subsequent_indent=f"{indent}  ", drop_whitespace=True) or [line]
    return "\n".join(lines)


def basis(outcomes: pl.DataFrame, lasts: list[int]) -> str:
    """Which models are compared, and how many runs the verdict rests on."""
    last = f"M{lasts[0]}" if len(set(lasts)) == 1 else "the last model"
    runs = outcomes["runs"].first() or ""
    return f"From M1 to {last} ({runs}; 95 % intervals; p adjusted over the study's primary dimensions)"


def sentence(outcome: dict, rows: list[dict]) -> str:
    """What became of a method in plain words, without a full stop.

    outcome: its row of OUTCOMES. rows: its primary rows of CHANGES.
    """
    if outcome["change"] is None:
        return "accuracy was not measured"
    others = [row for row in rows if row["dimension"] != "accuracy"]
    alike = [ALIKE[row["dimension"]] for row in others if row["verdict"] == "regress" and row["dimension"] in ALIKE]
    lower = [row for row in others if row["verdict"] == "regress" and row["dimension"] not in ALIKE]
    parts = [f"{_accuracy(outcome)} ({in_points(outcome)})"]
    parts += [f"correct answers more alike in {listed(alike)}"] if alike else []
    parts += [f"{row['dimension']} fell ({in_points(row)})" for row in lower]
    if outcome["outcome"] == "sharpened":
        parts.append("no further than M1 itself at another temperature")
    if outcome["outcome"] == "progress":
        parts.append("no other dimension lost more than its margin")
    if outcome["outcome"] == NOT_EXCLUDED:
        unsure = [_unsure(row) for row in others if may_have_lost(row)]
        parts.append(f"too little data on {listed(unsure)}" if unsure else "nothing else was measured")
    return "; ".join(parts)


def in_points(row: dict) -> str:
    """A change of a share and its 95 % interval, in percentage points. row: change, low and high."""
    limits = "" if row["low"] is None else f", {100 * row['low']:+.1f} to {100 * row['high']:+.1f}"
    return f"{100 * row['change']:+.1f} points{limits}"


def _accuracy(outcome: dict) -> str:
    if outcome["outcome"] == "regressed":
        return "accuracy fell"
    if outcome["outcome"] == "no progress":
        return "no gain in accuracy, as was shown"
    if outcome["outcome"] == "unclear":
        return "no gain in accuracy shown" if outcome["change"] >= 0 else "neither gain nor loss of accuracy shown"
    return "accuracy rose"


def _tables(rows: pl.DataFrame, found: dict[str, str]) -> list[str]:
    """Dimensions down, methods across: outcomes {method: outcome}, then each change and its verdict.

    Methods that do not fit beside each other stand in tables below each other.
    """
    names = ["outcome", *rows["dimension"].unique(maintain_order=True)] if rows.height else []
    cells = {(row["dimension"], row["method"]): f"{row['change']:+.3f} {row['verdict']}" for row in rows.to_dicts()}
    cells |= {("outcome", method): outcome for method, outcome in found.items()}
    columns = [[in_words(method), *(cells.get((name, method), "") for name in names)] for method in found]
    first, widest = max(map(len, ["", *names])), 2 + max(len(cell) for column in columns for cell in column)
    beside = max(1, (COLUMNS - 2 - first) // widest)
    lines = []
    for i in range(0, len(columns) if names else 0, beside):
        shown = [["", *names], *columns[i : i + beside]]
        widths = [max(map(len, column)) for column in shown]
        rows_of_text = ["  ".join(map(str.ljust, line, widths)).rstrip() for line in zip(*shown, strict=True)]
        lines += ["", *(f"  {line}" for line in rows_of_text)]
    return lines


def _unsure(row: dict) -> str:
    many = problems_needed(row)
    return row["dimension"] if many is None else f"{row['dimension']} (about {many} problems would do)"
