"""All metrics of one model: a value per problem, their weighted means, and what is no mean.

Values are PROBLEM_SCORES frames: problem_id, metric, subset, value, weight. A value is null where the metric is
undefined for that problem (fewer than two answers, say); weight is 1 but for the null of the improvement set. Rows are
(metric, subset, value, n): n counts the problems behind the value.
"""

import numpy as np
import polars as pl

from reversal.evaluation import accuracy, diversity
from reversal.evaluation.question_diversity import across_questions
from reversal.evaluation.soundness import sound_counts
from reversal.evaluation.text_diversity import GROUPS, OF_PAIRS, SUBSETS, text_diversity
from reversal.tables import PROBLEM_SCORES

KEY = ["problem_id", "sample_index"]
Row = tuple[str, str, float | None, int]
MARKED = r"<<[^<>]*>>"
OF_SETS = 50  # samples of each problem, the paper's N: a diversity of a set moves with their number, of pairs not
LENGTHS = {"tokens_p10": 0.1, "tokens_p50": 0.5, "tokens_p90": 0.9}


def means(values: pl.DataFrame) -> list[Row]:
    """Per metric and subset, in their first order, the weighted mean of the defined values and how many there are."""
    defined = pl.col("value").is_not_null() & (pl.col("weight") > 0)
    weighted = (pl.col("value") * pl.col("weight")).filter(defined).sum() / pl.col("weight").filter(defined).sum()
    found = values.group_by("metric", "subset", maintain_order=True).agg(
        value=pl.when(defined.any()).then(weighted), n=defined.sum().cast(pl.Int64)
    )
    return found.rows()


def accuracy_values(verdicts: pl.DataFrame) -> pl.DataFrame:
    """Greedy pass@1, share of correct samples, unbiased pass@k for k = 2 .. n and maj@k for k = 2, 4, .. on test.

    Beside them the number of samples of each problem. n is the smallest such number.
    """
    finals = accuracy.final_answers(verdicts)
    counts = accuracy.sampled_counts(verdicts)
    votes = [
        _values(accuracy.majority_at_k(finals, k), "test", {"value": f"maj_at_{k}"})
        for k in accuracy.powers_of_two(0 if finals.is_empty() else counts["n"].min())
    ]
    numbers = counts.select("problem_id", samples=pl.col("n").cast(pl.Float64))
    greedy = accuracy.greedy_correct(verdicts).cast({"correct": pl.Float64})
    return pl.concat(
        [
            _values(greedy, "test", {"correct": "pass_at_1"}),
            _sampled(counts, "sample_accuracy", "test"),
            *votes,
            _values(numbers, "test"),
        ]
    )


def sound_values(samples: pl.DataFrame, verdicts: pl.DataFrame) -> pl.DataFrame:
    """pass@k of right answers with sound equations, for k = 2, 4, .. and n, and the share of right ones without.

    Empty where no sample has calculator marks.
    """
    right = verdicts.filter(decoding="sampled", verdict="correct").select(*KEY, "answer")
    answers = samples.filter(decoding="sampled").join(right, on=KEY, how="left", validate="1:1")
    if not answers.select(pl.col("text").str.contains(MARKED).any()).item():
        return pl.DataFrame(schema=PROBLEM_SCORES)
    counts = sound_counts(answers.select("problem_id", "text", "answer"))
    most = counts["n"].min()
    curve = accuracy.pass_at_ks(counts, sorted({*accuracy.powers_of_two(most), most} - {1}))
    curve = _long(curve.with_columns(metric=pl.format("sound_pass_at_{}", "k")), "test")
    return pl.concat([curve, _values(counts.select("problem_id", "unsound_rate"), "test")])


def coverage_values(train_verdicts: pl.DataFrame) -> pl.DataFrame:
    """Correct answer coverage of the training questions (the paper's Figure 2), with pass@N beside it."""
    counts = accuracy.sampled_counts(train_verdicts)
    values = _sampled(counts, "coverage", "train")
    return values.filter(pl.col("metric").is_in(["coverage", f"pass_at_{counts['n'].min()}"]))


def ood_values(name: str, verdicts: pl.DataFrame, problems: pl.DataFrame) -> pl.DataFrame:
    """Greedy correctness on an OOD set, as a whole and once more per level."""
    correct = accuracy.greedy_correct(verdicts).join(
        problems.select("problem_id", "level"), on="problem_id", maintain_order="left"
    )
    right = pl.col("correct").cast(pl.Float64)
    of_level = pl.format(f"{name}/level={{}}", "level")
    levels = correct.drop_nulls("level").sort("level", maintain_order=True)
    rows = [
        frame.select("problem_id", subset.alias("subset"), metric=pl.lit("pass_at_1"), value=right, weight=pl.lit(1.0))
        for frame, subset in ((correct, pl.lit(name)), (levels, of_level))
    ]
    return pl.concat(rows).select("problem_id", "metric", "subset", "value", "weight")


def disparity_rows(name: str, rows: list[Row]) -> list[Row]:
    """Group disparity of the lowest and the highest level of an OOD set, out of its means; none without two levels."""
    levels = [(value, n) for _, subset, value, n in rows if subset.startswith(f"{name}/level=")]
    if len(levels) < 2:
        return []
    (easy, of_easy), (hard, of_hard) = levels[0], levels[-1]
    return [("group_disparity", name, accuracy.group_disparity(easy, hard), of_easy + of_hard)]


def improvement_values(first: pl.DataFrame, later: pl.DataFrame) -> pl.DataFrame:
    """Answer flow since M1, what is solved beyond N samples of it, and pass@k on the sets that changed hands.

    Subset improvement: M1's pass@k on IS(t) (the paper's Figure 3). Subset lost: M_t's own pass@k where M1 was right
    and M_t is wrong (the mirror set). Null outside of the set.
    """
    flow = accuracy.answer_flow(first, later)
    beyond = accuracy.beyond_n_samples(first, later)
    sets = {
        "improvement": (first, "m1", flow.filter(pl.col("gained_inside") + pl.col("gained_outside") > 0)),
        "lost": (later, "mt", flow.filter(pl.col("lost") > 0)),
    }
    curves = []
    for subset, (verdicts, model, members) in sets.items():
        counts = accuracy.sampled_counts(verdicts)
        curve = accuracy.pass_at_ks(counts, accuracy.powers_of_two(counts["n"].min() or 0))
        inside = pl.col("problem_id").is_in(members["problem_id"].to_list())
        curve = curve.with_columns(pl.when(inside).then("value"), metric=pl.format(f"{model}_pass_at_{{}}", "k"))
        curves.append(_long(curve, subset))
    return pl.concat([_values(flow, "test"), _values(beyond, "test"), *curves])


def null_values(first: pl.DataFrame) -> pl.DataFrame:
    """What improvement_values gives by chance: M1 against a second sample of M1. For M1's own table."""
    most = accuracy.sampled_counts(first)["n"].min() or 0
    curve = accuracy.null_improvement(first, accuracy.powers_of_two(most))
    curve = curve.with_columns(metric=pl.format("m1_pass_at_{}", "k"))
    beyond = _values(accuracy.beyond_n_samples(first, None), "test")
    return pl.concat([beyond, _long(curve, "null")])


def set_sizes(values: pl.DataFrame) -> list[Row]:
    """Numbers of problems in IS(t), in its mirror (lost) and, for M1, expected in the null's set; n: all problems."""
    sums = dict(values.group_by("metric").agg(pl.col("value").sum()).rows())
    since_first = "improvement" in values["subset"]
    null = values.filter((pl.col("subset") == "null") & (pl.col("metric") == pl.col("metric").first().over("subset")))
    rows: list[Row] = []
    if problems := values.filter(metric="lost").height:
        gained = sums["gained_inside"] + sums["gained_outside"]
        rows += [("improvement_set_size", "test", gained, problems), ("lost_set_size", "test", sums["lost"], problems)]
    elif problems := 0 if since_first else values.filter(metric="beyond_n_samples").height:
        rows.append(("improvement_set_size", "null", null["weight"].sum(), problems))
    return rows


def confound_values(samples: pl.DataFrame, verdicts: pl.DataFrame) -> pl.DataFrame:
    """What can move a diversity or an accuracy by itself: length, truncation, duplicates, unreadable answers.

    readings_disagree_rate: answers, greedy included, that only one of the two readings finds correct. restated_rate: of
    the correct ones, those that the second does not find correct, which of expressions are those in another form than
    the gold answer's.
    """
    sampled = samples.filter(pl.col("decoding") == "sampled")
    judged = verdicts.filter(pl.col("decoding") == "sampled")
    disagree = (pl.col("verdict") == "correct") != (pl.col("second_verdict") == "correct")
    lengths = sampled.group_by("problem_id", maintain_order=True).agg(
        tokens_mean=pl.col("n_tokens").mean(),
        truncated_rate=(pl.col("finish_reason") == "length").mean(),
        duplicate_rate=1 - pl.col("text").n_unique() / pl.len(),
    )
    unread = judged.group_by("problem_id", maintain_order=True).agg(
        no_answer_rate=(pl.col("verdict") == "no_answer").mean()
    )
    doubtful = verdicts.group_by("problem_id", maintain_order=True).agg(
        readings_disagree_rate=disagree.mean(), restated_rate=disagree.filter(pl.col("verdict") == "correct").mean()
    )
    return pl.concat([_values(frame, "test") for frame in (lengths, unread, doubtful)])


def length_rows(samples: pl.DataFrame) -> list[Row]:
    """The distribution of the lengths of all sampled answers: 10th, 50th and 90th percentile, in tokens."""
    tokens = samples.filter(pl.col("decoding") == "sampled")["n_tokens"]
    problems = samples["problem_id"].n_unique()
    return [(name, "test", tokens.quantile(q, "linear"), problems) for name, q in LENGTHS.items()]


def diversity_values(samples: pl.DataFrame, verdicts: pl.DataFrame, embedding: dict | None) -> pl.DataFrame:
    """Diversity of the correct, incorrect and all samples of a problem: words, equations, final answers, meaning.

    Means over pairs of answers also of the mixed pairs, one correct and one incorrect, with the share of each kind. All
    other diversity in words, equations and final answers is of the first OF_SETS samples.
    embedding: {embedding_model, embedded_samples}, or None for no meaning: the model is asked for every different text
    among that many first samples of each problem, which takes longer than all else here. Metrics of equations are left
    out where no answer has one between calculator marks (they would only count answers), and so are those of the final
    answers of the correct subset (they are all the same).
    """
    finals = accuracy.final_answers(verdicts)
    sampled = samples.filter(pl.col("decoding") == "sampled").select("problem_id", "sample_index", "text")
    right = verdicts.filter(decoding="sampled").select(*KEY, correct=pl.col("verdict") == "correct")
    answers = sampled.join(right, on=KEY, validate="1:1").join(finals.select(*KEY, "final"), on=KEY, how="left")
    answers = answers.sort(KEY)
    frames = [*text_values(answers), *pair_share_values(answers, "pair_share")]
    of_sets = answers.filter(pl.col("sample_index") < OF_SETS)
    known = [] if finals.is_empty() else [("incorrect", of_sets.filter(~pl.col("correct"))), ("all", of_sets)]
    for subset, kept in known:
        problems = answers.select("problem_id").unique(maintain_order=True)
        spread = problems.join(diversity.answer_diversity(kept), on="problem_id", how="left", maintain_order="left")
        frames.append(_values(spread, subset))
    if embedding:
        first = answers.filter(pl.col("sample_index") < embedding["embedded_samples"])
        texts = first["text"].unique(maintain_order=True)
        vectors = diversity.embed(texts.to_list(), embedding["embedding_model"])
        frames += [*meaning_values(first, texts, vectors), across_questions(first, texts, vectors)]
        frames += pair_share_values(first, "embedded_pair_share")
    return pl.concat(frames)


def text_values(answers: pl.DataFrame) -> list[pl.DataFrame]:
    """Diversity in words and equations, and how many answers, and correct ones, have no equation."""
    words = text_diversity(answers)
    of_sets = answers.filter(pl.col("sample_index") < OF_SETS)
    if of_sets.height < answers.height:
        keys = ["problem_id", "subset"]
        sets = text_diversity(of_sets).drop(OF_PAIRS)
        words = words.select(*keys, *OF_PAIRS).join(sets, on=keys, how="left", maintain_order="left")
        words = words.select("problem_id", "subset", *sets.columns[2:], *OF_PAIRS)
    marked = pl.col("text").str.contains(MARKED)
    without = []
    if not answers.select(marked.any()).item():
        words = words.drop(pl.selectors.contains("equation"))
    else:
        by_problem = answers.group_by("problem_id", maintain_order=True)
        rates = by_problem.agg(test=(~marked).mean(), correct=(~marked).filter(pl.col("correct")).mean())
        without = [
            _values(rates.select("problem_id", no_equations_rate=subset), subset) for subset in ("test", "correct")
        ]
    frames = []
    for subset in GROUPS:
        kept = words.filter(subset=subset).drop("subset")
        of_pairs = ["problem_id", *(name for name in OF_PAIRS if name in kept.columns)]
        frames.append(_values(kept.select(of_pairs) if subset == "mixed" else kept, subset))
    return frames + without


def pair_share_values(answers: pl.DataFrame, name: str) -> list[pl.DataFrame]:
    """diversity.pair_shares as the metric `name` of each kind of pairs."""
    shares = diversity.pair_shares(answers)
    return [_values(shares.select("problem_id", **{name: kind}), kind) for kind in ("correct", "incorrect", "mixed")]


def meaning_values(answers: pl.DataFrame, texts: pl.Series, vectors: np.ndarray) -> list[pl.DataFrame]:
    """semantic_diversity and vendi_score per subset, and the former of mixed pairs.

    vectors: those of the different `texts`, in their order.
    """
    places = pl.DataFrame({"text": texts, "place": np.arange(len(texts))})
    answers = answers.join(places, on="text", maintain_order="left")
    of_problems = answers.group_by("problem_id", maintain_order=True).agg("place", "correct")
    found = [
        _meanings(vectors[place], np.array(correct, bool))
        for place, correct in of_problems.select("place", "correct").iter_rows()
    ]
    ids = of_problems.select("problem_id")
    frames = []
    for subset in GROUPS:
        names = ["semantic_diversity"] + ["vendi_score"] * (subset in SUBSETS)
        rows = [of_problem[subset] for of_problem in found]
        table = pl.DataFrame(rows, schema=dict.fromkeys(names, pl.Float64), orient="row")
        frames.append(_values(ids.hstack(table.fill_nan(None)), subset))
    return frames


def _meanings(vectors: np.ndarray, correct: np.ndarray) -> dict[str, tuple]:
    """(semantic_diversity, vendi_score) of the subsets of a problem's answers; of mixed pairs the former."""
    subsets = zip(SUBSETS, (vectors[correct], vectors[~correct], vectors), strict=True)
    found = {name: (diversity.semantic_diversity(these), diversity.vendi_score(these)) for name, these in subsets}
    return found | {"mixed": (diversity.semantic_diversity_between(vectors[correct], vectors[~correct]),)}


def too_few_rows(verdicts: pl.DataFrame) -> list[Row]:
    """Per subset, how many problems have fewer than two answers in it and thus no diversity."""
    counts = accuracy.sampled_counts(verdicts)
    answers = {"correct": counts["c"], "incorrect": counts["n"] - counts["c"], "all": counts["n"]}
    return [
        ("problems_with_too_few_answers", subset, float((answers[subset] < 2).sum()), counts.height)
        for subset in SUBSETS
    ]


def _sampled(counts: pl.DataFrame, name: str, subset: str) -> pl.DataFrame:
    share = counts.select("problem_id", pl.lit(name).alias("metric"), value=pl.col("c") / pl.col("n"))
    curve = accuracy.pass_at_ks(counts, list(range(2, (counts["n"].min() or 0) + 1)))
    curve = curve.select("problem_id", pl.format("pass_at_{}", "k").alias("metric"), "value")
    return _long(
        pl.concat([share, curve.sort(pl.col("metric").str.len_chars(), "metric", maintain_order=True)]), subset
    )


def _values(wide: pl.DataFrame, subset: str, names: dict[str, str] | None = None) -> pl.DataFrame:
    """Values of a frame of problem_id and a column per metric; names: what columns are called as metrics."""
    wide = wide.rename(names or {})
    return _long(wide.unpivot(index="problem_id", variable_name="metric"), subset)


def _long(rows: pl.DataFrame, subset: str) -> pl.DataFrame:
    weight = pl.col("weight") if "weight" in rows.columns else pl.lit(1.0)
    return rows.select("problem_id", "metric", pl.lit(subset).alias("subset"), "value", weight.alias("weight"))
