"""Figure 10, from small tables."""

from reversal.report import drawing, figures_tradeoff
from tables_for_figures import intervals_of, lines, metrics_of, rows

METHODS = {"iterative_sft": "#0072B2"}


def test_a_path_leads_from_m1_to_the_last_model_with_the_intervals_of_both():
    table = metrics_of(
        rows("pass_at_1", "test", [0.25, 0.5, 0.75], "iterative_sft"),
        rows("pairwise_distinct_n", "correct", [0.5, 0.375, 0.25], "iterative_sft"),
        rows("pairwise_distinct_n", "all", [0.1, 0.1, 0.1], "iterative_sft"),
    )
    figure = figures_tradeoff.tradeoff(intervals_of(table), METHODS)
    (ax,) = figure.axes  # no panel for a diversity that was not measured
    path = ax.lines[0]
    assert (path.get_xdata().tolist(), path.get_ydata().tolist()) == ([0.25, 0.5, 0.75], [0.5, 0.375, 0.25])
    assert lines(ax)["M$_1$"] == [0.5]
    ends = [segment.tolist() for lines_ in ax.collections for segment in lines_.get_segments()]
    assert ends == [
        *([[0.25, 0.25], [0.25, 1.0]], [[0.125, 0.5], [0.5, 0.5]]),  # M1: up and down, left and right
        *([[0.75, 0.125], [0.75, 0.5]], [[0.375, 0.25], [1.5, 0.25]]),
    ]
    assert (ax.get_title(), ax.get_xlabel()) == ("syntactic diversity", "accuracy")
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["M$_1$", "iterative_sft, to its last model"]


def test_without_a_diversity_the_figure_says_so():
    table = metrics_of(rows("pass_at_1", "test", [0.25], "iterative_sft"))
    figure = figures_tradeoff.tradeoff(intervals_of(table), drawing.colours(table))
    assert figure.texts[0].get_text().startswith("Nothing to draw")
