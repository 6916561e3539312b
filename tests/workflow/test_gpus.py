"""GPUs under real Snakemake: the pool is CUDA_VISIBLE_DEVICES with made-up names, since no job here touches a GPU."""

import json
import os
import subprocess
import sys
import uuid
from itertools import combinations

import polars as pl
import pytest
from running import REPOSITORY, copy_repository, snakemake

SNAKEFILE = """
GPUS = {"a": 1, "b": 1, "c": 1, "d": 2, "e": 1}


rule all:
    input:
        expand("{job}.json", job=GPUS),


rule use:
    output:
        "{job}.json",
    resources:
        gpu=lambda w: GPUS[w.job],
    script:
        "use.py"
"""
SCRIPT = """
import json, time
from pathlib import Path
from reversal.devices import lease
names = lease(snakemake.resources.gpu, "leases")
began, job = time.monotonic(), snakemake.wildcards.job
Path(f"{job}.up").touch()
while job in "ab" and not all(Path(f"{name}.up").exists() for name in "ab"):
    time.sleep(0.1)
with open(snakemake.output[0], "w") as file:
    json.dump([began, time.monotonic(), names], file)
"""


def test_concurrent_jobs_use_different_gpus(tmp_path):
    (tmp_path / "Snakefile").write_text(SNAKEFILE)
    (tmp_path / "use.py").write_text(SCRIPT)
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY / "scripts"), "CUDA_VISIBLE_DEVICES": "0,1"}
    command = [sys.executable, "-m", "snakemake", "--cores", "4", "--resources", "gpu=2"]
    run = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stderr
    jobs = {path.stem: json.loads(path.read_text()) for path in tmp_path.glob("?.json")}
    assert {name: len(gpus) for name, (*_, gpus) in jobs.items()} == {"a": 1, "b": 1, "c": 1, "d": 2, "e": 1}
    together = [
        (one, other) for one, other in combinations(jobs.values(), 2) if one[0] < other[1] and other[0] < one[1]
    ]
    assert (jobs["a"], jobs["b"]) in together or (jobs["b"], jobs["a"]) in together
    assert not [pair for pair in together if set(pair[0][2]) & set(pair[1][2])]


def test_a_job_leases_what_its_rule_asks_for_and_the_others_see_no_gpu(study, monkeypatch):
    gpu = f"GPU-{uuid.uuid4()}"
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", gpu)
    folder = "results/smoke/mini-llama/base0/mini-gsm/seed0/sft"
    (study / folder / "samples/test.parquet").unlink()
    (study / folder / "scores.parquet").unlink()
    run = snakemake(study, f"{folder}/scores.parquet", "--resources", "gpu=1")
    assert run.returncode == 0, run.stdout + run.stderr
    logs, name = study / "results/smoke/logs", "mini-llama-base0-mini-gsm-seed0-sft"
    assert f"GPUs: {gpu}, after" in (logs / f"sample/{name}-evaluation-0-of-1.log").read_text()
    for log in (f"score/{name}.log", f"sample/{name}-train-0-of-2.log", f"train/{name}.log"):
        assert "GPUs: none (snakemake --resources gpu=N asks for some)\n" in (logs / log).read_text()


def test_a_model_spread_over_two_processes_gives_the_same_answers(study):
    """Real tensor parallelism, on the CPU. Sums in another order may tip a near tie; half a model knows nothing."""
    answers = "results/smoke/mini-llama/base0/mini-gsm/seed0/sft/samples/test.parquet"
    columns = ["problem_id", "decoding", "sample_index", "seed", "text"]
    alone = pl.read_parquet(study / answers, columns=columns)
    (study / answers).unlink()
    run = snakemake(study, answers, change="models: {mini-llama: {tensor_parallel: 2}}")
    assert run.returncode == 0, run.stdout + run.stderr
    (log,) = (study / "results/smoke/logs/sample").glob("mini-llama-base0-mini-gsm-seed0-sft-evaluation-*.log")
    assert "Worker_TP1" in log.read_text()
    spread = pl.read_parquet(study / answers, columns=columns)
    assert spread.drop("text").equals(alone.drop("text"))
    assert (spread["text"] == alone["text"]).mean() > 0.9


@pytest.mark.parametrize(
    "change, sentence",
    [
        (
            "models: {mini-llama: {tensor_parallel: 4}}",
            "models.mini-llama.tensor_parallel: a sample job needs 4 GPUs, more than --resources gpu=2: raise that to",
        ),
        (
            "steps: {dpo: {gpus: 8}}",
            "steps.dpo.gpus: a train job needs 8 GPUs, more than --resources gpu=2: raise that to 8, or lower",
        ),
    ],
)
def test_a_request_above_the_cap_stops_before_the_first_job(tmp_path, change, sentence):
    copy_repository(tmp_path)
    run = snakemake(tmp_path, "--resources", "gpu=2", change=change)
    assert run.returncode != 0 and sentence in run.stdout + run.stderr
    assert not (tmp_path / "results").exists()
    assert snakemake(tmp_path, "--resources", "gpu=8", "--dry-run", change=change).returncode == 0
