# write_provenance: the configuration, the runs so far and what every job ran in -> provenance.json and its page
rule write_provenance:
    input:
        metrics=f"{RESULTS}/tables/metrics.parquet",
        style=os.path.normpath(f"{ROOT}/scripts/report/report.css"),
    output:
        provenance=f"{RESULTS}/provenance.json",
        page=report(
            f"{RESULTS}/pages/provenance.html",
            caption="captions/provenance.rst",
            category="5 Provenance",
            labels={"page": "What these results come from"},
        ),
    log:
        f"{RESULTS}/logs/write_provenance.log",
    benchmark:
        f"{RESULTS}/benchmarks/write_provenance.tsv"
    localrule: True
    conda:
        "../envs/analysis.yaml"
    envmodules:
        *modules("analysis"),
    params:
        code=code("write_provenance"),
        config=lambda w: canonical(AS_WRITTEN),
        stages=lambda w: canonical(code_of_stages()),
    message:
        "{rule} ({log})"
    script:
        "../scripts/write_provenance.py"
