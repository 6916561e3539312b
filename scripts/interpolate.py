"""interpolate: the weights of an earlier model and of the parent, mixed; nothing is trained."""

import json
from pathlib import Path

import polars as pl
from reversal import checkpoints, jobs, tables
from reversal.learning import making
from reversal.learning.interpolation import interpolate


def main(earlier_json, parent_json, code, step, lineage, model_json, losses_path) -> None:
    earlier, parent = (checkpoints.weights_folder(path, lineage) for path in (earlier_json, parent_json))
    origin = {"lineage": lineage, "parent": parent_json, "earlier": earlier_json, "step": step, "code": code}

    def build(_: str, finished: str) -> pl.DataFrame:
        interpolate(earlier, parent, step["arguments"]["alpha"], finished)
        return pl.DataFrame(schema=tables.LOSSES)

    making.make(build, origin, model_json, losses_path, Path(earlier_json).read_text(), Path(parent_json).read_text())


if "snakemake" in globals():
    jobs.start(snakemake.log[0])
    main(
        snakemake.input.get("earlier"),
        snakemake.input.get("parent"),
        snakemake.params.code,
        json.loads(snakemake.params.step),
        snakemake.wildcards.lineage,
        snakemake.output.model,
        snakemake.output.losses,
    )
