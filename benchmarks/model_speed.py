"""How fast models are trained and sampled on the device at hand, beside plain TRL, vLLM and transformers.

python benchmarks/model_speed.py [--rounds N] [sft] [dpo] [vllm] [transformers]

A Llama with random weights: about a billion parameters in bfloat16 on a GPU, a tiny one in float32 on a CPU. Every
measurement is a process of its own; ours and the plain one take turns. Plain TRL is its example scripts/sft.py and
scripts/dpo.py without the command line, plain vLLM and transformers are `LLM(..).generate(..)` and
`model.generate(..)` on padded batches, all with our settings.

Rates of training and of vLLM are those of the work alone: the difference of a short and a four times as long run, from
loading the model to saving it, so that starting cancels out. Those of transformers count the whole run with loading:
ours batches prompts of equal length alone, and more problems fill these batches better. Utilisation: model FLOPs
(6 per parameter and token learnt, 2 per token read by a reference model or sampled) per second, of what the same device
reaches in one large matrix product.
"""

import argparse
import gc
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "scripts"))
import polars as pl
import torch
from reversal.learning.pretraining import initialise_llama, train_tokenizer
from reversal.learning.training import fit
from reversal.problem_sources.generate import generate_problems
from reversal.requests import requests_for
from reversal.sampling import generate

GPU = torch.cuda.is_available()
DTYPE = "bfloat16" if GPU else "float32"
PROMPT = "Question: {question}\nAnswer:\n"
BATCH, STEPS, TOKENS, PROBLEMS = (16, 5, 1024, 64) if GPU else (4, 20, 128, 16)
SIZES = (1, 4)  # times STEPS or PROBLEMS
SHAPE = {"max_position_embeddings": 2048} | (
    {"hidden_size": 2048, "intermediate_size": 8192, "num_hidden_layers": 16, "num_attention_heads": 16}
    if GPU
    else {"hidden_size": 256, "intermediate_size": 704, "num_hidden_layers": 4, "num_attention_heads": 8}
)
ARGUMENTS = {
    "num_train_epochs": 1,
    "per_device_train_batch_size": BATCH,
    "learning_rate": 1e-5,
    "lr_scheduler_type": "constant",
    "gradient_checkpointing": GPU,
    "bf16": GPU,
    "save_strategy": "no",
    "logging_steps": 10,
}
ENGINE = {"dtype": DTYPE, "arguments": {"max_model_len": 1024, "max_num_seqs": 256, "max_num_batched_tokens": 8192}}
ENGINE["arguments"]["enforce_eager"] = not GPU
SETTINGS = {"greedy": False, "sampled": 8, "temperature": 0.75, "top_p": 0.95, "max_tokens": TOKENS // 4}


def make(folder: str) -> None:
    """The model, and rows of about TOKENS tokens each for both trainers, in `folder`."""
    from datasets import Dataset

    problems = generate_problems("word_problems", 2000, (2, 2), "pretrain", 0)
    texts = [p["question"] + "\n" + p["gold_solution"] for p in problems]
    tokenizer = train_tokenizer(texts, 600)
    model = initialise_llama(tokenizer, SHAPE, seed=0)
    model.save_pretrained(f"{folder}/model")
    tokenizer.save_pretrained(f"{folder}/model")
    long = "\n".join(texts)
    size = TOKENS * len(long) // len(tokenizer(long).input_ids)  # characters
    pieces = [long[i : i + size] for i in range(0, SIZES[-1] * BATCH * STEPS * 100, 100)]
    halves = [(piece[: size // 2], piece[size // 2 :]) for piece in pieces]
    sft = [{"prompt": first, "completion": second} for first, second in halves]
    dpo = [{"prompt": a, "chosen": b, "rejected": c} for (a, b), (_, c) in zip(halves, halves[::-1], strict=True)]
    for name, rows in {"sft": sft, "dpo": dpo}.items():
        for size in SIZES:
            Dataset.from_list(rows[: size * BATCH * STEPS]).save_to_disk(f"{folder}/{name}-{size}")
    more = halves[SIZES[0] * BATCH * STEPS :]  # what the long run learns beyond the short one
    learnt = sum(len(tokenizer(a + b).input_ids) + 1 for a, b in more)
    facts = {"parameters": model.num_parameters(), "sft": learnt, "dpo": 2 * learnt}
    Path(folder, "facts.json").write_text(json.dumps(facts))


def train_ours(folder: str, trainer: str, size: int) -> dict:
    import trl  # noqa: F401, both begin with their libraries loaded

    job = {"parent": f"{folder}/model", "data": f"{folder}/{trainer}-{size}", "trainer": trainer, "seed": 0}
    began = time.perf_counter()
    fit(**job, arguments=ARGUMENTS, work=f"{folder}/work", output=f"{folder}/out", lora=None, attention=None, gpus=1)
    return {"seconds": time.perf_counter() - began}


def train_plain(folder: str, trainer: str, size: int) -> dict:
    import trl
    from datasets import Dataset

    config, build = {"sft": (trl.SFTConfig, trl.SFTTrainer), "dpo": (trl.DPOConfig, trl.DPOTrainer)}[trainer]
    began = time.perf_counter()
    settings = config(output_dir=f"{folder}/plain", report_to=[], max_length=None, **ARGUMENTS)
    settings.model_init_kwargs = {"dtype": "float32"}  # as ours: weights that are trained stay in float32
    data = Dataset.load_from_disk(f"{folder}/{trainer}-{size}")
    learner = build(model=f"{folder}/model", args=settings, train_dataset=data)
    learner.train()
    learner.save_model(f"{folder}/plain")
    return {"seconds": time.perf_counter() - began}


def sample_ours(folder: str, engine: str, size: int) -> dict:
    began = time.perf_counter()
    answers = generate(f"{folder}/model", _requests(size * PROBLEMS, engine), ENGINE | {"name": engine}, stop=[])
    return {"tokens": answers["n_tokens"].sum(), "seconds": time.perf_counter() - began}


def sample_plain(folder: str, engine: str, size: int) -> dict:
    requests = _requests(size * PROBLEMS, engine)
    plain = {"vllm": _plain_vllm, "transformers": _plain_transformers}[engine]
    began = time.perf_counter()
    tokens = plain(f"{folder}/model", [r["prompt"] for r in requests], requests[0])
    return {"tokens": tokens, "seconds": time.perf_counter() - began}


def _plain_vllm(model: str, prompts: list[str], request: dict) -> int:
    os.environ |= {"VLLM_ENABLE_V1_MULTIPROCESSING": "0", "VLLM_CPU_KVCACHE_SPACE": "1"}
    os.environ |= {"VLLM_CPU_OMP_THREADS_BIND": "nobind", "VLLM_NO_USAGE_STATS": "1"}
    from vllm import LLM, SamplingParams

    decoding = {key: request[key] for key in ("temperature", "top_p", "max_tokens")}
    outputs = LLM(model, dtype=DTYPE, **ENGINE["arguments"]).generate(prompts, SamplingParams(**decoding))
    return sum(len(o.outputs[0].token_ids) for o in outputs)


def _plain_transformers(path: str, prompts: list[str], request: dict) -> int:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(path, padding_side="left")
    model = AutoModelForCausalLM.from_pretrained(path, dtype=DTYPE).to("cuda" if GPU else "cpu").eval()
    decoding = {key: request[key] for key in ("temperature", "top_p")} | {"do_sample": True, "top_k": 0}
    tokens, most = 0, ENGINE["arguments"]["max_num_seqs"]
    for i in range(0, len(prompts), most):
        inputs = tokenizer(prompts[i : i + most], return_tensors="pt", padding=True).to(model.device)
        inputs.pop("token_type_ids", None)
        with torch.inference_mode():
            rows = model.generate(**inputs, max_new_tokens=request["max_tokens"], **decoding)
        tokens += (rows[:, inputs.input_ids.shape[1] :] != tokenizer.pad_token_id).sum().item()
    return tokens


def _requests(problems: int, engine: str) -> list[dict]:
    """Sampled answers; shorter ones of transformers, which takes long."""
    settings = SETTINGS | ({"max_tokens": TOKENS // 16} if engine == "transformers" else {})
    asked = pl.DataFrame(generate_problems("word_problems", problems, (2, 2), "test", 0)).select("question")
    numbered = asked.with_columns(problem_id=pl.int_range(problems).cast(pl.String))
    return requests_for(numbered, settings, PROMPT, (0,))


def peak() -> float:
    """FLOP/s of one large matrix product, the best of ten."""
    size = 8192 if GPU else 2048
    a, b = (torch.randn(size, size, dtype=getattr(torch, DTYPE), device="cuda" if GPU else "cpu") for _ in range(2))
    best = float("inf")
    for _ in range(10):
        began = time.perf_counter()
        a @ b
        if GPU:
            torch.cuda.synchronize()
        best = min(best, time.perf_counter() - began)
    return 2 * size**3 / best


def memory() -> float:
    """GB that this process has held at most: of the GPU, or otherwise of the machine's memory."""
    if GPU:
        return torch.cuda.max_memory_reserved() / 1e9
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9


def in_turn(call: str, folder: str, part: str, sizes: list[str]) -> list[dict]:
    """The results of a function of this file for these sizes, one after the other in this process."""
    found = []
    for size in sizes:
        found.append(globals()[call](folder, part, int(size)) | {"memory": memory()})
        gc.collect()
        if GPU:
            torch.cuda.empty_cache()
    return found


def measure(folder: str, call: str, *arguments):
    """The result of a function of this file, in a process of its own."""
    command = [sys.executable, __file__, "--call", call, folder, *map(str, arguments)]
    run = subprocess.run(command, capture_output=True, text=True)
    if run.returncode:
        sys.exit(f"{call} {arguments} failed:\n{run.stdout[-2000:]}{run.stderr[-4000:]}")
    return json.loads(run.stdout.splitlines()[-1])


def measure_training(folder: str, trainer: str, rounds: int, facts: dict, most: float) -> None:
    work = {"sft": 6, "dpo": 8}[trainer]
    for number in range(rounds):
        for whose in ("ours", "plain"):
            # The first run of a process also compiles and takes the device into use.
            _, short, long = measure(folder, f"train_{whose}", trainer, SIZES[0], *SIZES)
            rate = facts[trainer] / (long["seconds"] - short["seconds"])
            used = f"{work * facts['parameters'] * rate / most:.0%} utilisation, {long['memory']:.1f} GB at most"
            print(f"{trainer}, round {number + 1}, {whose}: {rate:,.0f} tokens/s, {used}", flush=True)


def measure_sampling(folder: str, engine: str, rounds: int, facts: dict, most: float) -> None:
    for number in range(rounds):
        for whose in ("ours", "plain"):
            call = f"sample_{whose}"
            if engine == "vllm":  # one engine per process; the first start on a machine compiles
                starts = [SIZES[0], *SIZES] if number == 0 else SIZES
                few, many = [measure(folder, call, engine, size)[0] for size in starts][-2:]
            else:
                few, many = {"tokens": 0, "seconds": 0}, measure(folder, call, engine, SIZES[-1])[0]
            rate = (many["tokens"] - few["tokens"]) / (many["seconds"] - few["seconds"])
            used = f"{2 * facts['parameters'] * rate / most:.1%} utilisation"
            print(f"{engine}, round {number + 1}, {whose}: {rate:,.0f} tokens/s, {used}", flush=True)


def main(folder: str, parts: list[str], rounds: int) -> None:
    measure(folder, "make")
    facts, most = json.loads(Path(folder, "facts.json").read_text()), measure(folder, "peak")
    device = torch.cuda.get_device_name() if GPU else f"CPU, {os.cpu_count()} cores"
    print(f"{device}, torch {torch.__version__}; {most / 1e12:.3g} TFLOP/s in a {DTYPE} matrix product")
    print(f"Llama of {facts['parameters'] / 1e6:,.0f} million parameters, rows of {TOKENS} tokens, {BATCH} per step")
    for part in parts:
        run = measure_training if part in ("sft", "dpo") else measure_sampling
        run(folder, part, rounds, facts, most)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--call"]:
        call, scratch, *rest = sys.argv[2:]
        result = {"make": make, "peak": lambda _: peak()}[call](scratch) if not rest else None
        print(json.dumps(in_turn(call, scratch, rest[0], rest[1:]) if rest else result))
    else:
        everything = ["sft", "dpo", *filter(find_spec, ("vllm", "transformers"))]
        parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
        parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(everything)}; all if left out")
        parser.add_argument("--rounds", type=int, default=2)
        chosen = parser.parse_args()
        with tempfile.TemporaryDirectory() as scratch:
            main(scratch, chosen.parts or everything, chosen.rounds)
