"""How unlike the answers to different questions are: a contrast to the diversity of a question's own answers.

It tells of the questions, too. The paper's printed semantic diversity is of this size.
"""

import numpy as np
import polars as pl

from reversal.evaluation.text_diversity import SUBSETS


def across_questions(answers: pl.DataFrame, texts: pl.Series, vectors: np.ndarray) -> pl.DataFrame:
    """PROBLEM_SCORES, metric semantic_diversity_across_questions: of correct, incorrect and all answers.

    answers: problem_id, text, correct. vectors: those of the different `texts`, in their order.
    """
    places = pl.DataFrame({"text": texts, "place": np.arange(len(texts))})
    answers = answers.join(places, on="text", maintain_order="left")
    frames = []
    for subset in SUBSETS:
        kept = answers if subset == "all" else answers.filter(pl.col("correct") == (subset == "correct"))
        groups = kept.group_by("problem_id", maintain_order=True).agg("place", number=pl.len())
        sums = np.array([vectors[of].sum(axis=0, dtype=np.float64) for of in groups["place"].to_list()])
        values, weights = distances(sums.reshape(groups.height, vectors.shape[1]), groups["number"].to_numpy())
        names = {"metric": pl.lit("semantic_diversity_across_questions"), "subset": pl.lit(subset)}
        numbers = {"value": pl.Series(values, dtype=pl.Float64), "weight": pl.Series(weights, dtype=pl.Float64)}
        frames.append(groups.select("problem_id", **names, **numbers).with_columns(pl.col("value").fill_nan(None)))
    return pl.concat(frames)


def distances(sums: np.ndarray, numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(values, weights) per question: their mean is the mean cosine distance of answers to different questions.

    sums: questions x dimensions, the sum of the unit vectors of a question's answers. numbers: how many those are. With
    S the sum of all of N answers, that mean is 1 - (|S|^2 - sum |s_q|^2) / (N^2 - sum n_q^2). A question's own distance
    to all others, d_q, has every pair of questions in it twice, so that the d_q vary half as much as their mean needs:
    the value is 2 d_q - mean (the projection of a U-statistic; Hoeffding 1948), its weight the number of pairs. nan
    for fewer than two questions.
    """
    weights = numbers * (numbers.sum() - numbers)
    with np.errstate(invalid="ignore", divide="ignore"):
        distances = 1 - ((sums @ sums.sum(axis=0)) - (sums * sums).sum(axis=1)) / weights
        return 2 * distances - (distances @ weights) / weights.sum(), weights.astype(float)
