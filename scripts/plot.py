"""plot: the study's tables as figures (SVG) and as an interactive page (HTML)."""

import io

import matplotlib
import polars as pl
from reversal import coverage_figure, drawing, figures, figures_beyond, jobs, tables
from reversal.explorer import explorer

# The same table gives the same bytes: ids come from a fixed salt and no date is written. Letters are drawn as paths, so
# that a figure looks the same where its font is missing.
REPRODUCIBLE = {"svg.hashsalt": "reversal", "svg.fonttype": "path"}


def main(inputs: dict[str, str], outputs: dict[str, str]) -> None:
    metrics = tables.read(inputs["metrics"], tables.METRICS)
    intervals = tables.read(inputs["intervals"], tables.INTERVALS)
    changes = pl.read_csv(inputs["changes"], schema=tables.CHANGES)
    rule = pl.read_csv(inputs["coverage_rule"], schema=tables.RULE)
    extrapolations = pl.read_csv(inputs["extrapolations"], schema=tables.EXTRAPOLATIONS)
    printed = pl.read_csv(inputs["printed"], schema=tables.PRINTED)
    with matplotlib.rc_context(drawing.STYLE | REPRODUCIBLE):
        drawn = {
            "figure1_accuracy": figures.accuracy(intervals, metrics, changes),
            "figure2_coverage": coverage_figure.coverage(intervals, metrics, changes, rule),
            "figure3_improvement": figures.improvement(intervals, metrics, printed),
            "figure4_diversity": figures.diversity(intervals, metrics, printed),
            "figure5_ood": figures.ood(intervals, metrics, printed),
            "figure6_pass_at_k": figures_beyond.pass_at_k(intervals, extrapolations),
            "figure7_verdicts": figures_beyond.verdicts(changes),
            "figure8_answer_flow": figures_beyond.answer_flow(intervals),
        }
        for name, figure in drawn.items():
            print(f"writing {outputs[name]}", flush=True)
            svg = io.StringIO()
            figure.savefig(svg, format="svg", metadata={"Date": None})
            jobs.write_text(outputs[name], svg.getvalue())
    jobs.write_text(outputs["explorer"], explorer(metrics, intervals))


if "snakemake" in globals():
    jobs.start(snakemake.log[0])
    names = ("metrics", "intervals", "changes", "coverage_rule", "extrapolations", "printed")
    main({name: snakemake.input[name] for name in names}, dict(snakemake.output.items()))
