"""What the figures draw is what the table says."""

import re

import plot
import polars as pl
import pytest
from reversal import figures, tables
from reversal.explorer import explorer

LINEAGES = {"iterative_sft": ["sft", "sft-sft", "sft-sft-sft"], "iterative_dpo": ["sft", "sft-dpo", "sft-dpo-dpo"]}
TEST_ACCURACY = {"iterative_sft": [0.2, 0.3, 0.25], "iterative_dpo": [0.2, 0.1, 0.15]}


def _rows(metric, subset, values, method="iterative_sft", seed=0, first=1):
    return [
        ("study", "tiny", "words", method, seed, t, LINEAGES[method][t - 1], metric, subset, value, 10)
        for t, value in enumerate(values, start=first)
    ]


def _table(*groups):
    return pl.DataFrame([row for group in groups for row in group], schema=tables.METRICS, orient="row")


@pytest.fixture
def metrics():
    return _table(
        *(_rows("pass_at_1", "test", values, method) for method, values in TEST_ACCURACY.items()),
        _rows("coverage", "train", [0.4]),
        _rows("improvement_set_size", "test", [7.0, 0.0], first=2),
        _rows("m1_pass_at_2", "improvement", [0.5, None], first=2),
        _rows("m1_pass_at_4", "improvement", [0.75, None], first=2),
        _rows("distinct_n", "correct", [0.5, 0.4, 0.3]),
        _rows("distinct_n", "incorrect", [0.6, None, 0.5]),
        _rows("semantic_diversity", "correct", [0.7, 0.6, 0.5]),
        _rows("equation_diversity", "correct", [0.45, 0.35, None]),
        _rows("pass_at_1", "far", [0.1, 0.08, 0.06]),
        _rows("pass_at_1", "far/level=1", [0.4, 0.4, 0.4]),
        _rows("pass_at_1", "far/level=2", [0.3, 0.3, 0.3]),
        _rows("pass_at_1", "far/level=10", [0.2, 0.1, 0.0]),
        _rows("group_disparity", "far", [0.5, 0.75, None]),
    )


def _lines(ax):
    """{label: y values}; None where nothing is drawn. Helpers (dots, thresholds) have labels that begin with '_'."""
    return {
        line.get_label(): [None if y != y else float(y) for y in line.get_ydata()]
        for line in ax.lines
        if not line.get_label().startswith("_")
    }


def _texts(figure):
    return [text.get_text() for ax in figure.axes for text in ax.texts]


def test_figure1_draws_every_methods_accuracy_and_prints_its_best(metrics):
    (ax,) = figures.accuracy(metrics).axes
    assert _lines(ax) == TEST_ACCURACY
    assert ax.get_title() == "tiny · words"
    assert [text.get_text() for text in ax.get_legend().get_texts()] == [
        "M$_{2}$: 30.00 % (+10.00)",
        "M$_{1}$: 20.00 % (+0.00)",
    ]


def test_lines_are_means_over_the_seeds_that_have_a_value():
    table = _table(_rows("pass_at_1", "test", [0.25, 0.5]), _rows("pass_at_1", "test", [0.75, None], seed=1))
    (ax,) = figures.accuracy(table).axes
    assert _lines(ax) == {"iterative_sft": [0.5, 0.5]}
    (dots,) = [line for line in ax.lines if line.get_label() == "_seeds"]
    assert dots.get_ydata()[:3].tolist() == [0.25, 0.5, 0.75]


def test_figure2_shows_coverage_and_each_methods_best(metrics):
    left, right = figures.coverage(metrics).axes
    (point,) = [line for line in left.lines if line.get_label() == "tiny · words"]
    assert point.get_xdata() == [0.4]
    assert {"30.00 % (+10.00)", "20.00 % (+0.00)", "SFT: yes"} <= {text.get_text() for text in right.texts}
    assert len(right.patches) == 1


@pytest.mark.parametrize(
    ("coverage", "dpo", "verdict"),
    [
        (0.6, [0.2, 0.9], "DPO: yes"),
        (0.6, [0.2, 0.2], "DPO: no"),
        (0.5, [0.2, 0.9], "SFT: no"),
        (0.6, [0.2, 0.3], "DPO: a tie"),
    ],
)
def test_figure2_says_whether_the_papers_rule_held(coverage, dpo, verdict):
    table = _table(
        _rows("pass_at_1", "test", [0.2, 0.3]),
        _rows("pass_at_1", "test", dpo, "iterative_dpo"),
        _rows("coverage", "train", [coverage]),
    )
    assert verdict in _texts(figures.coverage(table))


def test_figure2_does_not_judge_a_study_of_one_kind_of_method():
    table = _table(_rows("pass_at_1", "test", [0.2, 0.3]), _rows("coverage", "train", [0.6]))
    assert "DPO (not compared)" in _texts(figures.coverage(table))


def test_figure3_draws_m1_on_each_improvement_set_and_its_size(metrics):
    sft, dpo = figures.improvement(metrics).axes
    assert _lines(sft) == {"IS(2)": [0.5, 0.75], "IS(3)": [None, None]}
    assert sft.lines[0].get_xdata().tolist() == [2, 4]
    assert sft.get_xlabel().endswith("|IS(t)| = 7, 0")
    assert [text.get_text() for text in dpo.texts] == ["no defined value"]


def test_figure4_draws_lines_with_gaps_and_bars_for_equations(metrics):
    lines, _, bars, _ = figures.diversity(metrics).axes
    assert _lines(lines) == {
        "distinct_n, correct": [0.5, 0.4, 0.3],
        "semantic_diversity, correct": [0.7, 0.6, 0.5],
        "distinct_n, incorrect": [0.6, None, 0.5],
        "semantic_diversity, incorrect": [],
    }
    assert [bar.get_height() for bar in bars.patches] == [0.45, 0.35]


def test_figure5_draws_home_away_with_its_end_levels_and_disparity(metrics):
    home, _, away, _, disparity, _ = figures.ood(metrics).axes
    assert _lines(home) == {"all problems": TEST_ACCURACY["iterative_sft"]}
    assert _lines(away) == {
        "all problems": [0.1, 0.08, 0.06],
        "level 1": [0.4, 0.4, 0.4],
        "level 10": [0.2, 0.1, 0.0],
    }
    assert [bar.get_height() for bar in disparity.patches] == [0.5, 0.75]
    assert [home.get_ylabel(), away.get_ylabel(), disparity.get_ylabel()] == [
        "words\n(at home)",
        "far\n(OOD)",
        "far\ndisparity",
    ]


@pytest.mark.parametrize("name", figures.FIGURES)
@pytest.mark.parametrize(
    "table", [_table(), _table(_rows("other", "test", [0.5, None]))], ids=["empty", "no such metric"]
)
def test_without_data_a_figure_says_so(name, table):
    (text,) = figures.FIGURES[name](table).texts
    assert text.get_text().startswith("Nothing to draw")


def test_the_same_table_gives_the_same_files(metrics, tmp_path):
    tables.write(metrics, tables.METRICS, str(tmp_path / "metrics.parquet"))
    for run in ("a", "b"):
        paths = {name: str(tmp_path / f"{run}-{name}.svg") for name in figures.FIGURES}
        plot.main(str(tmp_path / "metrics.parquet"), paths, str(tmp_path / f"{run}.html"))
    for name in figures.FIGURES:
        assert (tmp_path / f"a-{name}.svg").read_bytes() == (tmp_path / f"b-{name}.svg").read_bytes()
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()


def test_the_explorer_needs_no_network(metrics):
    page = explorer(metrics)
    assert not re.findall(r"<(?:script|link)[^>]*(?:src|href)=", page)
    assert "group_disparity" in page
