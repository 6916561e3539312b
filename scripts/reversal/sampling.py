"""Sampled answers: one row per answer, the same rows whatever the number of shards, the batch size or the order.

Every answer is a request of its own with its own seed, so nothing depends on what else was asked in the same run (on
GPUs but for ties: docs/gpus.md). Both engines give the same table; they do not give the same texts, since their random
streams differ.
"""

import os

import polars as pl

from reversal.checkpoints import without_decoding
from reversal.prompts import before_stop, end_of_turn, rendered
from reversal.scripted import scripted_answers
from reversal.tables import SAMPLES


def generate(model_path: str, requests: list[dict], engine: dict, stop: list[str], chat: bool = False) -> pl.DataFrame:
    """The SAMPLES table of `requests`, in their order. engine: {name, dtype, arguments}, or {name: scripted, policy}.

    tensor_parallel, also in engine: vllm spreads the model over so many GPUs, for one that a single GPU cannot hold.
    stop: an answer ends before the first of these texts, or at the model's own end. chat: the prompts are messages, and
    an answer also ends where the model's chat template ends a turn.
    """
    if not requests:
        return pl.DataFrame(schema=SAMPLES)
    if engine["name"] == "scripted":
        answers, version = scripted_answers(model_path, requests, engine["policy"])
    else:
        run = {"vllm": _with_vllm, "transformers": _with_transformers}[engine["name"]]
        asked, ends = _read_by(model_path, requests, chat)
        answers, version = run(model_path, asked, engine, stop, ends)
        version += f", {engine['dtype']}, stop {stop}, no top-k, min-p or penalties"
    rows = [
        {
            **request,
            "text": text,
            "n_tokens": n_tokens,
            "finish_reason": reason,
            "engine": f"{engine['name']} {version}",
        }
        for request, (text, n_tokens, reason) in zip(requests, answers, strict=True)
    ]
    return pl.DataFrame([{name: row[name] for name in SAMPLES} for row in rows], schema=SAMPLES)


def _read_by(model_path: str, requests: list[dict], chat: bool) -> tuple[list[dict], list[int]]:
    """(`requests` with the texts that this model reads, the tokens that end its turn beside its own end)."""
    import transformers

    tokenizer = transformers.AutoTokenizer.from_pretrained(model_path)
    texts = {prompt: rendered(prompt, tokenizer, chat) for prompt in {request["prompt"] for request in requests}}
    end = tokenizer(end_of_turn(tokenizer), add_special_tokens=False).input_ids if chat else []
    return [{**request, "prompt": texts[request["prompt"]]} for request in requests], end if len(end) == 1 else []


def _with_vllm(
    model_path: str, requests: list[dict], engine: dict, stop: list[str], ends: list[int]
) -> tuple[list[tuple], str]:
    os.environ.setdefault("VLLM_ENABLE_V1_MULTIPROCESSING", "0")  # one process: no __main__ guard, 2 s faster
    os.environ.setdefault("VLLM_CPU_KVCACHE_SPACE", "1")  # GiB; the default takes half of the machine
    os.environ.setdefault("VLLM_CPU_OMP_THREADS_BIND", "nobind")  # else every job on a node binds to the same cores
    os.environ.setdefault("VLLM_NO_USAGE_STATS", "1")
    import vllm
    from vllm.platforms import current_platform

    # With these, vLLM's CPU back end refuses per-request seeds and answers depend on the batch. On GPUs it takes seeds,
    # and the samples of a question share its prompt.
    off = {"enable_chunked_prefill": False, "enable_prefix_caching": False} if current_platform.is_cpu() else {}
    llm = vllm.LLM(
        model=model_path,
        dtype=engine["dtype"],
        tensor_parallel_size=engine.get("tensor_parallel", 1),
        disable_log_stats=True,
        **off | engine.get("arguments", {}),
    )
    parameters = [
        vllm.SamplingParams(
            temperature=request["temperature"],
            top_p=request["top_p"],
            top_k=0,
            min_p=0.0,
            repetition_penalty=1.0,
            max_tokens=request["max_tokens"],
            seed=request["seed"],
            stop=stop,
            stop_token_ids=ends,
        )
        for request in requests
    ]
    outputs = llm.generate([request["prompt"] for request in requests], parameters, use_tqdm=True)
    answers = [(o.outputs[0].text, len(o.outputs[0].token_ids), o.outputs[0].finish_reason) for o in outputs]
    return answers, vllm.__version__


def _with_transformers(
    model_path: str, requests: list[dict], engine: dict, stop: list[str], ends: list[int]
) -> tuple[list[tuple], str]:
    """Batches of equal decoding; seeded per row by the Gumbel-max trick.

    The argmax of log-probabilities plus Gumbel noise is a sample from the distribution, so `generate` runs greedily on
    scores to which each row's own generator adds the noise.
    """
    import torch
    import transformers
    from tqdm import tqdm

    tokenizer, model = _load(model_path, engine["dtype"])
    own = model.generation_config.eos_token_id
    model.generation_config.eos_token_id = [*(own if isinstance(own, list) else [own]), *ends] if ends else own
    answers: list[tuple] = [()] * len(requests)
    size = engine.get("arguments", {}).get("max_num_seqs", 64)
    lengths = [len(ids) for ids in tokenizer([request["prompt"] for request in requests]).input_ids]
    # Rows of one batch have the same prompt length, so that no padding can change a row's arithmetic.
    like = [
        (request["temperature"], request["top_p"], request["max_tokens"], length)
        for request, length in zip(requests, lengths, strict=True)
    ]
    order = sorted(range(len(requests)), key=lambda i: (*like[i], i))
    for batch in tqdm(_batches(order, size, like.__getitem__), desc="sampling"):
        inputs = tokenizer([requests[i]["prompt"] for i in batch], return_tensors="pt").to(model.device)
        request = requests[batch[0]]
        noise = [] if request["temperature"] == 0 else [_gumbel([requests[i] for i in batch])]
        with torch.inference_mode():
            tokens = model.generate(
                **inputs,
                max_new_tokens=request["max_tokens"],
                stopping_criteria=[_stopper(stop, tokenizer, inputs.input_ids.shape[1])] if stop else [],
                logits_processor=transformers.LogitsProcessorList(noise),
            )
        for i, row in zip(batch, tokens[:, inputs.input_ids.shape[1] :].tolist(), strict=True):
            answers[i] = _answer(row, stop, tokenizer, model.generation_config)
    return answers, transformers.__version__


def _load(model_path: str, dtype: str):
    """(tokenizer, model) of transformers, on a GPU if this process sees one."""
    import torch
    import transformers

    tokenizer = transformers.AutoTokenizer.from_pretrained(model_path, padding_side="left")
    tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token
    device = "cuda" if torch.cuda.is_available() else "cpu"
    model = without_decoding(transformers.AutoModelForCausalLM.from_pretrained(model_path, dtype=dtype))
    model.generation_config.pad_token_id = tokenizer.pad_token_id
    return tokenizer, model.to(device).eval()


def _answer(row: list[int], stop: list[str], tokenizer, settings) -> tuple[str, int, str]:
    """(text, n_tokens, finish_reason) of a generated row. settings: the model's GenerationConfig, for its ends."""
    ends = settings.eos_token_id if isinstance(settings.eos_token_id, list) else [settings.eos_token_id]
    end = next((k for k, token in enumerate(row) if token in (settings.pad_token_id, *ends)), None)
    n_tokens, reason = (len(row), "length") if end is None else (end + 1, "stop")
    text, stopped = before_stop(stop, tokenizer.decode(row[:end], skip_special_tokens=True))
    if not stopped:
        return text, n_tokens, reason
    # The tokens up to the one that completes the text; the rest only fills the batch.
    beginnings = (tokenizer.decode(row[:k], skip_special_tokens=True) for k in range(1, n_tokens + 1))
    return text, next(k for k, part in enumerate(beginnings, start=1) if before_stop(stop, part)[1]), "stop"


def _stopper(stop: list[str], tokenizer, prompt_length: int):
    """A stopping criterion: a stop text is in the answer itself. That of transformers reads the prompt as well."""
    import torch

    def stopped(input_ids, scores, **_):
        texts = tokenizer.batch_decode(input_ids[:, prompt_length:], skip_special_tokens=True)
        return torch.tensor([before_stop(stop, text)[1] for text in texts], device=input_ids.device)

    return stopped


def _batches(order: list[int], size: int, key) -> list[list[int]]:
    """`order` cut into runs of equal key, each at most `size` long."""
    batches: list[list[int]] = []
    for i in order:
        if batches and len(batches[-1]) < size and key(batches[-1][-1]) == key(i):
            batches[-1].append(i)
        else:
            batches.append([i])
    return batches


def _gumbel(batch: list[dict]):
    """A logits processor: temperature, top-p, then Gumbel noise from one generator per row."""
    import torch
    from transformers import TemperatureLogitsWarper, TopPLogitsWarper

    temperature = TemperatureLogitsWarper(batch[0]["temperature"])
    nucleus = TopPLogitsWarper(batch[0]["top_p"])
    generators = [torch.Generator().manual_seed(request["seed"]) for request in batch]

    def process(input_ids, scores):
        scores = nucleus(input_ids, temperature(input_ids, scores))
        uniform = torch.stack([torch.rand(scores.shape[1], generator=g) for g in generators]).to(scores.device)
        return scores - torch.log((-torch.log(uniform.clamp_min(1e-20))).clamp_min(1e-20))

    return process
