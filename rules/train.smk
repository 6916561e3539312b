# train: the parent model (or the one that the step starts from) and a training set -> model/ (a Hugging Face checkpoint;
# model.json last) and the loss curve
rule train:
    input:
        rows=f"{MODEL}/training_set.parquet",
        parent=lambda w: model_for(w, steps.start_of(config, w.lineage), use=w.lineage),
        reference=reference_for,
        script=lambda w: config["steps"][lineages.last_step(w.lineage)].get("script", []),
    output:
        model=f"{MODEL}/model/model.json",
        losses=f"{MODEL}/losses.parquet",
    log:
        f"{RESULTS}/logs/train/{LOG}.log",
    benchmark:
        f"{RESULTS}/benchmarks/train/{LOG}.tsv"
    wildcard_constraints:
        lineage=one_of(steps.made_by(config, TRAINED, "train")),
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


# train_grpo: a model and the training questions, answered and judged on the way -> model/ and the curve of its rewards
rule train_grpo:
    input:
        problems=f"{RESULTS}/problems/{{task}}/train.parquet",
        sandbox=sandbox_of,
        parent=lambda w: model_for(w, steps.start_of(config, w.lineage), use=w.lineage),
    output:
        model=f"{MODEL}/model/model.json",
        losses=f"{MODEL}/losses.parquet",
    log:
        f"{RESULTS}/logs/train_grpo/{LOG}.log",
    benchmark:
        f"{RESULTS}/benchmarks/train_grpo/{LOG}.tsv"
    wildcard_constraints:
        lineage=one_of(steps.made_by(config, TRAINED, "train_grpo")),
    priority: 2
    conda:
        "../envs/training.yaml"
    envmodules:
        *modules("training"),
    threads: lambda w: config["verification"]["workers"]
    resources:
        gpu=1 if GPUS else 0,
    params:
        code=code("train_grpo"),
        step=lambda w: canonical(study.recipe_of(config, w.model, w.lineage)),
        task=lambda w: canonical(study.rewarded_task(config, w.task)),
        seed_parts=lambda w: canonical([*identity(w).values(), "training"]),
    message:
        "{rule} ({log})"
    script:
        "../scripts/train_grpo.py"


# interpolate: an earlier model and the parent -> model/: their weights mixed
rule interpolate:
    input:
        earlier=lambda w: model_for(w, steps.start_of(config, w.lineage), use=w.lineage),
        parent=lambda w: model_for(w, lineages.parent(w.lineage), use=w.lineage),
    output:
        model=f"{MODEL}/model/model.json",
        losses=f"{MODEL}/losses.parquet",
    log:
        f"{RESULTS}/logs/interpolate/{LOG}.log",
    benchmark:
        f"{RESULTS}/benchmarks/interpolate/{LOG}.tsv"
    wildcard_constraints:
        lineage=one_of(steps.made_by(config, TRAINED, "interpolate")),
    priority: 2
    conda:
        "../envs/training.yaml"
    envmodules:
        *modules("training"),
    params:
        code=code("interpolate"),
        step=lambda w: canonical(study.recipe_of(config, w.model, w.lineage)),
    message:
        "{rule} ({log})"
    script:
        "../scripts/interpolate.py"
