# sample: a model and the problem sets of a batch -> one shard of its answers, one row per answer. The batches are train,
# evaluation (test and the OOD sets) and frontier (test at the temperatures of `evaluation`, which can so change without a
# new answer to anything else): starting the engine takes longer than answering a small set.
# Shards are temporary, and Snakemake forgets what a deleted file was made of. So it is gather_samples, whose output
# stays, that depends on the code and settings of sample.
rule sample:
    input:
        problems=lambda w: expand(
            f"{RESULTS}/problems/{w.task}/{{problems}}.parquet",
            problems=map(asked, sets_of(config["tasks"][w.task], w.batch)),
        ),
        model=lambda w: model_for(w, w.lineage, use=w.batch),
        policy=config["sampling"]["engine"].get("policy", []),
        sandbox=sandbox_of,
    output:
        temp(f"{MODEL}/samples/{{batch}}/{{shard}}-of-{{shards}}.parquet"),
    log:
        f"{RESULTS}/logs/sample/{LOG}-{{batch}}-{{shard}}-of-{{shards}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/sample/{LOG}-{{batch}}-{{shard}}-of-{{shards}}.tsv"
    priority: 1
    conda:
        "../envs/sampling.yaml"
    envmodules:
        *modules("sampling"),
    resources:
        gpu=lambda w: study.gpus_to_sample(config, w.model) if GPUS else 0,
        processes=lambda w: study.gpus_to_sample(config, w.model),
    params:
        code=code("sample"),
        wanted=lambda w: canonical(answers_wanted(config, w.batch, **identity(w))),
    message:
        "{rule} ({log})"
    script:
        "../scripts/sample.py"


# gather_samples: a problem set out of the shards of its batch -> samples/{problems}.parquet, in the order of the problems
rule gather_samples:
    input:
        problems=lambda w: f"{RESULTS}/problems/{w.task}/{asked(w.problems)}.parquet",
        model=lambda w: model_for(w, w.lineage, use=batch_of(w.problems)),
        policy=config["sampling"]["engine"].get("policy", []),
        shards=lambda w: expand(
            f"{MODEL}/samples/{{batch}}/{{shard}}-of-{{shards}}.parquet",
            batch=batch_of(w.problems),
            shard=range(shards_of(config, batch_of(w.problems))),
            shards=shards_of(config, batch_of(w.problems)),
            **w,
        ),
    output:
        f"{MODEL}/samples/{{problems}}.parquet",
    log:
        f"{RESULTS}/logs/gather_samples/{LOG}-{{problems}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/gather_samples/{LOG}-{{problems}}.tsv"
    wildcard_constraints:
        lineage=one_of(SAMPLED),
    localrule: True
    conda:
        "../envs/analysis.yaml"
    envmodules:
        *modules("analysis"),
    params:
        code=code("gather_samples"),
        code_of_samples=code("sample"),
        wanted=lambda w: canonical(answers_wanted(config, batch_of(w.problems), **identity(w))),
        asked=lambda w: canonical(study.asked_of_set(config, w.problems, **identity(w))),
    message:
        "{rule} ({log})"
    script:
        "../scripts/gather_samples.py"
