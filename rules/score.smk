# score: the judged answers of one model (and of its M1) -> scores.parquet, one tidy row per metric
def verdicts_of_first(w):
    """M1's verdicts on the test problems, which the improvement set is measured against; none for M1 itself."""
    first = lineages.first(w.lineage)
    return (
        []
        if first == w.lineage
        else f"{RESULTS}/{w.model}/{w.task}/seed{w.seed}/{first}/verdicts/test.parquet"
    )


rule score:
    input:
        code=code("score"),
        samples=MODEL + "/samples/test.parquet",
        verdicts=MODEL + "/verdicts/test.parquet",
        first_verdicts=verdicts_of_first,
        train_verdicts=lambda w: (
            MODEL + "/verdicts/train.parquet"
            if lineages.iteration(w.lineage) == 1
            else []
        ),
        ood_verdicts=lambda w: expand(
            MODEL + "/verdicts/{ood}.parquet", ood=config["tasks"][w.task]["ood"], **w
        ),
        ood_problems=lambda w: expand(
            f"{RESULTS}/problems/{w.task}/{{ood}}.parquet",
            ood=config["tasks"][w.task]["ood"],
        ),
    output:
        MODEL + "/scores.parquet",
    log:
        RESULTS + "/logs/score" + LOG + ".log",
    benchmark:
        RESULTS + "/benchmarks/score" + LOG + ".tsv"
    params:
        names=lambda w: canonical(
            {"study": config["study"], "iteration": lineages.iteration(w.lineage)}
            | dict(w)
            | {"seed": int(w.seed)}
        ),
        ood=lambda w: canonical(list(config["tasks"][w.task]["ood"])),
        embedding_model=config["scoring"]["embedding_model"],
    script:
        "../scripts/score.py"
