"""remove_models: the checkpoints that a study does not keep, once nothing needs them."""

import json
from pathlib import Path

import polars as pl
from reversal import checkpoints, jobs, keeping, tables


def main(scores_paths: list[str], series: list, keep: str, uses: dict[str, dict], output: str) -> None:
    tables_of_models = [tables.read(path, tables.SCORES) for path in scores_paths]
    scores = pl.concat([pl.DataFrame(schema=tables.SCORES), *tables_of_models])
    accuracy = dict(scores.filter(metric="pass_at_1", subset="test").select("lineage", "value").iter_rows())
    gone = keeping.removable(dict(series), keep, accuracy)
    for lineage in gone:
        model = Path(output).parents[1] / lineage / "model/model.json"
        print(f"{model.parent}: not kept (keep_models: {keep})", flush=True)
        checkpoints.remove(str(model), uses[lineage])
    jobs.write_json(output, {"keep_models": keep, "accuracy": accuracy, "removed": gone})


if "snakemake" in globals():
    jobs.start(snakemake.log[0])
    main(
        list(snakemake.input.scores),
        json.loads(snakemake.params.series),
        snakemake.params.keep,
        json.loads(snakemake.params.uses),
        snakemake.output[0],
    )
