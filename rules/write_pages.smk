# write_pages: the tables and the first model's answers -> pages/: the report's headline and sample answers
SHOWN = f"{RESULTS}/{list(config['models'])[0]}/{list(config['tasks'])[0]}/seed{config['seeds'][0]}"


rule write_pages:
    input:
        code=code("write_pages"),
        changes=f"{RESULTS}/tables/changes.csv",
        problems=f"{RESULTS}/problems/{list(config['tasks'])[0]}/test.parquet",
        samples=expand(f"{SHOWN}/{{lineage}}/samples/test.parquet", lineage=ALL_LINEAGES),
        verdicts=expand(f"{SHOWN}/{{lineage}}/verdicts/test.parquet", lineage=ALL_LINEAGES),
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
    conda:
        "../envs/cpu.yaml"
    params:
        iterations=config["iterations"],
        seeds=len(config["seeds"]),
        series=canonical(list(SERIES.items())),
        folder=lambda w, input: str(Path(input.samples[0]).parents[2]),
    script:
        "../scripts/write_pages.py"
