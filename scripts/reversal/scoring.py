"""All metrics of one model as tidy rows: (metric, subset, value, n), the SCORES columns that do not name the model.

value is null where a metric is undefined (no such problem, no second answer); n counts the problems behind it.
"""

from itertools import groupby

import numpy as np
import polars as pl

from reversal import accuracy, diversity
from reversal.answers import equations
from reversal.tables import SAMPLE_KEY

Row = tuple[str, str, float | None, int]


def accuracy_rows(verdicts: pl.DataFrame) -> list[Row]:
    """Greedy pass@1, mean accuracy of the samples, and unbiased pass@k for k = 2, 4, .. on the test problems."""
    greedy, counts = accuracy.greedy_correct(verdicts), accuracy.sampled_counts(verdicts)
    rows: list[Row] = [("pass_at_1", "test", greedy["correct"].mean(), greedy.height)]
    rows.append(("sample_accuracy", "test", (counts["c"] / counts["n"]).mean(), counts.height))
    for k in accuracy.powers_of_two(counts["n"].min() or 0):
        rows.append((f"pass_at_{k}", "test", accuracy.mean_pass_at_k(counts, k), counts.height))
    return rows


def coverage_rows(train_verdicts: pl.DataFrame) -> list[Row]:
    """Correct answer coverage on the training questions (the paper's Figure 2), with pass@N beside it."""
    counts = accuracy.sampled_counts(train_verdicts)
    n = counts["n"].min()
    return [
        ("coverage", "train", (counts["c"] / counts["n"]).mean(), counts.height),
        (f"pass_at_{n}", "train", accuracy.mean_pass_at_k(counts, n), counts.height),
    ]


def improvement_rows(first: pl.DataFrame, later: pl.DataFrame) -> list[Row]:
    """Size of IS(t), of its mirror (M1 right, M_t wrong), and M1's pass@k on IS(t) (the paper's Figure 3)."""
    gained, lost = accuracy.improvement_set(first, later), accuracy.improvement_set(later, first)
    problems = accuracy.greedy_correct(first).height
    rows: list[Row] = [
        ("improvement_set_size", "test", float(len(gained)), problems),
        ("lost_set_size", "test", float(len(lost)), problems),
    ]
    counts = accuracy.sampled_counts(first)
    on_set = counts.filter(pl.col("problem_id").is_in(gained))
    for k in accuracy.powers_of_two(counts["n"].min() or 0):
        rows.append((f"m1_pass_at_{k}", "improvement", accuracy.mean_pass_at_k(on_set, k), on_set.height))
    return rows


def ood_rows(name: str, verdicts: pl.DataFrame, problems: pl.DataFrame) -> list[Row]:
    """Greedy accuracy on an OOD set as a whole and per level, and the group disparity of its end levels."""
    correct = accuracy.greedy_correct(verdicts).join(problems.select("problem_id", "level"), on="problem_id")
    rows: list[Row] = [("pass_at_1", name, correct["correct"].mean(), correct.height)]
    levels = correct.drop_nulls("level").group_by("level").agg(pl.col("correct").mean(), n=pl.len()).sort("level")
    rows += [("pass_at_1", f"{name}/level={level}", value, n) for level, value, n in levels.iter_rows()]
    if levels.height >= 2:
        ends = levels["correct"].to_list()
        rows.append(("group_disparity", name, accuracy.group_disparity(ends[0], ends[-1]), correct.height))
    return rows


def confound_rows(samples: pl.DataFrame, verdicts: pl.DataFrame) -> list[Row]:
    """What can move a diversity or an accuracy by itself: length, truncation, duplicates, unreadable answers.

    readings_disagree_rate: answers, greedy included, that only one of the two readings finds correct.
    """
    sampled = samples.filter(pl.col("decoding") == "sampled")
    judged = verdicts.filter(pl.col("decoding") == "sampled")
    duplicates = sampled.group_by("problem_id").agg(share=1 - pl.col("text").n_unique() / pl.len())
    n = duplicates.height
    disagrees = (verdicts["verdict"] == "correct") != (verdicts["second_verdict"] == "correct")
    return [
        ("tokens_mean", "test", sampled["n_tokens"].mean(), n),
        ("truncated_rate", "test", (sampled["finish_reason"] == "length").mean(), n),
        ("no_answer_rate", "test", (judged["verdict"] == "no_answer").mean(), n),
        ("duplicate_rate", "test", duplicates["share"].mean(), n),
        ("readings_disagree_rate", "test", disagrees.mean(), n),
    ]


def diversity_rows(samples: pl.DataFrame, verdicts: pl.DataFrame, embedding_model: str | None) -> list[Row]:
    """Syntactic, logical and (with an embedding model) semantic diversity of correct, incorrect and all answers.

    distinct_n is the mean of distinct_1 to distinct_4. Every different text is embedded once. equation_diversity is
    left out where no answer has an equation between calculator marks: it would only count answers.
    """
    joined = samples.join(verdicts, on=SAMPLE_KEY, validate="1:1")
    sampled = joined.filter(pl.col("decoding") == "sampled").sort("problem_id", "sample_index")
    texts = sampled["text"].unique(maintain_order=True).to_list()
    vectors = diversity.embed(texts, embedding_model) if embedding_model else np.empty((len(texts), 0))
    place = {text: i for i, text in enumerate(texts)}
    has_equations = any(map(equations, texts))
    rows: list[Row] = []
    for subset, keep in [
        ("correct", pl.col("verdict") == "correct"),
        ("incorrect", pl.col("verdict") != "correct"),
        ("all", pl.lit(True)),
    ]:
        answers = [
            [text for _, text in group]
            for _, group in groupby(sampled.filter(keep).select("problem_id", "text").rows(), key=lambda row: row[0])
        ]
        values = {f"distinct_{n}": [diversity.distinct_n(t, n) for t in answers] for n in (1, 2, 3, 4)}
        values["distinct_n"] = [_mean(of_question) for of_question in zip(*values.values(), strict=True)]
        if has_equations:
            values["equation_diversity"] = [diversity.distinct_share([equations(a) for a in t]) for t in answers]
        if embedding_model:
            values["semantic_diversity"] = [
                diversity.semantic_diversity(vectors[[place[a] for a in t]]) for t in answers
            ]
        rows += [(metric, subset, *diversity.mean_over_questions(v)) for metric, v in values.items()]
    return rows


def _mean(values: tuple[float | None, ...]) -> float | None:
    return None if None in values else sum(values) / len(values)
