# export_answers: judged answers of one model -> export/, a samples_*.jsonl of lm-evaluation-harness per problem set and decoding
rule export_answers:
    input:
        problems=lambda w: of_sets(w, f"{RESULTS}/problems/{w.task}"),
        samples=lambda w: of_sets(w, f"{MODEL}/samples"),
        verdicts=lambda w: of_sets(w, f"{MODEL}/verdicts"),
    output:
        directory(f"{RESULTS}/export/{LOG}"),
    log:
        f"{RESULTS}/logs/export_answers/{LOG}.log",
    localrule: True
    conda:
        "../envs/analysis.yaml"
    envmodules:
        *modules("analysis"),
    params:
        code=code("export_answers"),
        task=lambda w: canonical({key: config["tasks"][w.task][key] for key in ("prompt", "stop")}),
    message:
        "{rule} ({log})"
    script:
        "../scripts/export_answers.py"


# export: `snakemake export` writes them all
rule export:
    input:
        [
            f"{RESULTS}/export/{model}-base{base}-{task}-seed{seed}-{lineage}"
            for model, of_model in config["models"].items()
            for base in bases_of(of_model)
            for task in config["tasks"]
            for seed in config["seeds"]
            for lineage in ALL_LINEAGES
        ],
    localrule: True
    message:
        "all answers, in lm-evaluation-harness's form"
