"""summarise: the tables of the whole study and its verdict in words."""

import json
from pathlib import Path

import polars as pl
from reversal import jobs, tables
from reversal.evaluation import (
    bases,
    changes,
    coverage_rule,
    extrapolation,
    frontier,
    narrowing,
    not_measured,
    outcomes,
    summaries,
    support,
)
from reversal.evaluation import published as paper
from reversal.learning import loss_curves
from reversal.report import verdict_words


def main(
    score_paths,
    problem_score_paths,
    problem_paths,
    training_set_paths,
    losses_paths,
    dropped_paths,
    frontier_path,
    published_paths,
    study,
    outputs,
) -> None:
    # Over 40 lines: a line per table that is read or written.
    published = pl.read_csv(published_paths[0], schema=tables.PUBLISHED)
    published_figures = pl.read_csv(published_paths[1], schema=tables.PUBLISHED_FIGURES)
    scores = pl.concat([tables.read(path, tables.SCORES) for path in score_paths])
    problems = [tables.read(path, tables.PROBLEMS).select("problem_id", "cluster") for path in problem_paths]
    clusters = dict(pl.concat(problems).drop_nulls().rows())
    parts = []
    # One model and task at a time: the values of all problems of a large study do not fit in memory together.
    for (model, task), names in study["ood"]:
        print(f"{model} on {task}", flush=True)
        here = [path for path in problem_score_paths if summaries.place_of(path)[:3:2] == (model, task)]
        values = pl.concat(summaries.of_model(tables.read(path, tables.PROBLEM_SCORES), path) for path in here)
        scores_here = scores.filter(model=model, task=task)
        parts.append(_of_task(scores_here, values, study, (study["series"], names, published, clusters)))
    metrics = pl.concat([part["metrics"] for part in parts])
    intervals = pl.concat([part["intervals"] for part in parts])
    table = changes.judged([row for part in parts for row in part["changes"]])
    at_temperatures = frontier.of_last_models(tables.read(frontier_path, tables.FRONTIER))
    outcome = outcomes.outcomes(table, at_temperatures, study["runs"])
    of_bases = {
        base: [row for part in parts for row in part["bases"].get(base, [])]
        for base in sorted({base for part in parts for base in part["bases"]})
    }
    judged = metrics.filter(pl.col("iteration") > 0)  # M0 aside
    unknown = pl.concat(
        not_measured.not_measured(judged.filter(model=model, task=task), table.filter(model=model, task=task), names)
        for (model, task), names in study["ood"]
    )
    dropped = pl.concat([tables.read(path, tables.DROPPED) for path in dropped_paths])
    for name, frame, schema in (
        ("metrics", metrics, tables.METRICS),
        ("metrics_csv", metrics, tables.METRICS),
        ("intervals", intervals, tables.INTERVALS),
        ("intervals_csv", intervals, tables.INTERVALS),
        ("changes", table, tables.CHANGES),
        ("outcomes", outcome, tables.OUTCOMES),
        ("narrowing", narrowing.table([row for part in parts for row in part["narrowing"]]), tables.NARROWING),
        ("support", pl.concat([part["support"] for part in parts]), tables.SUPPORT),
        ("extrapolations", pl.concat([part["extrapolations"] for part in parts]), tables.EXTRAPOLATIONS),
        ("printed", paper.beside(intervals, published_figures), tables.PRINTED),
        ("bases", bases.verdicts_of_bases(of_bases, metrics), tables.BASES),
        ("coverage_rule", pl.DataFrame([row for p in parts for row in p["rule"]], schema=tables.RULE), tables.RULE),
        ("not_measured", unknown, tables.NOT_MEASURED),
        ("dropped", dropped, tables.DROPPED),
    ):
        tables.write(frame, schema, outputs[name])
    trained = _training_sets(training_set_paths, losses_paths)
    jobs.write_text(outputs["training_sets"], trained.write_csv())
    lasts = [len(lineages) for lineages in study["series"].values()]
    text = verdict_words.verdict_text(table, outcome, lasts) + given_models(dict(study["given"]))
    text += not_measured.sentences(unknown, dropped) + loss_curves.warnings(trained.to_dicts())
    jobs.write_text(outputs["verdict"], verdict_words.wrapped(text))


def _of_task(scores: pl.DataFrame, values: pl.DataFrame, study: dict, of_study: tuple) -> dict:
    """Everything made from the values of one model and task. of_study: the last arguments of changes.changes."""
    series, _, published, clusters = of_study
    place = scores.select("model", "task").row(0, named=True)
    anew = support.null_of_anew(values, [lineages[0] for lineages in series.values()])
    values, scores = (
        pl.concat([values, anew]),
        pl.concat([scores, support.scores_of(anew, scores["study"][0], **place)]),
    )
    of_replicates = summaries.replicates(values)
    shown, intervals = summaries.of_methods(scores, values, series, clusters, study["from_base"])
    metrics = shown.filter(pl.col("iteration") > 0)  # what is judged begins at M1
    rows = changes.changes(metrics, of_replicates, *of_study)
    only = metrics["base"].unique().to_list()
    split = [
        row
        for method, lineages in series.items()
        if len(lineages) > 1
        for row in narrowing.narrowing(values, place | {"method": method}, lineages, clusters)
    ]
    return {
        "metrics": shown,
        "intervals": intervals,
        "changes": rows,
        "bases": {only[0]: rows} if len(only) == 1 else bases.changes_of_bases(metrics, values, *of_study),
        "narrowing": split,
        "support": support.support(values, series, clusters=clusters, **place),
        "extrapolations": extrapolation.extrapolations(support.answers(values), series, clusters=clusters, **place),
        "rule": coverage_rule.coverage_rule(metrics, of_replicates, series, study["kinds"], published, clusters),
    }


def _training_sets(paths: list[str], losses_paths: list[str]) -> pl.DataFrame:
    axes = ("model", "base", "task", "seed", "lineage")
    rows = [
        dict(zip(axes, summaries.place_of(path), strict=True))
        | json.loads(Path(path).read_text())
        | loss_curves.ends(tables.read(losses, tables.LOSSES))
        for path, losses in zip(paths, losses_paths, strict=True)
    ]
    return pl.DataFrame(rows, infer_schema_length=None)


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
        list(snakemake.input.losses),
        list(snakemake.input.dropped),
        snakemake.input.frontier,
        list(snakemake.input.published),
        study | {"series": dict(study["series"])},
        dict(snakemake.output.items()),
    )
