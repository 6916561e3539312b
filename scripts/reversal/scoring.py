"""All metrics of one model: values per problem, their means, and what is no mean.

A value is (problem_id, metric, subset, value); value is null where the metric is undefined for that problem (fewer than
two answers, say). A row is (metric, subset, value, n): n counts the problems behind it.
"""

from itertools import groupby
from math import fsum

import numpy as np
import polars as pl

from reversal import accuracy, diversity
from reversal.answers import equations
from reversal.tables import SAMPLE_KEY

Value = tuple[str, str, str, float | None]
Row = tuple[str, str, float | None, int]


def means(values: list[Value]) -> list[Row]:
    """Per metric and subset, in their first order, the mean of the defined values and how many there are."""
    of: dict[tuple[str, str], list[float]] = {}
    for _, metric, subset, value in values:
        of.setdefault((metric, subset), []).extend([] if value is None else [value])
    return [(*key, fsum(found) / len(found) if found else None, len(found)) for key, found in of.items()]


def accuracy_values(verdicts: pl.DataFrame) -> list[Value]:
    """Greedy pass@1, share of correct samples, and unbiased pass@k for k = 2, 4, .. of the test problems."""
    greedy = [(i, "pass_at_1", "test", float(right)) for i, right in accuracy.greedy_correct(verdicts).iter_rows()]
    return greedy + _sampled_values(verdicts, "sample_accuracy", "test")


def coverage_values(train_verdicts: pl.DataFrame) -> list[Value]:
    """Correct answer coverage of the training questions (the paper's Figure 2), with pass@N beside it."""
    values = _sampled_values(train_verdicts, "coverage", "train")
    most = accuracy.sampled_counts(train_verdicts)["n"].min()
    return [value for value in values if value[1] in ("coverage", f"pass_at_{most}")]


def _sampled_values(verdicts: pl.DataFrame, name: str, subset: str) -> list[Value]:
    counts = accuracy.sampled_counts(verdicts)
    most = counts["n"].min() or 0
    ks = sorted({*accuracy.powers_of_two(most), *([most] if subset == "train" else [])})
    values: list[Value] = [(i, name, subset, c / n) for i, n, c in counts.iter_rows()]
    for k in ks:
        values += [(i, f"pass_at_{k}", subset, accuracy.pass_at_k(n, c, k)) for i, n, c in counts.iter_rows()]
    return values


def ood_values(name: str, verdicts: pl.DataFrame, problems: pl.DataFrame) -> list[Value]:
    """Greedy correctness on an OOD set, as a whole and once more per level."""
    correct = accuracy.greedy_correct(verdicts).join(problems.select("problem_id", "level"), on="problem_id")
    rows = correct.sort("level", maintain_order=True, nulls_last=True).rows()
    values: list[Value] = [(i, "pass_at_1", name, float(right)) for i, right, _ in rows]
    return values + [
        (i, "pass_at_1", f"{name}/level={level}", float(right)) for i, right, level in rows if level is not None
    ]


def disparity_rows(name: str, rows: list[Row]) -> list[Row]:
    """Group disparity of the lowest and the highest level of an OOD set, out of its means; none without two levels."""
    levels = [value for metric, subset, value, _ in rows if subset.startswith(f"{name}/level=")]
    whole = [n for metric, subset, _, n in rows if (metric, subset) == ("pass_at_1", name)]
    if len(levels) < 2:
        return []
    return [("group_disparity", name, accuracy.group_disparity(levels[0], levels[-1]), whole[0])]


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


def confound_values(samples: pl.DataFrame, verdicts: pl.DataFrame) -> list[Value]:
    """What can move a diversity or an accuracy by itself: length, truncation, duplicates, unreadable answers.

    readings_disagree_rate: answers, greedy included, that only one of the two readings finds correct.
    """
    sampled = samples.filter(pl.col("decoding") == "sampled")
    judged = verdicts.filter(pl.col("decoding") == "sampled")
    disagree = (pl.col("verdict") == "correct") != (pl.col("second_verdict") == "correct")
    tables = [
        _per_problem(sampled, "tokens_mean", pl.col("n_tokens").mean()),
        _per_problem(sampled, "truncated_rate", (pl.col("finish_reason") == "length").mean()),
        _per_problem(judged, "no_answer_rate", (pl.col("verdict") == "no_answer").mean()),
        _per_problem(sampled, "duplicate_rate", 1 - pl.col("text").n_unique() / pl.len()),
        _per_problem(verdicts, "readings_disagree_rate", disagree.mean()),
    ]
    return [value for table in tables for value in table]


def _per_problem(frame: pl.DataFrame, metric: str, expression: pl.Expr) -> list[Value]:
    found = frame.group_by("problem_id", maintain_order=True).agg(value=expression)
    return [(problem_id, metric, "test", value) for problem_id, value in found.iter_rows()]


def diversity_values(samples: pl.DataFrame, verdicts: pl.DataFrame, embedding_model: str | None) -> list[Value]:
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
    values: list[Value] = []
    for subset, keep in [
        ("correct", pl.col("verdict") == "correct"),
        ("incorrect", pl.col("verdict") != "correct"),
        ("all", pl.lit(True)),
    ]:
        rows = sampled.filter(keep).select("problem_id", "text").rows()
        answers = {i: [text for _, text in group] for i, group in groupby(rows, key=lambda row: row[0])}
        for problem_id in sampled["problem_id"].unique(maintain_order=True):
            given = answers.get(problem_id, [])  # null values if it has too few in this subset
            distinct = {f"distinct_{n}": diversity.distinct_n(given, n) for n in (1, 2, 3, 4)}
            found = distinct | {"distinct_n": _mean(list(distinct.values()))}
            if has_equations:
                found["equation_diversity"] = diversity.distinct_share([equations(text) for text in given])
            if embedding_model:
                found["semantic_diversity"] = diversity.semantic_diversity(vectors[[place[text] for text in given]])
            values += [(problem_id, metric, subset, value) for metric, value in found.items()]
    return values


def _mean(values: list[float | None]) -> float | None:
    return None if None in values else sum(values) / len(values)
