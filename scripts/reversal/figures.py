"""The paper's five figures, each a pure function from the study's tables to a matplotlib Figure.

Values and their 95 % intervals come from INTERVALS (means over replicates), single runs and the sizes of sets from
METRICS, best iterations from CHANGES. Colour always means method; where a panel is a method, its colour darkens with t.
"""

import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle
from matplotlib.transforms import ScaledTranslation

from reversal import drawing
from reversal.coverage_rule import COVERED
from reversal.drawing import DASHES, GREY, MARKERS, SMALL, colours, names

DIVERSITIES = {
    "distinct_n": "syntactic",
    "semantic_diversity": "semantic",
    "equation_diversity": "logical",
}
GAP_OF_M1 = {"color": "black", "linestyle": "--", "linewidth": 0.8, "label": "group disparity of M$_1$"}


def accuracy(intervals: pl.DataFrame, metrics: pl.DataFrame, changes: pl.DataFrame) -> Figure:
    """Figure 1: greedy test accuracy per iteration; the best iteration is ringed and its gain over M1 printed below."""
    data, runs = select(intervals, "pass_at_1", "test"), select(metrics, "pass_at_1", "test")
    if data.drop_nulls("value").is_empty():
        return drawing.nothing("no pass_at_1 on the test problems")
    models, tasks = names(data, "model"), names(data, "task")
    figure, axes = drawing.grid(len(models), len(tasks), 2.2, 1.8)
    below = ScaledTranslation(-0.25, -0.36, figure.dpi_scale_trans)  # inches from a panel's lower left corner
    for ax, (model, task) in zip(axes.flat, ((m, t) for m in models for t in tasks), strict=True):
        handles = []
        for i, (method, colour) in enumerate(colours(intervals).items()):
            here = {"model": model, "task": task, "method": method}
            look = {"color": colour, "marker": MARKERS[i % len(MARKERS)], "linestyle": DASHES[i % len(DASHES)]}
            drawing.line(ax, data.filter(**here), label=method, **look)
            drawing.dots(ax, runs.filter(**here), colour)
            for row in select(changes, "pass_at_1", "test").filter(**here).to_dicts():
                ax.plot([row["best_iteration"]], [row["best"]], "o", ms=8, mfc="none", color=colour, label="_best")
                text = f"M$_{{{row['best_iteration']}}}$: {_percent(row)}"
                handles.append(Line2D([], [], **look | {"linestyle": "", "label": text}))
        ax.set(title=f"{model} · {task}", ylabel="greedy pass@1" if task == tasks[0] else "", xlabel="iteration t")
        drawing.tidy(ax, percent=True, iterations=True)
        place = {"bbox_to_anchor": (0, 0), "bbox_transform": ax.transAxes + below, "loc": "upper left"}
        ax.legend(handles=handles, fontsize=SMALL, handlelength=1.2, labelspacing=0.2, **place)
    drawing.legend(figure, "Greedy accuracy (ring, text: best M$_t$ and gain over M$_1$ in points)")
    return figure


def coverage(intervals: pl.DataFrame, metrics: pl.DataFrame, changes: pl.DataFrame, rule: pl.DataFrame) -> Figure:
    """Figure 2: M1's coverage of correct answers, each method's best accuracy, and whether the paper's rule held."""
    places = rule.drop_nulls("coverage").sort("coverage", descending=True, maintain_order=True).to_dicts()
    if not places:
        return drawing.nothing("no coverage of M1 on the training problems")
    data, runs = (select(table, "coverage", "train").filter(iteration=1) for table in (intervals, metrics))
    published = changes["published_best"].is_not_null().any()
    count, height = len(colours(intervals)), 0.4 if published else 0.28
    figure = Figure(figsize=(drawing.WIDTH, 0.85 + height * len(places)), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True, width_ratios=[1.2, count + 1.5])
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
    _best_table(right, places, colours(intervals), select(changes, "pass_at_1", "test"))
    figure.suptitle("Coverage of M$_1$ and the best greedy accuracy of each method", fontweight="bold", fontsize=8.5)
    return figure


def improvement(intervals: pl.DataFrame, metrics: pl.DataFrame) -> Figure:
    """Figure 3: M1's pass@k on the problems that M_t solves and M1 does not, one line per t, beside chance.

    Grey is chance: the problems that M1s trained anew add to each other, or a second sample of M1 where there is one
    run only. Dotted is the mirror, M_T's own pass@k on the problems that it lost.
    """
    k = pl.col("metric").str.extract(r"^m[1t]_pass_at_(\d+)$").cast(pl.Int64)
    data = intervals.with_columns(k=k).drop_nulls("k")
    if data.filter(subset="improvement").is_empty():
        return drawing.nothing("no improvement sets")
    steps, ks = sorted(set(data["iteration"]) - {1}), sorted(set(data["k"]))
    figure, places = drawing.panel_grid(intervals, 1.7, 1.3)
    null = "null" if data.filter(subset="anew").is_empty() else "anew"
    luck = "M$_1$ sampled anew" if null == "null" else "M$_1$s trained anew"
    chance = {"color": "black", "linestyle": "--", "zorder": 4, "label": f"chance ({luck})"}
    mirror = {"linestyle": ":", "label": f"mirror (M$_{{{steps[-1]}}}$, lost)"}
    for ax, place in places:
        here, shades = data.filter(**place), drawing.shades(colours(intervals)[place["method"]], len(steps))
        drawing.line(ax, here.filter(subset=null), x="k", **chance)
        for t, look in zip(steps, _by_iteration(steps, shades), strict=True):
            band = 0.12 if t == steps[-1] else 0
            drawing.line(ax, here.filter(subset="improvement", iteration=t), x="k", band=band, **look)
        drawing.line(ax, here.filter(subset="lost", iteration=steps[-1]), x="k", band=0, color=shades[-1], **mirror)
        ax.set(ylim=(0, 1.05))
        drawing.doublings(ax, ks)
        ax.tick_params(labelbottom=True)
        ax.set_xlabel(_sizes(metrics.filter(**place), null), fontsize=SMALL)
        drawing.tidy(ax, percent=True)
    key = [Line2D([], [], **look) for look in _by_iteration(steps, drawing.shades(drawing.GREY, len(steps)))]
    key += [Line2D([], [], **chance), Line2D([], [], color="black", **mirror)]
    drawing.legend(figure, "M$_1$'s pass@k on the improvement sets IS(t), over k samples (bands: chance, last t)", key)
    return figure


def diversity(intervals: pl.DataFrame, metrics: pl.DataFrame) -> Figure:
    """Figure 4: diversity of a problem's correct and incorrect samples; thin lines: of the same problems at every t."""
    data = intervals.filter(pl.col("metric").is_in(list(DIVERSITIES)), pl.col("subset").str.contains("correct"))
    measures = [name for name in DIVERSITIES if data.filter(metric=name)["value"].count()]
    if not measures:
        return drawing.nothing("no diversity of correct or incorrect samples")
    models, tasks = names(data, "model"), names(data, "task")
    if len(tasks) > 1:
        places = [[(model, task, measure) for task in tasks] for model in models for measure in measures]
    else:
        places = [[(model, tasks[0], measure) for measure in measures] for model in models]
    figure, axes = drawing.grid(len(places), len(places[0]), 1.9, 1.0)
    for i, (row, of_row) in enumerate(zip(axes, places, strict=True)):
        for ax, (model, task, measure) in zip(row, of_row, strict=True):
            here = {"model": model, "task": task, "metric": measure}
            _diversity_panel(ax, data.filter(**here), metrics.filter(**here), colours(intervals))
            across, beside = (
                (task, DIVERSITIES[measure]) if len(tasks) > 1 else (f"{DIVERSITIES[measure]} diversity", task)
            )
            ax.set(title=across if i == 0 else "", ylabel=f"{model}\n{beside}" if ax is row[0] else "")
    figure.supxlabel("iteration t", fontsize=7.5)
    drawing.legend(figure, "Diversity of a problem's samples (thin lines: of the problems that count at every t)")
    return figure


def ood(intervals: pl.DataFrame, metrics: pl.DataFrame) -> Figure:
    """Figure 5: accuracy at home, accuracy out of distribution (whole, easiest and hardest level), group disparity."""
    places = intervals.filter(metric="group_disparity").select("model", "task", "subset").unique(maintain_order=True)
    if places.is_empty():
        return drawing.nothing("no group_disparity on an out-of-distribution set")
    methods = colours(intervals)
    figure, axes = drawing.grid(3 * places.height, len(methods), 1.3, 1.05, sharey="row")
    for i, (model, task, away) in enumerate(places.rows()):
        for (method, colour), *column in zip(methods.items(), *axes[3 * i : 3 * i + 3], strict=True):
            here = {"model": model, "task": task, "method": method}
            _ood_column(column, intervals.filter(**here), metrics.filter(**here), away, colour)
            column[0].set_title(f"{model}: {method}" if places["model"].n_unique() > 1 else method, color=colour)
        for row, label in enumerate((f"{task}\n(at home)", f"{away}\n(OOD)", f"{away}\ndisparity")):
            axes[3 * i + row][0].set_ylabel(label)
            for ax in axes[3 * i + row]:  # when all are drawn: the panels of a row share their scale
                drawing.tidy(ax, percent=row < 2, iterations=True)
    drawing.legend(figure, "Greedy accuracy at home and out of distribution (colour: method)", _ood_key(intervals))
    return figure


def select(table: pl.DataFrame, metric: str, subset: str) -> pl.DataFrame:
    return table.filter(metric=metric, subset=subset)


def _percent(row: dict) -> str:
    return f"{100 * row['best']:.2f} % ({drawing.signed(100 * (row['best'] - row['first']), 2)})"


def _best_table(ax: Axes, places: list[dict], methods: dict[str, str], best: pl.DataFrame) -> None:
    """Best accuracy and gain per method as the paper prints them, the winner shaded, and what the rule says of it."""
    last, top = len(methods), -0.62
    for x, (method, colour) in enumerate(methods.items()):
        ax.text(x, top, method, color=colour, ha="center", va="bottom", fontweight="bold", fontsize=7)
        for y, place in enumerate(places):
            if method in place["best_method"].split(", "):
                box = Rectangle((x - 0.48, y - 0.44), 0.96, 0.88, facecolor=drawing.tint(colour, 0.75), linewidth=0)
                ax.add_patch(box)
            for row in best.filter(model=place["model"], task=place["task"], method=method).to_dicts():
                printed = row["published_best"] and f"paper {100 * row['published_best']:.2f}"
                _two_lines(ax, x, y, _percent(row), printed)
    ax.text(last, top, "the rule expects", ha="center", va="bottom", fontweight="bold", fontsize=7)
    for y, place in enumerate(places):
        by = "" if place["margin"] is None else f", by {100 * place['margin']:.2f}"
        printed = (
            place["published_rule_fits"] and f"paper {place['published_coverage']:.3f}: {place['published_rule_fits']}"
        )
        _two_lines(ax, last, y, f"{place['rule_expects'].upper()}: {place['rule_fits']}{by}", printed)
    ax.set(xlim=(-0.5, last + 0.6))
    ax.set_axis_off()


def _two_lines(ax: Axes, x: float, y: float, text: str, below: str | None) -> None:
    ax.text(x, y - 0.2 if below else y, text, ha="center", va="center", fontsize=7)
    if below:
        ax.text(x, y + 0.22, below, ha="center", va="center", fontsize=SMALL, color=GREY)


def _sizes(metrics: pl.DataFrame, null: str) -> str:
    """Sizes of IS(t) and of its mirror, t = 2 first, and what chance would give: means over runs.

    null: the subset that chance is from, "null" or "anew".
    """
    if null == "anew":  # the shares of problems that M1s trained anew gain over each other
        gained = pl.col("metric").is_in(["gained_inside", "gained_outside"]) & (pl.col("subset") == "anew")
        chance = (metrics.filter(gained).with_columns(pl.col("value") * pl.col("n"))).group_by("base", "seed")
        sizes = [chance.agg(pl.col("value").sum())["value"].mean()]
    else:
        sizes = [select(metrics, "improvement_set_size", "null")["value"].mean()]
    mean = metrics.group_by("metric", "subset", "iteration").agg(pl.col("value").mean()).sort("iteration")
    gained, lost = (select(mean, f"{name}_set_size", "test")["value"] for name in ("improvement", "lost"))
    shown = (
        ", ".join(f"{size:.0f}" if size >= 100 else f"{size:.3g}" for size in of if size is not None)
        for of in (gained, sizes, lost)
    )
    return "|IS(t)| = {}\nchance = {}\nlost = {}".format(*shown)


def _by_iteration(steps: list[int], shades: list[str]) -> list[dict]:
    """How the line of each improvement set looks."""
    looks = zip(steps, shades, MARKERS * 9, strict=False)
    return [{"color": shade, "marker": marker, "label": f"IS({t})"} for t, shade, marker in looks]


def _diversity_panel(ax: Axes, data: pl.DataFrame, runs: pl.DataFrame, methods: dict[str, str]) -> None:
    for (method, colour), marker in zip(methods.items(), MARKERS * 9, strict=False):
        for subset, fill, stroke in (("correct", colour, "-"), ("incorrect", "white", ":")):
            look = {"color": colour, "marker": marker, "markerfacecolor": fill, "linestyle": stroke}
            drawing.line(
                ax, data.filter(method=method, subset=subset), label=f"{method}, {subset}", edges=False, **look
            )
            drawing.dots(ax, runs.filter(method=method, subset=subset), colour)
            thin = {"color": colour, "linestyle": stroke, "linewidth": 0.7, "label": f"_{method}, {subset}/common"}
            drawing.line(ax, data.filter(method=method, subset=f"{subset}/common"), band=0, **thin)
    ax.set_ylim(bottom=0)
    drawing.tidy(ax, iterations=True)


def _ood_column(axes: list[Axes], data: pl.DataFrame, runs: pl.DataFrame, away: str, colour: str) -> None:
    home, out, gap = axes
    for ax, subset in ((home, "test"), (out, away)):
        drawing.line(ax, select(data, "pass_at_1", subset), color=colour, marker="o", label="all problems")
        drawing.dots(ax, select(runs, "pass_at_1", subset), colour)
    moved = []
    for level, look in _levels(data, away):
        rows = select(data, "pass_at_1", f"{away}/level={level}").sort("iteration")
        drawing.line(out, rows, band=0.12, **look)
        moved.append(f"level {level} {drawing.signed(rows['value'][-1] - rows['value'][0])}")
    gap.set_xlabel("M$_1$ to last: " + ", ".join(moved), fontsize=SMALL)
    disparity = select(data, "group_disparity", away)
    drawing.bars(gap, disparity, 0.6, color=drawing.tint(colour, 0.35), label="group disparity")
    drawing.dots(gap, select(runs, "group_disparity", away), "black", offset=0.2)
    for first in disparity.filter(iteration=1)["value"].drop_nulls():
        gap.axhline(first, **GAP_OF_M1)


def _ood_key(intervals: pl.DataFrame) -> list:
    sets = names(intervals.filter(metric="group_disparity"), "subset")
    levels = {look["label"]: Line2D([], [], **look) for away in sets for _, look in _levels(intervals, away)}
    bar = Patch(color=drawing.tint("black", 0.35), label="group disparity")
    return [
        Line2D([], [], color="black", marker="o", label="all problems"),
        *levels.values(),
        bar,
        Line2D([], [], **GAP_OF_M1),
    ]


def _levels(table: pl.DataFrame, away: str) -> list[tuple[str, dict]]:
    """The easiest and the hardest level of an OOD set, and how their lines look."""
    levels = table["subset"].unique().str.extract(f"^{away}/level=(.+)$").drop_nulls().to_list()
    levels.sort(key=lambda level: (len(level), level))  # 2 before 10
    ends = zip([*levels[:1], *levels[1:][-1:]], "^v", strict=False)
    return [
        (level, {"color": GREY, "marker": marker, "linestyle": ":", "label": f"level {level}"})
        for level, marker in ends
    ]
