"""The verdict for people: a sentence per method, and a small table of the primary dimensions."""

import polars as pl

from reversal.dimensions import ALIKE
from reversal.outcomes import NOT_EXCLUDED, OUTCOME, listed, may_have_lost, problems_needed

# Of which verdict an outcome has the colour, on pages and in figures.
COLOURS = dict.fromkeys(OUTCOME, "unclear") | {
    "progress": "progress",
    "regressed": "regress",
    "progress with reversal": "regress",
}


def verdict_text(changes: pl.DataFrame, outcomes: pl.DataFrame, lasts: list[int]) -> str:
    """What is printed at the end of a run. lasts: the last iteration of every method."""
    if max(lasts) == 1:
        return "Only M1 was made (iterations: 1): there is no change to judge.\n"
    last = f"M{lasts[0]}" if len(set(lasts)) == 1 else "the last model"
    runs = outcomes["runs"].first() or ""
    lines = [f"From M1 to {last} ({runs}; 95 % intervals; p adjusted over the study's primary dimensions)"]
    for (model, task), group in outcomes.group_by("model", "task", maintain_order=True):
        here = changes.filter(model=model, task=task, role="primary")
        lines += ["", f"{model} on {task}"]
        for row in group.to_dicts():
            lines.append(f"  {row['method']}: {sentence(row, here.filter(method=row['method']).to_dicts())}.")
        lines += ["", *_table(here)]
    return "\n".join(lines) + "\n"


def sentence(outcome: dict, rows: list[dict]) -> str:
    """The outcome of a method in plain words, without a full stop.

    outcome: its row of OUTCOMES. rows: its primary rows of CHANGES.
    """
    said = f"{outcome['outcome']}{scope(outcome['runs'])}"
    if outcome["change"] is None:
        return f"{said}: accuracy was not measured"
    parts = [f"accuracy {_points(outcome['change'])} points{_limits(outcome)}"]
    if outcome["outcome"] == "unclear" and outcome["smallest_seen"] is not None:
        parts[0] += f", where {100 * outcome['smallest_seen']:.1f} would be seen in 4 of 5 such studies"
    others = [row for row in rows if row["dimension"] != "accuracy"]
    alike = [ALIKE[row["dimension"]] for row in others if row["verdict"] == "regress" and row["dimension"] in ALIKE]
    parts += [f"correct answers more alike in {listed(alike)}"] if alike else []
    for row in others:
        if row["verdict"] == "regress" and row["dimension"] not in ALIKE:
            parts.append(f"{row['dimension']} {_points(row['change'])} points")
    if outcome["outcome"] == "sharpened":
        parts.append("no further than M1 itself at another temperature")
    if outcome["outcome"] == "progress":
        parts.append("no other dimension lost more than its margin")
    if outcome["outcome"] == NOT_EXCLUDED:
        unsure = [_unsure(row) for row in others if may_have_lost(row)]
        parts.append(f"too little data on {listed(unsure)}" if unsure else "nothing else was measured")
    return f"{said}: " + "; ".join(parts)


def scope(runs: str) -> str:
    """What stands behind an outcome that speaks of no other run or models: (of this run); nothing for several runs."""
    return f" ({runs.partition(':')[0]})" if runs.startswith("of ") else ""


def _table(rows: pl.DataFrame) -> list[str]:
    """Dimensions down, methods across: the change and its verdict."""
    methods = rows["method"].unique(maintain_order=True).to_list()
    cells = {(row["dimension"], row["method"]): f"{row['change']:+.3f} {row['verdict']}" for row in rows.to_dicts()}
    lines = [["", *methods]]
    for dimension in rows["dimension"].unique(maintain_order=True):
        lines.append([dimension, *(cells.get((dimension, method), "") for method in methods)])
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return ["  " + "  ".join(map(str.ljust, line, widths)).rstrip() for line in lines]


def _unsure(row: dict) -> str:
    many = problems_needed(row)
    return row["dimension"] if many is None else f"{row['dimension']} (about {many} problems would do)"


def _limits(row: dict) -> str:
    if row["low"] is None:
        return ""
    return f" ({_bare(row['low'])} to {_bare(row['high'])})"


def _points(value: float) -> str:
    return f"{100 * value:+.1f}"


def _bare(value: float) -> str:
    return f"{100 * value:.1f}"
