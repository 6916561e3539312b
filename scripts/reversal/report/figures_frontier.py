"""Sharper or worse: M1 over sampling temperatures as a curve, and what post-training made of it."""

import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.transforms import ScaledTranslation

from reversal.evaluation.frontier import WHOLE
from reversal.report import drawing
from reversal.report.drawing import DASHES, MARKERS, SMALL, names

UNITS = {
    "syntactic diversity": "syntactic diversity\n(n-grams of two right answers)",
    "semantic diversity": "semantic diversity\n(1 \N{MINUS SIGN} cosine of two right answers)",
    "logical diversity": "logical diversity\n(pairs of right answers that differ)",
}
FIRST = {"color": "black", "marker": "o", "linestyle": "-", "label": "M$_1$ over its temperatures: the frontier"}

RING = {"linestyle": "", "marker": "o", "markersize": 8, "markerfacecolor": "none", "color": "black"}
RING |= {"label": "at the temperature of the training"}


def frontier(curves: pl.DataFrame, table: pl.DataFrame, methods: dict[str, str]) -> Figure:
    """Figure 9: measures over sampled accuracy; M1's curve with its temperatures, the last model of each method.

    curves, table: CURVES and FRONTIER. methods: {method: colour}. Below each panel, where on the whole frontier the
    last model is: beyond, on, inside.
    """
    if curves.drop_nulls("value").is_empty():
        return drawing.nothing("no samples at several temperatures\n(evaluation: temperatures, in the study)")
    curves = curves.filter(~pl.col("measure").str.ends_with("/common"))
    measures = sorted(
        names(curves, "measure"), key=lambda name: [name, *UNITS][1:].index(name) if name in UNITS else -1
    )
    places = curves.select("model", "task").unique(maintain_order=True).rows()
    looks = {
        method: {"color": colour, "marker": MARKERS[(i + 1) % len(MARKERS)], "linestyle": DASHES[i % len(DASHES)]}
        for i, (method, colour) in enumerate(methods.items())
    }
    figure, axes = drawing.grid(len(places), len(measures), 2.6, 2.2)
    below = ScaledTranslation(-0.3, -0.42, figure.dpi_scale_trans)  # inches from a panel's lower left corner
    for row, (model, task) in zip(axes, places, strict=True):
        for ax, measure in zip(row, measures, strict=True):
            here = {"model": model, "task": task, "measure": measure}
            _panel(ax, curves.filter(**here), looks)
            handles = _positions(table.filter(**here, comparison=WHOLE), looks)
            ax.set_ylabel(UNITS.get(measure, measure))
            ax.set(xlabel="sampled accuracy", title=f"{model} · {task}" if measure == measures[0] else "")
            place = {"bbox_to_anchor": (0, 0), "bbox_transform": ax.transAxes + below, "loc": "upper left"}
            ax.legend(handles=handles, fontsize=SMALL, handlelength=1.4, labelspacing=0.2, **place)
            drawing.tidy(ax)
    last = [Line2D([], [], **look, label=f"{method}, last model") for method, look in looks.items()]
    key = [Line2D([], [], **FIRST), *last, Line2D([], [], **RING)]
    drawing.legend(figure, "Sharper or worse? Models at equal sampled accuracy", key)
    return figure


def _panel(ax: Axes, curves: pl.DataFrame, looks: dict[str, dict]) -> None:
    first = curves.filter(iteration=1).unique(["temperature", "accuracy", "value"], maintain_order=True)
    _curve(ax, first.sort("temperature"), FIRST, band=True)
    for accuracy, value, temperature in first.select("accuracy", "value", "temperature").drop_nulls().rows():
        ax.annotate(
            f"{temperature:g}", (accuracy, value), (3, 3), textcoords="offset points", fontsize=SMALL, clip_on=False
        )
    for method, look in looks.items():
        later = curves.filter(pl.col("iteration") > 1, method=method)
        _curve(ax, later.filter(iteration=later["iteration"].max()).sort("temperature"), look, band=False)


def _curve(ax: Axes, points: pl.DataFrame, look: dict, band: bool) -> None:
    """A line over the temperatures; its 95 % interval as a band or as crosses."""
    own = points["of_training"].to_numpy()
    x, left, right, y, low, high = (
        points[name].cast(pl.Float64).to_numpy()
        for name in ("accuracy", "accuracy_low", "accuracy_high", "value", "low", "high")
    )
    ax.plot(x, y, **look, zorder=4 if band else 3)
    ax.plot(x[own], y[own], **RING | {"color": look["color"]})
    if band:
        ax.fill_between(x, low, high, color=look["color"], alpha=0.12, linewidth=0, zorder=1)
    else:
        thin = {"color": look["color"], "linewidth": 0.6, "alpha": 0.6, "label": "_interval"}
        ax.vlines(x, low, high, **thin)
        ax.hlines(y, left, right, **thin)


def _positions(table: pl.DataFrame, looks: dict[str, dict]) -> list[Line2D]:
    """A line of text per method: where on the whole frontier its last model is, with the interval of the distance."""
    handles = []
    for method, look in looks.items():
        rows = table.filter(method=method).sort("iteration").to_dicts()
        if rows:
            row, signed = rows[-1], drawing.signed
            numbers = row["low"] is not None and f" {signed(row['low'])} to {signed(row['high'])}"
            handles.append(Line2D([], [], **look, label=f"{row['position']}{numbers or ''}"))
    return handles
