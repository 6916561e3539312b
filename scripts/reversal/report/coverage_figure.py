"""Figure 2: M1's coverage of correct answers and the best accuracy of each method, from the study's tables."""

import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from reversal.evaluation.coverage_rule import COVERED
from reversal.report import drawing
from reversal.report.drawing import GREY, SMALL, colours
from reversal.report.figures import percent, select


def coverage(intervals: pl.DataFrame, metrics: pl.DataFrame, changes: pl.DataFrame, rule: pl.DataFrame) -> Figure:
    """Figure 2: M1's coverage of correct answers, each method's best accuracy, and whether the paper's rule held."""
    places = rule.drop_nulls("coverage").sort("coverage", descending=True, maintain_order=True).to_dicts()
    if not places:
        return drawing.nothing("no coverage of M1 on the training problems")
    data, runs = (select(table, "coverage", "train").filter(iteration=1) for table in (intervals, metrics))
    published = changes["published_best"].is_not_null().any()
    count, height = len(colours(intervals)), 0.4 if published else 0.28
    figure = Figure(figsize=(drawing.WIDTH, 0.85 + height * len(places)), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True, width_ratios=[0.9, count + 2.1])
    for y, row in enumerate(places):
        here = {"model": row["model"], "task": row["task"]}
        (found,) = data.filter(**here).head(1).to_dicts()  # M1 is the same model for every method
        single = runs.filter(**here, method=found["method"])["value"].to_numpy()
        left.hlines(y, found["low"], found["high"], color="black", linewidth=0.8, label="_whiskers")
        left.plot([found["value"]], [y], "o", color="black", ms=4, label=f"{row['model']} · {row['task']}")
        if len(single) > 1:
            left.plot(single, [y] * len(single), ".", color=GREY, alpha=0.6, ms=2.5, mew=0, label="_runs")
        left.text(1.04, y, f"{found['value']:.3f}", va="center", fontsize=7)
    left.axvline(COVERED, color="black", linestyle="--", linewidth=0.8, label="_threshold")
    left.set(xlim=(0, 1), ylim=(len(places) - 0.5, -0.5), xticks=[0, 0.5, 1], xlabel="coverage of M$_1$")
    left.set_yticks(range(len(places)), [f"{row['model']} · {row['task']}" for row in places])
    drawing.tidy(left)
    _best_table(right, places, colours(intervals), changes.filter(dimension="accuracy", metric="pass_at_1"))
    title = "Coverage of M$_1$ and the best greedy accuracy of each method, chosen after looking"
    figure.suptitle(title, fontweight="bold", fontsize=8.5)
    return figure


def _best_table(ax: Axes, places: list[dict], methods: dict[str, str], best: pl.DataFrame) -> None:
    """M1's accuracy, the best and its gain per method as the paper prints them, the winner shaded, and the rule."""
    last, top = len(methods) + 1, -0.62
    ax.text(0.3, top, "M$_1$", ha="center", va="bottom", fontweight="bold", fontsize=SMALL)
    for y, place in enumerate(places):
        for row in best.filter(model=place["model"], task=place["task"]).head(1).to_dicts():
            printed = row["published_first"] and f"paper {100 * row['published_first']:.2f}"
            _two_lines(ax, 0.3, y, f"{100 * row['first']:.1f} %", printed)
    for x, (method, colour) in enumerate(methods.items(), start=1):
        ax.text(x, top, method, color=colour, ha="center", va="bottom", fontweight="bold", fontsize=SMALL)
        for y, place in enumerate(places):
            if method in place["best_method"].split(", "):
                box = Rectangle((x - 0.48, y - 0.44), 0.96, 0.88, facecolor=drawing.tint(colour, 0.75), linewidth=0)
                ax.add_patch(box)
            for row in best.filter(model=place["model"], task=place["task"], method=method).to_dicts():
                printed = row["published_best"] and f"paper {100 * row['published_best']:.2f}"
                _two_lines(ax, x, y, percent(row), printed)
    ax.text(last, top, "the rule expects", ha="center", va="bottom", fontweight="bold", fontsize=SMALL)
    for y, place in enumerate(places):
        by = "" if place["margin"] is None else f", {drawing.signed(100 * place['margin'], 1)} {_limits(place)}"
        printed = (
            place["published_rule_fits"] and f"paper {place['published_coverage']:.3f}: {place['published_rule_fits']}"
        )
        _two_lines(ax, last, y, f"{place['rule_expects'].upper()}: {place['rule_fits']}{by}", printed)
    ax.set(xlim=(0, last + 0.5))
    ax.set_axis_off()


def _limits(row: dict) -> str:
    return f"[{drawing.signed(100 * row['low'], 1)}, {drawing.signed(100 * row['high'], 1)}]"


def _two_lines(ax: Axes, x: float, y: float, text: str, below: str | None) -> None:
    ax.text(x, y - 0.2 if below else y, text, ha="center", va="center", fontsize=SMALL)
    if below:
        ax.text(x, y + 0.22, below, ha="center", va="center", fontsize=SMALL, color=GREY)
