# write_pages: the tables and the first replicate's answers -> pages/: the report's headline and sample answers
rule write_pages:
    input:
        changes=f"{RESULTS}/tables/changes.csv",
        outcomes=f"{RESULTS}/tables/outcomes.csv",
        narrowing=f"{RESULTS}/tables/narrowing.csv",
        coverage_rule=f"{RESULTS}/tables/coverage_rule.csv",
        problems=expand(f"{RESULTS}/problems/{{task}}/test.parquet", task=config["tasks"]),
        samples=every_model("samples/test.parquet", replicates=1),
        verdicts=every_model("verdicts/test.parquet", replicates=1),
    output:
        headline=report(
            f"{RESULTS}/pages/headline.html",
            caption="captions/headline.rst",
            category="1 Headline",
            labels={"page": "Progress or regress?"},
        ),
        answers=report(
            f"{RESULTS}/pages/answers.html",
            caption="captions/answers.rst",
            category="4 Answers",
            labels={"page": "Sample answers per iteration"},
        ),
    log:
        f"{RESULTS}/logs/write_pages.log",
    benchmark:
        f"{RESULTS}/benchmarks/write_pages.tsv"
    localrule: True
    conda:
        "../envs/analysis.yaml"
    envmodules:
        *modules("analysis"),
    params:
        code=code("write_pages"),
        study=canonical(
            {axis: list(config[axis]) for axis in ("models", "tasks")}
            | {"iterations": max(map(len, SERIES.values())), "series": list(SERIES.items())}
            | {"first": {m: f"{RESULTS}/{m}/base{bases_of(model)[0]}" for m, model in config["models"].items()}}
            | {"seed": config["seeds"][0], "problems": f"{RESULTS}/problems"}
        ),
    message:
        "{rule} ({log})"
    script:
        "../scripts/write_pages.py"
