"""plot: the study's tables as figures (SVG) and as an interactive page (HTML)."""

import io

import matplotlib
import polars as pl
from reversal import drawing, figures, figures_beyond, jobs, tables
from reversal.explorer import explorer

# The same table gives the same bytes: ids come from a fixed salt and no date is written. Letters are drawn as paths, so
# that a figure looks the same where its font is missing.
REPRODUCIBLE = {"svg.hashsalt": "reversal", "svg.fonttype": "path"}


def main(metrics_path, intervals_path, changes_path, rule_path, extrapolations_path, outputs: dict[str, str]) -> None:
    metrics = tables.read(metrics_path, tables.METRICS)
    intervals = tables.read(intervals_path, tables.INTERVALS)
    changes = pl.read_csv(changes_path, schema=tables.CHANGES)
    rule = pl.read_csv(rule_path, schema=tables.RULE)
    extrapolations = pl.read_csv(extrapolations_path, schema=tables.EXTRAPOLATIONS)
    with matplotlib.rc_context(drawing.STYLE | REPRODUCIBLE):
        drawn = {
            "figure1_accuracy": figures.accuracy(intervals, metrics, changes),
            "figure2_coverage": figures.coverage(intervals, metrics, changes, rule),
            "figure3_improvement": figures.improvement(intervals, metrics),
            "figure4_diversity": figures.diversity(intervals, metrics),
            "figure5_ood": figures.ood(intervals, metrics),
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
    main(
        snakemake.input.metrics,
        snakemake.input.intervals,
        snakemake.input.changes,
        snakemake.input.coverage_rule,
        snakemake.input.extrapolations,
        dict(snakemake.output.items()),
    )
