"""The smoke study on a real SLURM by profiles/slurm: a job is cancelled, others are preempted, and the node crashes.

One of its methods up to M2, since a job costs two more starts of Snakemake there; and M1's answers in one shard more
than there are GPUs.
"""

import os
import re
import shutil
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from typing import NamedTuple

import pytest
import slurm
import yaml
from running import REPOSITORY, copy_repository, snakemake

# The profile and nothing else, but for a first look at the jobs after 1 s instead of a minute.
ON_SLURM = ("--workflow-profile", "profiles/slurm", "--slurm-init-seconds-before-status-checks", "1")
CHANGE = f"""
iterations: 2
methods: {{iterative_sft: null, iterative_dpo: null}}
sampling: {{shards: {{train: {slurm.GPUS}}}}}
"""
M1 = "wildcards_mini-llama_0_mini-gsm_0_sft"
M1_TRAINING, M1_ANSWERS, M2_TRAINING = f"rule_train_{M1}", f"rule_sample_{M1}_.*", f"rule_train_{M1}-[a-z]+"


class Run(NamedTuple):
    folder: Path
    history: list[dict[str, str]]  # every stretch of time that a job ran: StartTime, EndTime, JobState, ..
    jobs: dict[str, dict[str, str]]  # JobId: what was asked for


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Run:
    if absent := slurm.missing():
        if os.environ.get("CI"):
            pytest.fail(f"no {absent}, although .ci/run installs them")
        pytest.skip(f"no SLURM on this machine ({absent}): the profile was not tried")
    folder = tmp_path_factory.mktemp("on-slurm")
    copy_repository(folder)
    over = Event()
    with (
        TemporaryDirectory(prefix="slurm-") as home,
        slurm.Cluster(Path(home)) as cluster,
        ThreadPoolExecutor() as pool,
    ):
        accidents = pool.submit(disturb, cluster, over)
        try:
            study = snakemake(folder, change=CHANGE, where=ON_SLURM, environment=cluster.environment)
        finally:
            over.set()
        assert study.returncode == 0, (study.stdout + study.stderr)[-5000:]
        accidents.result()
        return Run(folder, cluster.history(), {job["JobId"]: job for job in cluster.jobs()})


def disturb(cluster: slurm.Cluster, over: Event) -> None:
    def running(pattern: str) -> list[dict[str, str]]:
        assert not over.is_set(), f"the study ended before a job of {pattern}"
        jobs = cluster.jobs()
        return [job for job in jobs if job["JobState"] == "RUNNING" and re.fullmatch(pattern, job["Comment"])]

    first = cluster.wait_for("M1's training", lambda: running(M1_TRAINING), timeout=600)
    cluster.ask("scancel", first[0]["JobId"])
    cluster.wait_for("M1's answers", lambda: len(running(M1_ANSWERS)) == slurm.GPUS, timeout=600)
    cluster.crash_node()
    time.sleep(12)  # SLURM believes for 11 s that a new job may still be on its way to the node
    cluster.start_node()
    cluster.wait_for("M2's training", lambda: running(M2_TRAINING), timeout=600)
    urgent = ("--partition=urgent", f"--gpus={slurm.GPUS}", "--mem=100", "--output=/dev/null", "--wrap=sleep 1")
    cluster.ask("sbatch", *urgent)


def states(run: Run, pattern: str) -> dict[str, list[str]]:
    """{JobId: how each of its stretches ended, in order} of the jobs whose comment matches."""
    found = defaultdict(list)
    for stretch in run.history:
        if re.fullmatch(pattern, run.jobs[stretch["JobId"]].get("Comment", "")):
            found[stretch["JobId"]].append(stretch["JobState"])
    return dict(found)


def test_the_tables_are_those_of_a_local_run_byte_for_byte(run, request, tmp_path):
    local, tables = tmp_path / "local", "results/smoke/tables"
    finished = request.getfixturevalue("finished")  # as an argument it would be waited for before SLURM starts
    shutil.copytree(finished, local, copy_function=shutil.copy2)
    assert snakemake(local, change=CHANGE).returncode == 0  # of models that are there
    names = sorted(path.name for path in (local / tables).iterdir() if path.name != "time.csv")
    assert names == sorted(path.name for path in (run.folder / tables).iterdir() if path.name != "time.csv")
    assert [n for n in names if (local / tables / n).read_bytes() != (run.folder / tables / n).read_bytes()] == []


def test_all_gpus_are_used_and_never_more(run):
    gpus = {number: int(job.get("TresPerJob", "0").removeprefix("gres:gpu:")) for number, job in run.jobs.items()}
    changes = [(stretch["StartTime"], gpus[stretch["JobId"]]) for stretch in run.history]
    changes += [(stretch["EndTime"], -gpus[stretch["JobId"]]) for stretch in run.history]
    in_use = [sum(number for when, number in changes if when <= moment) for moment, _ in changes]
    assert max(in_use) == slurm.GPUS


def test_every_job_on_a_gpu_took_the_one_that_slurm_assigned(run):
    folders = [f"results/smoke/logs/{rule}" for rule in ("pretrain_base", "train", "sample")]
    logs = [log for folder in folders for log in (run.folder / folder).glob("*.log")]
    assert len(logs) == 1 + 2 + (1 + 6 + 2)  # M0 answers one batch, M1 three, of which one in four shards, M2 two
    assert all(re.search(r"^GPUs: [0-3], assigned by SLURM$", log.read_text(), re.MULTILINE) for log in logs)


def test_what_becomes_a_job_and_what_each_asks_for(run):
    asked = {
        (job["Comment"].split("_wildcards")[0], job.get("TresPerJob"), job["TRES"], job["TimeLimit"])
        for job in run.jobs.values()
        if job["Partition"] == "main"
    }
    assert asked == {
        ("rule_pretrain_base", "gres:gpu:1", "cpu=4,mem=32000M,node=1,billing=4", "08:00:00"),
        ("rule_train", "gres:gpu:1", "cpu=4,mem=160000M,node=1,billing=4", "06:00:00"),
        ("rule_train", "gres:gpu:1", "cpu=4,mem=312.50G,node=1,billing=4", "12:00:00"),  # the cancelled one, once more
        ("rule_sample", "gres:gpu:1", "cpu=4,mem=32000M,node=1,billing=4", "08:00:00"),
        ("rule_verify", None, "cpu=1,mem=8000M,node=1,billing=1", "01:00:00"),
        ("rule_score", None, "cpu=1,mem=8000M,node=1,billing=1", "01:00:00"),
        ("rule_score_frontier", None, "cpu=1,mem=8000M,node=1,billing=1", "01:00:00"),
    }


def test_a_cancelled_job_is_submitted_again(run):
    assert list(states(run, M1_TRAINING).values()) == [["CANCELLED"], ["COMPLETED"]]


def test_the_jobs_of_a_crashed_node_start_again(run):
    answers = states(run, M1_ANSWERS).values()
    assert len(answers) == slurm.GPUS + 2
    assert [ends[-1] for ends in answers] == ["COMPLETED"] * len(answers)
    assert sum("NODE_FAIL" in ends for ends in answers) >= slurm.GPUS  # a later one may have been sent to the node, too


def test_a_preempted_job_starts_again(run):
    assert ["PREEMPTED", "COMPLETED"] in states(run, M2_TRAINING).values()


def test_every_job_left_its_log_under_the_name_of_its_rule(run):
    for job in run.jobs.values():
        if job["Partition"] == "main":
            rule, wildcards = job["Comment"].split("_wildcards_")
            assert (run.folder / "results/slurm_logs" / rule / wildcards / f"{job['JobId']}.log").stat().st_size > 0


def test_the_profile_keeps_what_the_default_one_says():
    default, on_slurm = (
        yaml.safe_load((REPOSITORY / f"profiles/{name}/config.yaml").read_text()) for name in ("default", "slurm")
    )
    assert default.items() <= on_slurm.items()
