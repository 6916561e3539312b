"""prepare_problems: the problems of one set, from its source in the study."""

import json

from reversal import jobs, tables
from reversal.problems import load_problems


def main(source: dict, task: str, problems: str, output: str) -> None:
    split = "train" if problems == "train" else "test"
    frame = load_problems(source, f"{task}/{problems}", split)
    print(f"{frame.height} problems")
    tables.write(frame, tables.PROBLEMS, output)


if "snakemake" in globals():
    jobs.start(snakemake.log[0])
    main(
        json.loads(snakemake.params.source), snakemake.wildcards.task, snakemake.wildcards.problems, snakemake.output[0]
    )
