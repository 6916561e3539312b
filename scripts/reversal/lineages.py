"""A model is the series of post-training steps that made it: its lineage, e.g. "sft-dpo-sft". The base model is "base".

Every tenth step carries its number, "sft-sft-..-sft.10-sft": Snakemake takes a name that ends in twenty repetitions for
an endless loop, and nobody can count them.

Standard library only: the rules import this module, and every cluster job parses the rules again.
"""

BASE = "base"
COUNTED = 10


def series(method: dict, iterations: int) -> list[str]:
    """The lineages of M1 .. MT of one method.

    method: {start: [steps], repeat: [steps]}: `start` once, then `repeat` over and over, cut at `iterations` steps.
    A given series ({given, start}) has as many as it has. Raises ValueError if there are too few steps and none to
    repeat.
    """
    if "given" in method:
        return _cumulated(method["start"])
    start, repeat = method["start"], method.get("repeat") or []
    if len(start) < iterations and not repeat:
        raise ValueError(f"{len(start)} steps and none to repeat, but iterations is {iterations}")
    steps = [start[i] if i < len(start) else repeat[(i - len(start)) % len(repeat)] for i in range(iterations)]
    return _cumulated(steps)


def _cumulated(steps: list[str]) -> list[str]:
    named = [step if i % COUNTED else f"{step}.{i}" for i, step in enumerate(steps, start=1)]
    return ["-".join(named[: i + 1]) for i in range(len(named))]


def parent(lineage: str) -> str:
    """The lineage less its last step; "base" for a lineage of one step."""
    return lineage.rpartition("-")[0] or BASE


def path(lineage: str) -> list[str]:
    """The lineages of M1 up to this model, itself included."""
    steps = lineage.split("-")
    return ["-".join(steps[: i + 1]) for i in range(len(steps))]


def last_step(lineage: str) -> str:
    return lineage.rpartition("-")[2].partition(".")[0]


def first(lineage: str) -> str:
    """M1 of the same series."""
    return lineage.partition("-")[0]


def iteration(lineage: str) -> int:
    """t of M_t: the number of steps."""
    return 0 if lineage == BASE else lineage.count("-") + 1
