# score: the judged answers of one model (and of its M1) -> scores.parquet, one tidy row per metric, and problem_scores.parquet, the same per problem
def sets_answered(w):
    """The problem sets that a model answers: answers without a model are answers to the test problems."""
    return (
        ["test"]
        if w.lineage in BY_ANSWERS
        else [*config["tasks"][w.task].keys() & {"train"}, "test", *config["tasks"][w.task]["ood"]]
    )


def ood_answered(w):
    return [name for name in sets_answered(w) if name not in ("train", "test")]


rule score:
    input:
        code=code("score"),
        samples=f"{MODEL}/samples/test.parquet",
        verdicts=f"{MODEL}/verdicts/test.parquet",
        first_verdicts=first_verdicts,
        train_verdicts=lambda w: (
            f"{MODEL}/verdicts/train.parquet"
            if lineages.iteration(w.lineage) == 1 and "train" in sets_answered(w)
            else []
        ),
        ood_verdicts=lambda w: expand(f"{MODEL}/verdicts/{{ood}}.parquet", ood=ood_answered(w), **w),
        ood_problems=lambda w: expand(f"{RESULTS}/problems/{w.task}/{{ood}}.parquet", ood=ood_answered(w)),
    output:
        scores=f"{MODEL}/scores.parquet",
        problem_scores=f"{MODEL}/problem_scores.parquet",
    log:
        f"{RESULTS}/logs/score/{LOG}.log",
    benchmark:
        f"{RESULTS}/benchmarks/score/{LOG}.tsv"
    conda:
        "../envs/analysis.yaml"
    envmodules:
        *modules("analysis"),
    params:
        names=lambda w: canonical({"study": config["study"], "iteration": lineages.iteration(w.lineage)} | identity(w)),
        ood=lambda w: canonical(ood_answered(w)),
        embedding=canonical(config["scoring"]),
    message:
        "{rule} ({log})"
    script:
        "../scripts/score.py"
