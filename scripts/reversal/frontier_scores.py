"""What a model's samples at several temperatures are worth: accuracy, pass@k and diversity of the right ones."""

import polars as pl

from reversal import accuracy
from reversal.tables import FRONTIER_SCORES, SAMPLE_KEY
from reversal.text_diversity import text_diversity

DIVERSITIES = ["pairwise_distinct_n", "pairwise_equation_diversity"]  # the same for any number of answers


def frontier_scores(samples: pl.DataFrame, verdicts: pl.DataFrame, k: int) -> pl.DataFrame:
    """FRONTIER_SCORES of one model: sample_accuracy, pass_at_k and DIVERSITIES of the right answers, per temperature.

    samples, verdicts: SAMPLES and VERDICT_ROWS of the same answers, k or more per problem and temperature; greedy ones
    do not count. A diversity is null where fewer than two answers are right; that of equations is left out where
    no answer has one between calculator marks. k < 2: no pass@k, which would be the accuracy.
    """
    judged = samples.join(verdicts, on=SAMPLE_KEY, validate="1:1").filter(pl.col("decoding") != "greedy")
    marked = judged["text"].str.contains("<<", literal=True).any()
    measures = DIVERSITIES if marked else DIVERSITIES[:1]
    found = []
    for (temperature,), group in judged.group_by("temperature", maintain_order=True):
        counts = accuracy.sampled_counts(group.with_columns(decoding=pl.lit("sampled")))
        curve = accuracy.pass_at_ks(counts, [k] if k > 1 else [])
        correct = pl.col("verdict") == "correct"
        diverse = text_diversity(group.select("problem_id", "text", correct=correct)).filter(subset="correct")
        parts = [
            counts.select("problem_id", metric=pl.lit("sample_accuracy"), value=pl.col("c") / pl.col("n")),
            curve.select("problem_id", metric=pl.lit(f"pass_at_{k}"), value="value"),
            diverse.select("problem_id", *measures).unpivot(index="problem_id", variable_name="metric"),
        ]
        found.append(pl.concat(parts).with_columns(temperature=pl.lit(temperature, pl.Float64)))
    return pl.concat(found).select(list(FRONTIER_SCORES)) if found else pl.DataFrame(schema=FRONTIER_SCORES)
