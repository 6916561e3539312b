"""What a study could not measure, why, and what would help: a row per method and dimension that has no change."""

import polars as pl

from reversal.evaluation.accuracy import accuracy_metric
from reversal.evaluation.dimensions import BEST, dimensions
from reversal.tables import NOT_MEASURED

REASONS = {
    "semantic diversity": "no embedding model; scoring.embedding_model (embedding_model in a short study) names one",
    "logical diversity": "no answer has equations between calculator marks, <<1+1=2>>",
    "coverage": "no training questions were answered",
    "OOD": "no OOD set was answered; an OOD set among the questions, and models to ask, would show it",
}
MANY = 0.5  # answers without a final one: the mark is then more likely at fault than the model
FEW = "{models} gave fewer than two samples to some problem; several samples of each would show it"


def not_measured(metrics: pl.DataFrame, changes: pl.DataFrame, ood: list[str]) -> pl.DataFrame:
    """NOT_MEASURED of one model and task.

    metrics, changes: METRICS and CHANGES of that model and task. ood: names of the task's OOD sets.
    """
    rows = []
    for (model, task, method), group in metrics.group_by("model", "task", "method", maintain_order=True):
        found = set(changes.filter(method=method)["dimension"]) if group["iteration"].max() > 1 else set()
        of_diversity = "answers"  # over other answers than the correct ones: the same reason again
        wanted = [dimension.name for dimension in dimensions(accuracy_metric(group), 1, ood)]
        wanted = [name for name in wanted if not name.endswith(of_diversity) and name != BEST]
        wanted += [] if ood else ["OOD"]
        wanted += [] if any(name.startswith("pass@") for name in found) else ["pass@k"]
        wanted += [] if "coverage" in group["metric"] else ["coverage"]
        reasons = {name: _reason(name, group) for name in wanted if name not in found} | _of_accuracy(group)
        rows += [(model, task, method, name, reason) for name, reason in reasons.items()]
    return pl.DataFrame(rows, schema=NOT_MEASURED, orient="row")


def sentences(table: pl.DataFrame, dropped: pl.DataFrame) -> str:
    """The rows of NOT_MEASURED in words, those of one reason together, and how many problems were left out."""
    listed = pl.all().unique(maintain_order=True).str.join(", ")
    alike = table.group_by("model", "task", "method", "reason", maintain_order=True).agg(listed)
    alike = alike.group_by("reason", "dimension", maintain_order=True).agg(listed)
    lines = [f"  {row['dimension']}: {row['reason']} ({row['method']})" for row in alike.to_dicts()]
    text = "\n".join(["Not measured:", *lines]) + "\n" if lines else ""
    lacking = dropped.drop_nulls("not_answered_by")["not_answered_by"].value_counts(sort=True)
    if lacking.height:
        counts = ", ".join(f"{count} by {name}" for name, count in lacking.iter_rows())
        text += f"Left out: {lacking['count'].sum()} problems that a given model does not answer ({counts}).\n"
    return text


def _reason(dimension: str, group: pl.DataFrame) -> str:
    last = group["iteration"].max()
    if dimension in ("coverage", "OOD"):
        return REASONS[dimension]
    if last == 1:
        return "there is one model only; a second one would show a change"
    numbers = group.filter(metric="samples", subset="test", seed=group["seed"].min())
    if dimension == "accuracy":
        return "the models were not sampled alike: greedy answers of each, or samples of each, would show it"
    few = [f"M{t}" for t in (1, last) if (numbers.filter(iteration=t)["value"].first() or 0) < 2]
    if few and not dimension.startswith("OOD"):
        return FEW.format(models=" and ".join(few))
    kind = "OOD" if dimension.startswith("OOD") else dimension
    return REASONS.get(kind, FEW.format(models=f"M1 or M{last}"))


def _of_accuracy(group: pl.DataFrame) -> dict[str, str]:
    """Greedy accuracy where samples had to replace it, and what labels do not say."""
    found, on_test = {}, group.filter(subset="test")
    if accuracy_metric(group) == "sample_accuracy":
        without = (
            on_test.group_by("iteration").agg(greedy=(pl.col("metric") == "pass_at_1").any()).filter(~pl.col("greedy"))
        )
        models = ", ".join(f"M{t}" for t in sorted(without["iteration"]))
        found["greedy accuracy"] = f"no greedy answers of {models}: accuracy is the mean of samples"
    if "samples" in on_test["metric"] and not on_test["metric"].str.starts_with("maj_at_").any():
        several = on_test.filter(metric="samples")["value"].min() >= 2
        found |= (
            {"majority votes": "of programs, and of labels without an answer, it is unknown which are equal"}
            if several
            else {}
        )
    if on_test.filter(metric="tokens_mean")["value"].null_count():
        found["lengths"] = "some answers do not say how many tokens they have"
    unread = on_test.filter(metric="no_answer_rate")["value"].max() or 0
    if unread > MANY:
        found["many answers"] = (
            f"{unread:.0%} of a model's samples have no final answer after the answer_mark; is it the right one?"
        )
    return found
