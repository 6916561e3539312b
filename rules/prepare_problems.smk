# prepare_problems: a generator or a file named in the study -> problems/{task}/{problems}.parquet
rule prepare_problems:
    input:
        code=code("prepare_problems"),
        file=lambda w: problem_set(w).get("file", []),
    output:
        f"{RESULTS}/problems/{{task}}/{{problems}}.parquet",
    log:
        f"{RESULTS}/logs/prepare_problems/{{task}}-{{problems}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/prepare_problems/{{task}}-{{problems}}.tsv"
    conda:
        "../envs/cpu.yaml"
    params:
        source=lambda w: canonical(problem_set(w)),
    script:
        "../scripts/prepare_problems.py"


# check_problems: all problem sets of a task -> a table of their sizes; stops if a question stands in two of them
rule check_problems:
    input:
        code=code("check_problems"),
        problems=lambda w: expand(
            f"{RESULTS}/problems/{w.task}/{{problems}}.parquet",
            problems=["train", "test", *config["tasks"][w.task]["ood"]],
        ),
    output:
        f"{RESULTS}/problems/{{task}}/sizes.csv",
    log:
        f"{RESULTS}/logs/check_problems/{{task}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/check_problems/{{task}}.tsv"
    priority: 100
    conda:
        "../envs/cpu.yaml"
    params:
        ood=lambda w: canonical(list(config["tasks"][w.task]["ood"])),
    script:
        "../scripts/check_problems.py"
