"""The page of a plan that says what the study can see, before it is run."""

from collections.abc import Iterator

import polars as pl

from reversal.evaluation.dimensions import Dimension, dimensions
from reversal.evaluation.outcomes import POWER, SIGNIFICANT
from reversal.planning import costing, power
from reversal.planning.costing import Study
from reversal.planning.plan import table
from reversal.planning.power import Spread, smallest_change
from reversal.study import bases_of

GREEDY = "pass_at_1"


def lines(study: Study, published: pl.DataFrame, pilot: dict[tuple[str, str], Spread]) -> list[str]:
    """Markdown: per task and primary dimension the smallest change shown in 80 % of cases, beside the paper's gains.

    published: PUBLISHED. pilot: power.of_pilot, or nothing.
    """
    family, runs = judged_together(study.config), runs_of(study.config)
    rows = list(rows_of(study, published, pilot, SIGNIFICANT / family, runs))
    text = (
        f"The smallest change from M1 to the last iteration that {POWER:.0%} of studies of this size show: "
        f"paired tests over problems, at {SIGNIFICANT:g} / {family} (the first step of Holm's correction over "
        f"{family} primary dimensions), {'of one run' if runs == 1 else f'of {runs} runs'}."
    )
    notes = []
    if any(basis == "unknown" for *_, basis in rows):
        notes.append("A finished study of the same kind tells the unknown ones: `plan: {pilot: results/NAME}`.")
    if runs > 1 and not any(spread.between for spread in pilot.values()):
        notes.append("How much runs differ is not known; if they do, changes have to be larger than this.")
    shown = [
        (f"{task}: {dimension}", f"{problems:,}" if problems else "", _points(smallest), basis)
        for task, dimension, problems, smallest, basis in rows
    ]
    header = ["dimension", "problems", "smallest change", "how much problems change is"]
    warned = list(_below_the_papers(study, published, pilot, SIGNIFICANT / family, runs))
    return [text, "", *table(header, shown), *(line for note in [*notes, *warned] for line in ("", note))]


def judged_together(config: dict) -> int:
    """How many primary dimensions Holm's correction is over: those of all models, tasks and methods."""
    per_task = (len(_dimensions(config, task)) for task in config["tasks"])
    return len(config["models"]) * len(config["methods"]) * sum(per_task)


def runs_of(config: dict) -> int:
    """Independent runs: bases where there are several, otherwise training seeds."""
    bases = max(len(bases_of(model)) for model in config["models"].values())
    return bases if bases > 1 else len(config["seeds"])


def rows_of(
    study: Study, published: pl.DataFrame, pilot: dict, alpha: float, runs: int
) -> Iterator[tuple[str, str, int, float | None, str]]:
    """(task, dimension, problems, smallest change or None, pilot or assumed or unknown)."""
    for task in study.config["tasks"]:
        accuracies = _accuracies(study, published, task)
        guess = power.assumed(sum(accuracies.values()) / len(accuracies), study.config["sampling"]["test_samples"])
        for dimension in _dimensions(study.config, task):
            of_set = "test" if dimension.subset == "correct" else dimension.subset
            spread = _of_pilot(pilot, task, dimension.name)
            basis = "the pilot's" if spread else "assumed" if dimension.metric in guess else "unknown"
            spread = spread or guess.get(dimension.metric)
            problems = round(costing.problems(study, task, of_set) * (spread.share if spread else 1))
            smallest = smallest_change(spread, problems, alpha, runs) if spread and problems else None
            yield task, dimension.name, problems, smallest, basis


def _below_the_papers(study: Study, published: pl.DataFrame, pilot: dict, alpha: float, runs: int) -> Iterator[str]:
    """Sentences on the paper's gains of greedy accuracy that are too small for this study."""
    config = study.config
    for task in config["tasks"]:
        problems = costing.problems(study, task, "test")
        below, gains = [], []
        for model, accuracy in _accuracies(study, published, task).items():
            spread = _of_pilot(pilot, task, "accuracy") or power.assumed(accuracy, 1)[GREEDY]
            smallest = smallest_change(spread, problems, alpha, runs)
            here = published.filter(pl.col("method").is_in(list(config["methods"])), model=model, task=task)
            found = [(row["best_pass_at_1"] - row["m1_pass_at_1"]) / 100 for row in here.to_dicts()]
            gains += found
            below += [gain for gain in found if gain < smallest]
        if below:
            yield (
                f"**{task}: {len(below)} of the paper's {len(gains)} gains of greedy accuracy "
                f"({_points(min(below))} to {_points(max(below))}) are below what this study can see.**"
            )


def _dimensions(config: dict, task: str) -> list[Dimension]:
    declared = dimensions(GREEDY, config["sampling"]["test_samples"], list(config["tasks"][task]["ood"]))
    return [dimension for dimension in declared if dimension.role == "primary"]


def _accuracies(study: Study, published: pl.DataFrame, task: str) -> dict[str, float]:
    """{model: M1's greedy accuracy}: the paper's where it has one, otherwise as assumed of every answer."""
    printed = dict(published.filter(task=task).select("model", pl.col("m1_pass_at_1") / 100).rows())
    return {model: printed.get(model, study.table["answers"]["correct"]) for model in study.config["models"]}


def _of_pilot(pilot: dict[tuple[str, str], Spread], task: str, dimension: str) -> Spread | None:
    """The pilot's of this task, or otherwise of any."""
    others = [spread for (_, name), spread in pilot.items() if name == dimension]
    return pilot.get((task, dimension)) or (others[0] if others else None)


def _points(value: float | None) -> str:
    return (
        "" if value is None else "none" if value == float("inf") else f"{value:.4f}" if value < 0.01 else f"{value:.3f}"
    )
