# summarise_frontier: the frontier scores of the whole study -> tables/: M1 over temperatures, and M_t beyond it, on it or inside
rule summarise_frontier:
    input:
        problems=expand(f"{RESULTS}/problems/{{task}}/test.parquet", task=config["tasks"]),
        scores=every_model("frontier_scores.parquet", lineages=frontier_lineages(config)),
    output:
        frontier=report(
            f"{RESULTS}/tables/frontier.csv",
            caption="captions/frontier.rst",
            category="3 Tables",
            labels={"table": "Sharper or worse: M1's frontier and M_t"},
        ),
        curves=f"{RESULTS}/tables/curves.csv",
    log:
        f"{RESULTS}/logs/summarise_frontier.log",
    benchmark:
        f"{RESULTS}/benchmarks/summarise_frontier.tsv"
    localrule: True
    conda:
        "../envs/analysis.yaml"
    envmodules:
        *modules("analysis"),
    params:
        code=code("summarise_frontier"),
        study=canonical({"series": list(SERIES.items()), "temperature": config["sampling"]["temperature"]}),
    message:
        "{rule} ({log})"
    script:
        "../scripts/summarise_frontier.py"
