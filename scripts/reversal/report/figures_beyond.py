"""Figures beyond the paper's, in the same way: pass@k curves, the verdicts as a heat map, what became of answers."""

import numpy as np
import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle

from reversal.report import drawing
from reversal.report.drawing import MARKERS, SMALL, colours, names
from reversal.report.verdict_words import COLOURS

# Dark, pale with lines across, white: verdicts differ in grey print too. They are no method's colours (PuOr).
VERDICTS = {
    "progress": {"facecolor": "#542788", "hatch": None},
    "regress": {"facecolor": "#FDC98B", "hatch": "////"},
    "unclear": {"facecolor": "white", "hatch": None},
}
OUTCOME_ROWS = 2.4  # rows of numbers that an outcome takes, a word per line
# From zero up, and below zero. Each: what a share of the test problems is, white in the method's colour, hatching.
FLOW = {"gained_outside": (0.0, "xxxx"), "gained_inside": (0.25, None), "kept": (0.78, None), "lost": (0.9, "////")}
REFERENCE = {"color": "black", "linestyle": "--", "linewidth": 0.8}
BASE = drawing.M0 | {"linestyle": ":", "label": "M$_0$"}
CROSSING = {"marker": "X", "markerfacecolor": "white", "markersize": 6}
EDGE = "#999999"
EXTRAPOLATED = "#EEEEEE"  # the ground of what was not sampled
FLOW_NAMES = {
    "gained_outside": "gained, no sample of M$_{}$ was right",
    "gained_inside": "gained, a sample of M$_{}$ was right",
    "kept": "kept",
    "lost": "lost",
}


def pass_at_k(intervals: pl.DataFrame, extrapolations: pl.DataFrame) -> Figure:
    """Figure 6: pass@k on the test problems over k, a line per iteration; a cross where M_t's line crosses M1's.

    M0, where it was evaluated, is grey and dotted. Beyond the samples that were drawn, shaded: what a beta-binomial fit
    makes of M1 and of the last iteration, with its band. extrapolations: EXTRAPOLATIONS; below a panel is said which of
    them were refused.
    """
    k = pl.col("metric").str.extract(r"^pass_at_(\d+)$").cast(pl.Int64)
    once = pl.when(pl.col("metric") == "sample_accuracy").then(1)  # pass_at_1 is greedy
    shares = intervals.with_columns(pl.col("low", "high").clip(0, 1))  # stretched to Student's t, they may go beyond
    data = shares.filter(subset="test").with_columns(k=once.otherwise(pl.when(k > 1).then(k))).drop_nulls("k")
    if data.is_empty():
        return drawing.nothing("no pass@k on the test problems")
    evaluated = 0 in data["iteration"]
    steps, ks = sorted(set(data["iteration"]) - {0}), sorted(set(data["k"]))
    figure, places = drawing.panel_grid(intervals, 1.9, 1.0)
    for ax, place in places:
        here, looks = data.filter(**place), _by_iteration(steps, colours(intervals)[place["method"]])
        for t, look in zip(steps, looks, strict=True):
            band = 0.15 if t in (steps[0], steps[-1]) else 0
            _curve(ax, here.filter(iteration=t), band=band, **look)
        if evaluated:
            _curve(ax, here.filter(iteration=0), band=0, **BASE)
        _mark_crossings(ax, here, steps, looks)
        further = _beyond(ax, extrapolations.filter(**place), here, dict(zip(steps, looks, strict=True)))
        drawing.doublings(ax, sorted({*ks, *further}))
        drawing.tidy(ax, percent=True)
    figure.supxlabel("k samples", fontsize=7.5)
    key = [Line2D([], [], **BASE)] if evaluated else []
    key += [Line2D([], [], **look) for look in _by_iteration(steps, drawing.GREY)]
    key.append(Line2D([], [], linestyle="", color=drawing.GREY, label="M$_t$ crosses M$_1$", **CROSSING))
    if extrapolations["k"].count():
        key.append(Patch(color=EXTRAPOLATED, label="extrapolated by a fit"))
    drawing.legend(figure, "pass@k on the test problems (bands: M$_1$ and the last iteration)", key)
    return figure


def _curve(ax: Axes, rows: pl.DataFrame, **look) -> None:
    """A line over k, as far as its model has samples, marked at the powers of two."""
    marked = [i for i, k in enumerate(rows["k"].sort()) if k & (k - 1) == 0]
    drawing.line(ax, rows, x="k", markevery=marked, **look)


def _beyond(ax: Axes, fits: pl.DataFrame, here: pl.DataFrame, looks: dict[int, dict]) -> list[int]:
    """Draws the fits from the last sampled k on; the further k. A refusal is named below the panel."""
    refused = [f"M$_{{{t}}}$" for t in fits.filter(pl.col("k").is_null())["iteration"].sort()]
    if refused:
        ax.set_xlabel(f"{' and '.join(refused)}: no fit, not extrapolated", fontsize=SMALL)
    fits = fits.drop_nulls("k")
    for t, look in looks.items():
        end = here.filter(iteration=t).drop_nulls("value").sort("k").tail(1).select("k", "value", "low", "high")
        rows = pl.concat([end, fits.filter(iteration=t).select("k", "value", "low", "high").sort("k")])
        if rows.height > 1:
            dotted = look | {"linestyle": ":", "marker": "", "label": f"_beyond {t}"}
            drawing.line(ax, rows, x="k", band=0.08, edges=False, **dotted)
    further = sorted(set(fits["k"]))
    if further:
        ax.axvspan(fits["samples"].min(), further[-1] * 1.15, color=EXTRAPOLATED, linewidth=0, zorder=0)
    return further


def crossings(ks: list[int], first: list[float | None], later: list[float | None]) -> list[tuple[float, float]]:
    """(k, value) of every point where two curves over k cross; straight lines over log2 k between the given points."""
    x = np.log2(ks)
    a, b = (np.array(curve, dtype=float) for curve in (first, later))
    gap = b - a
    found = []
    for i in np.flatnonzero(gap[:-1] * gap[1:] < 0):
        share = gap[i] / (gap[i] - gap[i + 1])
        found.append((float(2 ** (x[i] + share * (x[i + 1] - x[i]))), float(a[i] + share * (a[i + 1] - a[i]))))
    return found


def verdicts(changes: pl.DataFrame, outcomes: pl.DataFrame) -> Figure:
    """Figure 7: outcomes, and below them the signed changes of the primary dimensions, coloured by verdict.

    A block of rows per model.
    """
    changes = changes.filter(role="primary")
    if changes.is_empty():
        return drawing.nothing("no change from M1 to a later iteration")
    models, dimensions = names(changes, "model"), names(changes, "dimension")
    columns = changes.select("task", "method").unique(maintain_order=True).rows()
    tasks = names(changes, "task")
    places = {column: i + 0.3 * tasks.index(column[0]) for i, column in enumerate(columns)}
    width, height = min(0.8, 5.2 / len(columns)), 0.1 + 0.19 * (len(dimensions) + OUTCOME_ROWS + 1.8)
    size = (max(1.7 + width * len(columns), 3.6), 1.5 + height * len(models))
    figure = Figure(figsize=size, layout="constrained")
    for ax, model in zip(figure.subplots(len(models), 1, squeeze=False)[:, 0], models, strict=True):
        for (task, method), x in places.items():
            here = {"model": model, "task": task, "method": method}
            for outcome in outcomes.filter(**here)["outcome"]:
                _cell(ax, x, 0, outcome.replace(" ", "\n"), COLOURS[outcome], OUTCOME_ROWS)
            for row in changes.filter(**here).to_dicts():
                y = dimensions.index(row["dimension"]) + OUTCOME_ROWS / 2 + 0.8
                _cell(ax, x, y, drawing.signed(row["change"]), row["verdict"])
        _verdict_axes(ax, model, dimensions, places, colours(changes), named=model == models[0])
    key = [Patch(edgecolor=EDGE, label=name, linewidth=0.5, **look) for name, look in VERDICTS.items()]
    drawing.legend(figure, "Change from M$_1$ to the last iteration", key)
    return figure


def answer_flow(intervals: pl.DataFrame, reference: int = 1) -> Figure:
    """Figure 8: what became of M1's greedy answers in M_t, as shares of the test problems: gained, kept, lost.

    Gains stand next to zero, above; losses below; kept on top of the gains, so that the bar ends at M_t's accuracy.
    reference: 1, or 0 for M0's answers instead of M1's.
    """
    if intervals.filter(pl.col("metric").is_in(list(FLOW))).drop_nulls("value").is_empty():
        return drawing.nothing(f"no greedy answers of M{reference} and a later iteration")
    figure, places = drawing.panel_grid(intervals, 2.1, 1.0)
    before = REFERENCE | {"label": f"accuracy of M$_{reference}$"}
    for ax, place in places:
        colour, here = colours(intervals)[place["method"]], intervals.filter(**place, subset="test")
        total = here.filter(metric="pass_at_1")
        _flow_bars(ax, here, colour, reference)
        _whiskers(ax, total.filter(pl.col("iteration") > reference))
        _whiskers(ax, here.filter(metric="gained_outside"))
        _whiskers(ax, here.filter(metric="lost"), sign=-1)
        for first in total.filter(iteration=reference)["value"].drop_nulls():
            ax.axhline(first, **before)
        ax.axhline(0, color="black", linewidth=0.8, label="_zero")
        drawing.tidy(ax, percent=True, iterations=True)
    figure.supxlabel("iteration t", fontsize=7.5)
    key = [Patch(label=FLOW_NAMES[name].format(reference), **look) for name, look in _flow_looks(drawing.GREY).items()]
    drawing.legend(
        figure,
        f"M$_{reference}$'s greedy answers in M$_t$ (share of the test problems)",
        [*key, Line2D([], [], **before)],
    )
    return figure


def _by_iteration(steps: list[int], colour: str) -> list[dict]:
    """How the line of each iteration looks: M1 black, later ones darker and darker."""
    shades = ["black", *drawing.shades(colour, len(steps) - 1)]
    looks = [
        {"color": c, "marker": m, "label": f"M$_{{{t}}}$"} for t, c, m in zip(steps, shades, MARKERS * 9, strict=False)
    ]
    return [looks[0] | {"linestyle": "--"}, *looks[1:]]


def _mark_crossings(ax: Axes, here: pl.DataFrame, steps: list[int], looks: list[dict]) -> None:
    wide = here.pivot("iteration", index="k", values="value").sort("k")
    for t, look in zip(steps[1:], looks[1:], strict=True):
        if {str(steps[0]), str(t)} <= set(wide.columns):
            found = crossings(wide["k"].to_list(), wide[str(steps[0])].to_list(), wide[str(t)].to_list())
            ax.plot(
                *np.reshape(found, (-1, 2)).T,
                linestyle="",
                color=look["color"],
                zorder=5,
                label=f"_crossing {t}",
                **CROSSING,
            )


def _cell(ax: Axes, x: float, y: float, text: str, verdict: str, rows: float = 1) -> None:
    ax.add_patch(Rectangle((x - 0.5, y - rows / 2), 1, rows, edgecolor=EDGE, linewidth=0.5, **VERDICTS[verdict]))
    colour, weight = (
        "white" if verdict == "progress" else "black",
        "normal" if verdict == "unclear" or rows > 1 else "bold",
    )
    look = {"fontsize": SMALL, "color": colour, "fontweight": weight, "linespacing": 0.95}
    ax.text(x, y, text, ha="center", va="center", **look)


def _verdict_axes(ax: Axes, model: str, dimensions: list, places: dict, methods: dict, named: bool) -> None:
    """Names: tasks above their columns, the model beside them, and over the first block the methods."""
    above, first = -OUTCOME_ROWS / 2 - 0.45, OUTCOME_ROWS / 2 + 0.8
    for task in {task for task, _ in places}:
        of_task = [x for (name, _), x in places.items() if name == task]
        ax.text(sum(of_task) / len(of_task), above, task, ha="center", va="center", fontweight="bold")
    ax.set(xlim=(-0.52, max(places.values()) + 0.52), ylim=(len(dimensions) + first - 0.45, above - 0.45))
    ax.set_yticks([above, 0, *(i + first for i in range(len(dimensions)))], [model, "outcome", *dimensions])
    ax.get_yticklabels()[0].set_fontweight("bold")
    side_by_side = len(places) <= 6  # else columns are too narrow for words
    shown = [method.replace(" ", "\n") if side_by_side else method for _, method in places]
    ax.set_xticks(list(places.values()), shown if named else [""] * len(places), rotation=0 if side_by_side else 90)
    ax.xaxis.tick_top()
    ax.tick_params(length=0)
    for label, (_, method) in zip(ax.get_xticklabels(), places, strict=True):
        label.set_color(methods[method])
    ax.spines[:].set_visible(False)


def _flow_looks(colour: str) -> dict[str, dict]:
    return {
        name: {"facecolor": drawing.tint(colour, white), "hatch": hatch, "edgecolor": "black", "linewidth": 0.5}
        for name, (white, hatch) in FLOW.items()
    }


def _flow_bars(ax: Axes, here: pl.DataFrame, colour: str, reference: int) -> None:
    shares = here.filter(pl.col("metric").is_in(list(FLOW)))
    wide = shares.pivot("metric", index="iteration", values="value").sort("iteration").drop_nulls()
    at, floor = wide["iteration"].to_numpy(), np.zeros(wide.height)
    ax.set_xlim(reference + 0.4, (shares["iteration"].max() or reference + 1) + 0.6)
    for name, look in _flow_looks(colour).items():
        heights = wide[name].to_numpy() if name in wide.columns else np.empty(0)
        if name == "lost":
            floor, heights = np.zeros(wide.height), -heights
        ax.bar(at, heights, 0.62, bottom=floor, label=FLOW_NAMES[name].format(reference), **look)
        floor = floor + heights


def _whiskers(ax: Axes, rows: pl.DataFrame, sign: int = 1) -> None:
    low, high = (sign * rows[name].cast(pl.Float64).to_numpy() for name in ("low", "high"))
    drawing.whiskers(ax, rows["iteration"].to_numpy(), low, high)
