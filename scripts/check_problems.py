"""check_problems: no question may stand in two problem sets of a task."""

from pathlib import Path

import polars as pl
from reversal import jobs, tables
from reversal.problems import check_disjoint


def main(paths: list[str], output: str) -> None:
    sets = {Path(path).stem: tables.read(path, tables.PROBLEMS) for path in paths}
    check_disjoint(sets)
    sizes = [{"problems": name, "count": frame.height} for name, frame in sets.items()]
    jobs.write_text(output, pl.DataFrame(sizes).write_csv())


if "snakemake" in globals():
    jobs.start(snakemake.log[0])
    main(list(snakemake.input.problems), snakemake.output[0])
