import json

import polars as pl
import pytest
from reversal.sampling import generate
from reversal.scripted import POLICY

POLICY_ROWS = [
    ("sft", "a", "right one", 0.25),
    ("sft", "a", "wrong", 0.75),
    ("sft-dpo", "a", "right one", 1.0),
    ("sft", "b", "first", 0.5),
    ("sft", "b", "second", 0.5),
]


def answers(folder, lineage: str, wanted: list[tuple]) -> pl.DataFrame:
    """SAMPLES of (problem_id, decoding, seed) requests to the model of a lineage."""
    pl.DataFrame(POLICY_ROWS, schema=POLICY, orient="row").write_parquet(folder / "policy.parquet")
    (folder / "model.json").write_text(json.dumps({"lineage": lineage}))
    decoding = {"temperature": 1.0, "top_p": 1.0, "max_tokens": 9, "prompt": ""}
    requests = [
        {"problem_id": problem, "decoding": how, "sample_index": i, "seed": seed, **decoding}
        for i, (problem, how, seed) in enumerate(wanted)
    ]
    engine = {"name": "scripted", "policy": str(folder / "policy.parquet")}
    return generate(str(folder), requests, engine, [])


def test_greedy_answers_are_the_most_probable_ones_of_the_lineage(tmp_path):
    wanted = [("b", "greedy", 0), ("a", "greedy", 1)]
    found = answers(tmp_path, "sft", wanted)
    assert found.select("problem_id", "text", "n_tokens", "finish_reason").rows() == [
        ("b", "first", 1, "stop"),
        ("a", "wrong", 1, "stop"),
    ]
    assert answers(tmp_path, "sft-dpo", wanted[1:])["text"].to_list() == ["right one"]
    assert found["engine"].str.starts_with("scripted ").all()


def test_sampled_answers_have_the_shares_of_the_policy_and_depend_on_the_seed_alone(tmp_path):
    wanted = [("a", "sampled", seed) for seed in range(4_000)]
    texts = answers(tmp_path, "sft", wanted)["text"]
    assert (texts == "wrong").mean() == pytest.approx(0.75, abs=0.03)  # four standard errors
    assert answers(tmp_path, "sft", wanted[:-50:-1])["text"].to_list() == texts[:-50:-1].to_list()


def test_a_problem_that_the_policy_does_not_know_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"policy.parquet: no answers of sft-dpo to problem b"):
        answers(tmp_path, "sft-dpo", [("b", "greedy", 0)])
