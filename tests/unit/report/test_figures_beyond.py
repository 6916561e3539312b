"""pass@k curves and where they cross, the verdicts as a heat map, and what became of M1's answers."""

import polars as pl
import pytest
from reversal.report import drawing
from reversal.report.figures_beyond import VERDICTS, answer_flow, crossings, pass_at_k, verdicts
from tables_for_figures import (
    bars,
    change,
    changes_of,
    extrapolations_of,
    intervals_of,
    lines,
    metrics_of,
    outcomes_of,
    rows,
    texts,
    whiskers,
)


def test_figure6_draws_the_curve_of_every_iteration_from_the_share_of_right_samples_on():
    table = metrics_of(
        rows("pass_at_1", "test", [0.9, 0.9]),  # greedy: no point of the curve
        rows("sample_accuracy", "test", [0.25, 0.5]),
        rows("pass_at_2", "test", [0.5, 0.5625]),
        rows("pass_at_3", "test", [0.625, None]),
        rows("pass_at_4", "test", [0.75, 0.625]),
        rows("pass_at_2", "train", [0.1, 0.1]),
    )
    (ax,) = pass_at_k(intervals_of(table), extrapolations_of()).axes
    assert lines(ax) == {"M$_{1}$": [0.25, 0.5, 0.625, 0.75], "M$_{2}$": [0.5, 0.5625, None, 0.625]}
    assert ax.lines[0].get_xdata().tolist() == [1, 2, 3, 4] and ax.get_xscale() == "log"
    assert ax.lines[0].get_markevery() == [0, 1, 3]
    limits = lines(ax, hidden=True)
    assert limits["_low"] == [0.25, 0.28125, None, 0.3125]  # of the last iteration


def test_figure6_shows_m0_beside_the_iterations_and_crosses_nothing_with_it():
    groups = [
        rows("sample_accuracy", "test", [0.1, 0.25, 0.5], first=0),
        rows("pass_at_4", "test", [0.9, 0.75, 0.8], first=0),
    ]
    (ax,) = pass_at_k(intervals_of(metrics_of(*groups)), extrapolations_of()).axes
    assert lines(ax) == {"M$_0$": [0.1, 0.9], "M$_{1}$": [0.25, 0.75], "M$_{2}$": [0.5, 0.8]}
    assert not any(line.get_xydata().size for line in ax.lines if line.get_label().startswith("_crossing"))


def test_figure6_draws_each_curve_as_far_as_its_model_has_samples():
    table = metrics_of(
        rows("sample_accuracy", "test", [0.25, 0.5]),
        rows("pass_at_2", "test", [0.5, 0.5625]),
        rows("pass_at_3", "test", [0.625]),
        rows("pass_at_4", "test", [0.75]),
    )
    figure = pass_at_k(intervals_of(table), extrapolations_of())
    figure.draw_without_rendering()
    curves = {line.get_label(): line for line in figure.axes[0].lines}
    assert [curves[f"M$_{{{t}}}$"].get_markevery() for t in (1, 2)] == [[0, 1, 3], [0, 1]]


def test_figure6_marks_where_a_curve_crosses_m1s():
    table = metrics_of(rows("sample_accuracy", "test", [0.25, 0.5]), rows("pass_at_4", "test", [0.75, 0.5]))
    (ax,) = pass_at_k(intervals_of(table), extrapolations_of()).axes
    (cross,) = [line for line in ax.lines if line.get_label() == "_crossing 2"]
    assert cross.get_xydata().tolist() == [[2, 0.5]]


def test_figure6_goes_on_dotted_where_a_fit_holds_and_names_what_has_none():
    table = metrics_of(rows("sample_accuracy", "test", [0.25, 0.5]), rows("pass_at_4", "test", [0.75, 0.625]))
    further = extrapolations_of((1, 4, 8, 0.875), (1, 4, 16, 0.9375), (2, 4, None, None))
    (ax,) = pass_at_k(intervals_of(table), further).axes
    (line,) = [line for line in ax.lines if line.get_label() == "_beyond 1"]
    assert line.get_xydata().tolist() == [[4, 0.75], [8, 0.875], [16, 0.9375]]
    assert [line.get_label() for line in ax.lines if line.get_label().startswith("_beyond")] == ["_beyond 1"]
    assert ax.get_xlabel() == "M$_{2}$: no fit, not extrapolated"
    assert ax.get_xlim()[1] > 16 and [tick.get_text() for tick in ax.get_xticklabels()] == ["1", "4", "8", "16"]


@pytest.mark.parametrize(
    ("first", "later", "expected"),
    [
        ([0.25, 0.5, 0.75], [0.5, 0.5, 0.5], []),  # they meet at a point, which is no crossing seen
        ([0.25, 0.5, 0.75], [0.5, 0.75, 0.5], [(2**1.5, 0.625)]),
        ([0.25, 0.5, 0.75], [0.0, 0.25, 0.5], []),
        ([0.25, None, 0.75], [0.5, 0.75, 0.5], []),
        ([0.5, 0.5, 0.5], [0.25, 0.75, 0.25], [(2**0.5, 0.5), (2**1.5, 0.5)]),
    ],
)
def test_crossings_lie_on_straight_lines_over_log_k(first, later, expected):
    assert crossings([1, 2, 4], first, later) == [pytest.approx(point) for point in expected]


def test_figure7_prints_every_signed_change_in_its_verdicts_colour():
    table = changes_of(
        change("iterative_sft", "accuracy", "pass_at_1", "test", 0.25, 0.5, "progress"),
        change("iterative_sft", "syntactic diversity", "pairwise_distinct_n", "correct", 0.5, 0.375, "regress"),
        change("iterative_sft", "beyond N samples", "x", "test", 0.5, 0.25, "regress", role="secondary"),
        change("iterative_dpo", "accuracy", "pass_at_1", "test", 0.25, 0.25, "unclear"),
    )
    figure = verdicts(table, outcomes_of(table))
    (ax,) = figure.axes
    cells = [(text.get_text(), text.get_position()) for text in ax.texts]
    assert cells == [
        ("progress\nwith\nreversal", (0, 0)),
        ("+0.250", (0, 2.0)),
        ("\N{MINUS SIGN}0.125", (0, 3.0)),
        ("no\nprogress", (1, 0)),
        ("+0.000", (1, 2.0)),
        ("words", (0.5, -1.65)),
    ]
    looks = [(drawing.to_hex(box.get_facecolor()), box.get_hatch()) for box in ax.patches]
    expected = [VERDICTS[name] for name in ("regress", "progress", "regress", "unclear", "unclear")]
    assert looks == [(drawing.to_hex(look["facecolor"]), look["hatch"]) for look in expected]
    names = [label.get_text() for label in ax.get_yticklabels()]
    assert names == ["tiny", "outcome", "accuracy", "syntactic diversity"]
    assert [label.get_color() for label in ax.get_xticklabels()] == list(drawing.PALETTE[:2])


def test_verdicts_differ_in_grey_print_too():
    from matplotlib.colors import to_rgb

    greys = [
        sum(w * c for w, c in zip((0.3, 0.59, 0.11), to_rgb(v["facecolor"]), strict=True)) for v in VERDICTS.values()
    ]
    assert greys[0] < 0.3 and 0.7 < greys[1] < 0.9 and greys[2] == pytest.approx(1)


def test_figure7_has_a_block_of_rows_per_model_and_a_gap_between_tasks():
    both = [
        change("sft", "accuracy", "pass_at_1", "test", 0.25, 0.5, "unclear", task=task) for task in ("words", "sums")
    ]
    table = changes_of(*both, *(row | {"model": "large"} for row in both))
    figure = verdicts(table, outcomes_of(table))
    assert [ax.get_yticklabels()[0].get_text() for ax in figure.axes] == ["tiny", "large"]
    assert {text.get_position()[0] for ax in figure.axes for text in ax.texts} == {0, 1.3}
    assert texts(figure).count("+0.250") == 4


def test_figure8_stacks_gains_and_kept_up_to_the_accuracy_and_losses_below():
    table = metrics_of(
        rows("pass_at_1", "test", [0.5, 0.5, 0.625]),
        rows("kept", "test", [0.375, 0.25], first=2),
        rows("gained_inside", "test", [0.125, 0.25], first=2),
        rows("gained_outside", "test", [0.0, 0.125], first=2),
        rows("lost", "test", [0.125, 0.25], first=2),
    )
    (ax,) = answer_flow(intervals_of(table)).axes
    assert bars(ax) == [
        *((0, 0), (0, 0.125)),  # gained outside M1's support, for t = 2 and 3
        *((0, 0.125), (0.125, 0.25)),  # gained inside
        *((0.125, 0.375), (0.375, 0.25)),  # kept: up to the accuracy
        *((0, -0.125), (0, -0.25)),  # lost
    ]
    assert whiskers(ax) == [
        *((2, 0.25, 1.0), (3, 0.3125, 1.25)),  # accuracy
        *((2, 0, 0), (3, 0.0625, 0.25)),  # gained outside
        *((2, -0.0625, -0.25), (3, -0.125, -0.5)),  # lost
    ]
    assert lines(ax) == {"accuracy of M$_1$": [0.5, 0.5]}


def test_figure8_leaves_out_what_is_not_known():
    metrics = metrics_of(
        rows("pass_at_1", "test", [0.5, 0.5]), *(rows(name, "test", [0.25], first=2) for name in ("kept", "lost"))
    )
    unknown = pl.concat([metrics, metrics_of(rows("gained_inside", "test", [None], first=2))])
    (ax,) = answer_flow(intervals_of(unknown)).axes
    assert bars(ax) == []
