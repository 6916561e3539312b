# write_pages: the tables, the figures and the first replicate's answers -> report.html, one page that opens on the verdict
ALL_ROWS = ["metrics", "intervals"]  # thousands: the page shows them as curves to choose from
SHOWN_FIGURES = reported("plot")
SHOWN_TABLES = {
    path: label
    for path, label in reported("summarise", "summarise_frontier", "summarise_time").items()
    if Path(path).stem not in ALL_ROWS
}


rule write_pages:
    input:
        **{name: f"{RESULTS}/tables/{name}.csv" for name in ("changes", "outcomes", "narrowing", "coverage_rule")},
        **{name: f"{RESULTS}/tables/{name}.parquet" for name in ALL_ROWS},
        figures=list(SHOWN_FIGURES),
        tables=list(SHOWN_TABLES),
        captions=[
            os.path.normpath(f"{ROOT}/rules/captions/{Path(path).stem}.rst")
            for path in [*SHOWN_FIGURES, *SHOWN_TABLES]
        ],
        style=os.path.normpath(f"{ROOT}/scripts/report/report.css"),
        script=os.path.normpath(f"{ROOT}/scripts/report/report.js"),
        problems=expand(f"{RESULTS}/problems/{{task}}/test.parquet", task=config["tasks"]),
        samples=every_model("samples/test.parquet", replicates=1),
        verdicts=every_model("verdicts/test.parquet", replicates=1),
    output:
        f"{RESULTS}/report.html",
    log:
        f"{RESULTS}/logs/write_pages.log",
    benchmark:
        f"{RESULTS}/benchmarks/write_pages.tsv"
    localrule: True
    conda:
        "../envs/analysis.yaml"
    envmodules:
        *modules("analysis"),
    params:
        code=code("write_pages"),
        study=canonical(
            {axis: list(config[axis]) for axis in ("models", "tasks")}
            | {"study": config["study"], "series": list(SERIES.items())}
            | {"labels": {Path(path).stem: label for path, label in (SHOWN_FIGURES | SHOWN_TABLES).items()}}
            | {"first": {m: f"{RESULTS}/{m}/base{bases_of(model)[0]}" for m, model in config["models"].items()}}
            | {"seed": config["seeds"][0], "problems": f"{RESULTS}/problems"}
        ),
    message:
        "{rule} ({log})"
    script:
        "../scripts/write_pages.py"
