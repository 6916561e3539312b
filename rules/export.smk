# export_answers: judged answers -> export/, one samples_*.jsonl of lm-evaluation-harness per model, problem set and decoding
rule export_answers:
    input:
        code=code("export_answers"),
        problems=f"{RESULTS}/problems/{{task}}/{{problems}}.parquet",
        samples=f"{MODEL}/samples/{{problems}}.parquet",
        verdicts=f"{MODEL}/verdicts/{{problems}}.parquet",
    output:
        f"{RESULTS}/export/{LOG}/samples_{{problems}}_{{decoding}}.jsonl",
    log:
        f"{RESULTS}/logs/export_answers/{LOG}-{{problems}}-{{decoding}}.log",
    wildcard_constraints:
        decoding="greedy|sampled",
    conda:
        "../envs/analysis.yaml"
    envmodules:
        *modules("analysis"),
    params:
        task=lambda w: canonical({key: config["tasks"][w.task][key] for key in ("prompt", "stop")}),
    message:
        "{rule} ({log})"
    script:
        "../scripts/export_answers.py"


# export: `snakemake export` writes them all
rule export:
    input:
        [
            f"{RESULTS}/export/{model}-base{base}-{task}-seed{seed}-{lineage}/samples_{name}_{decoding}.jsonl"
            for model, of_model in config["models"].items()
            for base in bases_of(of_model)
            for task, settings in config["tasks"].items()
            for seed in config["seeds"]
            for lineage in SAMPLED[1:]
            for name in sets_of(settings, "evaluation")
            for decoding in (["greedy", "sampled"] if name == "test" else ["greedy"])
        ],
    message:
        "all answers, in lm-evaluation-harness's form"
