"""plot: the metrics table as the paper's figures (SVG) and as an interactive page (HTML)."""

import io

import matplotlib
from reversal import jobs, tables
from reversal.explorer import explorer
from reversal.figures import FIGURES

# The same table gives the same bytes: ids come from a fixed salt and no date is written. Letters are drawn as paths, so
# that a figure looks the same where its font is missing.
REPRODUCIBLE = {"svg.hashsalt": "reversal", "svg.fonttype": "path"}


def main(metrics_path, figure_paths, explorer_path) -> None:
    metrics = tables.read(metrics_path, tables.METRICS)
    for name, path in figure_paths.items():
        print(f"drawing {path}")
        drawn = io.StringIO()
        with matplotlib.rc_context(REPRODUCIBLE):
            FIGURES[name](metrics).savefig(drawn, format="svg", metadata={"Date": None})
        jobs.write_text(path, drawn.getvalue())
    jobs.write_text(explorer_path, explorer(metrics))


if "snakemake" in globals():
    jobs.start(snakemake.log[0])
    main(
        snakemake.input.metrics,
        {name: snakemake.output[name] for name in FIGURES},
        snakemake.output.explorer,
    )
