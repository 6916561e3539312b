"""verify: a verdict for every sampled answer."""

import polars as pl
from reversal import jobs, tables
from reversal.verifying.expressions import unread_golds
from reversal.verifying.verification import labelled, verify


def main(
    samples_path: str,
    problems_path: str,
    labels_path: str | None,
    mark: str,
    workers: int,
    sandboxed: bool,
    output: str,
) -> None:
    samples, problems = tables.read(samples_path, tables.SAMPLES), tables.read(problems_path, tables.PROBLEMS)
    if labels_path:
        verdicts = labelled(tables.read(labels_path, tables.LABELS))
    else:
        verdicts = verify(samples, problems, mark, workers, sandboxed)
        solved = verdicts.filter(verdict="correct").select("problem_id")
        report_unread(problems.filter(answer_type="expression").join(solved, on="problem_id", how="anti"), workers)
    print(verdicts["verdict"].value_counts(sort=True))
    failed = verdicts.filter(verdict="infra_error")["problem_id"].unique(maintain_order=True).to_list()
    if failed:
        raise RuntimeError(
            f"{samples_path}: answers to {len(failed)} problem(s) could not be judged for reasons of this machine "
            f"({', '.join(failed[:5])}); run again"
        )
    tables.write(verdicts, tables.VERDICT_ROWS, output)


def report_unread(unsolved: pl.DataFrame, workers: int) -> None:
    """Names the gold answers of problems that no answer solves, where they can be compared as text only."""
    unread = set(unread_golds(unsolved["gold_answer"].unique(maintain_order=True).to_list(), workers))
    for problem_id, gold in unsolved.select("problem_id", "gold_answer").iter_rows():
        if gold in unread:
            print(f"{problem_id}: math-verify cannot read all of the gold answer {gold!r}; only this text is correct")


if "snakemake" in globals():
    jobs.start(snakemake.log[0])
    main(
        snakemake.input.samples,
        snakemake.input.problems,
        snakemake.input.get("labels"),
        snakemake.params.mark,
        snakemake.threads,
        snakemake.params.sandboxed,
        snakemake.output[0],
    )
