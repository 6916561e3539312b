# sample: a model and the problem sets of a batch -> one shard of its answers, one row per answer. The batches are train
# and evaluation (test and the OOD sets): starting the engine takes longer than answering a small set.
# Shards are temporary, and Snakemake forgets what a deleted file was made of. So it is gather_samples, whose output
# stays, that depends on the code and settings of sample; here the code is ancient: its age alone means nothing.
def batch_of(w):
    return "train" if w.problems == "train" else "evaluation"


def sets_of(w, batch):
    """The problem sets that one engine answers in one go: train alone, or all that a model is evaluated on."""
    return ["train"] if batch == "train" else ["test", *config["tasks"][w.task]["ood"]]


def answers_wanted(w, batch):
    """What sample does for a batch: sampled answers for train, greedy and sampled for test, greedy for OOD sets."""
    sampling = config["sampling"]
    task = config["tasks"][w.task]
    decoding = {"max_tokens": task["max_tokens"]} | {key: sampling[key] for key in ("temperature", "top_p")}
    train = {"greedy": False, "sampled": sampling["train_samples"]}
    test = {"greedy": True, "sampled": sampling["test_samples"]}
    ood = {"greedy": True, "sampled": 0}
    return canonical(
        {
            "settings": [{**{"train": train, "test": test}.get(name, ood), **decoding} for name in sets_of(w, batch)],
            "engine": sampling["engine"],
            "prompt": task["few_shot_prompt" if w.lineage == lineages.BASE else "prompt"],
            "stop": task["stop"],
            "seed_parts": [int(w.seed), w.model, w.task, w.lineage],
        }
    )


rule sample:
    input:
        code=ancient(code("sample")),
        problems=lambda w: expand(f"{RESULTS}/problems/{w.task}/{{problems}}.parquet", problems=sets_of(w, w.batch)),
        model=lambda w: model_of(w, w.lineage),
    output:
        temp(f"{MODEL}/samples/{{batch}}/{{shard}}-of-{{shards}}.parquet"),
    log:
        f"{RESULTS}/logs/sample/{LOG}-{{batch}}-{{shard}}-of-{{shards}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/sample/{LOG}-{{batch}}-{{shard}}-of-{{shards}}.tsv"
    priority: 1
    conda:
        "../envs/cpu.yaml"
    params:
        wanted=lambda w: answers_wanted(w, w.batch),
    script:
        "../scripts/sample.py"


# gather_samples: a problem set out of the shards of its batch -> samples/{problems}.parquet, in the order of the problems
rule gather_samples:
    input:
        code=[*code("gather_samples"), *code("sample")],
        problems=f"{RESULTS}/problems/{{task}}/{{problems}}.parquet",
        model=lambda w: model_of(w, w.lineage),
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
    params:
        wanted=lambda w: answers_wanted(w, batch_of(w)),
    script:
        "../scripts/gather_samples.py"
