"""prepare_problems: the problems of one set, from its source in the study."""

import json
import shutil
from pathlib import Path

import polars as pl
from reversal import jobs, tables
from reversal.problems import drop_duplicates, load_problems


def main(
    source: dict, task: str, problems: str, other_paths: list[str], sandboxed: bool, output: str, dropped_path: str
) -> None:
    split = "train" if problems == "train" else "test"
    frame = load_problems(source, f"{task}/{problems}", split)
    # Said now, and not after the first model has been trained; verify itself tries whether a sandbox can be made.
    if sandboxed and "program" in frame["answer_type"] and shutil.which("bwrap") is None:
        raise RuntimeError(
            f"{task} runs programs that a model wrote, in bubblewrap, which is not installed here: apt-get install "
            "bubblewrap, or without root: conda install -c conda-forge bubblewrap (0.8 or newer). (verification: "
            "{sandboxed: false} would run them without.)"
        )
    # Only training problems are dropped: a test set must stay comparable with other people's.
    others = {Path(path).stem: tables.read(path, tables.PROBLEMS) for path in other_paths}
    kept, dropped = (
        drop_duplicates(frame, others) if problems == "train" else (frame, pl.DataFrame(schema=tables.DROPPED))
    )
    print(f"{frame.height} problems, of which {dropped.height} dropped because their question stands elsewhere")
    jobs.write_text(dropped_path, dropped.write_csv())
    tables.write(kept, tables.PROBLEMS, output)


if "snakemake" in globals():
    jobs.start(snakemake.log[0])
    main(
        json.loads(snakemake.params.source),
        snakemake.wildcards.task,
        snakemake.wildcards.problems,
        list(snakemake.input.others),
        snakemake.params.sandboxed,
        snakemake.output.problems,
        snakemake.output.dropped,
    )
