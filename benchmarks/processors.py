"""Is it rounding, or another arithmetic? The embedded study's first steps and answers under several instruction sets.

usage: python benchmarks/processors.py [MODEL_FOLDER]

Pre-training's weights after 1, 10 and 100 steps, as their relative distance from those of the machine's own choice: the
rounding of 32-bit numbers is 1e-7 at the first step and grows with every step, while a lower precision (bfloat16: 4e-3)
would show at once. Then the greedy answers of one finished model (the embedded study's M1, unless another is named) to
100 questions by both engines: how many are the same, letter by letter.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]
sys.path.insert(0, str(REPOSITORY / "scripts"))
SETS = {
    "the machine's own": {},
    "AVX2": {"ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2"},
    "SSE4.1": {"ATEN_CPU_CAPABILITY": "default", "ONEDNN_MAX_CPU_ISA": "SSE41", "MKL_ENABLE_INSTRUCTIONS": "SSE4_2"},
}
STEPS = (1, 10, 100)
ENGINES = ("vllm", "transformers")


def main(model: str) -> None:
    print(next(line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")))
    with tempfile.TemporaryDirectory() as folder:
        for name, variables in SETS.items():
            for job in (["weights"], *(["answers", engine, model] for engine in ENGINES if Path(model).exists())):
                command = [sys.executable, __file__, *job, f"{folder}/{name}"]
                with open(f"{folder}/log", "w") as log:
                    subprocess.run(command, env=os.environ | variables, check=True, stdout=log, stderr=log)
        print(f"relative distance of the weights after {', '.join(map(str, STEPS))} steps from the machine's own:")
        for name in SETS:
            print(f"  {name:18s}", "  ".join(f"{distance(folder, name, steps):.1e}" for steps in STEPS))
        print(f"greedy answers of {model} equal to vLLM's on the machine's own:")
        for name in SETS if Path(model).exists() else ():
            same = [equal(folder, "the machine's own vllm", f"{name} {engine}") for engine in ENGINES]
            print(f"  {name:18s}", "  ".join(f"{e} {s} of 100" for e, s in zip(ENGINES, same, strict=True)))


def weights(output: str) -> None:
    """A job of `main`: pre-trains the embedded base for few steps."""
    from reversal.learning.pretraining import corpus_texts, pretrain

    recipe = study()["models"]["mini-llama"]["pretrain"] | {"seed": 0}
    texts = corpus_texts(recipe["corpus"], recipe["prompt"], recipe["hard_changes"])
    for steps in STEPS:
        short = recipe | {"arguments": recipe["arguments"] | {"max_steps": steps, "lr_scheduler_type": "constant"}}
        pretrain(texts, short, 1, f"{output} work{steps}", f"{output} {steps}")


def answers(engine: str, model: str, output: str) -> None:
    """A job of `main`: greedy answers to 100 test questions."""
    from reversal.problem_sources.problems import load_problems
    from reversal.requests import requests_for
    from reversal.sampling import generate

    config = study()
    task = config["tasks"]["mini-gsm"]
    problems = load_problems(task["test"] | {"count": 100}, "test", "test")
    greedy = {"greedy": True, "sampled": 0, "temperature": 0, "top_p": 1, "max_tokens": task["max_tokens"]}
    requests = requests_for(problems, greedy, task["prompt"], (0,))
    texts = generate(model, requests, config["sampling"]["engine"] | {"name": engine}, [])["text"]
    Path(f"{output} {engine}.json").write_text(json.dumps(texts.to_list()))


def study() -> dict:
    import yaml

    return yaml.safe_load((REPOSITORY / "config.yaml").read_text())


def distance(folder: str, name: str, steps: int) -> float:
    from safetensors.numpy import load_file

    own, other = (load_file(f"{folder}/{s} {steps}/model.safetensors") for s in ("the machine's own", name))
    apart = sum(((own[key].astype(float) - other[key]) ** 2).sum() for key in own)
    return (apart / sum((value.astype(float) ** 2).sum() for value in own.values())) ** 0.5


def equal(folder: str, one: str, other: str) -> int:
    a, b = (json.loads(Path(f"{folder}/{name}.json").read_text()) for name in (one, other))
    return sum(x == y for x, y in zip(a, b, strict=True))


if __name__ == "__main__":
    jobs = {"weights": weights, "answers": answers}
    first = sys.argv[1] if len(sys.argv) > 1 else ""
    if first in jobs:
        jobs[first](*sys.argv[2:])
    else:
        main(first or str(REPOSITORY / "results/default/mini-llama/base0/mini-gsm/seed0/sft/model"))
