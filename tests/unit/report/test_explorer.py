"""The data and the drawing behind the report's choice of metrics."""

import pytest
from reversal.report.explorer import explorer
from reversal.report.metric_names import metric_in_words, subset_in_words
from tables_for_figures import intervals_of, metrics_of, rows


def test_every_metric_and_subset_can_be_chosen_by_its_words_and_is_drawn_with_its_interval():
    table = metrics_of(
        rows("pass_at_1", "test", [0.5, 0.25], "iterative_sft"),
        rows("pass_at_1", "far/level=3", [0.5], "iterative_sft"),
        rows("pass_at_3", "test", [0.5], "iterative_sft"),
        rows("pass_at_16", "test", [0.5], "iterative_sft"),
        rows("distinct_n", "correct/common", [0.45], "iterative_sft"),
        rows("undefined", "test", [None], "iterative_sft"),
    )
    found = explorer(table, intervals_of(table))
    assert found["choices"] == {
        "model": ["tiny"],
        "task": ["words"],
        "metric": [
            ["pass_at_1", "accuracy (greedy answer)", [["test", "test problems"], ["far/level=3", "far, level 3"]]],
            ["pass_at_16", "pass@16", [["test", "test problems"]]],
            [
                "distinct_n",
                "different n-grams among a problem's answers",
                [["correct/common", "correct answers, of the problems that count at every t"]],
            ],
        ],
    }
    (data,) = found["chart"]["datasets"].values()
    assert data.splitlines()[-1] == ("tiny,words,iterative SFT,0,0,1,sft,distinct_n,correct/common,0.45,10,0.225,0.9")
    assert {param["name"]: param.get("value") for param in found["chart"]["params"]} == {
        "model": "tiny",
        "task": "words",
        "metric": "pass_at_1",
        "subset": "test",
    }


@pytest.mark.parametrize(
    ("metric", "words"),
    [
        ("pass_at_8", "pass@8"),
        ("maj_at_4", "majority vote of 4 samples"),
        ("m1_pass_at_2", "M1's pass@2 on the problems newly solved"),
        ("tokens_p90", "tokens per answer, 90th percentile"),
        ("a_new_metric", "a new metric"),
    ],
)
def test_metrics_in_words(metric, words):
    assert metric_in_words(metric) == words


def test_subsets_in_words():
    assert subset_in_words("incorrect") == "wrong answers"
    assert subset_in_words("mini-math") == "mini-math"
