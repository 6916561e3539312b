# summarise: the scores and training-set summaries of the whole study -> tables/ and the verdict in words
PROBLEM_SETS = [
    f"{RESULTS}/problems/{task}/{name}"
    for task, settings in config["tasks"].items()
    for name in [*(["train"] if "train" in settings else []), *sets_of(settings, "evaluation")]
]


rule summarise:
    input:
        scores=every_model("scores.parquet", lineages=SCORED),
        problem_scores=every_model("problem_scores.parquet", lineages=SCORED),
        training_sets=every_model("training_set.json", lineages=steps.with_rows(config, TRAINED)),
        losses=every_model("losses.parquet", lineages=steps.with_rows(config, TRAINED)),
        problems=[f"{path}.parquet" for path in PROBLEM_SETS],
        dropped=[f"{path}.dropped.csv" for path in PROBLEM_SETS],
        frontier=f"{RESULTS}/tables/frontier.csv",
        published=[os.path.normpath(f"{ROOT}/studies/published_{name}.csv") for name in ("results", "figures")],
    output:
        metrics=f"{RESULTS}/tables/metrics.parquet",
        metrics_csv=report(
            f"{RESULTS}/tables/metrics.csv",
            caption="captions/metrics.rst",
            category="3 Tables",
            labels={"table": "All metrics"},
        ),
        intervals=f"{RESULTS}/tables/intervals.parquet",
        intervals_csv=report(
            f"{RESULTS}/tables/intervals.csv",
            caption="captions/intervals.rst",
            category="3 Tables",
            labels={"table": "All metrics with intervals"},
        ),
        changes=report(
            f"{RESULTS}/tables/changes.csv",
            caption="captions/changes.rst",
            category="3 Tables",
            labels={"table": "Verdicts: M1 against the last iteration"},
        ),
        outcomes=report(
            f"{RESULTS}/tables/outcomes.csv",
            caption="captions/outcomes.rst",
            category="3 Tables",
            labels={"table": "What became of every method, and why"},
        ),
        narrowing=report(
            f"{RESULTS}/tables/narrowing.csv",
            caption="captions/narrowing.rst",
            category="3 Tables",
            labels={"table": "Diversity lost: fewer wrong answers, or answers more alike"},
        ),
        bases=report(
            f"{RESULTS}/tables/bases.csv",
            caption="captions/bases.rst",
            category="3 Tables",
            labels={"table": "Verdicts of every base alone"},
        ),
        support=report(
            f"{RESULTS}/tables/support.csv",
            caption="captions/support.rst",
            category="3 Tables",
            labels={"table": "Support: retained, lost and gained problems"},
        ),
        extrapolations=report(
            f"{RESULTS}/tables/extrapolations.csv",
            caption="captions/extrapolations.rst",
            category="3 Tables",
            labels={"table": "pass@k beyond the samples drawn"},
        ),
        printed=report(
            f"{RESULTS}/tables/printed.csv",
            caption="captions/printed.rst",
            category="3 Tables",
            labels={"table": "The paper's figures beside this study"},
        ),
        coverage_rule=report(
            f"{RESULTS}/tables/coverage_rule.csv",
            caption="captions/coverage_rule.rst",
            category="3 Tables",
            labels={"table": "The coverage rule against what happened"},
        ),
        not_measured=report(
            f"{RESULTS}/tables/not_measured.csv",
            caption="captions/not_measured.rst",
            category="3 Tables",
            labels={"table": "Not measured, and why"},
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
            labels={"table": "Problems left out"},
        ),
        verdict=f"{RESULTS}/tables/verdict.txt",
    log:
        f"{RESULTS}/logs/summarise.log",
    benchmark:
        f"{RESULTS}/benchmarks/summarise.tsv"
    localrule: True
    conda:
        "../envs/analysis.yaml"
    envmodules:
        *modules("analysis"),
    params:
        code=code("summarise"),
        study=canonical(
            {
                "series": list(SERIES.items()),
                "runs": study.runs_in_words(config),
                "kinds": kinds_of_methods(config),
                "from_base": [name for name, method in config["methods"].items() if "given" not in method],
                "ood": [[[m, t], list(config["tasks"][t]["ood"])] for m in config["models"] for t in config["tasks"]],
                "given": list(given.names(config).items()),
            }
        ),
    message:
        "{rule} ({log})"
    script:
        "../scripts/summarise.py"
