# verify: sampled answers and the gold answers -> verdicts/{problems}.parquet, one verdict per answer and a second reading;
# or, where the study takes them, the labels that came with given answers
# Programs that a model wrote run in bubblewrap only, unless verification.sandboxed says otherwise.
rule verify:
    input:
        samples=f"{MODEL}/samples/{{problems}}.parquet",
        problems=lambda w: f"{RESULTS}/problems/{w.task}/{asked(w.problems)}.parquet",
        labels=lambda w: f"{MODEL}/labels/{{problems}}.parquet" if "labels" in config["tasks"][w.task] else [],
    output:
        f"{MODEL}/verdicts/{{problems}}.parquet",
    log:
        f"{RESULTS}/logs/verify/{LOG}-{{problems}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/verify/{LOG}-{{problems}}.tsv"
    conda:
        "../envs/analysis.yaml"
    envmodules:
        *modules("analysis"),
    threads: lambda w: config["verification"]["workers"]
    params:
        code=code("verify"),
        mark=lambda w: config["tasks"][w.task]["answer_mark"],
        sandboxed=config["verification"]["sandboxed"],
    message:
        "{rule} ({log})"
    script:
        "../scripts/verify.py"
