# summarise_time: the benchmark files of all jobs -> tables/time.csv, a row per rule
rule summarise_time:
    input:
        tables=[f"{RESULTS}/tables/{name}" for name in ("metrics.parquet", "frontier.csv")],  # after all jobs
    output:
        report(
            f"{RESULTS}/tables/time.csv",
            caption="captions/time.rst",
            category="3 Tables",
            labels={"table": "Where the time went"},
        ),
    log:
        f"{RESULTS}/logs/summarise_time.log",
    benchmark:
        f"{RESULTS}/benchmarks/summarise_time.tsv"
    localrule: True
    conda:
        "../envs/analysis.yaml"
    envmodules:
        *modules("analysis"),
    params:
        code=code("summarise_time"),
        # Without the number of shards: changing it makes no answer anew.
        config=lambda w: canonical(
            AS_WRITTEN | {"sampling": AS_WRITTEN["sampling"] | {"shards": {"train": 1, "evaluation": 1}}}
        ),
        folder=f"{RESULTS}/benchmarks",
    message:
        "{rule} ({log})"
    script:
        "../scripts/summarise_time.py"
