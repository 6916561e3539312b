# plot: tables/metrics.parquet -> the paper's five figures (SVG) and an interactive explorer (HTML)
rule plot:
    input:
        code=code("plot"),
        metrics=f"{RESULTS}/tables/metrics.parquet",
    output:
        figure1_accuracy=report(
            f"{RESULTS}/figures/figure1_accuracy.svg",
            caption="captions/figure1_accuracy.rst",
            category="2 Figures",
            labels={"figure": "1 Accuracy"},
        ),
        figure2_coverage=report(
            f"{RESULTS}/figures/figure2_coverage.svg",
            caption="captions/figure2_coverage.rst",
            category="2 Figures",
            labels={"figure": "2 Coverage"},
        ),
        figure3_improvement=report(
            f"{RESULTS}/figures/figure3_improvement.svg",
            caption="captions/figure3_improvement.rst",
            category="2 Figures",
            labels={"figure": "3 Improvement sets"},
        ),
        figure4_diversity=report(
            f"{RESULTS}/figures/figure4_diversity.svg",
            caption="captions/figure4_diversity.rst",
            category="2 Figures",
            labels={"figure": "4 Diversity"},
        ),
        figure5_ood=report(
            f"{RESULTS}/figures/figure5_ood.svg",
            caption="captions/figure5_ood.rst",
            category="2 Figures",
            labels={"figure": "5 Out of distribution"},
        ),
        explorer=report(
            f"{RESULTS}/figures/explorer.html",
            caption="captions/explorer.rst",
            category="2 Figures",
            labels={"figure": "Explorer (interactive)"},
        ),
    log:
        f"{RESULTS}/logs/plot.log",
    benchmark:
        f"{RESULTS}/benchmarks/plot.tsv"
    conda:
        "../envs/analysis.yaml"
    envmodules:
        *modules("analysis"),
    script:
        "../scripts/plot.py"
