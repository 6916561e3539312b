# pretrain_base: generated problems (and files) -> {model}/base{base}/model: a small Llama trained from scratch, M0
rule pretrain_base:
    input:
        files=lambda w: [s["file"] for s in config["models"][w.model]["pretrain"]["corpus"] if "file" in s],
    output:
        f"{BASE}/model/model.json",
    log:
        f"{RESULTS}/logs/pretrain_base/{{model}}-base{{base}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/pretrain_base/{{model}}-base{{base}}.tsv"
    wildcard_constraints:
        model=one_of(name for name, model in config["models"].items() if "pretrain" in model),
    conda:
        "../envs/training.yaml"
    envmodules:
        *modules("training"),
    threads: 1  # so small a model gains nothing by a second, and loses where others use the processor
    resources:
        gpu=1 if GPUS else 0,
    params:
        code=code("pretrain_base"),
        recipe=lambda w: canonical(study.pretraining_of(config["models"][w.model], int(w.base))),
    message:
        "{rule} ({log})"
    script:
        "../scripts/pretrain_base.py"
