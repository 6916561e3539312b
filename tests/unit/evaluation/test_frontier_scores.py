"""Accuracy, pass@k and diversity of right answers at two temperatures, by hand."""

import polars as pl
import pytest
from reversal.evaluation.frontier_scores import frontier_scores
from reversal.tables import SAMPLES, VERDICT_ROWS

ANSWERS = [  # decoding, temperature, texts of t/0 and whether they are right
    ("greedy", 0.0, [("<<1+1=2>>", True)]),
    ("sampled", 0.75, [("<<1+2=3>> right", True), ("<<1+2=3>> right", True), ("<<1+1=3>>", False)]),
    ("sampled at 1.5", 1.5, [("<<1+1=2>>", True), ("<<4-2=2>>", True), ("", False), ("", False)]),
    ("sampled at 2.0", 2.0, [("<<1+1=2>>", True), ("", False)]),
]


def judged():
    samples, verdicts = [], []
    for decoding, temperature, answers in ANSWERS:
        for i, (text, right) in enumerate(answers):
            row = dict.fromkeys(SAMPLES) | {"problem_id": "t/0", "decoding": decoding, "sample_index": i}
            samples.append(row | {"text": text, "temperature": temperature})
            verdict = "correct" if right else "wrong"
            verdicts.append(
                dict.fromkeys(VERDICT_ROWS) | {key: row[key] for key in list(row)[:3]} | {"verdict": verdict}
            )
    return pl.DataFrame(samples, schema=SAMPLES), pl.DataFrame(verdicts, schema=VERDICT_ROWS)


def test_every_temperature_is_scored_alike():
    found = frontier_scores(*judged(), k=2, embedding=None)
    wide = {key: dict(group.select("metric", "value").rows()) for (key,), group in found.group_by("temperature")}
    assert sorted(wide) == [0.75, 1.5, 2.0] and set(found["problem_id"]) == {"t/0"}
    assert wide[0.75] == {
        "sample_accuracy": 2 / 3,
        "pass_at_2": 1.0,
        "pairwise_distinct_n": pytest.approx((8 / 20 + 3 * 1 / 2) / 4),  # equal answers of 10 tokens, < and > twice
        "pairwise_equation_diversity": 0.0,
    }
    assert wide[1.5]["sample_accuracy"] == 0.5 and wide[1.5]["pass_at_2"] == 1 - 1 / 6
    assert (
        wide[1.5]["pairwise_equation_diversity"] == 1.0
        and wide[1.5]["pairwise_distinct_n"] > wide[0.75]["pairwise_distinct_n"]
    )
    assert wide[2.0]["pairwise_equation_diversity"] is None and wide[2.0]["pass_at_2"] == 1.0


def test_without_a_right_answer_or_a_second_sample_less_is_known():
    samples, verdicts = judged()
    none = frontier_scores(
        samples, verdicts.with_columns(verdict=pl.lit("wrong").cast(VERDICT_ROWS["verdict"])), 2, None
    )
    assert set(none["metric"]) == {"sample_accuracy", "pass_at_2"} and set(none["value"]) == {0.0}
    assert "pass_at_1" not in set(frontier_scores(samples, verdicts, 1, None)["metric"])
