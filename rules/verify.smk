# verify: sampled answers and the gold answers -> verdicts/{problems}.parquet, one verdict per answer
rule verify:
    input:
        code=code("verify"),
        samples=MODEL + "/samples/{problems}.parquet",
        problems=f"{RESULTS}/problems/{{task}}/{{problems}}.parquet",
    output:
        MODEL + "/verdicts/{problems}.parquet",
    log:
        RESULTS + "/logs/verify" + LOG + "-{problems}.log",
    benchmark:
        RESULTS + "/benchmarks/verify" + LOG + "-{problems}.tsv"
    script:
        "../scripts/verify.py"
