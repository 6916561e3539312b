"""Writes docs/mitigations.md and its figure: what each arm of a finished mitigation study gained, lost and cost.

usage: python benchmarks/mitigations.py results/mitigations docs/mitigations.md

Predictions from the literature (studies/mitigation_predictions.csv) stand beside what came out, each held against one
paired difference of two models, p adjusted over all of them.
"""

import json
import sys
from pathlib import Path

import matplotlib
import polars as pl

REPOSITORY = Path(__file__).parents[1]
sys.path.insert(0, str(REPOSITORY / "scripts"))
from reversal import jobs, tables  # noqa: E402
from reversal.checkpoints import REMOVED  # noqa: E402
from reversal.evaluation import accuracy, dimensions, predictions, summaries  # noqa: E402
from reversal.evaluation.predictions import PREDICTIONS  # noqa: E402
from reversal.lineages import parent  # noqa: E402
from reversal.report import drawing  # noqa: E402

KEPT = {"pass@N": "pass@{most}", "logical diversity": "logical diversity"}  # {panel: dimension of CHANGES}
TEXTS = ("completion", "chosen", "rejected")


def main(folder: str, page: str) -> None:
    metrics = tables.read(f"{folder}/tables/metrics.parquet", tables.METRICS).filter(pl.col("iteration") > 0)
    changes = tables.read(f"{folder}/tables/changes.csv", tables.CHANGES)
    outcomes = tables.read(f"{folder}/tables/outcomes.csv", tables.OUTCOMES)
    told = pl.read_csv(REPOSITORY / "studies/mitigation_predictions.csv", schema=PREDICTIONS).to_dicts()
    parts = []
    for (model, task), here in metrics.group_by("model", "task", maintain_order=True):
        place = {"model": model, "task": task}
        series = _series(here)
        values, clusters = _values(folder, model, task, series)
        measures = predictions.measures(accuracy.accuracy_metric(here), dimensions.most_samples(here))
        held = predictions.held(told, values, series, measures, clusters)
        spent = {arm: budget(folder, model, task, lineages) for arm, lineages in series.items()}
        rows = _arms(changes.filter(**place), outcomes.filter(**place), spent, dimensions.most_samples(here))
        figure = Path(page).with_name(f"{Path(page).stem}-{model}-{task}.svg")
        with matplotlib.rc_context(drawing.STYLE | {"svg.hashsalt": "reversal"}):
            _figure(rows).savefig(figure, metadata={"Date": None})
        parts.append(_section(f"{model}, {task}", figure.name, rows, held))
    seeds, bases = metrics["seed"].n_unique(), metrics["base"].n_unique()
    text = f"""# Ways to keep what self-improvement loses

`make study STUDY=studies/mitigations.yaml`, then `python benchmarks/mitigations.py {folder} {page}`, wrote this page.
Bases: {bases}, seeds of each: {seeds}; every arm starts from the same M1 and goes to M{metrics["iteration"].max()}.
Intervals are 95 %.
An arm is defined in `studies/mitigations.yaml`, a prediction and its source in `studies/mitigation_predictions.csv`.

{"".join(parts)}"""
    jobs.write_text(page, text)
    print(text)


def _series(metrics: pl.DataFrame) -> dict[str, list[str]]:
    ordered = metrics.select("method", "iteration", "lineage").unique(maintain_order=True).sort("iteration")
    groups = ordered.group_by("method", maintain_order=True).agg("lineage")
    return {arm: lineages for arm, lineages in sorted(groups.rows())}


def _values(folder: str, model: str, task: str, series: dict) -> tuple[pl.DataFrame, dict[str, str]]:
    """(PROBLEM_SCORES of every arm's first and last model, with replicate and lineage; the problems' clusters)."""
    ends = {lineage for lineages in series.values() for lineage in (lineages[0], lineages[-1])}
    paths = map(str, Path(folder, model).glob(f"base*/{task}/seed*/*/problem_scores.parquet"))
    paths = sorted(path for path in paths if summaries.place_of(path)[-1] in ends)
    frames = [summaries.of_model(tables.read(path, tables.PROBLEM_SCORES), path) for path in paths]
    values = pl.concat(frame.filter(pl.col("subset").is_in(["test", "correct"])) for frame in frames)
    problems = tables.read(f"{folder}/problems/{task}/test.parquet", tables.PROBLEMS)
    return summaries.replicates(values), dict(problems.select("problem_id", "cluster").drop_nulls().rows())


def budget(folder: str, model: str, task: str, lineages: list[str]) -> dict[str, float]:
    """Answers and tokens that an arm sampled for training, and trained on, after M1: means over replicates.

    Tokens of rows are counted by the base model's tokenizer, those that grpo drew are its answers times the mean length
    of its parent's answers to the test questions. {sampled, sampled_tokens, trained, trained_tokens}.
    """
    import transformers

    total, runs = dict.fromkeys(("sampled", "sampled_tokens", "trained", "trained_tokens"), 0.0), 0
    for run in Path(folder, model).glob(f"base*/{task}/seed*"):
        runs += 1
        tokenizer = transformers.AutoTokenizer.from_pretrained(run.parents[1] / "model")
        for lineage in lineages[1:]:
            for key, number in _spent(run, lineage, tokenizer).items():
                total[key] += number
    return {key: number / runs for key, number in total.items()}


def _spent(run: Path, lineage: str, tokenizer) -> dict[str, float]:
    """The same of one step: what its parent answered for it, and what it was trained on."""
    made, removed = run / lineage / "model/model.json", run / lineage / "model" / REMOVED
    origin = json.loads(made.read_text()) if made.exists() else json.loads(removed.read_text())["model"]
    step = origin["step"]
    if step["trainer"] == "interpolate":
        return {}
    arguments = step["arguments"]
    epochs = arguments.get("num_train_epochs", 3)
    if step["trainer"] == "grpo":
        number = origin["rows"] * epochs * arguments["num_generations"]
        answers = tables.read(str(run / parent(lineage) / "samples/test.parquet"), tables.SAMPLES)
        tokens = number * answers.filter(decoding="sampled")["n_tokens"].mean()
        return {"sampled": number, "sampled_tokens": tokens, "trained": number, "trained_tokens": tokens}
    samples = tables.read(str(run / parent(lineage) / "samples/train.parquet"), tables.SAMPLES)
    rows = pl.read_parquet(run / lineage / "training_set.parquet")
    texts = [text for column in TEXTS if column in rows.columns for text in rows[column]]
    length = sum(map(len, tokenizer(texts).input_ids))
    found = {"sampled": samples.height, "sampled_tokens": samples["n_tokens"].sum()}
    return found | {"trained": len(texts) * epochs, "trained_tokens": length * epochs}


def _arms(changes: pl.DataFrame, outcomes: pl.DataFrame, spent: dict, most: int) -> list[dict]:
    """Per arm its outcome, what it spent, and the change of accuracy and of what is kept, each with its interval."""
    rows = []
    for arm, outcome in outcomes.select("method", "outcome").rows():
        of_arm = {row["dimension"]: row for row in changes.filter(method=arm).to_dicts()}
        kept = {name: of_arm.get(dimension.format(most=most)) for name, dimension in KEPT.items()}
        rows.append({"arm": arm, "outcome": outcome, "accuracy": of_arm.get("accuracy"), **kept, **spent[arm]})
    return rows


def _figure(rows: list[dict]):
    figure, axes = drawing.grid(1, len(KEPT), 3.4, 3.4)
    for ax, kept in zip(axes[0], KEPT, strict=True):
        for i, row in enumerate(rows):
            if not (row["accuracy"] and row[kept]):
                continue
            colour = drawing.PALETTE[i % len(drawing.PALETTE)]
            x, y = row["accuracy"], row[kept]
            ax.plot(
                x["change"], y["change"], drawing.MARKERS[i // len(drawing.PALETTE)], color=colour, label=row["arm"]
            )
            ax.plot([x["low"], x["high"]], [y["change"]] * 2, color=colour, linewidth=0.5)
            ax.plot([x["change"]] * 2, [y["low"], y["high"]], color=colour, linewidth=0.5)
        ax.axhline(0, color=drawing.GREY, linewidth=0.5)
        ax.axvline(0, color=drawing.GREY, linewidth=0.5)
        ax.set(xlabel="accuracy gained since M1", ylabel=f"{kept} gained since M1")
        ax.spines[["top", "right"]].set_visible(False)
    drawing.legend(
        figure, "What each arm gained and kept, with 95 % intervals", axes[0][0].get_legend_handles_labels()[0]
    )
    return figure


def _section(title: str, figure: str, rows: list[dict], held: list[dict]) -> str:
    arms = "\n".join(
        f"| {row['arm']} | {row['outcome']} | {_change(row['accuracy'])} | "
        + " | ".join(_change(row[kept]) for kept in KEPT)
        + "".join(f" | {row[of]:,.0f} ({row[f'{of}_tokens']:,.0f})" for of in ("sampled", "trained"))
        + " |"
        for row in rows
    )
    firsts = {row["arm"]: i for i, row in reversed([*enumerate(held)])}  # a claim is told once
    predicted = "\n".join(
        f"| {row['arm']} | {row['against']} | {row['measure']} | {row['predicted']} | "
        f"{row['difference']:+.3f} [{row['low']:+.3f} to {row['high']:+.3f}] | {row['outcome']} | "
        + (f"{row['claim']} ({row['source']}) |" if firsts[row["arm"]] == i else "|")
        for i, row in enumerate(held)
    )
    return f"""## {title}

![Accuracy gained against pass@N and diversity kept]({figure})

| arm | outcome | accuracy | {" | ".join(KEPT)} | answers sampled (tokens) | answers trained on (tokens) |
|---|---|---|{"---|" * len(KEPT)}---|---|
{arms}

Changes are from M1 to the last model; what was sampled and trained on is counted after M1.

### Predicted, and what came out

| arm | against | measure | predicted | difference | outcome | claim |
|---|---|---|---|---|---|---|
{predicted}

"""


def _change(row: dict | None) -> str:
    return "not measured" if row is None else f"{row['change']:+.3f} [{row['low']:+.3f} to {row['high']:+.3f}]"


if __name__ == "__main__":
    main(*sys.argv[1:])
