"""Snakemake is killed, or told to end, in the middle of a job: nothing is lost, and nothing runs twice."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from running import copy_repository, snakemake

TARGET = "results/smoke/mini-llama/base0/model/model.json"
STEPS = 400
TINY = "{hidden_size: 32, intermediate_size: 64, num_hidden_layers: 1, num_attention_heads: 1, num_key_value_heads: 1}"
ARGUMENTS = f"{{max_steps: {STEPS}, save_steps: 20, per_device_train_batch_size: 2}}"
CHANGE = f"models: {{mini-llama: {{pretrain: {{architecture: {TINY}, arguments: {ARGUMENTS}}}}}}}"


def wait_for(condition, seconds: float):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.1)


def processes_in(folder: Path) -> list[int]:
    return [process.pid for process in psutil.process_iter(["cwd"]) if process.info["cwd"] == str(folder)]


def started(folder: Path) -> subprocess.Popen:
    """A Snakemake that pre-trains a base model and has written a checkpoint of it."""
    (folder / "change.yaml").write_text(CHANGE)
    command = [sys.executable, "-m", "snakemake", TARGET, "--cores", "2"]
    command += ["--configfile", "studies/smoke.yaml", "change.yaml"]
    running = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    wait_for(lambda: steps(folder) or running.poll() is not None, 400)
    assert running.poll() is None, running.communicate()[0]
    return running


def steps(folder: Path) -> list[int]:
    """Of the checkpoints of the unfinished base model that are complete."""
    found = folder.glob("results/smoke/mini-llama/base0/unfinished-*/checkpoint-*/trainer_state.json")
    return sorted(int(state.parent.name.split("-")[1]) for state in found)


@pytest.fixture
def fresh(tmp_path) -> Path:
    copy_repository(tmp_path)
    return tmp_path


def test_killed_or_told_to_end_it_goes_on_where_it_was(fresh):
    killed = started(fresh)
    for job in (jobs := psutil.Process(killed.pid).children()):
        job.suspend()
    for _ in range(2):  # what the first of them does when it ends must not let the second one in
        other = snakemake(fresh, TARGET, change=CHANGE, timeout=300)
        assert other.returncode != 0
        assert f"results/smoke: process {killed.pid} on " in other.stdout + other.stderr
        assert f"    kill {killed.pid}\n" in other.stdout + other.stderr
    assert jobs and killed.poll() is None
    killed.send_signal(signal.SIGKILL)
    killed.wait(60)
    wait_for(lambda: not processes_in(fresh), 60)
    assert not (fresh / TARGET).exists()

    kept = steps(fresh)[-1]
    ended = started(fresh)
    wait_for(lambda: steps(fresh)[-1] > kept or ended.poll() is not None, 400)
    ended.send_signal(signal.SIGTERM)
    told, _ = ended.communicate(timeout=300)
    assert ended.returncode != 0 and not processes_in(fresh)
    log = (fresh / "results/smoke/logs/pretrain_base/mini-llama-base0.log").read_text()
    stopped = int(re.search(rf"Stopped by SIGTERM after step (\d+) of {STEPS}\. The checkpoint is kept", log)[1])
    assert steps(fresh)[-1] == stopped > kept
    assert "Will exit after finishing currently running jobs" in told

    again = snakemake(fresh, TARGET, change=CHANGE)
    assert again.returncode == 0, again.stdout + again.stderr
    log = (fresh / "results/smoke/logs/pretrain_base/mini-llama-base0.log").read_text()
    assert min(map(float, re.findall(r"'epoch': '([\d.]+)'", log))) > 0  # it did not start over
    assert not list((fresh / TARGET).parents[1].glob("unfinished-*"))


def test_a_job_whose_snakemake_died_while_it_imported_does_not_begin(tmp_path):
    """The parent is gone before the job can ask the kernel to be told of its end."""
    script = "import os, time; from reversal import jobs; time.sleep(1); jobs.start('log'); open('begun', 'w')"
    dying = (
        "import os, subprocess, sys; os.environ['REVERSAL_PARENT'] = str(os.getpid());"
        f"print(subprocess.Popen([sys.executable, '-c', {script!r}]).pid, flush=True)"
    )
    scripts = {"PYTHONPATH": str(Path(__file__).parents[2] / "scripts")}
    shown = subprocess.run(
        [sys.executable, "-c", dying],
        cwd=tmp_path,
        env=os.environ | scripts,
        capture_output=True,
        text=True,
        timeout=60,
    )
    wait_for(lambda: not psutil.pid_exists(int(shown.stdout)), 20)
    assert not (tmp_path / "log").exists() and not (tmp_path / "begun").exists()


def test_the_lock_says_who_holds_it(tmp_path):
    from reversal import holding

    holding.hold(str(tmp_path / "study"))
    told = json.loads((tmp_path / "study" / holding.NAME).read_text())
    assert told["pid"] == os.getpid() and told["command"] == sys.argv and told.keys() == {*told, "host", "since"}
    with pytest.raises(RuntimeError, match=rf"study: process {os.getpid()} on .* has been working there since 2"):
        holding.hold(str(tmp_path / "study"))
