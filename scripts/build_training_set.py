"""build_training_set: what one post-training step learns from."""

import json

from reversal import jobs, tables
from reversal import training_sets as sets
from reversal.lineages import parent
from reversal.seeds import seed_for


def main(
    problems_path, samples_paths, verdicts_paths, first_path, step, task, seed_parts, lineage, output, summary_path
) -> None:
    problems = tables.read(problems_path, tables.PROBLEMS)
    if not samples_paths:
        rows, summary = sets.gold_rows(
            problems, task["prompt"], task["answer_mark"] if task["rationales"] == "none" else None
        )
    else:
        build = sets.dpo_rows if step["trainer"] == "dpo" else sets.sft_rows
        built = [(tables.read(first_path, tables.SFT_ROWS), {})] if first_path else []
        for samples, verdicts in zip(samples_paths, verdicts_paths, strict=True):
            judged = sets.judged_texts(
                problems, tables.read(samples, tables.SAMPLES), tables.read(verdicts, tables.VERDICT_ROWS)
            )
            built.append(build(judged, task["prompt"], step["training_set"], seed_for(*seed_parts)))
        rows, summary = sets.accumulated(built, keep_equal=step["training_set"]["deduplicate"] == "none")
        base, seed, model, task_name, *_ = seed_parts
        sets.require_rows(rows, summary, f"{parent(lineage)} ({model} on {task_name}, base {base}, seed {seed})")
    print(json.dumps(summary, indent=2))
    tables.write(rows, tables.DPO_ROWS if "chosen" in rows.columns else tables.SFT_ROWS, output)
    jobs.write_json(summary_path, {"lineage": lineage, "source": "samples" if samples_paths else "gold", **summary})


if "snakemake" in globals():
    jobs.start(snakemake.log[0])
    main(
        snakemake.input.problems,
        snakemake.input.get("samples"),
        snakemake.input.get("verdicts"),
        snakemake.input.get("first"),
        json.loads(snakemake.params.step),
        json.loads(snakemake.params.task),
        json.loads(snakemake.params.seed_parts),
        snakemake.wildcards.lineage,
        snakemake.output.rows,
        snakemake.output.summary,
    )
