"""Chat prompts through the templates of three kinds of models: what is read, learnt and stopped at."""

import json
import os
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
import reversal
from reversal.checkpoints import publish
from reversal.learning import grpo
from reversal.learning.training import train
from reversal.prompts import end_of_turn, format_prompt, rendered
from reversal.requests import requests_for
from reversal.sampling import generate
from reversal.tables import PROBLEMS
from reversal.verifying.answers import after_thinking

CHAT = {"system": "Add.", "user": "Q: {question}"}
# (template, whether the tokenizer adds a begin token, what is read, the end of a turn)
KINDS = {
    "qwen": (
        "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
        "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}",
        False,
        "<|im_start|>system\nAdd.<|im_end|>\n<|im_start|>user\nQ: 1+1?<|im_end|>\n<|im_start|>assistant\n",
        "<|im_end|>",
    ),
    "llama": (
        "{{ bos_token }}{% for m in messages %}<|head|>{{ m.role }}<|/head|>\n\n{{ m.content }}<|eot_id|>{% endfor %}"
        "{% if add_generation_prompt %}<|head|>assistant<|/head|>\n\n{% endif %}",
        True,
        "<|head|>system<|/head|>\n\nAdd.<|eot_id|><|head|>user<|/head|>\n\nQ: 1+1?<|eot_id|>"
        "<|head|>assistant<|/head|>\n\n",
        "<|eot_id|>",
    ),
    "mistral": (
        "{{ bos_token }}{% for m in messages %}{% if m.role == 'system' %}{{ m.content }}\n"
        "{% elif m.role == 'user' %}[INST] {{ m.content }} [/INST]"
        "{% else %} {{ m.content }}</s>{% endif %}{% endfor %}",
        True,
        "Add.\n[INST] Q: 1+1? [/INST]",
        "</s>",
    ),
}


@pytest.fixture(scope="module", params=KINDS)
def chat_model(request, tiny_llama, tmp_path_factory) -> tuple[str, str]:
    """(kind, folder) of the tiny model with the special tokens, the template and the begin token of that kind."""
    return request.param, of_kind(request.param, tiny_llama, str(tmp_path_factory.mktemp(request.param)))


def of_kind(kind: str, tiny_llama: str, folder: str) -> str:
    import transformers
    from tokenizers.processors import TemplateProcessing

    template, begins, _, end = KINDS[kind]
    tokenizer = transformers.AutoTokenizer.from_pretrained(tiny_llama)
    tokenizer.add_special_tokens({"bos_token": "<|begin|>", "additional_special_tokens": [end]})
    if begins:
        begin = ("<|begin|>", tokenizer.bos_token_id)
        tokenizer.backend_tokenizer.post_processor = TemplateProcessing(single="<|begin|> $A", special_tokens=[begin])
    tokenizer.chat_template = template
    model = transformers.AutoModelForCausalLM.from_pretrained(tiny_llama)
    model.resize_token_embeddings(len(tokenizer))
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def wide(tiny_llama: str, folder: str) -> str:
    """The same with one head of 32 dimensions: vLLM's attention on a CPU takes multiples of 32."""
    import torch
    import transformers

    torch.manual_seed(0)
    one = {"num_attention_heads": 1, "num_key_value_heads": 1, "head_dim": 32}
    config = transformers.AutoConfig.from_pretrained(tiny_llama, **one)
    transformers.AutoModelForCausalLM.from_config(config).save_pretrained(folder)
    transformers.AutoTokenizer.from_pretrained(tiny_llama).save_pretrained(folder)
    return folder


def taught(folder: str, work: str, model: str) -> list[dict]:
    """Trains the model in `folder` on one short answer, into `model`; the request for that answer."""
    rows = [{"problem_id": "0", "prompt": format_prompt(CHAT, "1+1?"), "completion": "#### 2"}]
    arguments = {"learning_rate": 0.01, "max_steps": 80, "per_device_train_batch_size": 1}
    arguments |= {"gradient_checkpointing": False, "bf16": False}
    train(folder, pl.DataFrame(rows), "sft", arguments, 0, work, model, chat=True)
    problem = pl.DataFrame([dict.fromkeys(PROBLEMS) | {"problem_id": "0", "question": "1+1?"}], schema=PROBLEMS)
    settings = {"greedy": True, "sampled": 0, "temperature": 1.0, "top_p": 1.0, "max_tokens": 12}
    return requests_for(problem, settings, CHAT, (0,))


def test_a_chat_is_rendered_by_the_models_own_template_with_one_begin_token(chat_model):
    import transformers

    kind, folder = chat_model
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    _, begins, text, end = KINDS[kind]
    read = rendered(format_prompt(CHAT, "1+1?"), tokenizer, chat=True)
    assert (read, end_of_turn(tokenizer)) == (text, end)
    assert tokenizer(read).input_ids.count(tokenizer.bos_token_id) == (1 if begins else 0)
    pasted = tokenizer.apply_chat_template(json.loads(format_prompt(CHAT, "1+1?")), tokenize=False)
    once = tokenizer(rendered(pasted, tokenizer, chat=False)).input_ids
    assert once.count(tokenizer.bos_token_id) == (1 if begins else 0)


def test_the_end_of_a_turn_is_learnt_and_stopped_at(chat_model, tmp_path):
    """After a few steps on one short answer the model gives it, and stops there: the end's token is its last."""
    _, folder = chat_model
    model = str(tmp_path / "model")
    requests = taught(folder, str(tmp_path / "work"), model)
    engine = {"name": "transformers", "dtype": "float32"}
    found = generate(model, requests, engine, [], chat=True)
    assert found.select("text", "finish_reason").row(0) == ("#### 2", "stop")


# Two engines in a process of their own, as every job starts them: ours, and the library alone as its users write it.
IN_VLLM = """
import json, sys
from reversal.sampling import generate
model, requests, chat, arguments = json.loads(sys.stdin.read())
engine = {"name": "vllm", "dtype": "float32", "arguments": arguments}
ours = generate(model, requests, engine, [], chat=True).select("text", "n_tokens", "finish_reason").row(0)
import vllm
alone = vllm.LLM(model=model, dtype="float32", **arguments)
(theirs,) = alone.chat(chat, vllm.SamplingParams(temperature=0, max_tokens=12), use_tqdm=False)
print(json.dumps([ours, theirs.outputs[0].text]))
"""


def test_a_published_model_answers_in_vllm_and_its_turn_ends_there(tiny_llama, tmp_path):
    """Through our code, which stops at the end of the turn; and by vLLM alone, which the folder tells all but that."""
    folder, model_json = str(tmp_path / "chat"), str(tmp_path / "published/model.json")
    requests = taught(
        of_kind("qwen", wide(tiny_llama, str(tmp_path / "wide")), folder),
        str(tmp_path / "work"),
        str(tmp_path / "trained"),
    )
    publish(str(tmp_path / "trained"), model_json, {"lineage": "sft"})
    arguments = {"max_model_len": 128, "max_num_seqs": 4, "max_num_batched_tokens": 512, "enforce_eager": True}
    given = [str(tmp_path / "published"), requests, json.loads(requests[0]["prompt"]), arguments]
    path = os.environ | {"PYTHONPATH": str(Path(reversal.__file__).parents[1])}
    run = subprocess.run(
        [sys.executable, "-c", IN_VLLM], input=json.dumps(given), env=path, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stdout + run.stderr
    ours, theirs = json.loads(run.stdout.splitlines()[-1])
    text, n_tokens, reason = ours
    assert (text, reason) == ("#### 2", "stop") and n_tokens < 12
    assert theirs.startswith("#### 2")


def test_a_chat_needs_a_template(tiny_llama):
    import transformers

    tokenizer = transformers.AutoTokenizer.from_pretrained(tiny_llama)
    with pytest.raises(ValueError, match="has no chat template, and the task's prompt is a chat"):
        rendered(format_prompt(CHAT, "1+1?"), tokenizer, chat=True)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<think>1+1 is #### 3</think>\n#### 2", "\n#### 2"),
        ("so #### 3</think>#### 2", "#### 2"),  # where the template opens the thoughts
        ("<think>It could be #### 3", ""),  # cut off while thinking
        ("#### 2", "#### 2"),
    ],
)
def test_an_answer_is_read_after_its_thoughts(text, said):
    assert after_thinking(text) == said


def test_grpo_reads_the_chat_and_ends_where_a_turn_does(chat_model, tmp_path):
    import transformers

    taught(chat_model[1], f"{tmp_path}/1", f"{tmp_path}/1/model")
    row = dict.fromkeys(PROBLEMS) | {"problem_id": "0", "question": "1+1?", "gold_answer": "2", "answer_type": "number"}
    problems = pl.DataFrame([row], schema=PROBLEMS)
    task = {"prompt": CHAT, "stop": [], "max_tokens": 12, "answer_mark": "####", "sandboxed": True}
    arguments = {"learning_rate": 0.001, "max_steps": 1, "per_device_train_batch_size": 4, "num_generations": 4}
    arguments |= {"gradient_checkpointing": False, "bf16": False, "logging_steps": 1}
    output = f"{tmp_path}/2/model"
    curve = grpo.train(f"{tmp_path}/1/model", problems, task, {"name": "binary"}, arguments, 0, f"{tmp_path}/2", output)
    assert curve["reward"].to_list() == [1.0]  # it gives the answer that it learnt to this very prompt
    tokenizer = transformers.AutoTokenizer.from_pretrained(output)
    ends = transformers.GenerationConfig.from_pretrained(output).eos_token_id
    assert set(ends) >= {tokenizer.eos_token_id, tokenizer.convert_tokens_to_ids(end_of_turn(tokenizer))}
