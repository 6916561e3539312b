"""What the figures share: one colour per method, panels, lines with bands, bars with whiskers, one legend.

Lines and bars take rows of INTERVALS: value, and its 95 % interval from low to high. An undefined value is a gap, never
a zero. Sizes are those of print: WIDTH is a page's text, and no letter is smaller than SMALL points.
"""

import matplotlib
import polars as pl
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, to_hex
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, MaxNLocator

# Okabe and Ito's colour-blind safe palette, without its yellow (too pale for a line on paper).
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKERS = "osD^vPX"
# Methods that share a prefix lie on top of each other there: broken lines let the one below show.
DASHES = ("-", (0, (5, 2)), (0, (2, 1.5)), "-.")
GREY = "#666666"
M0 = {"color": GREY, "marker": "x", "markersize": 5, "linestyle": "", "label": "M$_0$, before any post-training"}
WIDTH, SMALL = 7.0, 6.5  # inches, points
STYLE = {
    "font.size": 7.5,
    "axes.titlesize": 8,
    "axes.labelsize": 7.5,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "legend.fontsize": 7.5,
    "legend.frameon": False,
    "axes.linewidth": 0.6,
    "hatch.linewidth": 0.5,
    "lines.linewidth": 1.1,
    "lines.markersize": 3.5,
}


def names(table: pl.DataFrame, column: str) -> list[str]:
    """The distinct names in a column, in order of first appearance."""
    return table[column].unique(maintain_order=True).to_list()


def colours(table: pl.DataFrame) -> dict[str, str]:
    """{method: its colour}: the same in every figure that is given all methods of the study."""
    return {method: PALETTE[i % len(PALETTE)] for i, method in enumerate(names(table, "method"))}


def shades(colour: str, count: int) -> list[str]:
    """`count` shades of a colour, from pale to dark: one per iteration, in panels that are one method."""
    ramp = LinearSegmentedColormap.from_list(
        "shades", [_mix(colour, "#FFFFFF", 0.55), colour, _mix(colour, "#000000", 0.45)]
    )
    return [to_hex(ramp(i / (count - 1))) for i in range(count)] if count > 1 else [colour]


def tint(colour: str, share: float) -> str:
    """A colour with `share` of white in it."""
    return _mix(colour, "#FFFFFF", share)


def panels(table: pl.DataFrame) -> list[list[dict]]:
    """Rows of places {model, task, method}: tasks stand side by side if there are several, otherwise methods do."""
    models, tasks, methods = (names(table, column) for column in ("model", "task", "method"))
    if len(tasks) > 1:
        return [[_place(model, task, method) for task in tasks] for model in models for method in methods]
    return [[_place(model, tasks[0], method) for method in methods] for model in models]


def grid(rows: int, columns: int, few: float, many: float, **shared) -> tuple[Figure, list]:
    """A figure as wide as a page (one column: narrower); panels are `few` inches high, `many` if more than 3 rows."""
    size = (WIDTH if columns > 1 else 4.4, 0.75 + rows * (few if rows <= 3 else many))
    figure = Figure(figsize=size, layout="constrained")
    figure.get_layout_engine().set(w_pad=0.03, h_pad=0.03, hspace=0.02, wspace=0.02)
    return figure, figure.subplots(rows, columns, squeeze=False, **shared)


def panel_grid(table: pl.DataFrame, few: float, many: float) -> tuple[Figure, list[tuple[Axes, dict]]]:
    """The figure of panels(table) with titles, and the axes of each place; accuracies of a task share their scale."""
    places = panels(table)
    coloured, tasks = colours(table), len(names(table, "task"))
    figure, axes = grid(len(places), len(places[0]), few, many, sharex=True, sharey="col" if tasks > 1 else "row")
    found = []
    for i, (line, row) in enumerate(zip(axes, places, strict=True)):
        for ax, place in zip(line, row, strict=True):
            title, beside = (place["task"], place["method"]) if tasks > 1 else (place["method"], place["task"])
            if i == 0:
                ax.set_title(title, color="black" if tasks > 1 else coloured[place["method"]])
            if ax is line[0]:
                ax.set_ylabel(f"{place['model']}\n{beside}", color=coloured[place["method"]] if tasks > 1 else "black")
            found.append((ax, place))
    return figure, found


def line(ax: Axes, rows: pl.DataFrame, x: str = "iteration", band: float = 0.15, edges: bool = True, **look) -> None:
    """A line over x and its 95 % interval as a band of that opacity (0: none); edges, where bands lie on each other."""
    at, value, low, high = _columns(rows.sort(x), x)
    ax.plot(at, value, **look)
    if band:
        ax.fill_between(at, low, high, color=look["color"], alpha=band, linewidth=0)
    for limit, label in ((low, "_low"), (high, "_high")) if band and edges else ():
        ax.plot(at, limit, color=look["color"], alpha=0.5, linewidth=0.4, label=label)


def before(ax: Axes, rows: pl.DataFrame) -> None:
    """M0 at t = 0 with its 95 % interval: the same model for every method, and so of no method's colour."""
    at, value, low, high = _columns(rows.unique("iteration"), "iteration")
    ax.plot(at, value, **M0)
    ax.vlines(at, low, high, color=GREY, linewidth=0.8, label="_whiskers")


def bars(ax: Axes, rows: pl.DataFrame, width: float, **look) -> None:
    """Bars over iterations with their 95 % intervals as whiskers. Undefined bars keep their place."""
    at, value, low, high = _columns(rows.sort("iteration"), "iteration")
    defined = value == value
    ax.bar(at[defined], value[defined], width, **look)
    whiskers(ax, at, low, high)
    ax.set_xlim(0.4, (at.max() if at.size else 1) + 0.6)


def whiskers(ax: Axes, at, low, high) -> None:
    ax.vlines(at, low, high, color="black", linewidth=0.8, label="_whiskers")


def dots(ax: Axes, metrics: pl.DataFrame, colour: str, offset: float = 0) -> None:
    """Single runs as faint dots over iterations, where there are several. metrics: rows of METRICS."""
    if metrics.select("base", "seed").n_unique() > 1:
        look = {"color": colour, "alpha": 0.6, "markersize": 3.5, "markeredgewidth": 0, "label": "_runs"}
        ax.plot(metrics["iteration"].to_numpy() + offset, metrics["value"].to_numpy(), ".", **look)


def printed(ax: Axes, rows: pl.DataFrame, color: str, x: str = "iteration", marker: str = "x") -> None:
    """The paper's numbers of the same thing, with their reading error. rows: PRINTED."""
    if rows.height:
        at, value, error = (rows[name].cast(pl.Float64).to_numpy() for name in (x, "published", "reading_error"))
        look = {"linestyle": "", "marker": marker, "color": color, "markersize": 5, "elinewidth": 0.6, "zorder": 6}
        ax.errorbar(at, value, error, label="_paper", **look)


def key_of_printed(rows: pl.DataFrame, what: str = "") -> list[Line2D]:
    """What such crosses are, for a legend; nothing where there are none."""
    return [Line2D([], [], linestyle="", marker="x", color=GREY, label=f"the paper{what}")] if rows.height else []


def tidy(ax: Axes, percent: bool = False, iterations: bool = False) -> None:
    """Grid, scales and ticks, once everything is drawn."""
    ax.grid(True, color="#DDDDDD", linewidth=0.5)
    ax.set_axisbelow(True)
    ax.spines[["top", "right"]].set_visible(False)
    low, high = ax.get_ylim()
    if low < 0 and ax.lines and not ax.patches:  # a share is never negative: the margin must not suggest it
        ax.set_ylim(-0.02 * high, high)
    if iterations:
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    if percent:
        ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{round(abs(100 * value), 4):g}%"))
    if ax.dataLim.width < 0 or ax.dataLim.height < 0:  # nothing but gaps: matplotlib would invent a scale
        ax.text(0.5, 0.5, "no defined value", ha="center", va="center", color=GREY, transform=ax.transAxes)
        ax.tick_params(left=False, bottom=False, labelleft=False, labelbottom=False)
        ax.grid(False)
        ax.spines[:].set_visible(False)


def doublings(ax: Axes, ks: list[int]) -> None:
    """A horizontal log2 scale from the first to the last of the numbers of samples `ks`."""
    ax.set_xscale("log", base=2)
    powers = [k for k in ks if k & (k - 1) == 0]
    every = 1 + (len(powers) > 8)  # more numbers would run into each other
    ax.set_xticks(powers, [str(k) if i % every == 0 else "" for i, k in enumerate(powers)])
    ax.minorticks_off()
    ax.set_xlim(ks[0] / 1.15, ks[-1] * 1.15)


def legend(figure: Figure, title: str, given: list | None = None) -> None:
    """One legend above the panels; it carries the title, so the two cannot collide.

    given: handles, where those of all that is drawn will not do, as each panel has its own colour.
    """
    handles = {handle.get_label(): handle for handle in given or []}
    for ax in [] if given else figure.axes:
        for handle, label in zip(*ax.get_legend_handles_labels(), strict=True):
            handles.setdefault(label, handle)
    longest = max((len(label.replace("$_", "")) for label in handles), default=1)
    room = figure.get_figwidth() / (0.5 + 0.06 * longest)
    figure.align_ylabels()
    box = figure.legend(handles.values(), handles, loc="outside upper center", ncols=max(1, int(room)), title=title)
    box.get_title().set(fontweight="bold", fontsize=8.5)


def signed(value: float, digits: int = 3) -> str:
    return f"{value:+.{digits}f}".replace("-", "\N{MINUS SIGN}")


def nothing(what: str) -> Figure:
    figure = Figure(figsize=(4.5, 1.2), layout="constrained")
    figure.text(0.5, 0.5, f"Nothing to draw: the study's tables have\n{what}.", ha="center", va="center")
    return figure


def _place(model: str, task: str, method: str) -> dict:
    return {"model": model, "task": task, "method": method}


def _columns(rows: pl.DataFrame, x: str):
    return [rows[name].cast(pl.Float64).to_numpy() for name in (x, "value", "low", "high")]


def _mix(colour: str, other: str, share: float) -> str:
    a, b = matplotlib.colors.to_rgb(colour), matplotlib.colors.to_rgb(other)
    return to_hex([x * (1 - share) + y * share for x, y in zip(a, b, strict=True)])
