"""M1's frontier, the last models of the methods, and what is written below."""

import polars as pl
from reversal import tables
from reversal.report.figures_frontier import frontier

COLOURS = {"sft": "#0072B2", "dpo": "#D55E00"}


def curve(method, iteration, measure, points):
    """Rows of CURVES from (temperature, accuracy, value); intervals are 0.01 to both sides; 0.75 is the training's."""
    return [
        ("tiny", "words", method, iteration, measure, t, t == 0.75, a, a - 0.01, a + 0.01, v, v - 0.01, v + 0.01, 9.0)
        for t, a, v in points
    ]


def drawn():
    first = [(0.5, 0.5, 0.25), (0.75, 0.375, 0.5), (1.5, 0.25, 0.75)]
    later = {"sft": [(0.5, 0.75, 0.125), (0.75, 0.5, 0.25)], "dpo": [(0.5, 0.75, None), (0.75, 0.5, 0.125)]}
    rows = []
    for measure in ("logical diversity", "logical diversity/common", "pass@4"):
        for method, points in later.items():
            rows += curve(method, 1, measure, first)
            rows += curve(method, 2, measure, [(t, a, 0.0) for t, a, _ in points])  # an iteration on the way
            rows += [
                row if row[10] is not None else (*row[:10], None, None, None, row[13])
                for row in curve(method, 3, measure, [(t, a, v or 0.0) for t, a, v in points])
            ]
    curves = pl.DataFrame(rows, schema=tables.CURVES, orient="row")
    row = dict.fromkeys(tables.FRONTIER) | {"model": "tiny", "task": "words", "measure": "logical diversity"}
    row |= {"comparison": "whole frontier", "iteration": 3}
    found = [
        row | {"method": "sft", "position": "inside", "low": -0.25, "high": -0.125},
        row | {"method": "dpo", "position": "not comparable"},
    ]
    return frontier(curves, pl.DataFrame(found, schema=tables.FRONTIER), COLOURS)


def test_figure9_draws_m1_with_its_temperatures_and_the_last_model_of_every_method():
    passed, logical = drawn().axes
    assert passed.get_ylabel() == "pass@4" and logical.get_ylabel().startswith("logical diversity")
    first, ring, sft, *_ = logical.lines
    assert first.get_xydata().tolist() == [[0.5, 0.25], [0.375, 0.5], [0.25, 0.75]]
    assert ring.get_xydata().tolist() == [[0.375, 0.5]]  # the training's own temperature
    assert sft.get_xydata().tolist() == [[0.75, 0.125], [0.5, 0.25]] and sft.get_color() == COLOURS["sft"]
    assert [text.get_text() for text in logical.texts] == ["0.5", "0.75", "1.5"]


def test_figure9_says_below_each_panel_where_the_last_models_are():
    below = [[text.get_text() for text in ax.get_legend().get_texts()] for ax in drawn().axes]
    minus = "\N{MINUS SIGN}"
    assert below == [[], [f"inside {minus}0.250 to {minus}0.125", "not comparable"]]


def test_figure9_without_temperatures_says_so():
    (text,) = frontier(pl.DataFrame(schema=tables.CURVES), pl.DataFrame(schema=tables.FRONTIER), COLOURS).texts
    assert text.get_text().startswith("Nothing to draw")
