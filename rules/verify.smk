# verify: sampled answers and the gold answers -> verdicts/{problems}.parquet, one verdict per answer
rule verify:
    input:
        code=code("verify"),
        samples=f"{MODEL}/samples/{{problems}}.parquet",
        problems=f"{RESULTS}/problems/{{task}}/{{problems}}.parquet",
    output:
        f"{MODEL}/verdicts/{{problems}}.parquet",
    log:
        f"{RESULTS}/logs/verify/{LOG}-{{problems}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/verify/{LOG}-{{problems}}.tsv"
    conda:
        "../envs/cpu.yaml"
    script:
        "../scripts/verify.py"
