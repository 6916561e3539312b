"""write_pages: the report's headline and its page of sample answers."""

import json
from pathlib import Path

import polars as pl
from reversal import jobs, pages, tables

QUESTIONS, SAMPLED = 5, 2  # shown of every task on the page of answers


def main(changes_path: str, study: dict, headline_path: str, answers_path: str) -> None:
    changes = pl.read_csv(changes_path, schema=tables.CHANGES)
    notes = [] if study["sandboxed"] else ["Programs written by the models ran without a sandbox."]
    headline = pages.headline(changes, study["iterations"], len(study["seeds"]), notes)
    jobs.write_text(headline_path, headline)
    sections = []
    for model in study["models"]:
        for task in study["tasks"]:
            folder = Path(study["results"]) / model / task / f"seed{study['seeds'][0]}"
            problems = Path(study["results"]) / "problems" / task / "test.parquet"
            shown = tables.read(str(problems), tables.PROBLEMS).head(QUESTIONS)
            for method, lineages in study["series"]:
                columns = {f"M{i}": _judged(folder / lineage, shown) for i, lineage in enumerate(lineages, start=1)}
                sections.append((f"{method}: {model} on {task}", shown, columns))
    jobs.write_text(answers_path, pages.answers_over_iterations(sections, SAMPLED))


def _judged(folder: Path, problems: pl.DataFrame) -> pl.DataFrame:
    samples = tables.read(str(folder / "samples/test.parquet"), tables.SAMPLES)
    verdicts = tables.read(str(folder / "verdicts/test.parquet"), tables.VERDICT_ROWS)
    shown = samples.join(problems, on="problem_id", how="semi")
    return shown.join(verdicts, on=tables.SAMPLE_KEY, validate="1:1")


if "snakemake" in globals():
    jobs.start(snakemake.log[0])
    main(
        snakemake.input.changes,
        json.loads(snakemake.params.study),
        snakemake.output.headline,
        snakemake.output.answers,
    )
