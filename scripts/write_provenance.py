"""write_provenance: what a study's results come from, for someone who has only those."""

import json
from pathlib import Path

from reversal import jobs, runs
from reversal.job_files import of_study
from reversal.report import provenance


def main(config: dict, code: dict[str, str], style: str, output: str, page: str) -> None:
    results = str(Path(output).parent)
    found = {
        "study": config["study"],
        "configuration": config,
        "runs": runs.read(results),
        "code": code,
        "stages": provenance.stages(of_study(f"{results}/logs", ".json", config)),
    }
    jobs.write_json(output, found)
    jobs.write_text(page, provenance.as_page(found, Path(style).read_text(encoding="utf-8")))


if "snakemake" in globals():
    jobs.start(snakemake.log[0])
    main(
        json.loads(snakemake.params.config),
        json.loads(snakemake.params.stages),
        snakemake.input.style,
        snakemake.output.provenance,
        snakemake.output.page,
    )
