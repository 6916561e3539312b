# sample: a model and a problem set -> one shard of its answers, one row per answer
rule sample:
    input:
        code=code("sample"),
        problems=f"{RESULTS}/problems/{{task}}/{{problems}}.parquet",
        model=f"{MODEL}/model/model.json",
    output:
        temp(f"{MODEL}/samples/{{problems}}/{{shard}}-of-{{shards}}.parquet"),
    log:
        f"{RESULTS}/logs/sample/{LOG}-{{problems}}-{{shard}}-of-{{shards}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/sample/{LOG}-{{problems}}-{{shard}}-of-{{shards}}.tsv"
    conda:
        "../envs/cpu.yaml"
    params:
        settings=sampling_settings,
        engine=canonical(config["sampling"]["engine"]),
        prompt=lambda w: config["tasks"][w.task]["prompt"],
        seed_parts=lambda w: canonical([int(w.seed), w.model, w.task, w.lineage]),
    script:
        "../scripts/sample.py"


# gather_samples: the shards of a problem set -> samples/{problems}.parquet, in the order of the problems
rule gather_samples:
    input:
        code=code("gather_samples"),
        problems=f"{RESULTS}/problems/{{task}}/{{problems}}.parquet",
        shards=lambda w: expand(
            f"{MODEL}/samples/{{problems}}/{{shard}}-of-{{shards}}.parquet",
            shard=range(shards(w.problems)),
            shards=shards(w.problems),
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
