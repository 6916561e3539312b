# train: the parent model and a training set -> model/ (a Hugging Face checkpoint; model.json last) and the loss curve
rule train:
    input:
        rows=f"{MODEL}/training_set.parquet",
        parent=lambda w: model_for(w, lineages.parent(w.lineage), use=w.lineage),
    output:
        model=f"{MODEL}/model/model.json",
        losses=f"{MODEL}/losses.parquet",
    log:
        f"{RESULTS}/logs/train/{LOG}.log",
    benchmark:
        f"{RESULTS}/benchmarks/train/{LOG}.tsv"
    wildcard_constraints:
        lineage=one_of(TRAINED),
    priority: 2  # the longest chain of a study goes through train and sample; scoring fills the gaps
    conda:
        "../envs/training.yaml"
    envmodules:
        *modules("training"),
    resources:
        gpu=lambda w: study.gpus_to_train(config, w.model, lineages.last_step(w.lineage)) if GPUS else 0,
        processes=lambda w: study.gpus_to_train(config, w.model, lineages.last_step(w.lineage)),
    params:
        code=code("train"),
        chat=lambda w: isinstance(config["tasks"][w.task]["prompt"], dict),
        step=lambda w: canonical(study.recipe_of(config, w.model, w.lineage)),
        seed_parts=lambda w: canonical([*identity(w).values(), "training"]),
    message:
        "{rule} ({log})"
    script:
        "../scripts/train.py"
