import pytest
from reversal.given import answers_of, missing, with_given
from reversal.lineages import series

SHARED = {"study": "s", "sampling": {}, "models": {"mini-llama": {}}, "tasks": {"mini-gsm": {}}, "seeds": [0, 1]}
SHARED |= {"scoring": {"embedding_model": "a", "embedded_samples": 4}}
SHARED |= {"steps": {"sft": {"trainer": "sft"}}, "methods": {"m": {"start": ["sft"]}}, "keep_models": "last"}
REVISION = "0123456789" * 4


@pytest.fixture
def here(tmp_path, monkeypatch):
    for name in ("step_100", "step_20", "answers/20", "answers/100"):
        (tmp_path / name).mkdir(parents=True)
    for name in ("answers/20/rs0", "answers/20/rs10", "answers/20/rs2", "answers/100/rs0"):
        (tmp_path / f"{name}.jsonl").touch()
    for name in ("step_100", "step_20"):
        (tmp_path / name / "config.json").touch()
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ("step_*", [{"checkpoint": {"folder": "step_20"}}, {"checkpoint": {"folder": "step_100"}}]),
        (["base", "step_20"], [{"checkpoint": {"base": True}}, {"checkpoint": {"folder": "step_20"}}]),
        ([f"a/b@{REVISION}"], [{"checkpoint": {"hub": "a/b", "revision": REVISION}}]),
        ("answers/20/*.jsonl", [{"answers": [f"answers/20/{name}.jsonl"]} for name in ("rs0", "rs2", "rs10")]),
        (
            ["answers/20/rs*.jsonl", "answers/100/rs*.jsonl"],
            [
                {"answers": [f"answers/20/{name}.jsonl" for name in ("rs0", "rs2", "rs10")]},
                {"answers": ["answers/100/rs0.jsonl"]},
            ],
        ),
    ],
)
def test_an_entry_is_a_model_and_a_pattern_alone_a_series(here, entries, expected):
    config = with_given(SHARED | {"methods": {"GRPO.v2": {"given": entries}}})
    steps = {f"grpo_v2_{i}": {"trainer": "given", **model} for i, model in enumerate(expected, start=1)}
    assert config["steps"] == SHARED["steps"] | steps
    assert series(config["methods"]["GRPO.v2"], iterations=1)[-1] == "-".join(steps)
    assert answers_of(config) == {name: step["answers"] for name, step in steps.items() if "answers" in step}
    assert missing(config) == []


def test_a_study_in_short_makes_nothing_itself(here):
    config = with_given(SHARED | {"series": {"a": ["answers/20/rs0.jsonl"]}, "questions": {"answer_type": "number"}})
    task = {"prompt": "{question}\n", "stop": [], "max_tokens": 256, "answer_mark": "\\boxed{", "ood": {}}
    assert config == {
        "study": "s",
        "sampling": {},
        "models": {"given": {}},
        "tasks": {"questions": task | {"test": {"answer_type": "number"}}},
        "methods": {"a": {"given": ["answers/20/rs0.jsonl"], "start": ["a_1"]}},
        "steps": {"a_1": {"trainer": "given", "answers": ["answers/20/rs0.jsonl"]}},
        "seeds": [0],
        "scoring": {},
        "keep_models": "all",
    }
    assert with_given(config) == config
    meaning = with_given(SHARED | {"series": {"a": ["answers/20/rs0.jsonl"]}, "embedding_model": "b"})["scoring"]
    assert meaning == {"embedding_model": "b", "embedded_samples": 4}
    labelled = with_given(SHARED | {"series": {"a": ["answers/20/rs0.jsonl"]}})["tasks"]["questions"]
    assert labelled == task | {"test": {}, "labels": True}


def test_what_is_not_there_is_named(here):
    config = with_given(SHARED | {"series": {"a": ["answers/5/*.jsonl", "step_5", "step_20", "answers"]}})
    assert [fault.partition(", seen from")[0] for fault in missing(config)] == [
        "methods.a.given: there is no file of answers answers/5/*.jsonl",
        "methods.a.given: there is no folder with a model, file of answers (.jsonl, .parquet, .json) or hub model "
        "(OWNER/NAME@ and the 40 digits of a commit) step_5",
        "methods.a.given: answers contains no model (config.json or adapter_config.json); name answers in it by a "
        "pattern, answers/*.jsonl",
        "tasks.questions: checkpoints need questions to answer (questions: {file: ..})",
    ]
