"""prepare_problems: the problems of one set, from its source in the study."""

import json
import shutil
import subprocess
from pathlib import Path

import polars as pl
from reversal import jobs, tables
from reversal.answer_forms import read_rows
from reversal.given_answers import answered, in_all, matched, problems_of
from reversal.problems import drop_duplicates, load_problems

ASKED = ["id", "question", "gold", "greedy"]  # what answers say of their problems: seldom different for one problem


def main(
    source: dict,
    task: str,
    problems: str,
    other_paths: list[str],
    answers: dict[str, list[str]],
    labels: str | bool,
    sandboxed: bool,
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
    if sandboxed and "program" in frame["answer_type"]:
        require_namespaces(task)
    # Only training problems are dropped as duplicates: a test set must stay comparable with other people's.
    others = {Path(path).stem: tables.read(path, tables.PROBLEMS) for path in other_paths}
    if problems == "train":
        kept, dropped = drop_duplicates(frame, others)
    else:
        kept, dropped = in_all(frame, {step: answered(matched(rows, frame)) for step, rows in given.items()})
    print(
        f"{frame.height} problems, of which {dropped.height} dropped: their question stands elsewhere, or has no answer"
    )
    jobs.write_text(dropped_path, dropped.write_csv())
    tables.write(kept, tables.PROBLEMS, output)


def require_namespaces(task: str) -> None:
    """Raises RuntimeError where bubblewrap cannot work: now, and not when verify finds out after the first training."""
    without = "(verification: {sandboxed: false} would run them without.)"
    if shutil.which("bwrap") is None:
        raise RuntimeError(
            f"{task} runs programs that a model wrote, in bubblewrap, which is not installed here: apt-get install "
            f"bubblewrap, or without root: conda install -c conda-forge bubblewrap (0.8 or newer). {without}"
        )
    tried = subprocess.run(["bwrap", "--unshare-all", "--ro-bind", "/", "/", "true"], capture_output=True, text=True)
    if tried.returncode:
        raise RuntimeError(
            f"{task} runs programs that a model wrote, in bubblewrap, which cannot make a sandbox here "
            f"({tried.stderr.strip()}): unprivileged user namespaces must be allowed. {without}"
        )


if "snakemake" in globals():
    jobs.start(snakemake.log[0])
    main(
        json.loads(snakemake.params.source),
        snakemake.wildcards.task,
        snakemake.wildcards.problems,
        list(snakemake.input.others),
        json.loads(snakemake.params.answers),
        json.loads(snakemake.params.labels),
        snakemake.params.sandboxed,
        snakemake.output.problems,
        snakemake.output.dropped,
    )
