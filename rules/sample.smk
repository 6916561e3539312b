# sample: a model and the problem sets of a batch -> one shard of its answers, one row per answer. The batches are train
# and evaluation (test and the OOD sets): starting the engine takes longer than answering a small set.
rule sample:
    input:
        code=code("sample"),
        problems=lambda w: expand(f"{RESULTS}/problems/{w.task}/{{problems}}.parquet", problems=sets_of(w)),
        model=f"{MODEL}/model/model.json",
    output:
        temp(f"{MODEL}/samples/{{batch}}/{{shard}}-of-{{shards}}.parquet"),
    log:
        f"{RESULTS}/logs/sample/{LOG}-{{batch}}-{{shard}}-of-{{shards}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/sample/{LOG}-{{batch}}-{{shard}}-of-{{shards}}.tsv"
    conda:
        "../envs/cpu.yaml"
    params:
        settings=sampling_settings,
        engine=canonical(config["sampling"]["engine"]),
        prompt=lambda w: config["tasks"][w.task]["prompt"],
        seed_parts=lambda w: canonical([int(w.seed), w.model, w.task, w.lineage]),
    script:
        "../scripts/sample.py"


# gather_samples: a problem set out of the shards of its batch -> samples/{problems}.parquet, in the order of the problems
rule gather_samples:
    input:
        code=code("gather_samples"),
        problems=f"{RESULTS}/problems/{{task}}/{{problems}}.parquet",
        shards=lambda w: expand(
            f"{MODEL}/samples/{{batch}}/{{shard}}-of-{{shards}}.parquet",
            batch=batch_of(w),
            shard=range(config["sampling"]["shards"][batch_of(w)]),
            shards=config["sampling"]["shards"][batch_of(w)],
            **w,
        ),
    output:
        f"{MODEL}/samples/{{problems}}.parquet",
    log:
        f"{RESULTS}/logs/gather_samples/{LOG}-{{problems}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/gather_samples/{LOG}-{{problems}}.tsv"
    conda:
        "../envs/cpu.yaml"
    script:
        "../scripts/gather_samples.py"
