"""summarise: the tables of the whole study and its verdict in words."""

import json
from pathlib import Path

import polars as pl
from reversal import (
    bases,
    changes,
    coverage_rule,
    frontier,
    jobs,
    narrowing,
    not_measured,
    outcomes,
    summaries,
    tables,
    verdict_words,
)


def main(
    score_paths,
    problem_score_paths,
    problem_paths,
    training_set_paths,
    dropped_paths,
    frontier_path,
    published_path,
    study,
    outputs,
) -> None:
    published = pl.read_csv(published_path, schema=tables.PUBLISHED)
    scores = pl.concat([tables.read(path, tables.SCORES) for path in score_paths])
    problems = [tables.read(path, tables.PROBLEMS).select("problem_id", "cluster") for path in problem_paths]
    clusters = dict(pl.concat(problems).drop_nulls().rows())
    of_bases, parts = {}, {name: [] for name in ("metrics", "intervals", "changes", "narrowing", "rule")}
    # One model and task at a time: the values of all problems of a large study do not fit in memory together.
    for (model, task), names in study["ood"]:
        print(f"{model} on {task}", flush=True)
        here = [path for path in problem_score_paths if summaries.place_of(path)[:3:2] == (model, task)]
        values = pl.concat([summaries.of_model(tables.read(path, tables.PROBLEM_SCORES), path) for path in here])
        series = study["series"]
        of_replicates = summaries.replicates(values)
        scores_here = scores.filter(model=model, task=task)
        metrics, intervals = summaries.of_methods(scores_here, values, series, clusters, study["from_base"])
        parts["metrics"].append(metrics)
        parts["intervals"].append(intervals)
        metrics = metrics.filter(pl.col("iteration") > 0)  # M0 is shown; what is judged begins at M1
        of_study = (series, names, published, clusters)
        found = changes.changes(metrics, of_replicates, *of_study)
        parts["changes"] += found
        only = metrics["base"].unique().to_list()
        alone = {only[0]: found} if len(only) == 1 else bases.changes_of_bases(metrics, values, *of_study)
        for base, rows in alone.items():
            of_bases.setdefault(base, []).extend(rows)
        for method, lineages in series.items():
            place = {"model": model, "task": task, "method": method}
            parts["narrowing"] += narrowing.narrowing(values, place, lineages, clusters) if len(lineages) > 1 else []
        rule = coverage_rule.coverage_rule(metrics, of_replicates, series, study["kinds"], published, clusters)
        parts["rule"] += rule
    metrics, intervals = pl.concat(parts["metrics"]), pl.concat(parts["intervals"])
    table, split = changes.judged(parts["changes"]), narrowing.table(parts["narrowing"])
    at_temperatures = frontier.of_last_models(pl.read_csv(frontier_path, schema=tables.FRONTIER))
    outcome = outcomes.outcomes(table, at_temperatures, study["runs"])
    judged = metrics.filter(pl.col("iteration") > 0)
    unknown = [
        not_measured.not_measured(judged.filter(model=model, task=task), table.filter(model=model, task=task), names)
        for (model, task), names in study["ood"]
    ]
    unknown = pl.concat(unknown)
    dropped = pl.concat([pl.read_csv(path, schema=tables.DROPPED) for path in dropped_paths])
    for name, frame, schema in (
        ("bases", bases.verdicts_of_bases(of_bases, metrics), tables.BASES),
        ("not_measured", unknown, tables.NOT_MEASURED),
        ("metrics", metrics, tables.METRICS),
        ("metrics_csv", metrics, tables.METRICS),
        ("intervals", intervals, tables.INTERVALS),
        ("intervals_csv", intervals, tables.INTERVALS),
        ("changes", table, tables.CHANGES),
        ("outcomes", outcome, tables.OUTCOMES),
        ("narrowing", split, tables.NARROWING),
        ("coverage_rule", pl.DataFrame(parts["rule"], schema=tables.RULE), tables.RULE),
        ("dropped", dropped, tables.DROPPED),
    ):
        tables.write(frame, schema, outputs[name])
    axes = ("model", "base", "task", "seed", "lineage")
    origins = [
        dict(zip(axes, summaries.place_of(path), strict=True)) | json.loads(Path(path).read_text())
        for path in training_set_paths
    ]
    jobs.write_text(outputs["training_sets"], pl.DataFrame(origins, infer_schema_length=None).write_csv())
    lasts = [len(lineages) for lineages in study["series"].values()]
    text = verdict_words.verdict_text(table, outcome, lasts)
    jobs.write_text(
        outputs["verdict"], text + given_models(dict(study["given"])) + not_measured.sentences(unknown, dropped)
    )


def given_models(given: dict[str, list[str]]) -> str:
    """What M1, M2, .. of the given series are."""
    lines = [f"  {name}: {', '.join(f'M{i} {of}' for i, of in enumerate(its, start=1))}" for name, its in given.items()]
    return "\n".join(["Given:", *lines, ""]) if lines else ""


if "snakemake" in globals():
    jobs.start(snakemake.log[0])
    study = json.loads(snakemake.params.study)
    main(
        list(snakemake.input.scores),
        list(snakemake.input.problem_scores),
        list(snakemake.input.problems),
        list(snakemake.input.training_sets),
        list(snakemake.input.dropped),
        snakemake.input.frontier,
        snakemake.input.published,
        study | {"series": dict(study["series"])},
        dict(snakemake.output.items()),
    )
