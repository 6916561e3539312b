"""prepare_problems: the problems of one set, from its source in the study."""

import json
from pathlib import Path

import polars as pl
from reversal import jobs, tables
from reversal.answer_forms import read_rows
from reversal.given_answers import answered, in_all, matched, problems_of
from reversal.problem_sources.problems import drop_duplicates, load_problems

ASKED = ["id", "question", "gold", "greedy"]  # what answers say of their problems: seldom different for one problem


def main(
    source: dict,
    task: str,
    problems: str,
    other_paths: list[str],
    answers: dict[str, list[str]],
    labels: str | bool,
    output: str,
    dropped_path: str,
) -> None:
    name, split = f"{task}/{problems}", "train" if problems == "train" else "test"
    given = {
        step: read_rows(paths, labels).select(ASKED).unique(maintain_order=True) for step, paths in answers.items()
    }
    of_file = "file" in source or "dataset" in source or "generator" in source
    frame = (
        load_problems(source, name, split)
        if of_file
        else problems_of(pl.concat(given.values()), name, source.get("answer_type"))
    )
    # Only training problems are dropped as duplicates: a test set must stay comparable with other people's.
    others = {Path(path).stem: tables.read(path, tables.PROBLEMS) for path in other_paths}
    if problems == "train":
        kept, dropped = drop_duplicates(frame, others)
        if kept.is_empty():
            raise ValueError(
                f"tasks.{task}.train: all of its {frame.height} questions stand in {', '.join(others)}, too; nothing "
                "is left to learn from"
            )
    else:
        kept, dropped = in_all(frame, {step: answered(matched(rows, frame)) for step, rows in given.items()})
    print(f"{frame.height} problems, {dropped.height} dropped: their question is also in another set, or unanswered")
    tables.write(dropped, tables.DROPPED, dropped_path)
    tables.write(kept, tables.PROBLEMS, output)


if "snakemake" in globals():
    jobs.start(snakemake.log[0])
    main(
        json.loads(snakemake.params.source),
        snakemake.wildcards.task,
        snakemake.wildcards.problems,
        list(snakemake.input.others),
        json.loads(snakemake.params.answers),
        json.loads(snakemake.params.labels),
        snakemake.output.problems,
        snakemake.output.dropped,
    )
