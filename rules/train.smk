# train: the parent model and a training set -> model/ (a Hugging Face checkpoint; model.json last) and the loss curve
rule train:
    input:
        code=code("train"),
        rows=MODEL + "/training_set.parquet",
        parent=lambda w: model_of(w, lineages.parent(w.lineage)),
    output:
        model=MODEL + "/model/model.json",
        losses=MODEL + "/losses.parquet",
    log:
        RESULTS + "/logs/train" + LOG + ".log",
    benchmark:
        RESULTS + "/benchmarks/train" + LOG + ".tsv"
    params:
        step=lambda w: canonical(
            {
                key: config["steps"][lineages.last_step(w.lineage)][key]
                for key in ("trainer", "arguments")
            }
        ),
        seed_parts=lambda w: canonical(
            [int(w.seed), w.model, w.task, w.lineage, "training"]
        ),
    script:
        "../scripts/train.py"
