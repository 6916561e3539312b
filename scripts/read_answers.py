"""read_answers: answers that others sampled, as the samples of a model and the labels that came with them."""

import json

import polars as pl
from reversal import jobs, tables
from reversal.answer_forms import read_rows
from reversal.given_answers import matched, samples_and_labels


def main(paths: list[str], problems_path: str, labels: str | bool, samples_path: str, labels_path: str) -> None:
    problems = tables.read(problems_path, tables.PROBLEMS)
    rows = matched(read_rows(paths, labels), problems)
    kept = rows.filter(pl.col("problem_id").is_in(problems["problem_id"].implode()))
    print(f"{rows.height} answers, of which {rows.height - kept.height} to problems that are not in this study")
    samples, of_samples = samples_and_labels(kept, problems)
    tables.write(samples, tables.SAMPLES, samples_path)
    tables.write(of_samples, tables.LABELS, labels_path)


if "snakemake" in globals():
    jobs.start(snakemake.log[0])
    main(
        list(snakemake.input.answers),
        snakemake.input.problems,
        json.loads(snakemake.params.labels),
        snakemake.output.samples,
        snakemake.output.labels,
    )
