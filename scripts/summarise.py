"""summarise: the tables of the whole study and its verdict in words."""

import json
from pathlib import Path

import polars as pl
from reversal import bases, changes, coverage_rule, extrapolation, jobs, not_measured, summaries, support, tables
from reversal import published as paper


def main(score_paths, problem_score_paths, training_set_paths, dropped_paths, published_paths, study, outputs) -> None:
    published = pl.read_csv(published_paths[0], schema=tables.PUBLISHED)
    published_figures = pl.read_csv(published_paths[1], schema=tables.PUBLISHED_FIGURES)
    scores = pl.concat([tables.read(path, tables.SCORES) for path in score_paths])
    metrics, intervals, rows, of_bases, reached, beyond = [], [], [], {}, [], []
    # One model and task at a time: the values of all problems of a large study do not fit in memory together.
    for (model, task), names in study["ood"]:
        print(f"{model} on {task}", flush=True)
        here = [path for path in problem_score_paths if _place(path)[:3:2] == (model, task)]
        values = pl.concat([_of_model(path) for path in here])
        anew = support.null_of_anew(values, [lineages[0] for lineages in study["series"].values()])
        values, scored = pl.concat([values, anew]), scores.filter(model=model, task=task)
        scored = pl.concat([scored, support.scores_of(anew, scored["study"][0], model, task)])
        by_seed, means = summaries.of_methods(scored, values, study["series"])
        metrics.append(by_seed)
        intervals.append(means)
        reached.append(support.support(values, study["series"], model, task))
        beyond.append(extrapolation.extrapolations(support.answers(values), study["series"], model, task))
        here = changes.changes(by_seed, summaries.replicates(values), study["series"], names, published)
        rows += here
        alone = (by_seed, values, study["series"], names, published)
        only = by_seed["base"].unique().to_list()
        for base, found in ({only[0]: here} if len(only) == 1 else bases.changes_of_bases(*alone)).items():
            of_bases.setdefault(base, []).extend(found)
    metrics, table = pl.concat(metrics), changes.judged(rows)
    tables.write(bases.verdicts_of_bases(of_bases, metrics), tables.BASES, outputs["bases"])
    unknown = [
        not_measured.not_measured(metrics.filter(model=model, task=task), table.filter(model=model, task=task), names)
        for (model, task), names in study["ood"]
    ]
    unknown = pl.concat(unknown)
    tables.write(unknown, tables.NOT_MEASURED, outputs["not_measured"])
    for name in ("metrics", "metrics_csv"):
        tables.write(metrics, tables.METRICS, outputs[name])
    intervals = pl.concat(intervals)
    for name in ("intervals", "intervals_csv"):
        tables.write(intervals, tables.INTERVALS, outputs[name])
    tables.write(paper.beside(intervals, published_figures), tables.PRINTED, outputs["printed"])
    tables.write(table, tables.CHANGES, outputs["changes"])
    tables.write(pl.concat(reached), tables.SUPPORT, outputs["support"])
    tables.write(pl.concat(beyond), tables.EXTRAPOLATIONS, outputs["extrapolations"])
    rule = coverage_rule.coverage_rule(metrics, study["kinds"], published)
    tables.write(rule, tables.RULE, outputs["coverage_rule"])
    axes = ("model", "base", "task", "seed", "lineage")
    origins = [
        dict(zip(axes, _place(path), strict=True)) | json.loads(Path(path).read_text()) for path in training_set_paths
    ]
    jobs.write_text(outputs["training_sets"], pl.DataFrame(origins, infer_schema_length=None).write_csv())
    dropped = pl.concat([pl.read_csv(path, schema=tables.DROPPED) for path in dropped_paths])
    tables.write(dropped, tables.DROPPED, outputs["dropped"])
    lasts = [len(lineages) for lineages in study["series"].values()]
    text = changes.verdict_text(table, lasts, study["runs"])
    jobs.write_text(
        outputs["verdict"], text + given_models(dict(study["given"])) + not_measured.sentences(unknown, dropped)
    )


def given_models(given: dict[str, list[str]]) -> str:
    """What M1, M2, .. of the given series are."""
    lines = [f"  {name}: {', '.join(f'M{i} {of}' for i, of in enumerate(its, start=1))}" for name, its in given.items()]
    return "\n".join(["Given:", *lines, ""]) if lines else ""


def _place(path: str) -> tuple[str, str, int, str]:
    """(model, base, task, seed, lineage) of a model's file: ../{model}/base{base}/{task}/seed{seed}/{lineage}/.."""
    model, base, task, seed, lineage = Path(path).parts[-6:-1]
    return model, int(base.removeprefix("base")), task, int(seed.removeprefix("seed")), lineage


def _of_model(path: str) -> pl.DataFrame:
    _, base, _, seed, lineage = _place(path)
    columns = {"base": pl.lit(base, pl.Int64), "seed": pl.lit(seed, pl.Int64), "lineage": pl.lit(lineage)}
    return tables.read(path, tables.PROBLEM_SCORES).select(
        **columns, **{key: pl.col(key) for key in tables.PROBLEM_SCORES}
    )


if "snakemake" in globals():
    jobs.start(snakemake.log[0])
    study = json.loads(snakemake.params.study)
    main(
        list(snakemake.input.scores),
        list(snakemake.input.problem_scores),
        list(snakemake.input.training_sets),
        list(snakemake.input.dropped),
        list(snakemake.input.published),
        study | {"series": dict(study["series"])},
        dict(snakemake.output.items()),
    )
