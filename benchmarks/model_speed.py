"""How fast models are trained and sampled on the device at hand, beside the plain examples of TRL and vLLM.

python benchmarks/model_speed.py

A Llama with random weights: about a billion parameters in bfloat16 on a GPU, a tiny one in float32 on a CPU. Every
measurement is a process of its own; ours and the plain one take turns. The example of TRL is its scripts/sft.py and
scripts/dpo.py without the command line, that of vLLM `LLM(..).generate(..)`, both with our settings.

Rates are those of the work alone: the difference of a short and a four times as long run, from loading the model to
saving it, so that starting cancels out. Utilisation: model FLOPs (6 per parameter and token learnt, 2 per token read by
a reference model or sampled) per second, of what the same device reaches in one large matrix product.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "scripts"))
import polars as pl
import torch
from reversal.generate import generate_problems
from reversal.pretraining import initialise_llama, train_tokenizer
from reversal.sampling import generate, requests_for
from reversal.training import fit

GPU = torch.cuda.is_available()
DTYPE = "bfloat16" if GPU else "float32"
ROUNDS, PROMPT = 2, "Question: {question}\nAnswer:\n"
BATCH, STEPS, TOKENS, PROBLEMS = (16, 10, 1024, 64) if GPU else (4, 20, 128, 16)
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
    answers = generate(f"{folder}/model", _requests(size * PROBLEMS), ENGINE | {"name": engine}, stop=[])
    return {"tokens": answers["n_tokens"].sum(), "seconds": time.perf_counter() - began}


def sample_plain(folder: str, _: str, size: int) -> dict:
    os.environ |= {"VLLM_ENABLE_V1_MULTIPROCESSING": "0", "VLLM_CPU_KVCACHE_SPACE": "1"}
    os.environ |= {"VLLM_CPU_OMP_THREADS_BIND": "nobind", "VLLM_NO_USAGE_STATS": "1"}
    from vllm import LLM, SamplingParams

    began = time.perf_counter()
    decoding = {key: SETTINGS[key] for key in ("temperature", "top_p", "max_tokens")}
    llm = LLM(f"{folder}/model", dtype=DTYPE, **ENGINE["arguments"])
    outputs = llm.generate([r["prompt"] for r in _requests(size * PROBLEMS)], SamplingParams(**decoding))
    return {"tokens": sum(len(o.outputs[0].token_ids) for o in outputs), "seconds": time.perf_counter() - began}


def _requests(problems: int) -> list[dict]:
    asked = pl.DataFrame(generate_problems("word_problems", problems, (2, 2), "test", 0)).select("question")
    numbered = asked.with_columns(problem_id=pl.int_range(problems).cast(pl.String))
    return requests_for(numbered, SETTINGS, PROMPT, (0,))


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


def measure(folder: str, *call: str):
    """The result of a function of this file, in a process of its own."""
    run = subprocess.run([sys.executable, __file__, folder, *call], capture_output=True, text=True)
    if run.returncode:
        sys.exit(f"{' '.join(call)} failed:\n{run.stdout[-2000:]}{run.stderr[-4000:]}")
    return json.loads(run.stdout.splitlines()[-1])


def main(folder: str) -> None:
    measure(folder, "make")
    facts, most = json.loads(Path(folder, "facts.json").read_text()), measure(folder, "peak")
    device = torch.cuda.get_device_name() if GPU else f"CPU, {os.cpu_count()} cores"
    print(f"{device}, torch {torch.__version__}; {most / 1e12:.3g} TFLOP/s in a {DTYPE} matrix product")
    print(f"Llama of {facts['parameters'] / 1e6:,.0f} million parameters, rows of {TOKENS} tokens, {BATCH} per step")
    for trainer, work in {"sft": 6, "dpo": 8}.items():
        for number in range(ROUNDS):
            for whose in ("train_ours", "train_plain"):
                short, long = (measure(folder, whose, trainer, str(size))["seconds"] for size in SIZES)
                rate = facts[trainer] / (long - short)
                used = work * facts["parameters"] * rate / most
                told = f"{rate:,.0f} tokens/s, {used:.0%} utilisation"
                print(f"{trainer}, round {number + 1}, {whose.removeprefix('train_')}: {told}", flush=True)
    for engine in filter(find_spec, ("vllm", "transformers")):
        for whose in ("sample_ours", "sample_plain")[: 2 if engine == "vllm" else 1]:
            measure(folder, whose, engine, str(SIZES[0]))  # the first start on a machine compiles
            few, many = (measure(folder, whose, engine, str(size)) for size in SIZES)
            rate = (many["tokens"] - few["tokens"]) / (many["seconds"] - few["seconds"])
            told = f"{rate:,.0f} tokens/s, {2 * facts['parameters'] * rate / most:.1%} utilisation"
            print(f"{engine}, {whose.removeprefix('sample_')}: {told}", flush=True)


if __name__ == "__main__":
    if len(sys.argv) == 1:
        with tempfile.TemporaryDirectory() as scratch:
            main(scratch)
    elif sys.argv[2] == "peak":
        print(peak())
    else:
        arguments = [int(part) if part.isdigit() else part for part in sys.argv[3:]]
        print(json.dumps(globals()[sys.argv[2]](sys.argv[1], *arguments)))
