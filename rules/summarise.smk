# summarise: the scores and training-set summaries of the whole study -> tables/ and the verdict in words
rule summarise:
    input:
        code=code("summarise"),
        scores=every_model("scores.parquet"),
        problem_scores=every_model("problem_scores.parquet", lineages=ENDS),
        training_sets=every_model("training_set.json"),
        dropped=expand(f"{RESULTS}/problems/{{task}}/train.dropped.csv", task=config["tasks"]),
    output:
        metrics=f"{RESULTS}/tables/metrics.parquet",
        metrics_csv=report(
            f"{RESULTS}/tables/metrics.csv",
            caption="captions/metrics.rst",
            category="3 Tables",
            labels={"table": "All metrics"},
        ),
        changes=report(
            f"{RESULTS}/tables/changes.csv",
            caption="captions/changes.rst",
            category="3 Tables",
            labels={"table": "Change from M1 to the last iteration"},
        ),
        training_sets=report(
            f"{RESULTS}/tables/training_sets.csv",
            caption="captions/training_sets.rst",
            category="3 Tables",
            labels={"table": "Training sets"},
        ),
        dropped=report(
            f"{RESULTS}/tables/dropped_problems.csv",
            caption="captions/dropped_problems.rst",
            category="3 Tables",
            labels={"table": "Training problems left out"},
        ),
        verdict=f"{RESULTS}/tables/verdict.txt",
    log:
        f"{RESULTS}/logs/summarise.log",
    benchmark:
        f"{RESULTS}/benchmarks/summarise.tsv"
    conda:
        "../envs/cpu.yaml"
    params:
        series=canonical(list(SERIES.items())),
        scored=canonical({axis: list(config[axis]) for axis in ("models", "tasks", "seeds")}),
        ood=canonical({task: list(settings["ood"]) for task, settings in config["tasks"].items()}),
    script:
        "../scripts/summarise.py"
