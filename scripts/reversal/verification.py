"""Verdicts: is a sampled answer's final answer the gold one?"""

import polars as pl

from reversal.answers import canonical_number, gsm8k_answer
from reversal.tables import SAMPLE_KEY, VERDICT_ROWS

VERSION = "gsm8k-1"


def verify(samples: pl.DataFrame, problems: pl.DataFrame) -> pl.DataFrame:
    """The VERDICT_ROWS of `samples` against the gold answers of `problems`.

    Raises ValueError if a sample's problem is unknown or a gold answer is no number.
    """
    gold = {}
    for problem_id, answer in problems.select("problem_id", "gold_answer").iter_rows():
        gold[problem_id] = canonical_number(answer)
        if gold[problem_id] is None:
            raise ValueError(f"problem {problem_id}: the gold answer {answer!r} is not a number")
    unknown = set(samples["problem_id"]) - set(gold)
    if unknown:
        raise ValueError(f"samples of unknown problems: {sorted(unknown)[:5]}; delete the samples and run again")

    texts = samples["text"].unique()
    answer_of = dict(zip(texts, map(gsm8k_answer, texts), strict=True))
    answers = [answer_of[text] for text in samples["text"]]
    verdicts = [
        "no_answer" if answer is None else "correct" if answer == gold[problem_id] else "wrong"
        for answer, problem_id in zip(answers, samples["problem_id"], strict=True)
    ]
    return samples.select(SAMPLE_KEY).with_columns(
        pl.Series("answer", answers, dtype=pl.String),
        pl.Series("verdict", verdicts, dtype=VERDICT_ROWS["verdict"]),
        pl.lit(VERSION).alias("verifier"),
    )
