"""plot: the study's tables as figures (SVG)."""

import io

import matplotlib
import polars as pl
from reversal import jobs, tables
from reversal.report import (
    coverage_figure,
    drawing,
    figures,
    figures_beyond,
    figures_frontier,
    figures_tradeoff,
    verdict_words,
)

# The same table gives the same bytes: ids come from a fixed salt and no date is written. Letters are drawn as paths, so
# that a figure looks the same where its font is missing.
REPRODUCIBLE = {"svg.hashsalt": "reversal", "svg.fonttype": "path"}


def main(inputs: dict[str, str], reference: int, outputs: dict[str, str]) -> None:
    metrics = tables.read(inputs["metrics"], tables.METRICS)
    intervals = tables.read(inputs["intervals"], tables.INTERVALS)
    changes = tables.read(inputs["changes"], tables.CHANGES)
    outcomes = tables.read(inputs["outcomes"], tables.OUTCOMES)
    rule = tables.read(inputs["coverage_rule"], tables.RULE)
    extrapolations = tables.read(inputs["extrapolations"], tables.EXTRAPOLATIONS)
    printed = tables.read(inputs["printed"], tables.PRINTED)
    frontier = tables.read(inputs["frontier"], tables.FRONTIER)
    curves = tables.read(inputs["curves"], tables.CURVES)
    tables_of_methods = (metrics, intervals, changes, outcomes, extrapolations, printed, frontier, curves)
    metrics, intervals, changes, outcomes, extrapolations, printed, frontier, curves = map(_named, tables_of_methods)
    rule = _named(rule, "best_method")
    later, runs = (table.filter(pl.col("iteration") > 0) for table in (intervals, metrics))  # M0 aside
    with matplotlib.rc_context(drawing.STYLE | REPRODUCIBLE):
        drawn = {
            "figure1_accuracy": figures.accuracy(intervals, metrics, changes),
            "figure2_coverage": coverage_figure.coverage(later, runs, changes, rule),
            "figure3_improvement": figures.improvement(later, runs, printed),
            "figure4_diversity": figures.diversity(later, runs, printed),
            "figure5_ood": figures.ood(later, runs, printed),
            "figure6_pass_at_k": figures_beyond.pass_at_k(intervals, extrapolations),
            "figure7_verdicts": figures_beyond.verdicts(changes, outcomes),
            "figure8_answer_flow": figures_beyond.answer_flow(intervals, reference),
            "figure9_frontier": figures_frontier.frontier(curves, frontier, drawing.colours(intervals)),
            "figure10_tradeoff": figures_tradeoff.tradeoff(intervals, drawing.colours(intervals)),
        }
        for name, figure in drawn.items():
            print(f"writing {outputs[name]}", flush=True)
            svg = io.StringIO()
            figure.savefig(svg, format="svg", metadata={"Date": None})
            jobs.write_text(outputs[name], svg.getvalue())


def _named(table: pl.DataFrame, column: str = "method") -> pl.DataFrame:
    """The table with its methods as one reads them."""
    return table.with_columns(pl.col(column).map_elements(verdict_words.in_words, return_dtype=pl.String))


if "snakemake" in globals():
    jobs.start(snakemake.log[0])
    main(dict(snakemake.input.items()), snakemake.params.reference, dict(snakemake.output.items()))
