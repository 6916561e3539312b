"""export_answers: a model's judged answers in lm-evaluation-harness's form, a file per problem set and decoding."""

import json
from pathlib import Path

from reversal import jobs, tables
from reversal.exporting import lm_eval_rows


def main(problems_path: str, samples_path: str, verdicts_path: str, task: dict, folder: str) -> None:
    """Writes samples_{set}_greedy.jsonl and samples_{set}_sampled.jsonl; a decoding without answers has no file."""
    problems, samples = tables.read(problems_path, tables.PROBLEMS), tables.read(samples_path, tables.SAMPLES)
    verdicts = tables.read(verdicts_path, tables.VERDICT_ROWS)
    for (decoding,), of_decoding in samples.group_by("decoding", maintain_order=True):
        rows = lm_eval_rows(problems, of_decoding, verdicts.filter(decoding=decoding), task)
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        jobs.write_text(f"{folder}/samples_{Path(problems_path).stem}_{decoding}.jsonl", text)


if "snakemake" in globals():
    jobs.start(snakemake.log[0])
    Path(snakemake.output[0]).mkdir()
    for paths in zip(snakemake.input.problems, snakemake.input.samples, snakemake.input.verdicts, strict=True):
        main(*paths, json.loads(snakemake.params.task), snakemake.output[0])
