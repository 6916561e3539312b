# check_sandbox: a task with programs that models write -> problems/{task}/sandbox.json, once they can be run safely
# A job like verify, so it runs where verify will; what costs time waits for it.
rule check_sandbox:
    output:
        f"{RESULTS}/problems/{{task}}/sandbox.json",
    log:
        f"{RESULTS}/logs/check_sandbox/{{task}}-sandbox.log",
    benchmark:
        f"{RESULTS}/benchmarks/check_sandbox/{{task}}-sandbox.tsv"
    conda:
        "../envs/analysis.yaml"
    envmodules:
        *modules("analysis"),
    params:
        code=code("check_sandbox"),
    message:
        "{rule} ({log})"
    script:
        "../scripts/check_sandbox.py"
