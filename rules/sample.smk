# sample: a model and a problem set -> one shard of its answers, one row per answer
def sampling_settings(w):
    sampling = config["sampling"]
    answers = {
        "train": {"greedy": False, "sampled": sampling["train_samples"]},
        "test": {"greedy": True, "sampled": sampling["test_samples"]},
    }.get(w.problems, {"greedy": True, "sampled": 0})
    return canonical(
        answers | {key: sampling[key] for key in ("temperature", "top_p", "max_tokens")}
    )


def shards(problems):
    return config["sampling"]["shards"][
        problems if problems in ("train", "test") else "ood"
    ]


rule sample:
    input:
        code=code("sample"),
        problems=f"{RESULTS}/problems/{{task}}/{{problems}}.parquet",
        model=lambda w: model_of(w, w.lineage),
    output:
        temp(MODEL + "/samples/{problems}/{shard}-of-{shards}.parquet"),
    log:
        RESULTS + "/logs/sample" + LOG + "-{problems}-{shard}-of-{shards}.log",
    benchmark:
        RESULTS + "/benchmarks/sample" + LOG + "-{problems}-{shard}-of-{shards}.tsv"
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
            MODEL + "/samples/{problems}/{shard}-of-{shards}.parquet",
            shard=range(shards(w.problems)),
            shards=shards(w.problems),
            **w,
        ),
    output:
        MODEL + "/samples/{problems}.parquet",
    log:
        RESULTS + "/logs/gather_samples" + LOG + "-{problems}.log",
    benchmark:
        RESULTS + "/benchmarks/gather_samples" + LOG + "-{problems}.tsv"
    script:
        "../scripts/gather_samples.py"
