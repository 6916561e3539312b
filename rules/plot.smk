# plot: tables/ -> the paper's five figures and five more (SVG)
FIGURES = {
    "figure1_accuracy": "1 Accuracy",
    "figure2_coverage": "2 Coverage",
    "figure3_improvement": "3 Improvement sets",
    "figure4_diversity": "4 Diversity",
    "figure5_ood": "5 Out of distribution",
    "figure6_pass_at_k": "6 pass@k",
    "figure7_verdicts": "7 Verdicts",
    "figure8_answer_flow": "8 Answer flow",
    "figure9_frontier": "9 Sharper or worse",
    "figure10_tradeoff": "10 Accuracy against diversity",
}


rule plot:
    input:
        metrics=f"{RESULTS}/tables/metrics.parquet",
        intervals=f"{RESULTS}/tables/intervals.parquet",
        changes=f"{RESULTS}/tables/changes.csv",
        outcomes=f"{RESULTS}/tables/outcomes.csv",
        coverage_rule=f"{RESULTS}/tables/coverage_rule.csv",
        extrapolations=f"{RESULTS}/tables/extrapolations.csv",
        printed=f"{RESULTS}/tables/printed.csv",
        frontier=f"{RESULTS}/tables/frontier.csv",
        curves=f"{RESULTS}/tables/curves.csv",
    output:
        **{
            name: report(
                f"{RESULTS}/figures/{name}.svg",
                caption=f"captions/{name}.rst",
                category="2 Figures",
                labels={"figure": label},
            )
            for name, label in FIGURES.items()
        },
    log:
        f"{RESULTS}/logs/plot.log",
    benchmark:
        f"{RESULTS}/benchmarks/plot.tsv"
    localrule: True
    conda:
        "../envs/analysis.yaml"
    envmodules:
        *modules("analysis"),
    params:
        code=code("plot"),
        reference=int(study.reference(config)[1:]),
    message:
        "{rule} ({log})"
    script:
        "../scripts/plot.py"
