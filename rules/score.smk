# score: the judged answers of one model (and of M1, or M0, that it is held against) -> scores.parquet, one tidy row per metric, and problem_scores.parquet, the same per problem
rule score:
    input:
        samples=f"{MODEL}/samples/test.parquet",
        verdicts=f"{MODEL}/verdicts/test.parquet",
        first_verdicts=first_verdicts,
        base_verdicts=base_verdicts,
        train_verdicts=lambda w: f"{MODEL}/verdicts/train.parquet" if train_answered(w) else [],
        ood_verdicts=lambda w: expand(f"{MODEL}/verdicts/{{ood}}.parquet", ood=config["tasks"][w.task]["ood"], **w),
        ood_problems=lambda w: expand(
            f"{RESULTS}/problems/{w.task}/{{ood}}.parquet", ood=config["tasks"][w.task]["ood"]
        ),
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
        code=code("score"),
        names=lambda w: canonical({"study": config["study"], "iteration": lineages.iteration(w.lineage)} | identity(w)),
        reference=study.reference(config),
        ood=lambda w: canonical(list(config["tasks"][w.task]["ood"])),
        embedding=canonical(config["scoring"] if "embedding_model" in config["scoring"] else {}),
    message:
        "{rule} ({log})"
    script:
        "../scripts/score.py"


# score_frontier: one model's judged answers at several temperatures -> frontier_scores.parquet, per problem and temperature
rule score_frontier:
    input:
        samples=[f"{MODEL}/samples/{name}.parquet" for name in ("test", "frontier")],
        verdicts=[f"{MODEL}/verdicts/{name}.parquet" for name in ("test", "frontier")],
    output:
        f"{MODEL}/frontier_scores.parquet",
    log:
        f"{RESULTS}/logs/score_frontier/{LOG}.log",
    benchmark:
        f"{RESULTS}/benchmarks/score_frontier/{LOG}.tsv"
    conda:
        "../envs/analysis.yaml"
    envmodules:
        *modules("analysis"),
    params:
        code=code("score_frontier"),
        k=min(study.frontier_samples(config), config["sampling"]["test_samples"]),
        embedding=canonical(config["scoring"] if "embedding_model" in config["scoring"] else {}),
    message:
        "{rule} ({log})"
    script:
        "../scripts/score_frontier.py"
