# read_answers: files of answers that others sampled -> samples/ and labels/ of that model. From there on
# it is a model like any other.
rule read_answers:
    input:
        code=code("read_answers"),
        problems=f"{RESULTS}/problems/{{task}}/{{problems}}.parquet",
        answers=lambda w: ANSWERS[lineages.last_step(w.lineage)],
    output:
        samples=f"{MODEL}/samples/{{problems}}.parquet",
        labels=f"{MODEL}/labels/{{problems}}.parquet",
    log:
        f"{RESULTS}/logs/read_answers/{LOG}-{{problems}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/read_answers/{LOG}-{{problems}}.tsv"
    wildcard_constraints:
        lineage=one_of(BY_ANSWERS),
    conda:
        "../envs/analysis.yaml"
    envmodules:
        *modules("analysis"),
    params:
        files=lambda w: ANSWERS[lineages.last_step(w.lineage)],
        labels=lambda w: canonical(config["tasks"][w.task].get("labels", False)),
    message:
        "{rule} ({log})"
    script:
        "../scripts/read_answers.py"
