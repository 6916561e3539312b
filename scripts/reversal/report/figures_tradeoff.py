"""Accuracy against diversity: the path of every method, from M1 to its last model."""

import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from reversal.evaluation.accuracy import accuracy_metric
from reversal.evaluation.dimensions import DIVERSITIES
from reversal.report import drawing
from reversal.report.drawing import DASHES, MARKERS
from reversal.report.figures import select

FIRST = {"color": "black", "marker": "o", "markersize": 5, "linestyle": "", "label": "M$_1$", "zorder": 5}
LAST = {"markersize": 5.5, "markeredgecolor": "black", "markeredgewidth": 0.6, "zorder": 6}


def tradeoff(intervals: pl.DataFrame, methods: dict[str, str]) -> Figure:
    """Figure 10: diversity of a problem's correct answers over accuracy, a path per method; crosses: 95 % intervals.

    methods: {method: colour}. A path to the right and down is the reversal: more right answers, more alike.
    """
    metric = accuracy_metric(intervals)
    later = intervals.filter(pl.col("iteration") > 0)
    measures = [name for name, of in DIVERSITIES.items() if select(later, of, "correct")["value"].count()]
    if not measures or select(later, metric, "test")["value"].count() == 0:
        return drawing.nothing("no diversity of correct answers, or no accuracy")
    places = later.select("model", "task").unique(maintain_order=True).rows()
    figure, axes = drawing.grid(len(places), len(measures), 2.0, 1.6)
    figure.set_figwidth(2.1 * len(measures))
    looks = {
        method: {"color": colour, "marker": MARKERS[(i + 1) % len(MARKERS)], "linestyle": DASHES[i % len(DASHES)]}
        for i, (method, colour) in enumerate(methods.items())
    }
    for i, (row, (model, task)) in enumerate(zip(axes, places, strict=True)):
        here = later.filter(model=model, task=task)
        for ax, measure in zip(row, measures, strict=True):
            for method, look in looks.items():
                of_method = here.filter(method=method)
                _path(ax, select(of_method, metric, "test"), select(of_method, DIVERSITIES[measure], "correct"), look)
            ax.set(title=measure if i == 0 else "", xlabel="accuracy" if i == len(places) - 1 else "")
            drawing.tidy(ax)
            ax.xaxis.set_major_formatter(lambda value, _: f"{100 * value:g}%")
        row[0].set_ylabel(f"{model}\n{task}" if len(places) > 1 else "of a problem's correct answers")
    key = [Line2D([], [], **FIRST)]
    key += [Line2D([], [], **look, label=f"{method}, to its last model") for method, look in looks.items()]
    drawing.legend(figure, "Accuracy against diversity", key)
    return figure


def _path(ax: Axes, accuracy: pl.DataFrame, diversity: pl.DataFrame, look: dict) -> None:
    both = accuracy.join(diversity, on="iteration", suffix="_of_diversity").drop_nulls("value").sort("iteration")
    both = both.drop_nulls("value_of_diversity")
    if both.is_empty():
        return
    x, left, right, y, low, high = (
        both[f"{name}{of}"].cast(pl.Float64).to_numpy()
        for of in ("", "_of_diversity")
        for name in ("value", "low", "high")
    )
    ax.plot(x, y, **look | {"markersize": 2.5})
    thin = {"linewidth": 0.7, "alpha": 0.45, "label": "_interval"}
    for end, colour in ((0, "black"), (-1, look["color"])):
        ax.vlines(x[end], low[end], high[end], color=colour, **thin)
        ax.hlines(y[end], left[end], right[end], color=colour, **thin)
    ax.plot(x[-1:], y[-1:], **look | LAST)
    if both["iteration"][0] == 1:
        ax.plot(x[:1], y[:1], **FIRST)
