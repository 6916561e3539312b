"""What other work does to pretrain_base and train: their seconds beside an endless loop per core, and alone.

usage: python benchmarks/busy_machine.py

Both run as rules of the smoke study, in folders of their own that are removed at the end. With a fair share of the
processor each takes twice as long beside the loops; threads that spin at barriers take far longer.
"""

import os
import shutil
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]


def main() -> None:
    alone, beside = seconds("alone", loops=0), seconds("beside", loops=os.cpu_count())
    print(f"{os.cpu_count()} cores          alone, s  beside an endless loop per core, s  ratio")
    for rule in alone:
        print(f"{rule:15s}  {alone[rule]:8.1f}  {beside[rule]:34.1f}  {beside[rule] / alone[rule]:5.2f}")


def seconds(name: str, loops: int) -> dict[str, float]:
    """{rule: seconds} of M0 and M1, as Snakemake's benchmark files have them."""
    results = Path(f"results/busy-machine-{name}")
    shutil.rmtree(REPOSITORY / results, ignore_errors=True)
    model = f"{results}/mini-llama/base0/mini-gsm/seed0/sft/model/model.json"
    command = [sys.executable, "-m", "snakemake", model, "--cores", "2", "--quiet", "all"]
    command += ["--configfile", "studies/smoke.yaml", "--config", f"study={results.name}"]
    with ExitStack() as stack:
        for _ in range(loops):
            stack.callback(subprocess.Popen([sys.executable, "-c", "while True: pass"]).kill)
        subprocess.run(command, cwd=REPOSITORY, check=True)
    logs = (REPOSITORY / results / "benchmarks").glob("*/*.tsv")
    found = {log.parent.name: float(log.read_text().splitlines()[1].split("\t")[0]) for log in logs}
    shutil.rmtree(REPOSITORY / results)
    return {rule: found[rule] for rule in ("pretrain_base", "train")}


if __name__ == "__main__":
    main()
