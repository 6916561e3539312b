"""What `make judge` takes for two files of answers: seconds, CPU seconds and memory, by size.

python benchmarks/judging.py [1319x16 1319x64 5000x64], problems x samples; data in $REVERSAL_DATA or ../shared/data

The answers are made up as in scoring_speed.py, in the plain form with labels and a greedy answer each; the second model
is right more often. The first run in a new checkout also compiles text_diversity, once: 3 s more.
"""

import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from itertools import cycle, islice
from pathlib import Path

MAKE = Path(__file__).parents[1]
ENVIRONMENT = dict(os.environ)  # before scoring_speed sets the threads of its own libraries
from scoring_speed import answer, solutions  # noqa: E402


def main(sizes: list[str]) -> None:
    print(f"{os.cpu_count()} cores; of all processes together, Snakemake and its report among them")
    print("problems x samples x files  input, MB  seconds  CPU seconds  largest process, MB")
    for size in sizes or ["1319x16", "1319x64", "5000x64"]:
        problems, samples = map(int, size.split("x"))
        with tempfile.TemporaryDirectory() as folder:
            paths = [Path(folder, f"step{step}.jsonl") for step in (100, 300)]
            for seed, path in enumerate(paths):
                write_answers(path, problems, samples, seed)
            megabytes = sum(path.stat().st_size for path in paths) / 1e6
            wall, cpu, peak = judge(" ".join(map(str, paths)))
        print(
            f"{problems:8,} x {samples:7,} x 2      {megabytes:9,.0f}  {wall:7.1f}  {cpu:11.1f}  {peak:19,.0f}",
            flush=True,
        )
    shutil.rmtree(MAKE / "results/judge")


def write_answers(path: Path, problems: int, samples: int, seed: int) -> None:
    draw, known = random.Random(seed), solutions()
    share = {i: min(1.0, draw.random() + 0.1 * seed) for i in range(problems)}
    with path.open("w") as file:
        for problem, of_problem in enumerate(islice(cycle(known), problems)):
            for index in range(-1, samples):
                text = answer(draw, of_problem)
                row = {"problem_id": problem, "question": f"What is asked in problem {problem}?", "text": text}
                row |= {"greedy": True} if index < 0 else {"sample_index": index}
                row |= {"answer": text.rpartition(" ")[2], "n_tokens": len(text.split())}
                file.write(json.dumps(row | {"correct": draw.random() < share[problem]}) + "\n")


def judge(answers: str) -> tuple[float, float, float]:
    """(wall-clock seconds, CPU seconds, MB of the largest process) of make judge and all that it starts."""
    shutil.rmtree(MAKE / "results/judge", ignore_errors=True)
    started = time.monotonic()
    with tempfile.TemporaryFile("w+") as printed:
        command = ["make", "judge", f"ANSWERS={answers}"]
        run = subprocess.Popen(command, cwd=MAKE, env=ENVIRONMENT, stdout=printed, stderr=printed)
        _, status, usage = os.wait4(run.pid, 0)
        if status:
            printed.seek(0)
            sys.exit(printed.read())
    return time.monotonic() - started, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


if __name__ == "__main__":
    main(sys.argv[1:])
