"""score: every metric of one model."""

import json

import polars as pl
from reversal import jobs, scoring, tables


def main(samples_path, verdicts_path, first_path, train_path, ood, names, embedding_model, output) -> None:
    verdicts = tables.read(verdicts_path, tables.VERDICT_ROWS)
    samples = tables.read(samples_path, tables.SAMPLES)
    rows = scoring.accuracy_rows(verdicts)
    if train_path:
        rows += scoring.coverage_rows(tables.read(train_path, tables.VERDICT_ROWS))
    if first_path:
        rows += scoring.improvement_rows(tables.read(first_path, tables.VERDICT_ROWS), verdicts)
    for name, (ood_verdicts, ood_problems) in ood.items():
        rows += scoring.ood_rows(
            name, tables.read(ood_verdicts, tables.VERDICT_ROWS), tables.read(ood_problems, tables.PROBLEMS)
        )
    rows += scoring.confound_rows(samples, verdicts)
    rows += scoring.diversity_rows(samples, verdicts, embedding_model)
    scores = pl.DataFrame(
        [{**names, "metric": metric, "subset": subset, "value": value, "n": n} for metric, subset, value, n in rows],
        schema=tables.SCORES,
    )
    tables.write(scores, tables.SCORES, output)


if "snakemake" in globals():
    jobs.start(snakemake.log[0])
    main(
        snakemake.input.samples,
        snakemake.input.verdicts,
        snakemake.input.get("first_verdicts"),
        snakemake.input.get("train_verdicts"),
        dict(
            zip(
                json.loads(snakemake.params.ood),
                zip(snakemake.input.ood_verdicts, snakemake.input.ood_problems, strict=True),
                strict=True,
            )
        ),
        json.loads(snakemake.params.names),
        snakemake.params.embedding_model,
        snakemake.output[0],
    )
