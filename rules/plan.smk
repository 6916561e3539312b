# plan: the configuration, assumptions about machines, a pilot and whatever has run so far -> plan.md and plan.svg, and the same page
# printed. They are named in params, not as output: Snakemake runs a target without output every time it is asked for.
rule plan:
    input:
        throughputs=os.path.normpath(f"{ROOT}/rules/throughputs.yaml"),
        published=os.path.normpath(f"{ROOT}/studies/published_results.csv"),
    log:
        f"{RESULTS}/logs/plan.log",
    localrule: True
    conda:
        "../envs/analysis.yaml"
    envmodules:
        *modules("analysis"),
    params:
        config=lambda w: json.dumps(AS_WRITTEN),  # in its own order: the other Snakemake that this asks must see the same study
        results=RESULTS,
        gpus=GPUS,
        # Snakemake's own Python (the environment of this job need not have it), and software as in this run.
        driver=[sys.executable, "-m", "snakemake", "--snakefile", workflow.main_snakefile]
        + [part for method in workflow.deployment_settings.deployment_method for part in ("--sdm", str(method))],
        page=f"{RESULTS}/plan.md",
        picture=f"{RESULTS}/plan.svg",
    message:
        "{rule} ({log})"
    script:
        "../scripts/plan.py"
