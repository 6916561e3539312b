"""Snakemake is killed in the middle of a job, as a crash or a closed terminal would do it."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
from running import snakemake

TARGET = "results/smoke/mini-llama/base0/model/model.json"


def wait_for(condition, seconds: float):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.1)


def processes_in(folder: Path) -> list[int]:
    return [process.pid for process in psutil.process_iter(["cwd"]) if process.info["cwd"] == str(folder)]


def test_no_job_outlives_a_killed_snakemake_and_the_next_one_goes_on(study):
    change = "models: {mini-llama: {pretrain: {arguments: {max_steps: 40, save_steps: 10}}}}"
    (study / "change.yaml").write_text(change)
    command = [sys.executable, "-m", "snakemake", TARGET, "--cores", "2"]
    command += ["--configfile", "studies/smoke.yaml", "change.yaml"]
    killed = subprocess.Popen(command, cwd=study, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    base = study / "results/smoke/mini-llama/base0"
    wait_for(lambda: list(base.glob("unfinished-*/checkpoint-*")), 120)
    assert len(processes_in(study)) > 1
    killed.send_signal(signal.SIGKILL)
    killed.wait(10)
    wait_for(lambda: not processes_in(study), 10)
    assert not (base / "model/model.json").exists()
    assert snakemake(study, "--unlock", change=change).returncode == 0  # as Snakemake itself would tell
    again = snakemake(study, TARGET, change=change)
    assert again.returncode == 0, again.stdout + again.stderr
    assert (base / "model/model.json").exists()
    assert not list(base.glob("unfinished-*"))
