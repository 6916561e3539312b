"""The picture of a plan: where the hours go, and how busy a pool of each size is over time."""

import numpy as np
from matplotlib.figure import Figure

from reversal.planning.plan import HOUR, Plan, duration, number

COLOURS = {"train": "#0072B2", "sample": "#E69F00", "pretrain_base": "#CC79A7", "score": "#009E73", "verify": "#56B4E9"}
OTHER = "#666666"
BINS = 240


def picture(plan: Plan) -> Figure:
    """One row of bars for the stages, then per pool size the GPUs (or cores) in use, stacked by stage."""
    taken = np.array([task.gpus if plan.study.has_gpus else task.cores for task in plan.tasks])
    seconds = np.array([task.seconds for task in plan.tasks])
    rules = np.array([job.rule if job.rule in COLOURS else "other" for job in plan.jobs])
    hours = {rule: float((taken * seconds)[rules == rule].sum()) / HOUR for rule in [*COLOURS, "other"]}
    shown = [rule for rule, spent in hours.items() if spent]
    figure = Figure(figsize=(9, 1.6 + 1.5 * len(plan.runs)), layout="constrained")
    rows = figure.subplots(1 + len(plan.runs), 1, height_ratios=[1 + 0.1 * len(shown), *[1.4] * len(plan.runs)])
    bars, *panels = np.atleast_1d(rows)
    spent = [hours[rule] for rule in shown]
    bars.barh(shown, spent, color=[COLOURS.get(rule, OTHER) for rule in shown])
    for place, value in enumerate(spent):
        bars.text(value, place, f" {number(value)}", va="center", fontsize=8)
    bars.invert_yaxis()
    bars.set_xlabel(f"{plan.unit}-hours")
    bars.margins(x=0.1)
    for panel, run in zip(panels, plan.runs, strict=True):
        edges = np.linspace(0, run.seconds or 1, BINS + 1)
        busy = [
            mean_use(
                *(np.asarray(times)[rules == rule] for times in (run.starts, run.ends)), taken[rules == rule], edges
            )
            for rule in shown
        ]
        colours = [COLOURS.get(rule, OTHER) for rule in shown]
        panel.stackplot(edges[:-1] / HOUR, busy, step="post", colors=colours, labels=shown)
        panel.axhline(run.size, color="black", linewidth=0.8)
        panel.set_xlim(0, edges[-1] / HOUR)
        panel.set_ylim(0, run.size * 1.05)
        panel.set_ylabel(f"of {run.size} {plan.unit}s")
        panel.set_title(duration(run.seconds), fontsize=9, loc="right")
    panels[-1].set_xlabel("hours")
    figure.suptitle(f"Plan of {plan.study.config['study']} on {plan.study.config['plan']['device']} (estimates)")
    return figure


def mean_use(starts: np.ndarray, ends: np.ndarray, taken: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """What intervals take on average between each edge and the next: shape (edges - 1)."""
    used = [float((taken * np.clip(edge - starts, 0, ends - starts)).sum()) for edge in edges]
    return np.diff(used) / np.diff(edges)
