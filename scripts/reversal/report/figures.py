"""The paper's figures, but the second (coverage_figure.py): pure functions from the study's tables to a Figure.

Values and their 95 % intervals come from INTERVALS (means over replicates), single runs and the sizes of sets from
METRICS, best iterations from CHANGES. Colour always means method; where a panel is a method, its colour darkens with t.
"""

import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.transforms import ScaledTranslation

from reversal.evaluation.accuracy import accuracy_metric
from reversal.report import drawing
from reversal.report.drawing import DASHES, GREY, MARKERS, SMALL, colours, names

DIVERSITIES = {
    "distinct_n": "syntactic",
    "semantic_diversity": "semantic",
    "equation_diversity": "logical",
    "semantic_diversity_across_questions": "semantic,\nacross questions",
}
# The paper's semantic diversity is of the size of that across questions, several times that within one.
PRINTED_AS = {"semantic_diversity": "", "semantic_diversity_across_questions": "semantic_diversity"}
GAP_OF_LAST = {
    "color": "black",
    "linestyle": "--",
    "linewidth": 0.8,
    "label": "of the last (arrow: from M$_1$)",
}
ARROW = {"arrowstyle": "->", "color": "black", "linewidth": 0.8, "shrinkA": 0, "shrinkB": 0}


def accuracy(intervals: pl.DataFrame, metrics: pl.DataFrame, changes: pl.DataFrame) -> Figure:
    """Figure 1: test accuracy per iteration; the best iteration is ringed and its gain over M1 printed below.

    Of greedy answers, or of samples where a model has no greedy ones. As printed: a panel per task and method, a line
    per model. M0, where it was evaluated, is a cross at t = 0 that no line leads to: M1 learns from gold solutions, not
    from M0.
    """
    metric = accuracy_metric(intervals)
    kind, label = {"pass_at_1": ("Greedy", "greedy pass@1")}.get(metric, ("Sampled", "mean of samples"))
    data, runs = select(intervals, metric, "test"), select(metrics, metric, "test")
    if data.drop_nulls("value").is_empty():
        return drawing.nothing(f"no {metric} on the test problems")
    models, tasks, methods = names(data, "model"), names(data, "task"), colours(intervals)
    several = len(tasks) > 1
    places = [[(method, task) for task in tasks] for method in methods]
    places = places if several else [[(method, tasks[0]) for method in methods]]
    figure, axes = drawing.grid(len(places), len(places[0]), 2.2, 1.8, sharey="col" if several else "row")
    below = ScaledTranslation(-0.25, -0.36, figure.dpi_scale_trans)  # inches from a panel's lower left corner
    looks = {
        model: {"marker": MARKERS[i % len(MARKERS)], "linestyle": DASHES[i % len(DASHES)]}
        for i, model in enumerate(models)
    }
    for ax, (method, task) in zip(axes.flat, (place for row in places for place in row), strict=True):
        handles, colour = [], methods[method]
        for model, look in looks.items():
            here = {"model": model, "task": task, "method": method}
            of_model, first = data.filter(**here), data.filter(**here, iteration=0)
            if first.height:
                drawing.before(ax, first)
            drawing.line(ax, of_model.filter(pl.col("iteration") > 0), label=model, color=colour, **look)
            drawing.dots(ax, runs.filter(pl.col("iteration") > 0, **here), colour)
            for row in changes.filter(dimension="accuracy", metric=metric, **here).to_dicts():
                ax.plot([row["best_iteration"]], [row["best"]], "o", ms=8, mfc="none", color=colour, label="_best")
                best = f"M$_{{{row['best_iteration']}}}$: {percent(row)}"
                handles.append(Line2D([], [], color=colour, marker=look["marker"], linestyle="", label=best))
                if row["published_best"]:
                    at = [1, row["published_best_iteration"]], [row["published_first"], row["published_best"]]
                    ax.plot(*at, "x", color="black", ms=4, zorder=6, label="_paper")
        title, beside = (task, method) if several else (method, label)
        ax.set(title=title, ylabel=beside if ax in axes[:, 0] else "", xlabel="iteration t")
        (ax.yaxis.label if several else ax.title).set_color(colour)
        drawing.tidy(ax, percent=True, iterations=True)
        place = {"bbox_to_anchor": (0, 0), "bbox_transform": ax.transAxes + below, "loc": "upper left"}
        ax.legend(handles=handles, fontsize=SMALL, handlelength=1.2, labelspacing=0.2, **place)
    key = [Line2D([], [], color=GREY, label=model, **look) for model, look in looks.items()]
    key += [Line2D([], [], **drawing.M0)] if 0 in data["iteration"] else []
    key += drawing.key_of_printed(changes.drop_nulls("published_best"), ": M$_1$ and its best M$_t$")
    of_task = "" if several else f" on {tasks[0]}"
    drawing.legend(figure, f"{kind} accuracy{of_task} (ring, text: best M$_t$, chosen after looking, and gain)", key)
    return figure


def improvement(intervals: pl.DataFrame, metrics: pl.DataFrame, printed: pl.DataFrame) -> Figure:
    """Figure 3: M1's pass@k on the problems that M_t solves and M1 does not, one line per t, beside chance.

    Grey is chance: the problems that M1s trained anew add to each other, or a second sample of M1 where there is one
    run only. Dotted is the mirror, M_T's own pass@k on the problems that it lost. printed: PRINTED, for crosses.
    """
    # Intervals of few problems are stretched to Student's t, beyond what a share can be.
    shares = intervals.with_columns(pl.col("low", "high").clip(0, 1))
    data = shares.with_columns(k=_k_of(pl.col("metric"))).drop_nulls("k")
    if data.filter(subset="improvement").drop_nulls("value").is_empty():
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
        of_paper = printed.filter(**place, subset="improvement", iteration=steps[-1])
        drawing.printed(ax, of_paper.with_columns(k=_k_of(pl.col("metric"))), x="k", color=shades[-1])
        ax.set(ylim=(0, 1.05))
        drawing.doublings(ax, ks)
        ax.tick_params(labelbottom=True)
        ax.set_xlabel(_sizes(metrics.filter(**place), null), fontsize=SMALL)
        drawing.tidy(ax, percent=True)
    key = [Line2D([], [], **look) for look in _by_iteration(steps, drawing.shades(drawing.GREY, len(steps)))]
    key += [Line2D([], [], **chance), Line2D([], [], color="black", **mirror)]
    key += drawing.key_of_printed(printed.filter(subset="improvement"), f" of IS({steps[-1]})")
    drawing.legend(figure, "M$_1$'s pass@k on the improvement sets IS(t), over k samples (bands: chance, last t)", key)
    return figure


def diversity(intervals: pl.DataFrame, metrics: pl.DataFrame, printed: pl.DataFrame) -> Figure:
    """Figure 4: diversity of a problem's correct and incorrect samples; thin lines: of the same problems at every t.

    Beside them the semantic diversity of answers to different questions, as the paper's numbers look. printed: PRINTED.
    """
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
            of_paper = printed.filter(model=model, task=task, metric=PRINTED_AS.get(measure, measure))
            for method, colour in colours(intervals).items():
                of_method = of_paper.filter(method=method)
                drawing.printed(ax, of_method.filter(subset="correct"), color=colour)
                drawing.printed(ax, of_method.filter(subset="incorrect"), color=colour, marker="+")
            name = DIVERSITIES[measure]
            alone = name if "," in name else f"{name} diversity"
            across, beside = (task, name) if len(tasks) > 1 else (alone, task)
            ax.set(title=across if i == 0 else "", ylabel=f"{model}\n{beside}" if ax is row[0] else "")
    figure.supxlabel("iteration t", fontsize=7.5)
    shown = {h.get_label(): h for ax in figure.axes for h in ax.get_legend_handles_labels()[0]}
    key = [*shown.values(), *drawing.key_of_printed(printed.filter(figure=4), " (x correct, + incorrect)")]
    title = "Diversity of a problem's samples (thin lines: of the problems that count at every t)"
    drawing.legend(figure, title, key)
    return figure


def ood(intervals: pl.DataFrame, metrics: pl.DataFrame, printed: pl.DataFrame) -> Figure:
    """Figure 5: accuracy at home, accuracy out of distribution (whole, easiest and hardest level), group disparity.

    As printed, the last iteration's disparity is dashed and an arrow leads there from M1's. printed: PRINTED.
    """
    places = intervals.filter(metric="group_disparity").select("model", "task", "subset").unique(maintain_order=True)
    if places.is_empty():
        return drawing.nothing("no group_disparity on an out-of-distribution set")
    methods = colours(intervals)
    figure, axes = drawing.grid(3 * places.height, len(methods), 1.3, 1.05, sharey="row")
    for i, (model, task, away) in enumerate(places.rows()):
        for (method, colour), *column in zip(methods.items(), *axes[3 * i : 3 * i + 3], strict=True):
            here = {"model": model, "task": task, "method": method}
            _ood_column(column, intervals.filter(**here), metrics.filter(**here), away, colour)
            wanted = zip(column, ["pass_at_1"] * 2 + ["group_disparity"], ["test", away, away], strict=True)
            for ax, metric, subset in wanted:
                drawing.printed(ax, select(printed.filter(**here, figure=5), metric, subset), color="black")
            column[0].set_title(f"{model}: {method}" if places["model"].n_unique() > 1 else method, color=colour)
        for row, label in enumerate((f"{task}\n(at home)", f"{away}\n(OOD)", f"{away}\ndisparity")):
            axes[3 * i + row][0].set_ylabel(label)
            for ax in axes[3 * i + row]:  # when all are drawn: the panels of a row share their scale
                drawing.tidy(ax, percent=row < 2, iterations=True)
    drawing.legend(
        figure,
        "Greedy accuracy at home and out of distribution (colour: method)",
        [*_ood_key(intervals), *drawing.key_of_printed(printed.filter(figure=5))],
    )
    return figure


def select(table: pl.DataFrame, metric: str, subset: str) -> pl.DataFrame:
    return table.filter(metric=metric, subset=subset)


def percent(row: dict) -> str:
    """Best accuracy, and its gain over M1 in points. row: of CHANGES. A problem of a thousand is a tenth of a point."""
    return f"{100 * row['best']:.1f} % ({drawing.signed(100 * (row['best'] - row['first']), 1)})"


def _k_of(metric: pl.Expr) -> pl.Expr:
    return metric.str.extract(r"^m[1t]_pass_at_(\d+)$").cast(pl.Int64)


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
    ends = disparity.drop_nulls("value").sort("iteration")
    if ends.height > 1 and ends["iteration"][0] == 1:
        first, last = ends["value"][0], ends["value"][-1]
        gap.axhline(last, **GAP_OF_LAST)
        gap.annotate("", (1, last), (1, first), arrowprops=ARROW)


def _ood_key(intervals: pl.DataFrame) -> list:
    sets = names(intervals.filter(metric="group_disparity"), "subset")
    levels = {look["label"]: Line2D([], [], **look) for away in sets for _, look in _levels(intervals, away)}
    bar = Patch(color=drawing.tint("black", 0.35), label="group disparity")
    return [
        Line2D([], [], color="black", marker="o", label="all problems"),
        *levels.values(),
        bar,
        Line2D([], [], **GAP_OF_LAST),
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
