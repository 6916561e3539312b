# fetch_checkpoint: a model that others made (a folder, the hub, or an adapter, merged here once) -> model/model.json
rule fetch_checkpoint:
    input:
        base=lambda w: model_of(w, lineages.BASE) if given.needs_base(checkpoint_of(w)) else [],
    output:
        f"{MODEL}/model/model.json",
    log:
        f"{RESULTS}/logs/fetch_checkpoint/{LOG}.log",
    benchmark:
        f"{RESULTS}/benchmarks/fetch_checkpoint/{LOG}.tsv"
    wildcard_constraints:
        lineage=one_of(lineage for lineage in ALL_LINEAGES if lineage not in TRAINED + BY_ANSWERS),
    conda:
        "../envs/training.yaml"
    envmodules:
        *modules("training"),
    params:
        code=code("fetch_checkpoint"),
        source=lambda w: canonical(checkpoint_of(w)),
        adapted=lambda w: given.adapted(checkpoint_of(w)),
    message:
        "{rule} ({log})"
    script:
        "../scripts/fetch_checkpoint.py"


# read_answers: files of answers that others sampled -> samples/ and labels/ of that model. From there on
# it is a model like any other.
rule read_answers:
    input:
        problems=f"{RESULTS}/problems/{{task}}/{{problems}}.parquet",
        answers=lambda w: ANSWERS[lineages.last_step(w.lineage)],
    output:
        samples=f"{MODEL}/samples/{{problems}}.parquet",
        labels=f"{MODEL}/labels/{{problems}}.parquet",
    log:
        f"{RESULTS}/logs/read_answers/{LOG}-{{problems}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/read_answers/{LOG}-{{problems}}.tsv"
    wildcard_constraints:
        lineage=one_of(BY_ANSWERS),
    localrule: True
    conda:
        "../envs/analysis.yaml"
    envmodules:
        *modules("analysis"),
    params:
        code=code("read_answers"),
        files=lambda w: ANSWERS[lineages.last_step(w.lineage)],
        labels=lambda w: canonical(config["tasks"][w.task].get("labels", False)),
    message:
        "{rule} ({log})"
    script:
        "../scripts/read_answers.py"
