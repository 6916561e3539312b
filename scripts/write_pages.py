"""write_pages: the report's headline and its page of sample answers."""

import json
from pathlib import Path

import polars as pl
from reversal import jobs, pages, tables

SAMPLED = 2  # answers of every question and iteration, beside the greedy one, on the page of answers


def main(
    changes_path: str,
    outcomes_path: str,
    narrowing_path: str,
    rule_path: str,
    verdict_paths: list[str],
    study: dict,
    headline_path: str,
    answers_path: str,
) -> None:
    changes = tables.read(changes_path, tables.CHANGES)
    outcomes = tables.read(outcomes_path, tables.OUTCOMES)
    split = tables.read(narrowing_path, tables.NARROWING)
    rule = tables.read(rule_path, tables.RULE)
    verifiers = pl.concat(tables.read(path, tables.VERDICT_ROWS)["verifier"].unique() for path in verdict_paths)
    unsafe = verifiers.str.ends_with("without sandbox").any()  # as reversal.verification says it
    notes = ["Programs written by the models ran without a sandbox."] if unsafe else []
    notes += ["The verdicts are labels that came with the answers."] if tables.LABELLED in verifiers else []
    headline = pages.headline(changes, outcomes, split, rule, study["iterations"], notes)
    jobs.write_text(headline_path, headline)
    sections = []
    for model in study["models"]:
        for task in study["tasks"]:
            folder = Path(study["first"][model]) / task / f"seed{study['seed']}"
            problems = tables.read(f"{study['problems']}/{task}/test.parquet", tables.PROBLEMS)
            for method, problems_of_method, columns in _answers(folder, problems, study["series"]):
                sections.append((f"{method}: {model} on {task}", problems_of_method, columns))
    jobs.write_text(answers_path, pages.answers_over_iterations(sections, SAMPLED))


def _answers(folder: Path, problems: pl.DataFrame, series: list[tuple[str, list[str]]]) -> list:
    """(method, the problems to show, {iteration: judged samples}) of every method of one replicate."""
    verdicts = {
        lineage: tables.read(str(folder / lineage / "verdicts/test.parquet"), tables.VERDICT_ROWS)
        for lineage in {lineage for _, lineages in series for lineage in lineages}
    }
    shown = {method: pages.chosen(problems, [verdicts[lineage] for lineage in lineages]) for method, lineages in series}
    wanted = pl.concat([chosen.select("problem_id") for chosen in shown.values()])
    judged = {}
    for lineage, of_lineage in verdicts.items():  # each read once, and few of its answers kept
        samples = tables.read(str(folder / lineage / "samples/test.parquet"), tables.SAMPLES)
        few = samples.join(wanted, on="problem_id", how="semi")
        judged[lineage] = few.join(of_lineage, on=tables.SAMPLE_KEY, validate="1:1")
    return [
        (method, shown[method], {f"M{i}": judged[lineage] for i, lineage in enumerate(lineages, start=1)})
        for method, lineages in series
    ]


if "snakemake" in globals():
    jobs.start(snakemake.log[0])
    main(
        snakemake.input.changes,
        snakemake.input.outcomes,
        snakemake.input.narrowing,
        snakemake.input.coverage_rule,
        list(snakemake.input.verdicts),
        json.loads(snakemake.params.study),
        snakemake.output.headline,
        snakemake.output.answers,
    )
