"""The paper's five figures, each a pure function from the metrics table to a matplotlib Figure.

One row of the table is one value of one (model, task, method, seed, iteration, metric, subset). A line is the mean over
seeds; where there are several, each seed is a faint dot and the band runs from the lowest to the highest. Colour always
means method (in Figure 3, where a panel is a method, blue deepens with t). An undefined value is a gap, never a zero.
"""

from collections.abc import Sequence

import matplotlib
import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator, PercentFormatter

# Okabe and Ito's colour-blind safe palette, without its yellow (too pale for a line on paper).
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKERS = "osD^vPX"
# Methods that share a prefix lie on top of each other there: broken lines let the one below show.
DASHES = ("-", (0, (5, 2)), (0, (2, 1.5)), "-.")
GREY = "#666666"
PANEL = ["model", "task"]
STYLE = {"font.size": 9, "axes.titlesize": 9, "axes.labelsize": 9, "legend.fontsize": 8, "legend.frameon": False}


def names(metrics: pl.DataFrame, column: str) -> list[str]:
    """The distinct names in a column, in order of first appearance."""
    return metrics[column].unique(maintain_order=True).to_list()


def colours(metrics: pl.DataFrame) -> dict[str, str]:
    return {method: PALETTE[i % len(PALETTE)] for i, method in enumerate(names(metrics, "method"))}


def best_iterations(metrics: pl.DataFrame) -> pl.DataFrame:
    """Per model, task and method: the best iteration, its greedy test accuracy (mean over seeds), its gain over M1."""
    key = [*PANEL, "method"]
    data = _select(metrics, "pass_at_1", "test").sort("seed", maintain_order=True)
    mean = data.group_by(*key, "iteration", maintain_order=True).agg(pl.col("value").mean()).drop_nulls("value")
    first = mean.filter(iteration=1).select(*key, first="value")
    best = mean.sort("value", "iteration", descending=[True, False]).group_by(key, maintain_order=True).first()
    both = best.join(first, on=key, how="left", maintain_order="left")
    return both.with_columns(gain=pl.col("value") - pl.col("first"))


@matplotlib.rc_context(STYLE)
def accuracy(metrics: pl.DataFrame) -> Figure:
    """Figure 1: greedy test accuracy per iteration; the best iteration is ringed and its gain over M1 printed below."""
    data, best = _select(metrics, "pass_at_1", "test"), best_iterations(metrics)
    if best.is_empty():
        return _nothing("no pass_at_1 on the test problems")
    models, tasks = names(data, "model"), names(data, "task")
    figure, axes = _grid(len(models), len(tasks), height=2.9)
    for ax, (model, task) in zip(axes.flat, ((m, t) for m in models for t in tasks), strict=True):
        handles = []
        for i, (method, colour) in enumerate(colours(metrics).items()):
            here = {"model": model, "task": task, "method": method}
            look = {"color": colour, "marker": MARKERS[i % len(MARKERS)], "linestyle": DASHES[i % len(DASHES)]}
            _draw(ax, data.filter(**here), label=method, **look)
            for row in best.filter(**here).to_dicts():
                ax.plot([row["iteration"]], [row["value"]], "o", ms=10, mfc="none", color=colour, label="_best")
                handles.append(Line2D([], [], label=f"M$_{{{row['iteration']}}}$: {_percent(row)}", **look))
        _tidy(ax, f"{model} · {task}", percent=True)
        ax.set_ylabel("pass@1, greedy" if task == tasks[0] else "")
        ax.legend(handles=handles, loc="upper left", bbox_to_anchor=(0, -0.24), borderaxespad=0)
    _legend(figure, "Greedy accuracy (ring, text: best M$_t$ and gain over M$_1$)")
    return figure


@matplotlib.rc_context(STYLE)
def coverage(metrics: pl.DataFrame) -> Figure:
    """Figure 2: M1's coverage of correct answers, each method's best accuracy, and whether the paper's rule held."""
    data = _select(metrics, "coverage", "train").filter(iteration=1).drop_nulls("value")
    if data.is_empty():
        return _nothing("no coverage of M1 on the training problems")
    panels = data.group_by(PANEL, maintain_order=True).agg(pl.col("value").mean())
    panels = panels.sort("value", descending=True, maintain_order=True).to_dicts()
    count = metrics["method"].n_unique()
    figure = Figure(figsize=(5.8 + 1.35 * count, 1.5 + 0.42 * len(panels)), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True, width_ratios=[2.4, 1.35 * count + 2])
    for y, row in enumerate(panels):
        seeds = data.filter(model=row["model"], task=row["task"])["value"].to_numpy()
        left.plot(seeds, [y] * len(seeds), ".", color=GREY, label="_seeds")
        left.plot([0, row["value"]], [y, y], color=GREY, label="_stem")
        left.plot([row["value"]], [y], "o", color="black", label=f"{row['model']} · {row['task']}")
        left.text(1.04, y, f"{row['value']:.3f}", va="center", fontsize=8)
    left.axvline(0.5, color="black", linestyle="--", linewidth=1, label="_threshold")
    _tidy(left, "coverage of M$_1$", xlabel="mean share of correct samples\n(training problems)")
    left.set(xlim=(0, 1), ylim=(len(panels) - 0.5, -0.5), xticks=[0, 0.5, 1])
    left.set_yticks(range(len(panels)), [f"{row['model']} · {row['task']}" for row in panels])
    _best_table(right, panels, metrics)
    figure.suptitle("Coverage of M$_1$ and the best accuracy of each method", fontweight="bold", fontsize=9)
    return figure


@matplotlib.rc_context(STYLE)
def improvement(metrics: pl.DataFrame) -> Figure:
    """Figure 3: M1's pass@N on the problems that M_t solves and M1 does not, one line per t."""
    sizes = _select(metrics, "improvement_set_size", "test").filter(pl.col("iteration") > 1)
    if sizes.is_empty():
        return _nothing("no improvement sets")
    data = metrics.with_columns(k=pl.col("metric").str.extract(r"^m1_pass_at_(\d+)$").cast(pl.Int64))
    data = data.filter(pl.col("k").is_not_null(), subset="improvement")
    panels, methods = sizes.select(PANEL).unique(maintain_order=True).rows(), colours(metrics)
    steps, ks = sorted(set(sizes["iteration"])), sorted(set(data["k"]))
    shades = matplotlib.colormaps["Blues"].resampled(len(steps) + 2)
    figure, axes = _grid(len(panels), len(methods), height=2.3)
    for i, (model, task) in enumerate(panels):
        for ax, (method, colour) in zip(axes[i], methods.items(), strict=True):
            here = {"model": model, "task": task, "method": method}
            for j, t in enumerate(steps):
                look = {"color": shades(j + 2), "marker": MARKERS[j % len(MARKERS)], "label": f"IS({t})"}
                _draw(ax, data.filter(**here, iteration=t), x="k", **look)
            mean = sizes.filter(**here).group_by("iteration").agg(pl.col("value").mean()).sort("iteration")["value"]
            counts = ", ".join(f"{size:.3g}" for size in mean.drop_nulls())
            xlabel = f"N samples of M$_1$\n|IS(t)| = {counts}"
            _tidy(ax, f"{model} · {task}\n{method}", colour, percent=True, xlabel=xlabel)
            ax.axhline(1, color="#D55E00", linestyle="--", linewidth=1, label="_all")
            ax.set(ylim=(0, 1.05), ylabel="pass@N of M$_1$" if ax is axes[i][0] else "")
            if ks:
                ax.set_xscale("log", base=2)
                ax.set_xticks(ks, [str(k) for k in ks])
                ax.set_xlim(ks[0] / 1.2, ks[-1] * 1.2)
    _legend(figure, "M$_1$ on the improvement sets")
    return figure


@matplotlib.rc_context(STYLE)
def diversity(metrics: pl.DataFrame) -> Figure:
    """Figure 4: diversity of the correct and of the incorrect samples; equation diversity as bars beneath."""
    kinds = {"distinct_n": "o", "semantic_diversity": "s"}
    data = metrics.filter(pl.col("metric").is_in([*kinds, "equation_diversity"]))
    data = data.filter(pl.col("subset").is_in(["correct", "incorrect"]))
    data = data.with_columns(bars=pl.col("metric") == "equation_diversity")
    rows = data.drop_nulls("value").select(*PANEL, "bars").unique(maintain_order=True).rows()
    if not rows:
        return _nothing("no diversity of correct or incorrect samples")
    figure, axes = _grid(len(rows), metrics["method"].n_unique(), height=1.9)
    for line, (model, task, bars) in zip(axes, rows, strict=True):
        for ax, (method, colour) in zip(line, colours(metrics).items(), strict=True):
            here = data.filter(model=model, task=task, method=method, bars=bars)
            for subset, fill, stroke, offset in (("correct", colour, "-", -0.2), ("incorrect", "white", ":", 0.2)):
                rows_of = here.filter(subset=subset)
                if bars:
                    _bars(ax, rows_of, offset, 0.38, facecolor=fill, edgecolor=colour, label=f"equations, {subset}")
                    continue
                for kind, marker in kinds.items():
                    look = {"color": colour, "marker": marker, "markerfacecolor": fill, "linestyle": stroke}
                    _draw(ax, rows_of.filter(metric=kind), label=f"{kind}, {subset}", **look)
            _tidy(ax, "" if bars else f"{model} · {task}\n{method}", colour)
            ax.set(ylim=(0, 1), ylabel=("equation diversity" if bars else "diversity") if ax is line[0] else "")
    _legend(figure, "Diversity of a problem's samples (colour: method)")
    return figure


@matplotlib.rc_context(STYLE)
def ood(metrics: pl.DataFrame) -> Figure:
    """Figure 5: accuracy at home, accuracy out of distribution (whole, easiest and hardest level), group disparity."""
    panels = metrics.filter(metric="group_disparity").select(*PANEL, "subset").unique(maintain_order=True).rows()
    if not panels:
        return _nothing("no group_disparity on an out-of-distribution set")
    figure, axes = _grid(3 * len(panels), metrics["method"].n_unique(), height=1.8, sharey="row")
    for i, (model, task, away) in enumerate(panels):
        for column, (method, colour) in zip(axes.T, colours(metrics).items(), strict=True):
            home, out, gap = column[3 * i : 3 * i + 3]
            here = metrics.filter(model=model, task=task, method=method)
            look = {"color": colour, "marker": "o"}
            _draw(home, _select(here, "pass_at_1", "test"), label="all problems", **look)
            _draw(out, _select(here, "pass_at_1", away), label="all problems", **look)
            for level, marker in zip(_extreme_levels(here, away), "^v", strict=False):
                rows = _select(here, "pass_at_1", f"{away}/level={level}")
                _draw(out, rows, color=GREY, marker=marker, linestyle=":", label=f"level {level}")
            disparity = _select(here, "group_disparity", away)
            _bars(gap, disparity, 0, 0.6, color=colour, label="group disparity")
            if (first := disparity.filter(iteration=1)["value"].mean()) is not None:
                gap.axhline(first, color="black", linestyle="--", linewidth=1, label="group disparity of M$_1$")
            _tidy(home, f"{model} · {task}\n{method}", colour, percent=True, xlabel="")
            _tidy(out, "", percent=True, xlabel="")
            _tidy(gap, "", percent=True)
        for row, label in enumerate((f"{task}\n(at home)", f"{away}\n(OOD)", f"{away}\ndisparity")):
            axes[3 * i + row][0].set_ylabel(label)
    _legend(figure, "Greedy accuracy at home and out of distribution (colour: method)")
    return figure


def _select(metrics: pl.DataFrame, metric: str, subset: str) -> pl.DataFrame:
    return metrics.filter(metric=metric, subset=subset)


def _percent(row: dict) -> str:
    return f"{100 * row['value']:.2f} %" + ("" if row["gain"] is None else f" ({100 * row['gain']:+.2f})")


def _draw(ax: Axes, rows: pl.DataFrame, x: str = "iteration", **look) -> None:
    curve = rows.group_by(x).agg(pl.col("value").mean(), low=pl.col("value").min(), high=pl.col("value").max()).sort(x)
    ax.plot(curve[x].to_numpy(), curve["value"].to_numpy(), **{"markersize": 4.5, "linewidth": 1.3, **look})
    if rows["seed"].n_unique() > 1:
        low, high = curve["low"].to_numpy(), curve["high"].to_numpy()
        ax.fill_between(curve[x].to_numpy(), low, high, color=look["color"], alpha=0.12, linewidth=0)
        ax.plot(rows[x].to_numpy(), rows["value"].to_numpy(), ".", color=look["color"], alpha=0.3, ms=4, label="_seeds")


def _bars(ax: Axes, rows: pl.DataFrame, offset: float, width: float, **look) -> None:
    mean = rows.drop_nulls("value").group_by("iteration").agg(pl.col("value").mean()).sort("iteration")
    ax.bar(mean["iteration"].to_numpy() + offset, mean["value"].to_numpy(), width, **look)
    ax.set_xlim(0.4, (rows["iteration"].max() or 1) + 0.6)  # undefined bars keep their place
    if rows["seed"].n_unique() > 1:
        ax.plot(rows["iteration"].to_numpy() + offset, rows["value"].to_numpy(), ".", color=GREY, ms=4, label="_seeds")


def _best_table(ax: Axes, panels: Sequence[dict], metrics: pl.DataFrame) -> None:
    """Best accuracy and gain per method as the paper prints them, the winner shaded, and what the rule says of it."""
    methods, best = colours(metrics), best_iterations(metrics)
    for x, (method, colour) in enumerate(methods.items()):
        ax.text(x, -0.65, method, color=colour, ha="center", va="bottom", fontweight="bold", fontsize=8)
        for y, panel in enumerate(panels):
            rivals = best.filter(model=panel["model"], task=panel["task"])
            for row in rivals.filter(method=method).to_dicts():
                if row["value"] == rivals["value"].max():
                    ax.add_patch(Rectangle((x - 0.48, y - 0.42), 0.96, 0.84, color=colour, alpha=0.25, linewidth=0))
                ax.text(x, y, _percent(row), ha="center", va="center", fontsize=8)
    ax.text(len(methods) - 0.4, -0.65, "the paper's rule expects", va="bottom", fontweight="bold", fontsize=8)
    for y, panel in enumerate(panels):
        ax.text(len(methods) - 0.4, y, _rule(panel, metrics, best), va="center", fontsize=8)
    ax.set(xlim=(-0.5, len(methods) + 1.2))
    ax.set_axis_off()


def _rule(panel: dict, metrics: pl.DataFrame, best: pl.DataFrame) -> str:
    """The paper's rule: where M1's coverage is above 0.5 a method with DPO steps is best, elsewhere pure SFT."""
    kinds = metrics.group_by("method").agg(dpo=pl.col("lineage").str.contains("dpo").any())
    rivals = best.filter(model=panel["model"], task=panel["task"]).join(kinds, on="method")
    expected = "DPO" if panel["value"] > 0.5 else "SFT"
    if rivals["dpo"].n_unique() < 2:
        return f"{expected} (not compared)"
    winners = rivals.filter(pl.col("value") == pl.col("value").max())["dpo"].unique().to_list()
    return f"{expected}: " + ("a tie" if len(winners) > 1 else "yes" if winners[0] == (expected == "DPO") else "no")


def _extreme_levels(metrics: pl.DataFrame, away: str) -> list[str]:
    levels = metrics["subset"].unique().str.extract(f"^{away}/level=(.+)$").drop_nulls().to_list()
    levels.sort(key=lambda level: (len(level), level))  # 2 before 10
    return [*levels[:1], *levels[1:][-1:]]


def _grid(rows: int, columns: int, height: float, sharey: str | bool = False):
    figure = Figure(figsize=(max(4.4, 0.6 + 2.5 * columns), 0.9 + height * rows), layout="constrained")
    return figure, figure.subplots(rows, columns, squeeze=False, sharey=sharey)


def _tidy(ax: Axes, title: str, colour: str = "black", percent: bool = False, xlabel: str = "iteration t") -> None:
    ax.set_title(title, color=colour)
    ax.set_xlabel(xlabel)
    ax.grid(True, color="#DDDDDD", linewidth=0.6)
    ax.set_axisbelow(True)
    ax.tick_params(labelsize=8)  # ticks are made at drawing time, when STYLE no longer holds
    ax.spines[["top", "right"]].set_visible(False)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    low, high = ax.get_ylim()
    if low < 0 and ax.lines and not ax.patches:  # a share is never negative: the margin must not suggest it
        ax.set_ylim(-0.05 * high, high)
    if ax.dataLim.width < 0 or ax.dataLim.height < 0:  # nothing but gaps: matplotlib would invent a scale
        ax.set_xticks([])
        ax.text(0.5, 0.5, "no defined value", ha="center", va="center", transform=ax.transAxes)
    if percent:
        ax.yaxis.set_major_formatter(PercentFormatter(1))


def _legend(figure: Figure, title: str) -> None:
    """One legend of everything drawn, above the panels; it carries the title, so the two cannot collide."""
    handles = {}
    for ax in figure.axes:
        for handle, label in zip(*ax.get_legend_handles_labels(), strict=True):
            handles.setdefault(label, handle)
    columns = max(1, int(figure.get_figwidth() // 2))
    legend = figure.legend(handles.values(), handles, loc="outside upper center", ncols=columns, title=title)
    legend.get_title().set(fontweight="bold", fontsize=9)


def _nothing(what: str) -> Figure:
    figure = Figure(figsize=(4.5, 1.2), layout="constrained")
    figure.text(0.5, 0.5, f"Nothing to draw: the metrics table has\n{what}.", ha="center", va="center")
    return figure


FIGURES = {
    "figure1_accuracy": accuracy,
    "figure2_coverage": coverage,
    "figure3_improvement": improvement,
    "figure4_diversity": diversity,
    "figure5_ood": ood,
}
