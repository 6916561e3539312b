"""What a model's samples at several temperatures are worth: accuracy, pass@k and diversity of the right ones."""

import polars as pl

from reversal.evaluation import accuracy, scoring
from reversal.tables import FRONTIER_SCORES, SAMPLE_KEY

DIVERSITIES = ["pairwise_distinct_n", "semantic_diversity", "pairwise_equation_diversity"]


def frontier_scores(samples: pl.DataFrame, verdicts: pl.DataFrame, k: int, embedding: dict | None) -> pl.DataFrame:
    """FRONTIER_SCORES of one model: sample_accuracy, pass_at_k and DIVERSITIES of the right answers, per temperature.

    samples, verdicts: SAMPLES and VERDICT_ROWS of the same answers, k or more per problem and temperature; greedy ones
    do not count. A diversity is null, or has no row, where fewer than two answers are right. k < 2: no pass@k, which
    would be the accuracy. embedding: as scoring.diversity_values takes it; only right answers are embedded.
    """
    judged = samples.join(verdicts, on=SAMPLE_KEY, validate="1:1").filter(pl.col("decoding") != "greedy")
    judged = judged.with_columns(decoding=pl.lit("sampled"))
    found = []
    for (temperature,), group in judged.group_by("temperature", maintain_order=True):
        counts = accuracy.sampled_counts(group)
        curve = accuracy.pass_at_ks(counts, [k] if k > 1 else [])
        right = group.filter(verdict="correct")
        diverse = scoring.diversity_values(right, right, embedding) if right.height else pl.DataFrame(schema=_KEPT)
        parts = [
            counts.select("problem_id", metric=pl.lit("sample_accuracy"), value=pl.col("c") / pl.col("n")),
            curve.select("problem_id", metric=pl.lit(f"pass_at_{k}"), value="value"),
            diverse.filter(pl.col("metric").is_in(DIVERSITIES), subset="correct").select(
                "problem_id", "metric", "value"
            ),
        ]
        found.append(pl.concat(parts).with_columns(temperature=pl.lit(temperature, pl.Float64)))
    return pl.concat(found).select(list(FRONTIER_SCORES)) if found else pl.DataFrame(schema=FRONTIER_SCORES)


_KEPT = {"problem_id": pl.String, "metric": pl.String, "subset": pl.String, "value": pl.Float64}
