"""write_pages: the report's headline and its page of sample answers."""

import json
from pathlib import Path

import polars as pl
from reversal import jobs, pages, summaries, tables

QUESTIONS, SAMPLED = 5, 2  # shown on the page of answers


def main(changes_path, iterations, seeds, problems_path, series, folder, headline_path, answers_path) -> None:
    changes = pl.read_csv(changes_path, schema=summaries.CHANGES)
    jobs.write_text(headline_path, pages.headline(changes, iterations, seeds))
    judged = {
        (method, f"M{i + 1}"): _judged(Path(folder) / lineage)
        for method, lineages in series.items()
        for i, lineage in enumerate(lineages)
    }
    problems = tables.read(problems_path, tables.PROBLEMS).head(QUESTIONS)
    jobs.write_text(answers_path, pages.answers_over_iterations(judged, problems, SAMPLED))


def _judged(folder: Path) -> pl.DataFrame:
    samples = tables.read(str(folder / "samples/test.parquet"), tables.SAMPLES)
    verdicts = tables.read(str(folder / "verdicts/test.parquet"), tables.VERDICT_ROWS)
    return samples.join(verdicts, on=tables.SAMPLE_KEY, validate="1:1")


if "snakemake" in globals():
    jobs.start(snakemake.log[0])
    main(
        snakemake.input.changes,
        snakemake.params.iterations,
        snakemake.params.seeds,
        snakemake.input.problems,
        dict(json.loads(snakemake.params.series)),
        snakemake.params.folder,
        snakemake.output.headline,
        snakemake.output.answers,
    )
