"""build_training_set: what one post-training step learns from."""

import json

from reversal import jobs, tables
from reversal.learning import training_sets as sets
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
        settings, seed = step["training_set"], seed_for(*seed_parts)
        tables_of_answers = zip(samples_paths, verdicts_paths, strict=True)
        texts = [
            sets.judged_texts(problems, tables.read(s, tables.SAMPLES), tables.read(v, tables.VERDICT_ROWS))
            for s, v in tables_of_answers
        ]
        judged = [sets.as_judged(of_model, settings.get("verdicts"), seed) for of_model in texts]
        build = sets.dpo_rows if step["trainer"] == "dpo" else sets.sft_rows
        built = [(tables.read(first_path, tables.SFT_ROWS), {})] if first_path else []
        built += [build(of_model, task["prompt"], settings, seed) for of_model in judged]
        rows, summary = sets.accumulated(built, keep_equal=settings["deduplicate"] == "none")
        rows, changed = sets.resized(rows, judged, settings, seed)
        summary |= changed
        base, run, model, task_name, *_ = seed_parts
        sets.require_rows(rows, summary, f"{parent(lineage)} ({model} on {task_name}, base {base}, seed {run})")
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
