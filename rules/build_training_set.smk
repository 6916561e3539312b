# build_training_set: gold solutions (for M1) or the parent's judged answers -> training_set.parquet and its summary
def answers_of_parent(table):
    """The parent's samples or verdicts on the training problems; none for M1, which learns from gold solutions."""

    def path(w):
        parent = lineages.parent(w.lineage)
        return (
            []
            if parent == lineages.BASE
            else f"{RESULTS}/{w.model}/{w.task}/seed{w.seed}/{parent}/{table}/train.parquet"
        )

    return path


rule build_training_set:
    input:
        code=code("build_training_set"),
        problems=f"{RESULTS}/problems/{{task}}/train.parquet",
        samples=answers_of_parent("samples"),
        verdicts=answers_of_parent("verdicts"),
    output:
        rows=MODEL + "/training_set.parquet",
        summary=MODEL + "/training_set.json",
    log:
        RESULTS + "/logs/build_training_set" + LOG + ".log",
    benchmark:
        RESULTS + "/benchmarks/build_training_set" + LOG + ".tsv"
    params:
        step=lambda w: canonical(
            {
                key: config["steps"][lineages.last_step(w.lineage)][key]
                for key in ("trainer", "training_set")
            }
        ),
        prompt=lambda w: config["tasks"][w.task]["prompt"],
        seed_parts=lambda w: canonical(
            [int(w.seed), w.model, w.task, w.lineage, "training set"]
        ),
    script:
        "../scripts/build_training_set.py"
