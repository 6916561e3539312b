# build_training_set: gold solutions (for M1; few-shot answers of M0 where there are none), or the judged answers of the parent
# or of all models before it -> training_set.parquet and its summary
rule build_training_set:
    input:
        problems=f"{RESULTS}/problems/{{task}}/train.parquet",
        sandbox=sandbox_of,
        samples=lambda w: answers_learnt(w, "samples"),
        verdicts=lambda w: answers_learnt(w, "verdicts"),
        first=first_rows,
    output:
        rows=f"{MODEL}/training_set.parquet",
        summary=f"{MODEL}/training_set.json",
    log:
        f"{RESULTS}/logs/build_training_set/{LOG}.log",
    benchmark:
        f"{RESULTS}/benchmarks/build_training_set/{LOG}.tsv"
    wildcard_constraints:
        lineage=one_of(steps.with_rows(config, TRAINED)),
    localrule: True
    conda:
        "../envs/analysis.yaml"
    envmodules:
        *modules("analysis"),
    params:
        code=code("build_training_set"),
        step=lambda w: canonical(
            {key: steps.step_of(config, w.model, w.lineage)[key] for key in ("trainer", "training_set")}
        ),
        task=lambda w: canonical({key: config["tasks"][w.task][key] for key in ("prompt", "answer_mark", "rationales")}),
        seed_parts=lambda w: canonical([*identity(w).values(), "training set"]),
    message:
        "{rule} ({log})"
    script:
        "../scripts/build_training_set.py"
