# prepare_problems: a generator, a file or a hub dataset named in the study -> problems/{task}/{problems}.parquet
# Training problems whose question also stands in a test or OOD set (or twice) are left out and listed in dropped.csv; so are
# test and OOD problems that one of the given series of answers does not answer.
rule prepare_problems:
    input:
        file=lambda w: source_of(config["tasks"][w.task], w.problems).get("file", []),
        others=lambda w: expand(
            f"{RESULTS}/problems/{w.task}/{{problems}}.parquet",
            problems=["test", *config["tasks"][w.task]["ood"]] if w.problems == "train" else [],
        ),
        answers=lambda w: sum(ANSWERS.values(), []) if w.problems != "train" else [],
    output:
        problems=f"{RESULTS}/problems/{{task}}/{{problems}}.parquet",
        dropped=f"{RESULTS}/problems/{{task}}/{{problems}}.dropped.csv",
    log:
        f"{RESULTS}/logs/prepare_problems/{{task}}-{{problems}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/prepare_problems/{{task}}-{{problems}}.tsv"
    localrule: True
    conda:
        "../envs/analysis.yaml"
    envmodules:
        *modules("analysis"),
    params:
        code=code("prepare_problems"),
        source=lambda w: canonical(source_of(config["tasks"][w.task], w.problems)),
        answers=lambda w: canonical(ANSWERS if w.problems != "train" else {}),
        labels=lambda w: canonical(config["tasks"][w.task].get("labels", False)),
    message:
        "{rule} ({log})"
    script:
        "../scripts/prepare_problems.py"
