# remove_models: the scores of a model and of those that led to it, and that all of these have passed on -> checkpoints
# that keep_models does not want are removed; kept_models.json says which.
READERS = keeping.readers_of(config, TRAINED)


rule remove_models:
    input:
        scores=lambda w: [
            of_lineage(w, lineage, "scores.parquet") for lineage in keeping.judged_after(w.lineage, READERS)
        ],
        frontier_scores=lambda w: [
            of_lineage(w, lineage, "frontier_scores.parquet")
            for lineage in keeping.judged_after(w.lineage, READERS)
            if lineage in frontier_lineages(config)
        ],
        trained=lambda w: [
            of_lineage(w, reader, "losses.parquet")
            for lineage in keeping.judged_after(w.lineage, READERS)
            for reader in READERS[lineage]
        ],
    output:
        f"{MODEL}/kept_models.json",
    log:
        f"{RESULTS}/logs/remove_models/{LOG}.log",
    benchmark:
        f"{RESULTS}/benchmarks/remove_models/{LOG}.tsv"
    localrule: True
    conda:
        "../envs/analysis.yaml"
    envmodules:
        *modules("analysis"),
    params:
        code=code("remove_models"),
        keep=config["keep_models"],
        series=canonical(list(SERIES.items())),
        uses=lambda w: canonical({lineage: uses_of(w, lineage) for lineage in keeping.judged_after(w.lineage, READERS)}),
    message:
        "{rule} ({log})"
    script:
        "../scripts/remove_models.py"
