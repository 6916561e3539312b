import functools
import itertools
import json
import math
import operator
import random
import shutil
from collections import Counter
from importlib.metadata import version

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from reversal.prompts import before_stop
from reversal.requests import requests_for
from reversal.sampling import _batches, generate
from reversal.seeds import seed_for
from reversal.tables import SAMPLES

PROBLEMS = pl.DataFrame({"problem_id": ["t/0", "t/1", "t/2"], "question": ["Tom has 3.", "Mia", "How many apples?"]})
SETTINGS = {"greedy": True, "sampled": 2, "temperature": 0.75, "top_p": 0.95, "max_tokens": 8}
ENGINE = {"name": "transformers", "dtype": "float32", "arguments": {"max_num_seqs": 4}}


def test_requests_for():
    common = {"prompt": "Q: Tom has 3.\nA:", "max_tokens": 8, "problem_id": "t/0"}
    sampled = {"decoding": "sampled", "temperature": 0.75, "top_p": 0.95}
    greedy = {"decoding": "greedy", "sample_index": 0, "temperature": 0.0, "top_p": 1.0}
    assert requests_for(PROBLEMS.head(1), SETTINGS, "Q: {question}\nA:", (0, "sft")) == [
        common | greedy | {"seed": seed_for(0, "sft", "t/0", "greedy", 0)},
        common | sampled | {"sample_index": 0, "seed": seed_for(0, "sft", "t/0", "sampled", 0)},
        common | sampled | {"sample_index": 1, "seed": seed_for(0, "sft", "t/0", "sampled", 1)},
    ]
    counts = [
        len(requests_for(PROBLEMS, SETTINGS | {"greedy": g, "sampled": n}, "", ())) for g, n in [(False, 2), (True, 0)]
    ]
    assert counts == [6, 3]


def test_requests_at_several_temperatures_do_not_depend_on_the_others():
    settings = {"greedy": False, "sampled": 2, "top_p": 0.95, "max_tokens": 8}
    one, more = (
        requests_for(PROBLEMS.head(1), settings | {"temperatures": of}, "{question}", (0,))
        for of in ([1.5], [0.5, 1.5])
    )
    assert [(row["decoding"], row["sample_index"], row["temperature"]) for row in more] == [
        ("sampled at 0.5", 0, 0.5),
        ("sampled at 0.5", 1, 0.5),
        ("sampled at 1.5", 0, 1.5),
        ("sampled at 1.5", 1, 1.5),
    ]
    assert one == more[2:] and len({row["seed"] for row in more}) == 4


@given(st.permutations(range(3)), st.integers(1, 3))
def test_requests_do_not_depend_on_shards_or_order(order, shards):
    whole = requests_for(PROBLEMS, SETTINGS, "{question}", (0,))
    parts = [PROBLEMS[order].gather_every(shards, offset=shard) for shard in range(shards)]
    split = [request for part in parts for request in requests_for(part, SETTINGS, "{question}", (0,))]
    assert sorted(map(str, split)) == sorted(map(str, whole))
    assert len({request["seed"] for request in whole}) == len(whole)


@given(st.lists(st.integers(0, 2), max_size=12), st.integers(1, 4))
def test_batches_are_runs_of_one_key(keys, size):
    order = list(range(len(keys)))[::-1]
    batches = _batches(order, size, lambda i: keys[i])
    assert functools.reduce(operator.iadd, batches, []) == order
    assert all(len({keys[i] for i in batch}) == 1 and len(batch) <= size for batch in batches)
    assert all(keys[a[0]] != keys[b[0]] or len(a) == size for a, b in itertools.pairwise(batches))


@pytest.fixture(scope="module")
def requests() -> list[dict]:
    return requests_for(PROBLEMS, SETTINGS, "Question: {question}\nAnswer:\n", (0,))


def test_rows_are_the_same_for_any_order_subset_and_batch_size(tiny_llama, requests):
    whole = generate(tiny_llama, requests, ENGINE, [])
    assert whole.schema == SAMPLES
    assert whole["problem_id"].to_list() == [r["problem_id"] for r in requests]
    assert whole["text"].n_unique() >= 6  # greedy and sampled answers differ
    places = random.Random(0).sample(range(len(requests)), 7)
    some = generate(tiny_llama, [requests[i] for i in places], ENGINE | {"arguments": {"max_num_seqs": 3}}, [])
    assert_frame_equal(some, whole[places])


@pytest.mark.parametrize(
    ("stop", "text", "expected"),
    [
        ([], "3+4=7", ("3+4=7", False)),
        (["Q:"], "3+4=7", ("3+4=7", False)),
        (["Q:"], "7 Q: 8 Q: 9", ("7 ", True)),
        (["Q:", "8"], "7 Q: 8", ("7 ", True)),
        (["8", "Q:"], "7 Q: 8", ("7 ", True)),
        (["7"], "7", ("", True)),
    ],
    ids=["no_stop", "absent", "first_of_two", "first_in_text", "not_first_in_list", "whole"],
)
def test_before(stop, text, expected):
    assert before_stop(stop, text) == expected


@pytest.fixture(scope="module")
def unstopped(tiny_llama, requests) -> pl.DataFrame:
    return generate(tiny_llama, requests, ENGINE, [])


@pytest.fixture(scope="module")
def stops(unstopped) -> list[str]:
    """Pairs of characters that stand inside some answers, not at their beginning; the one in most answers first."""
    pairs = Counter(
        pair
        for text in unstopped["text"]
        for pair in {text[i : i + 2] for i in range(1, len(text) - 2)}
        if pair.isascii() and pair.isprintable()
    )
    return [pair for pair, _ in pairs.most_common()]


@pytest.mark.parametrize("several", [False, True], ids=["one_stop", "several_stops"])
def test_an_answer_ends_before_the_first_stop_text(tiny_llama, requests, unstopped, stops, several):
    stop = stops[:3][::-1] if several else stops[:1]
    cut = [any(text in answer for text in stop) for answer in unstopped["text"]]
    assert 2 <= sum(cut) < len(cut)
    unstopped = unstopped.drop("engine")  # it says the stop texts
    stopped = generate(tiny_llama, requests, ENGINE, stop).drop("engine")
    expected = [min((answer.split(text)[0] for text in stop), key=len) for answer in unstopped["text"]]
    assert stopped["text"].to_list() == expected
    whole = {"text", "n_tokens", "finish_reason"}
    assert_frame_equal(stopped.drop(whole), unstopped.drop(whole))
    assert_frame_equal(stopped.filter([not c for c in cut]), unstopped.filter([not c for c in cut]))
    assert stopped.filter(cut)["finish_reason"].to_list() == ["stop"] * sum(cut)
    assert (stopped["n_tokens"] <= unstopped["n_tokens"]).all()
    assert (stopped["n_tokens"] >= 1).all()


def test_stopped_rows_are_the_same_for_any_batch_size(tiny_llama, requests, stops):
    alone = generate(tiny_llama, requests, ENGINE | {"arguments": {"max_num_seqs": 1}}, stops[:1])
    assert set(alone["n_tokens"]) - {8}  # some end early
    assert_frame_equal(generate(tiny_llama, requests, ENGINE, stops[:1]), alone)


def test_a_stop_text_that_begins_in_the_prompt_ends_no_answer(tiny_llama, requests, unstopped):
    request, row = requests[0], unstopped.row(0, named=True)
    assert request["prompt"].endswith("Answer:\n")
    stop = "Answer:\n" + row["text"][0]
    found = generate(tiny_llama, [request], ENGINE, [stop]).row(0, named=True)
    assert found == row | {"engine": found["engine"]}


def test_no_requests_give_no_rows(tiny_llama):
    assert_frame_equal(generate(tiny_llama, [], ENGINE, []), pl.DataFrame(schema=SAMPLES))


def test_greedy_answers_are_those_of_the_model_itself(tiny_llama, requests):
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer, model = AutoTokenizer.from_pretrained(tiny_llama), AutoModelForCausalLM.from_pretrained(tiny_llama)
    greedy = [request for request in requests if request["decoding"] == "greedy"]
    for request, row in zip(greedy, generate(tiny_llama, greedy, ENGINE, []).to_dicts(), strict=True):
        ids = tokenizer(request["prompt"], return_tensors="pt").input_ids
        tokens = model.generate(ids, do_sample=False, max_new_tokens=8)[0, ids.shape[1] :].tolist()
        stopped = tokenizer.eos_token_id in tokens
        assert row["text"] == tokenizer.decode(tokens, skip_special_tokens=True)
        assert (row["n_tokens"], row["finish_reason"]) == (len(tokens), "stop" if stopped else "length")


def test_what_a_models_own_file_says_of_decoding_does_not_apply(tiny_llama, requests, tmp_path):
    expected = generate(tiny_llama, requests, ENGINE, [])
    shutil.copytree(tiny_llama, tmp_path / "m")
    own = json.loads((tmp_path / "m/generation_config.json").read_text())
    settings = {"repetition_penalty": 9.0, "do_sample": True, "temperature": 0.1, "top_k": 1, "max_length": 9}
    (tmp_path / "m/generation_config.json").write_text(json.dumps(own | settings))
    assert_frame_equal(generate(str(tmp_path / "m"), requests, ENGINE, []), expected)
    assert expected["engine"].unique().to_list() == [
        f"transformers {version('transformers')}, float32, stop [], no top-k, min-p or penalties"
    ]


def test_sampled_tokens_come_as_often_as_the_model_says(tiny_llama):
    """First tokens of 4,000 answers against the model's softmax at temperature 0.75, cut to its top 95 %."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    draws = 4000
    settings = {"greedy": False, "sampled": draws, "temperature": 0.75, "top_p": 0.95, "max_tokens": 1}
    one = requests_for(PROBLEMS.head(1), settings, "{question}", (0,))
    found = Counter(generate(tiny_llama, one, ENGINE | {"arguments": {"max_num_seqs": 1000}}, [])["text"])

    tokenizer, model = AutoTokenizer.from_pretrained(tiny_llama), AutoModelForCausalLM.from_pretrained(tiny_llama)
    with torch.inference_mode():
        logits = model(**tokenizer(one[0]["prompt"], return_tensors="pt", return_token_type_ids=False)).logits[0, -1]
    ranked, tokens = torch.softmax(logits.double() / 0.75, 0).sort(descending=True)
    nucleus = ranked * (ranked.cumsum(0) - ranked < 0.95)
    expected: Counter = Counter()
    for probability, token in zip((nucleus / nucleus.sum()).tolist(), tokens.tolist(), strict=True):
        expected[tokenizer.decode([token], skip_special_tokens=True)] += (
            probability  # bytes that are no text look alike
        )

    assert len([text for text, p in expected.items() if p > 0.01]) >= 5  # else this shows little
    for text, p in expected.items():
        assert abs(found[text] / draws - p) <= 4.5 * math.sqrt(p * (1 - p) / draws), text
    assert not [text for text in found if expected[text] == 0]
