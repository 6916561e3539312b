"""score: every metric of one model, per problem and as a whole."""

import json

import polars as pl
from reversal import devices, jobs, tables
from reversal.evaluation import scoring


def main(
    samples_path,
    verdicts_path,
    first_path,
    base_path,
    reference,
    train_path,
    ood,
    names,
    embedding,
    scores_path,
    values_path,
):
    verdicts = tables.read(verdicts_path, tables.VERDICT_ROWS)
    samples = tables.read(samples_path, tables.SAMPLES)
    parts = [scoring.accuracy_values(verdicts)]
    since_first = _since(first_path, verdicts)
    # The improvement sets are M1's, as in the paper; M0 is held against nothing, unless it is the reference.
    of_sets = pl.col("subset") != "test"
    if names["iteration"] > 0:
        parts.append(since_first if reference == "M1" else since_first.filter(of_sets))
    if reference == "M0":
        parts.append(
            _since(base_path, verdicts).filter(~of_sets).with_columns(pl.col("metric").str.replace("m1", "m0"))
        )
    if train_path:
        parts.append(scoring.coverage_values(tables.read(train_path, tables.VERDICT_ROWS)))
    for name, (ood_verdicts, ood_problems) in ood.items():
        judged = tables.read(ood_verdicts, tables.VERDICT_ROWS)
        parts.append(scoring.ood_values(name, judged, tables.read(ood_problems, tables.PROBLEMS)))
    parts.append(scoring.sound_values(samples, verdicts))
    parts.append(scoring.confound_values(samples, verdicts))
    parts.append(scoring.diversity_values(samples, verdicts, embedding))

    values = pl.concat(parts)
    rows = scoring.means(values)
    for name in ood:
        rows += scoring.disparity_rows(name, rows)
    greedy = "pass_at_1" in parts[0]["metric"]  # otherwise nothing is known of the sets that greedy answers make
    rows += (
        (scoring.set_sizes(since_first) if greedy and names["iteration"] > 0 else [])
        + scoring.length_rows(samples)
        + scoring.too_few_rows(verdicts)
    )
    scores = [
        {**names, "metric": metric, "subset": subset, "value": value, "n": n} for metric, subset, value, n in rows
    ]
    tables.write(pl.DataFrame(scores, schema=tables.SCORES), tables.SCORES, scores_path)
    tables.write(values, tables.PROBLEM_SCORES, values_path)


def _since(path: str | None, verdicts: pl.DataFrame) -> pl.DataFrame:
    """What became of the answers in `path`, an earlier model's verdicts; without one, what chance makes of them."""
    if not path:
        return scoring.null_values(verdicts)
    return scoring.improvement_values(tables.read(path, tables.VERDICT_ROWS), verdicts)


if "snakemake" in globals():
    jobs.start(snakemake.log[0])
    devices.lease(0)  # SentenceBERT would take a GPU that a training job has, and scores would depend on the machine
    main(
        snakemake.input.samples,
        snakemake.input.verdicts,
        snakemake.input.get("first_verdicts"),
        snakemake.input.get("base_verdicts"),
        snakemake.params.reference,
        snakemake.input.get("train_verdicts"),
        dict(
            zip(
                json.loads(snakemake.params.ood),
                zip(snakemake.input.ood_verdicts, snakemake.input.ood_problems, strict=True),
                strict=True,
            )
        ),
        json.loads(snakemake.params.names),
        json.loads(snakemake.params.embedding),
        snakemake.output.scores,
        snakemake.output.problem_scores,
    )
