"""export_answers: a model's judged answers to one problem set, greedy or sampled, in lm-evaluation-harness's form."""

import json

from reversal import jobs, tables
from reversal.exporting import lm_eval_rows


def main(problems_path: str, samples_path: str, verdicts_path: str, decoding: str, task: dict, output: str) -> None:
    samples = tables.read(samples_path, tables.SAMPLES).filter(decoding=decoding)
    verdicts = tables.read(verdicts_path, tables.VERDICT_ROWS).filter(decoding=decoding)
    rows = lm_eval_rows(tables.read(problems_path, tables.PROBLEMS), samples, verdicts, task)
    jobs.write_text(output, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))


if "snakemake" in globals():
    jobs.start(snakemake.log[0])
    main(
        snakemake.input.problems,
        snakemake.input.samples,
        snakemake.input.verdicts,
        snakemake.wildcards.decoding,
        json.loads(snakemake.params.task),
        snakemake.output[0],
    )
