"""What a study would have said with each of its bases alone: does the verdict depend on the base?"""

import polars as pl

from reversal.evaluation.changes import changes, judged
from reversal.evaluation.outcomes import outcomes
from reversal.evaluation.summaries import replicates
from reversal.tables import BASES, CHANGES


def changes_of_bases(metrics: pl.DataFrame, values: pl.DataFrame, *of_study) -> dict[int, list[dict]]:
    """{base: rows of CHANGES of that base alone}, of one model and task.

    values: PROBLEM_SCORES with columns base, seed and lineage. of_study: what changes.changes takes behind these.
    """
    return {
        base: changes(metrics.filter(base=base), replicates(values.filter(base=base)), *of_study)
        for base in sorted(values["base"].unique())
    }


def verdicts_of_bases(rows: dict[int, list[dict]], metrics: pl.DataFrame) -> pl.DataFrame:
    """BASES: a row per base, model, task and method, each base judged as a study of its own.

    rows: {base: rows of CHANGES of all models and tasks}. metrics: METRICS of the study, for M1's coverage.
    """
    coverage = metrics.filter(metric="coverage", iteration=1).group_by("model", "task", "method", "base").agg("value")
    of_place = {tuple(place): sum(found) / len(found) for *place, found in coverage.rows()}
    found = []
    for base, of_base in rows.items():
        table = judged(of_base)
        # The frontier is that of the whole study: no base is called sharpened.
        found_alone = outcomes(table, [], "").select("model", "task", "method", "outcome")
        answers = {tuple(place): outcome for *place, outcome in found_alone.rows()}
        for (model, task, method), group in table.group_by("model", "task", "method", maintain_order=True):
            dimensions = group.filter(role="primary").rows(named=True)
            accuracy = next((row for row in dimensions if row["dimension"] == "accuracy"), dict.fromkeys(CHANGES))
            found.append(
                {"model": model, "task": task, "method": method, "base": base}
                | {"outcome": answers[model, task, method]}
                | {"m1_coverage": of_place.get((model, task, method, base)), "m1_accuracy": accuracy["first"]}
                | {name: accuracy[name] for name in ("change", "low", "high")}
                | {
                    name: ", ".join(row["dimension"] for row in dimensions if row["verdict"] == verdict)
                    for name, verdict in (("progressed", "progress"), ("regressed", "regress"))
                }
            )
    return pl.DataFrame(found, schema=BASES).sort("model", "task", "method", "base", maintain_order=True)
