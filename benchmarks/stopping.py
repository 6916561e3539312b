"""When should each method of finished studies have stopped, and could its first two iterations have told?

usage: python benchmarks/stopping.py results/STUDY [results/ANOTHER ..]

The first table: per method, what stopping by a rule gives over going on to the last iteration, each rule reading one
half of the test problems and judged on the other. The second: whether a sign in the first two iterations tells that
going on will regress, its threshold chosen on the other methods (on the other bases, where there is one method).
"""

import sys
from pathlib import Path

import polars as pl

sys.path.insert(0, str(Path(__file__).parents[1] / "scripts"))
from reversal import tables
from reversal.evaluation import accuracy, dimensions, stopping, summaries

PLACE = ["model", "task"]


def main(*folders: str) -> None:
    print("| study | model | task | method | rule | stops at | accuracy | over never | pass@N | over never |")
    print("|" + "---|" * 10)
    metrics = []
    for folder in folders:
        own = tables.read(f"{folder}/tables/metrics.parquet", tables.METRICS).filter(pl.col("iteration") > 0)
        metrics.append(own)
        for (model, task), here in own.group_by(PLACE, maintain_order=True):
            for row in _of_task(folder, model, task, here):
                print("| " + " | ".join([Path(folder).name, model, task, *row]) + " |")
    print("\n| going on regresses | sign in M1 and M2 | runs | right | without a sign |\n" + "|---|" + "---|" * 4)
    for outcome in ("sample_accuracy", f"pass_at_{dimensions.most_samples(metrics[0])}"):
        signs = pl.concat(stopping.early_signs(own, outcome) for own in metrics)
        regressed = f"{outcome}: {signs['regressed'].sum()} of {signs.height}"
        group = "method" if signs["method"].n_unique() > 1 else "base"
        judged = stopping.warnings_judged(signs, group)
        if not judged:
            print(f"| {regressed} | none: that takes two {group}s or more, of three iterations or more | | | |")
        for row in judged:
            print(f"| {regressed} | {row['sign']} | {row['runs']} | {row['right']} | {row['usual']} |")


def _of_task(folder: str, model: str, task: str, metrics: pl.DataFrame) -> list[tuple[str, ...]]:
    paths = map(str, Path(folder, model).glob(f"base*/{task}/seed*/*/problem_scores.parquet"))
    wanted = set(metrics["lineage"])
    paths = sorted(path for path in paths if summaries.place_of(path)[-1] in wanted)
    values = pl.concat(summaries.of_model(tables.read(path, tables.PROBLEM_SCORES), path) for path in paths)
    values = summaries.replicates(values.filter(pl.col("subset") == "test"))
    problems = tables.read(f"{folder}/problems/{task}/test.parquet", tables.PROBLEMS)
    clusters = dict(problems.select("problem_id", "cluster").drop_nulls().rows())
    found = []
    for (method,), here in metrics.group_by("method", maintain_order=True):
        lineages = here.sort("iteration")["lineage"].unique(maintain_order=True).to_list()
        reach = f"pass_at_{dimensions.most_samples(here)}"
        rows = stopping.judged_stops(values, lineages, accuracy.accuracy_metric(here), reach, clusters)
        found += [(method, *_in_words(row)) for row in rows]
    return found


def _in_words(row: dict) -> tuple[str, ...]:
    numbers = []
    for metric in ("accuracy", "reach"):
        over, low, high = (row[f"{metric}_{end}"] for end in ("over_never", "low", "high"))
        numbers += [f"{row[metric]:.3f}", "" if row["rule"] == "never" else f"{over:+.3f} [{low:+.3f} to {high:+.3f}]"]
    return row["rule"], ", ".join(map(str, row["stops"])), *numbers


if __name__ == "__main__":
    main(*sys.argv[1:])
