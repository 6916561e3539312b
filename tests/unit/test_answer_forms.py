"""Files of answers as others write them, each in the shape that its tool has."""

import json

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from reversal.answer_forms import ROWS, read_rows

PLAIN = {"problem_id": 7, "question": "1+1?", "gold_answer": "2", "text": "#### 2", "greedy": True, "correct": True}
LM_EVAL = {
    "doc_id": 7,
    "doc": {"question": "1+1?", "answer": "Add.\n#### 2"},
    "target": "Add.\n#### 2",
    "arguments": {"gen_args_0": {"arg_0": "Q: 1+1?\nA:", "arg_1": {"until": ["Q:"], "do_sample": False}}},
    "resps": [["It is #### 2"]],
    "filtered_resps": ["2"],
    "filter": "strict-match",
    "metrics": ["exact_match"],
    "doc_hash": "0",
    "prompt_hash": "0",
    "target_hash": "0",
    "exact_match": 1.0,
}
NEMO = {
    "problem": "1+1?",
    "expected_answer": 2,
    "generation": "\\boxed{2}",
    "predicted_answer": "2",
    "symbolic_correct": True,
    "num_generated_tokens": 5,
}
VERL = {"input": "user\n1+1?\nassistant\n", "output": "#### 2", "gts": "2", "score": 1.0, "step": 100}
INSPECT = {
    "version": 2,
    "status": "success",
    "eval": {"task": "sums", "model": "m", "model_generate_config": {"temperature": 0.7}},
    "samples": [
        {
            "id": 7,
            "epoch": 1,
            "input": [{"role": "system", "content": "Add."}, {"role": "user", "content": "1+1?"}],
            "target": "2",
            "messages": [],
            "output": {
                "model": "m",
                "choices": [{"message": {"role": "assistant", "content": "ANSWER: 2"}, "stop_reason": "max_tokens"}],
                "usage": {"input_tokens": 9, "output_tokens": 4},
            },
            "scores": {"match": {"value": "C", "answer": "2"}},
        }
    ],
}


def written(folder, *records, name="answers.jsonl") -> str:
    path = folder / name
    path.write_text("\n".join(json.dumps(record) for record in records))
    return str(path)


def row(**values) -> dict:
    return dict.fromkeys(ROWS) | {"question": "1+1?", "gold": "2", "correct": True} | values


@pytest.mark.parametrize(
    ("record", "name", "expected"),
    [
        (PLAIN, "a.jsonl", row(id="7", text="#### 2", greedy=True)),
        (LM_EVAL, "samples_gsm8k.jsonl", row(id="7", text="It is #### 2", greedy=True, answer="2")),
        (NEMO, "output-rs0.jsonl", row(text="\\boxed{2}", greedy=False, answer="2", n_tokens=5)),
        (NEMO, "output.jsonl", row(text="\\boxed{2}", greedy=True, answer="2", n_tokens=5)),
        (VERL, "100.jsonl", row(question="user\n1+1?\nassistant\n", text="#### 2", greedy=False)),
        (
            INSPECT,
            "log.json",
            row(id="7", text="ANSWER: 2", greedy=False, answer="2", n_tokens=4, finish_reason="length"),
        ),
    ],
)
def test_each_form_is_known_by_its_fields(tmp_path, record, name, expected):
    found = read_rows([written(tmp_path, record, name=name)], labels=True)
    assert_frame_equal(found, pl.DataFrame([expected], schema=ROWS))


def test_the_plain_form_may_be_parquet_and_say_little(tmp_path):
    path = str(tmp_path / "answers.parquet")
    pl.DataFrame([{"question": "1+1?", "text": "2"}]).write_parquet(path)
    expected = row(gold=None, text="2", greedy=False, correct=None)
    assert_frame_equal(read_rows([path], labels=False), pl.DataFrame([expected], schema=ROWS))


def test_lm_evals_documents_stand_once_per_filter_and_may_have_several_answers(tmp_path):
    loose = LM_EVAL | {"filter": "flexible-extract", "filtered_resps": ["3"], "exact_match": 0.0}
    both = written(tmp_path, LM_EVAL, loose)
    assert read_rows([both], True).select("answer", "correct").rows() == [("2", True)]
    assert read_rows([both], "exact_match,flexible-extract").select("answer", "correct").rows() == [("3", False)]
    settings = {"gen_args_0": {"arg_0": "", "arg_1": {"do_sample": True, "temperature": 0.7}}}
    repeats = LM_EVAL | {"resps": [["#### 2", "#### 3"]], "arguments": settings}
    path = written(tmp_path, repeats)
    assert read_rows([path], False).select("text", "greedy").rows() == [("#### 2", False), ("#### 3", False)]
    with pytest.raises(ValueError, match=r"line 1: .* one score for 2 answers: say the answer_type"):
        read_rows([path], True)


def test_of_lm_evals_filters_that_vote_or_take_some_the_answers_themselves_are_read(tmp_path):
    """As GSM8K's self-consistency task writes them: three repeats, each filter with a row of its own."""
    settings = {"gen_args_0": {"arg_0": "", "arg_1": {"do_sample": True, "temperature": 0.2}}}
    resps = [["so #### 2", "so #### 3", "so #### 2"]]
    filters = {"score-first": ["2"], "maj@3": ["2"], "take-two": [["2", "3"]]}
    rows = [
        LM_EVAL | {"resps": resps, "arguments": settings, "doc_id": i, "filter": name, "filtered_resps": made}
        for name, made in filters.items()
        for i in (0, 1)
    ]
    found = read_rows([written(tmp_path, *rows)], False)
    expected = [(str(i), text, False, None) for i in (0, 1) for text in resps[0]]
    assert found.select("id", "text", "greedy", "answer").rows() == expected


@pytest.mark.parametrize(
    ("settings", "greedy"),
    [
        ({}, True),
        ({"do_sample": False, "temperature": 0.0}, True),
        ({"do_sample": False, "temperature": 0.7}, True),
        ({"temperature": 0}, True),
        ({"temperature": 0.7}, False),
        ({"do_sample": True, "temperature": 0.0}, True),
        ({"do_sample": True, "temperature": 0.7}, False),
        ({"do_sample": True}, False),
    ],
)
def test_whether_lm_evals_answer_is_greedy_is_in_its_arguments(tmp_path, settings, greedy):
    record = LM_EVAL | {"arguments": {"gen_args_0": {"arg_0": "", "arg_1": settings}}}
    assert read_rows([written(tmp_path, record)], False)["greedy"].to_list() == [greedy]


@pytest.mark.parametrize(
    ("record", "labels", "fault"),
    [
        (
            {"prompt": "1+1?", "completion": "2"},
            True,
            r"line 2: .* fields are prompt, completion\. The plain form has",
        ),
        (PLAIN | {"text": None}, True, r"line 2: .* plain: the answer is NoneType, not text"),
        ({"text": "2", "greedy": True}, False, r"line 2: .* plain: no field 'problem_id', only text, greedy"),
        (PLAIN | {"greedy": "false"}, True, "line 2: .* greedy is 'false', neither true nor false"),
        (PLAIN | {"question": [{"role": "user", "content": "1+1?"}]}, True, "line 2: not an answer: could not append"),
        (PLAIN | {"text": "\ud83d"}, True, "line 2: not an answer: .* surrogates not allowed"),
        (PLAIN | {"correct": 0.5}, True, r"line 2: .* label correct is 0\.5, neither right .* nor wrong"),
        (PLAIN, "grade", r"line 2: .* no label grade, only problem_id, .* name the field .* or say the answer_type"),
        (LM_EVAL | {"exact_match": 0.0}, "acc,other", "answers.jsonl: holds no answers of acc,other"),
        ({name: LM_EVAL[name] for name in LM_EVAL if name != "metrics"}, True, r"line 2: .* name it .labels: METRIC"),
        (LM_EVAL | {"resps": [[["-1.5", "True"]], [["-2.0", "False"]]]}, True, "log-likelihoods of choices"),
    ],
)
def test_a_record_that_cannot_be_read_is_named(tmp_path, record, labels, fault):
    first = LM_EVAL if "doc_id" in record else PLAIN | {"grade": 1}
    first = first if "prompt" not in record else record
    with pytest.raises(ValueError, match=fault.replace("line 2", "line 1") if first is record else fault):
        read_rows([written(tmp_path, first, record)], labels)


@pytest.mark.parametrize(
    ("log", "fault"),
    [
        ({"eval": {}, "status": "error", "samples": []}, "no log of inspect with samples .status error."),
        ([{"text": "2"}], r"no log .* .a list.; answers of other forms are \.jsonl"),
    ],
)
def test_a_log_without_samples_is_named(tmp_path, log, fault):
    with pytest.raises(ValueError, match=fault):
        read_rows([written(tmp_path, log, name="log.json")], False)


@pytest.mark.parametrize(
    ("change", "labels", "fault"),
    [
        ({"output": {"choices": [], "error": "rate limit"}}, True, "sample 1: .* no output: the sample failed there"),
        ({"scores": None}, True, r"sample 1: .* no score of any scorer, only \[\]: say the answer_type"),
        ({}, "choice", r"sample 1: .* no score of choice, only \['match'\]"),
    ],
)
def test_a_sample_of_inspect_without_output_or_score_is_named(tmp_path, change, labels, fault):
    log = INSPECT | {"samples": [INSPECT["samples"][0] | change]}
    with pytest.raises(ValueError, match=fault):
        read_rows([written(tmp_path, log, name="log.json")], labels)


def test_empty_lines_and_a_byte_order_mark_are_no_answers(tmp_path):
    path = tmp_path / "answers.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps(PLAIN).encode() + b"\r\n\r\n")
    assert read_rows([str(path)], True)["text"].to_list() == ["#### 2"]


def test_many_answers_are_read_in_their_order_and_uncounted_tokens_are_unknown(tmp_path, monkeypatch):
    monkeypatch.setattr("reversal.answer_forms.BATCH", 2)
    records = [NEMO | {"generation": str(i), "num_generated_tokens": i - 1} for i in range(5)]
    found = read_rows([written(tmp_path, *records, name="output-rs0.jsonl")], True)
    assert found.select("text", "n_tokens").rows() == [("0", None), ("1", 0), ("2", 1), ("3", 2), ("4", 3)]
