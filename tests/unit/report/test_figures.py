"""What the paper's figures draw is what the tables say."""

import plot
import polars as pl
import pytest
from reversal import tables
from reversal.report import coverage_figure, drawing, figures, figures_beyond
from tables_for_figures import (
    ACCURACY,
    bars,
    change,
    changes_of,
    extrapolations_of,
    intervals_of,
    lines,
    metrics_of,
    outcomes_of,
    printed_of,
    rows,
    whiskers,
)

FIGURES = [
    "figure1_accuracy",
    "figure2_coverage",
    "figure3_improvement",
    "figure4_diversity",
    "figure5_ood",
    "figure6_pass_at_k",
    "figure7_verdicts",
    "figure8_answer_flow",
    "figure9_frontier",
    "figure10_tradeoff",
]
BEST = changes_of(
    change("iterative_sft", "accuracy", "pass_at_1", "test", 0.25, 0.3125, "unclear", best=0.375, best_iteration=2),
    change("iterative_dpo", "accuracy", "pass_at_1", "test", 0.25, 0.1875, "unclear", best=0.25, best_iteration=1),
)
RULE = {
    "model": "tiny",
    "task": "words",
    "coverage": 0.25,
    "rule_expects": "sft",
    "best_method": "iterative_sft",
    "best_accuracy": 0.375,
    "margin": 0.125,
    "low": 0.0625,
    "high": 0.25,
    "rule_fits": "yes",
}


def test_figure1_draws_samples_where_a_model_has_no_greedy_answers():
    table = metrics_of(rows("pass_at_1", "test", [0.5], first=2), rows("sample_accuracy", "test", [0.25, 0.375]))
    best = change("iterative_sft", "accuracy", "sample_accuracy", "test", 0.25, 0.375, "progress", best_iteration=2)
    figure = figures.accuracy(intervals_of(table), table, changes_of(best))
    assert lines(figure.axes[0]) == {"tiny": [0.25, 0.375]}
    assert figure.axes[0].get_ylabel() == "mean of samples"


@pytest.fixture
def metrics():
    return metrics_of(
        *(rows("pass_at_1", "test", values, method) for method, values in ACCURACY.items()),
        rows("coverage", "train", [0.25]),
        rows("m1_pass_at_2", "null", [0.375]),
        rows("m1_pass_at_4", "null", [None]),
        rows("improvement_set_size", "null", [6.25]),
        rows("improvement_set_size", "test", [7.0, 0.0], first=2),
        rows("lost_set_size", "test", [3.0, 120.0], first=2),
        rows("m1_pass_at_2", "improvement", [0.5, None], first=2),
        rows("m1_pass_at_4", "improvement", [0.75, None], first=2),
        rows("mt_pass_at_2", "lost", [0.25, 0.125], first=2),
        rows("mt_pass_at_4", "lost", [0.5, 0.25], first=2),
        rows("distinct_n", "correct", [0.5, 0.4, 0.3]),
        rows("distinct_n", "incorrect", [0.6, None, 0.5]),
        rows("distinct_n", "correct/common", [0.45, 0.35, 0.25]),
        rows("distinct_n", "all", [0.9, 0.9, 0.9]),
        rows("equation_diversity", "correct", [0.45, 0.35, None]),
        rows("pass_at_1", "far", [0.1, 0.08, 0.06]),
        rows("pass_at_1", "far/level=1", [0.4, 0.4, 0.45]),
        rows("pass_at_1", "far/level=2", [0.3, 0.3, 0.3]),
        rows("pass_at_1", "far/level=10", [0.2, 0.1, 0.0]),
        rows("group_disparity", "far", [0.5, 0.75, None]),
    )


def test_figure1_draws_every_methods_accuracy_with_its_band_and_prints_its_best(metrics):
    figure = figures.accuracy(intervals_of(metrics), metrics, BEST)
    assert [ax.get_title() for ax in figure.axes] == list(ACCURACY)
    for ax, values in zip(figure.axes, ACCURACY.values(), strict=True):
        assert lines(ax) == {"tiny": values}
        limits = [line.get_ydata().tolist() for line in ax.lines if line.get_label() in ("_low", "_high")]
        assert limits == [[share * value for value in values] for share in (0.5, 2)]
        (filled,) = [collection.get_paths()[0].get_extents() for collection in ax.collections]
        assert (filled.y0, filled.y1) == (min(values) / 2, max(values) * 2)
    rings = [line.get_xydata().tolist() for ax in figure.axes for line in ax.lines if line.get_label() == "_best"]
    assert rings == [[[2, 0.375]], [[1, 0.25]]]
    texts_below = [text.get_text() for ax in figure.axes for text in ax.get_legend().get_texts()]
    assert texts_below == ["M$_{2}$: 37.5 % (+12.5)", "M$_{1}$: 25.0 % (+0.0)"]


def test_figure1_has_a_panel_per_task_and_method_as_printed_and_the_papers_best_beside(metrics):
    more = metrics_of(*(rows("pass_at_1", "test", values, method, task="sums") for method, values in ACCURACY.items()))
    both = pl.concat([metrics, more])
    best = BEST.with_columns(
        published_first=pl.lit(0.3), published_best=pl.lit(0.4), published_best_iteration=pl.lit(3, pl.Int64)
    )
    axes = figures.accuracy(intervals_of(both), both, best).axes
    assert [(ax.get_title(), ax.get_ylabel()) for ax in axes] == [
        *(("words", "iterative_sft"), ("sums", "")),
        *(("words", "iterative_dpo"), ("sums", "")),
    ]
    (crosses,) = [line for line in axes[0].lines if line.get_label() == "_paper"]
    assert crosses.get_xydata().tolist() == [[1, 0.3], [3, 0.4]]


def test_the_papers_numbers_stand_as_crosses_beside_the_studys(metrics):
    printed = printed_of(
        (3, 3, "m1_pass_at_4", "improvement", 0.9),
        (4, 2, "distinct_n", "correct", 0.45),
        (5, 1, "pass_at_1", "far", 0.15),
    )
    drawn = (figures.improvement, figures.diversity, figures.ood)
    found = [
        [
            (i, line.get_xydata().tolist())
            for i, ax in enumerate(figure.axes)
            for line in ax.lines
            if line.get_marker() == "x"
        ]
        for figure in (draw(intervals_of(metrics), metrics, printed) for draw in drawn)
    ]
    assert found == [[(0, [[4, 0.9]])], [(0, [[2, 0.45]])], [(2, [[1, 0.15]])]]


def test_figure1_shows_m0_in_every_panel_and_joins_no_line_to_it():
    groups = [rows("pass_at_1", "test", [0.125, *values], method, first=0) for method, values in ACCURACY.items()]
    table = metrics_of(*groups)
    axes = figures.accuracy(intervals_of(table), table, BEST).axes
    before = {"M$_0$, before any post-training": [0.125]}
    assert [lines(ax) for ax in axes] == [{"tiny": values} | before for values in ACCURACY.values()]


def test_lines_come_from_the_intervals_and_dots_are_single_seeds():
    metrics = metrics_of(rows("pass_at_1", "test", [0.25, 0.5]), rows("pass_at_1", "test", [0.75, None], seed=1))
    (ax,) = figures.accuracy(intervals_of(metrics), metrics, changes_of()).axes
    assert lines(ax) == {"tiny": [0.5, 0.5]}
    assert lines(ax, hidden=True)["_runs"] == [0.25, 0.5, 0.75, None]


def test_a_method_has_the_same_colour_in_every_figure(metrics):
    intervals, sft, dpo = intervals_of(metrics), *drawing.PALETTE[:2]
    assert drawing.colours(intervals) == {"iterative_sft": sft, "iterative_dpo": dpo}
    panels = figures.accuracy(intervals, metrics, BEST).axes
    assert [line.get_color() for ax in panels for line in ax.lines if line.get_label() == "tiny"] == [sft, dpo]
    titled = [
        figures.improvement(intervals, metrics, printed_of()),
        figures.ood(intervals, metrics, printed_of()),
        figures_beyond.pass_at_k(intervals, extrapolations_of()),
    ]
    for figure in titled[:2]:
        assert [ax.title.get_color() for ax in figure.axes[:2]] == [sft, dpo]
    only_dpo = metrics_of(rows("distinct_n", "correct", [0.5, 0.4], "iterative_dpo"))
    (ax,) = figures.diversity(
        intervals_of(pl.concat([metrics.filter(metric="pass_at_1"), only_dpo])), only_dpo, printed_of()
    ).axes
    assert {line.get_color() for line in ax.lines if line.get_label() == "iterative_dpo, correct"} == {dpo}


def test_shades_run_from_pale_over_the_colour_to_dark():
    assert drawing.shades("#0072B2", 3) == ["#8cc0dc", "#0072b2", "#003f62"]
    assert drawing.shades("#0072B2", 1) == ["#0072B2"]


def test_figure2_shows_coverage_with_its_interval_each_methods_best_and_the_rule(metrics):
    rule = pl.DataFrame([RULE], schema=tables.RULE)
    left, right = coverage_figure.coverage(intervals_of(metrics), metrics, BEST, rule).axes
    assert lines(left) == {"tiny · words": [0.0]}
    (point,) = [line for line in left.lines if line.get_label() == "tiny · words"]
    (whisker,) = [found for found in left.collections if found.get_label() == "_whiskers"]
    assert (point.get_xdata(), whisker.get_segments()[0].tolist()) == ([0.25], [[0.125, 0], [0.5, 0]])
    assert [text.get_text() for text in right.texts] == [
        "M$_1$",
        "25.0 %",
        "iterative_sft",
        "37.5 % (+12.5)",
        "iterative_dpo",
        "25.0 % (+0.0)",
        "the rule expects",
        "SFT: yes, +12.5 [+6.2, +25.0]",
    ]
    assert [box.get_x() for box in right.patches] == [0.52]  # the winner, the first method, is shaded


def test_figure2_shows_ties_what_was_not_compared_and_the_papers_numbers(metrics):
    rule = [
        RULE | {"best_method": "iterative_sft, iterative_dpo", "margin": 0.0, "low": -0.0625, "rule_fits": "not shown"},
        RULE | {"task": "other", "coverage": 0.75, "rule_expects": "dpo", "margin": None, "rule_fits": "not compared"},
        RULE | {"task": "third", "published_coverage": 0.398, "published_rule_fits": "no"},
        RULE | {"task": "unknown", "coverage": None},
    ]
    intervals = pl.concat([intervals_of(metrics.with_columns(task=pl.lit(row["task"]))) for row in rule])
    best = BEST.with_columns(published_best=pl.when(pl.col("method") == "iterative_sft").then(0.5391))
    left, right = coverage_figure.coverage(intervals, metrics, best, pl.DataFrame(rule, schema=tables.RULE)).axes
    assert [label.get_text() for label in left.get_yticklabels()] == ["tiny · other", "tiny · words", "tiny · third"]
    found = [text.get_text() for text in right.texts]
    assert {
        "SFT: not shown, +0.0 [\N{MINUS SIGN}6.2, +25.0]",
        "DPO: not compared",
        "SFT: yes, +12.5 [+6.2, +25.0]",
        "paper 0.398: no",
        "paper 53.91",
    } <= set(found)
    assert len(right.patches) == 4


def test_figure3_draws_m1_on_each_improvement_set_beside_chance_and_the_mirror(metrics):
    sft, dpo = figures.improvement(intervals_of(metrics), metrics, printed_of()).axes
    assert lines(sft) == {
        "chance (M$_1$ sampled anew)": [0.375, None],
        "IS(2)": [0.5, 0.75],
        "IS(3)": [None, None],
        "mirror (M$_{3}$, lost)": [0.125, 0.25],
    }
    assert sft.lines[0].get_xdata().tolist() == [2, 4]
    assert sft.get_xlabel() == "|IS(t)| = 7, 0\nchance = 6.25\nlost = 3, 120"
    assert [text.get_text() for text in dpo.texts] == ["no defined value"]


def test_figure3s_chance_comes_from_m1s_trained_anew_where_there_are_any(metrics):
    anew = metrics_of(
        rows("m1_pass_at_2", "anew", [0.625]),
        rows("m1_pass_at_4", "anew", [0.75]),
        *(rows(name, "anew", [share]) for name, share in (("gained_inside", 0.2), ("gained_outside", 0.05))),
    )
    both = pl.concat([metrics, anew])
    ax = figures.improvement(intervals_of(both), both, printed_of()).axes[0]
    assert lines(ax)["chance (M$_1$s trained anew)"] == [0.625, 0.75]
    assert ax.get_xlabel() == "|IS(t)| = 7, 0\nchance = 2.5\nlost = 3, 120"  # a quarter of ten problems


def test_figure3_has_bands_for_chance_and_for_the_last_iteration(metrics):
    metrics = metrics.filter(pl.col("iteration") < 3)
    sft, _ = figures.improvement(intervals_of(metrics), metrics, printed_of()).axes
    limits = [line.get_ydata().tolist() for line in sft.lines if line.get_label() in ("_low", "_high")]
    assert [limit[0] for limit in limits[:2]] == [0.1875, 0.75]
    assert limits[2:] == [[0.25, 0.375], [1.0, 1.0]]  # a share ends at 1, where its interval does not


def test_figure4_draws_correct_and_incorrect_with_gaps_and_the_common_problems_thin(metrics):
    words, equations = figures.diversity(intervals_of(metrics), metrics, printed_of()).axes
    drawn = {label: values for label, values in lines(words).items() if values}
    assert drawn == {"iterative_sft, correct": [0.5, 0.4, 0.3], "iterative_sft, incorrect": [0.6, None, 0.5]}
    assert lines(words, hidden=True)["_iterative_sft, correct/common"] == [0.45, 0.35, 0.25]
    assert lines(equations)["iterative_sft, correct"] == [0.45, 0.35, None]
    assert [ax.get_title() for ax in (words, equations)] == ["syntactic diversity", "logical diversity"]


def test_figure5_draws_home_away_with_its_end_levels_disparity_and_which_end_moved(metrics):
    home, _, away, _, gap, _ = figures.ood(intervals_of(metrics), metrics, printed_of()).axes
    assert lines(home) == {"all problems": ACCURACY["iterative_sft"]}
    assert lines(away) == {
        "all problems": [0.1, 0.08, 0.06],
        "level 1": [0.4, 0.4, 0.45],
        "level 10": [0.2, 0.1, 0.0],
    }
    assert bars(gap) == [(0, 0.5), (0, 0.75)]
    assert whiskers(gap) == [(1, 0.25, 1.0), (2, 0.375, 1.5)]
    assert lines(gap) == {"of the last (arrow: from M$_1$)": [0.75, 0.75]}  # of the last that has one
    (arrow,) = [found for found in gap.texts if hasattr(found, "arrow_patch")]
    assert (arrow.xyann, arrow.xy) == ((1, 0.5), (1, 0.75))
    assert gap.get_xlabel() == "M$_1$ to last: level 1 +0.050, level 10 \N{MINUS SIGN}0.200"
    names = ["words\n(at home)", "far\n(OOD)", "far\ndisparity"]
    assert [home.get_ylabel(), away.get_ylabel(), gap.get_ylabel()] == names


def test_tasks_stand_side_by_side_where_there_are_several():
    two = [rows("pass_at_1", "test", [0.5], method, task=task) for method in ACCURACY for task in ("words", "sums")]
    places = drawing.panels(metrics_of(*two))
    assert [[(place["task"], place["method"]) for place in row] for row in places] == [
        [("words", "iterative_sft"), ("sums", "iterative_sft")],
        [("words", "iterative_dpo"), ("sums", "iterative_dpo")],
    ]


def _plot(metrics, changes, rule, folder):
    paths = {name: str(folder / f"{name}.svg") for name in FIGURES}
    found = {
        "metrics": (metrics, tables.METRICS),
        "intervals": (intervals_of(metrics), tables.INTERVALS),
        "changes": (changes, tables.CHANGES),
        "outcomes": (outcomes_of(changes), tables.OUTCOMES),
        "coverage_rule": (rule, tables.RULE),
        "extrapolations": (extrapolations_of((1, 8, 16, 0.5)), tables.EXTRAPOLATIONS),
        "printed": (printed_of((4, 1, "distinct_n", "correct", 0.4)), tables.PRINTED),
        "frontier": (pl.DataFrame(schema=tables.FRONTIER), tables.FRONTIER),
        "curves": (pl.DataFrame(schema=tables.CURVES), tables.CURVES),
    }
    kinds = {"metrics": "parquet", "intervals": "parquet"}
    inputs = {name: str(folder / f"{name}.{kinds.get(name, 'csv')}") for name in found}
    for name, (table, schema) in found.items():
        tables.write(table, schema, inputs[name])
    plot.main(inputs, 1, paths)
    return {name: (folder / path.rpartition("/")[2]).read_bytes() for name, path in paths.items()}


@pytest.mark.parametrize(
    "table", [metrics_of(), metrics_of(rows("other", "test", [0.5, None]))], ids=["empty", "no such metric"]
)
def test_without_data_every_figure_says_so(table):
    intervals, none, rule = intervals_of(table), changes_of(), pl.DataFrame(schema=tables.RULE)
    drawn = [
        figures.accuracy(intervals, table, none),
        coverage_figure.coverage(intervals, table, none, rule),
        figures.improvement(intervals, table, printed_of()),
        figures.diversity(intervals, table, printed_of()),
        figures.ood(intervals, table, printed_of()),
        figures_beyond.pass_at_k(intervals, extrapolations_of()),
        figures_beyond.verdicts(none, outcomes_of(none)),
        figures_beyond.answer_flow(intervals),
    ]
    for figure in drawn:
        (text,) = figure.texts
        assert text.get_text().startswith("Nothing to draw")


def test_the_same_tables_give_the_same_files(metrics, tmp_path):
    rule = pl.DataFrame([RULE], schema=tables.RULE)
    for run in ("a", "b"):
        (tmp_path / run).mkdir()
    assert _plot(metrics, BEST, rule, tmp_path / "a") == _plot(metrics, BEST, rule, tmp_path / "b")


def test_a_study_of_one_iteration_is_drawn(tmp_path):
    table = metrics_of(rows("pass_at_1", "test", [0.5]), rows("sample_accuracy", "test", [0.5]))
    files = _plot(table, changes_of(), pl.DataFrame(schema=tables.RULE), tmp_path)
    assert all(content for content in files.values())
