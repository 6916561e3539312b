"""The lease with real processes: each job is a Python of its own, and the pool is a list of made-up GPUs."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import pytest
from reversal.devices import pool

pytestmark = pytest.mark.timeout(300)
SCRIPTS = Path(__file__).parents[2] / "scripts"
FOUR = "0,1,2,3"
LONG = 600  # seconds, of jobs that the test ends
JOB = """
import json, sys, time
from reversal.devices import lease
names = lease(int(sys.argv[1]), sys.argv[2])
print("began", json.dumps([time.monotonic(), names]), flush=True)
time.sleep(float(sys.argv[3]))
print("ended", time.monotonic(), flush=True)
"""
LISTING = """\
GPU 0: NVIDIA A100-SXM4-40GB (UUID: GPU-aaaa1111-0000-0000-0000-000000000000)
GPU 1: NVIDIA A100-SXM4-40GB (UUID: GPU-aaaa2222-0000-0000-0000-000000000000)
  MIG 3g.20gb     Device  0: (UUID: MIG-5555)
  MIG 3g.20gb     Device  1: (UUID: MIG-6666)
GPU 2: NVIDIA H100 80GB HBM3 (UUID: GPU-bbbb3333-0000-0000-0000-000000000000)
"""
A, B = (f"GPU-{start}-0000-0000-0000-000000000000" for start in ("aaaa1111", "bbbb3333"))
MIGS = {"MIG-5555": "MIG-5555", "MIG-6666": "MIG-6666"}


@pytest.fixture
def leases(tmp_path) -> str:
    return str(tmp_path / "leases")


@pytest.fixture
def start():
    """Starts a Python of its own that prints to a pipe; all of them are killed at the end."""
    running = []

    def run(*arguments, visible: str | None = FOUR, code: str = JOB, **environment) -> subprocess.Popen:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("CUDA_", "SLURM_"))}
        kept |= {"PYTHONPATH": str(SCRIPTS)} | environment
        kept |= {} if visible is None else {"CUDA_VISIBLE_DEVICES": visible}
        command = [sys.executable, "-c", code, *map(str, arguments)]
        running.append(subprocess.Popen(command, env=kept, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE))
        return running[-1]

    yield run
    for process in running:
        process.kill()


def line(process: subprocess.Popen, beginning: str) -> str:
    """What stands behind `beginning` in the next line that has it; the test fails if the process ends before."""
    for text in process.stdout:
        if text.startswith(beginning):
            return text.removeprefix(beginning).strip()
    pytest.fail(process.stderr.read())


def begun(process: subprocess.Popen) -> list[str]:
    """The names of the GPUs that a job got, once it has them."""
    return json.loads(line(process, "began"))[1]


def wait_for_locks(number: int, leases: str) -> None:
    """Until the kernel lists so many locks on the file."""
    file = f":{Path(leases).stat().st_ino} "
    while Path("/proc/locks").read_text().count(file) < number:
        time.sleep(0.05)


@pytest.mark.parametrize(
    "visible, listing, expected",
    [
        (None, "", {}),
        (None, LISTING, {"0": A, **MIGS, "2": B}),
        ("", LISTING, {}),
        ("-1", LISTING, {}),
        ("NoDevFiles", LISTING, {}),
        ("0,2", LISTING, {"0": A, "2": B}),
        (" 2, 0", LISTING, {"2": B, "0": A}),
        ("0,-1,2", LISTING, {"0": A}),
        ("0,7,2", LISTING, {"0": A}),
        ("0,0", LISTING, {"0": A}),
        (B, LISTING, {"2": B}),
        ("GPU-bbbb,0", LISTING, {"2": B, "0": A}),
        ("GPU-aaaa,2", LISTING, {}),  # two GPUs begin like that
        ("MIG-6666", LISTING, {"MIG-6666": "MIG-6666"}),
        ("1", LISTING, MIGS),
        ("0,2", "", {"0": "0", "2": "2"}),
        (f"{B},MIG-GPU-x/1/0", "", {B: B, "MIG-GPU-x/1/0": "MIG-GPU-x/1/0"}),
        ("", "", {}),
        ("0,-1,2", "", {"0": "0"}),
    ],
)
def test_the_pool(visible, listing, expected):
    found = pool(visible, listing)
    assert found == expected
    assert list(found) == list(expected)


@pytest.mark.parametrize("choices", [[FOUR], [FOUR, "2,3,4,5"]], ids=["one pool", "two that overlap"])
def test_many_jobs_of_1_2_and_4_gpus_never_share_one_and_all_end(start, leases, choices):
    sizes = [1] * 8 + [2] * 6 + [4] * 4
    random.Random(0).shuffle(sizes)
    jobs = [start(size, leases, 0.05, visible=choices[i % len(choices)]) for i, size in enumerate(sizes)]
    held: dict[str, list[tuple[float, float]]] = {name: [] for name in ",".join(choices).split(",")}
    for size, job in zip(sizes, jobs, strict=True):
        began, names = json.loads(line(job, "began"))
        ended = float(line(job, "ended"))
        assert len(set(names)) == size
        for name in names:
            held[name].append((began, ended))
    for spans in held.values():
        spans.sort()
        assert all(end <= begin for (_, end), (begin, _) in pairwise(spans))


def test_jobs_run_side_by_side_on_different_gpus(start, leases):
    jobs = [start(size, leases, LONG) for size in (1, 2, 1)]
    assert sorted(name for job in jobs for name in begun(job)) == FOUR.split(",")


def test_a_killed_job_gives_its_gpus_back(start, leases):
    first = start(4, leases, LONG)
    begun(first)
    second = start(4, leases, 0)
    line(second, "GPUs: waiting for 4 of 0,1,2,3")
    first.send_signal(signal.SIGKILL)
    assert begun(second) == FOUR.split(",")


def test_small_jobs_do_not_overtake_a_large_one(start, leases):
    first = start(1, leases, LONG)
    begun(first)
    large = start(4, leases, 0)
    wait_for_locks(2, leases)  # the second says that it is first in the queue
    small = start(1, leases, 0)
    line(small, "GPUs: waiting")
    first.kill()
    assert json.loads(line(large, "began"))[0] < json.loads(line(small, "began"))[0]


def test_jobs_with_other_gpus_to_choose_from_need_not_wait_for_it(start, leases):
    begun(start(1, leases, LONG))
    start(4, leases, 0)
    wait_for_locks(2, leases)
    assert begun(start(1, leases, 0, visible="2,3")) == ["2"]


PARENT = """
import json, multiprocessing, os, subprocess, sys, time
from reversal.devices import lease
lease(2, sys.argv[1])
os.chdir(os.path.dirname(sys.argv[1]))
{children}
print("began", json.dumps(pids), flush=True)
time.sleep(60)
"""
PROCESS = """
child = multiprocessing.get_context("{method}").Process(target=time.sleep, args=[60])
child.start()
pids = [child.pid]
"""
ACCELERATE = """
with open("worker.py", "w") as worker:
    worker.write("import os, time; os.symlink(str(os.getpid()), 'worker' + os.environ['RANK']); time.sleep(60)")
launch = [sys.executable, "-m", "accelerate.commands.launch", "--multi_gpu", "--num_processes=2", "worker.py"]
launcher = subprocess.Popen(launch, env=os.environ | {"OMP_NUM_THREADS": "1"})
while not (os.path.lexists("worker0") and os.path.lexists("worker1")):
    assert launcher.poll() is None
    time.sleep(0.1)
pids = [launcher.pid, int(os.readlink("worker0")), int(os.readlink("worker1"))]
"""
CHILDREN = {
    "subprocess": "pids = [subprocess.Popen(['sleep', '60']).pid]",
    "fork": PROCESS.format(method="fork"),
    "spawn": PROCESS.format(method="spawn"),
    "accelerate": ACCELERATE,
}


@pytest.mark.parametrize("kind", CHILDREN)
def test_an_orphan_keeps_its_gpus(start, leases, kind):
    parent = start(leases, visible="0,1", code=PARENT.format(children=CHILDREN[kind]))
    *others, last = json.loads(line(parent, "began"))
    try:
        for pid in (parent.pid, *others):
            os.kill(pid, signal.SIGKILL)
        waiting = start(1, leases, 0, visible="0,1")
        line(waiting, "GPUs: waiting for 1 of 0,1")
        with pytest.raises(subprocess.TimeoutExpired):
            waiting.wait(timeout=1)
    finally:
        os.kill(last, signal.SIGKILL)
    assert begun(waiting) == ["0"]


def gpu_machine(folder: Path, torch: str) -> dict[str, str]:
    """An environment in which nvidia-smi -L prints LISTING, and torch has this version."""
    program = folder / "nvidia-smi"
    program.write_text(f"#!/bin/sh\n[ \"$1\" = -L ] && cat <<'END'\n{LISTING}END\n")
    program.chmod(0o755)
    (folder / f"torch-{torch}.dist-info").mkdir()
    (folder / f"torch-{torch}.dist-info/METADATA").write_text(f"Name: torch\nVersion: {torch}\n")
    return {"PATH": f"{folder}:{os.environ['PATH']}", "PYTHONPATH": f"{SCRIPTS}:{folder}"}


def test_a_gpu_has_one_lease_whatever_it_is_called(start, leases, tmp_path):
    machine = gpu_machine(tmp_path, torch="2.13.0+cu130")
    assert begun(start(1, leases, LONG, visible=A, **machine)) == ["0"]
    assert begun(start(1, leases, LONG, visible="0,2", **machine)) == ["2"]
    assert begun(start(2, leases, LONG, visible=None, **machine)) == ["MIG-5555", "MIG-6666"]
    late = start(1, leases, 0, visible="GPU-aaaa1111,GPU-bbbb", **machine)
    line(late, "GPUs: waiting for 1 of 0,2")
    with pytest.raises(subprocess.TimeoutExpired):
        late.wait(timeout=1)


SHOW = """
import os, sys
from reversal.devices import lease
lease(int(sys.argv[1]), sys.argv[2])
print("shown", os.environ["CUDA_VISIBLE_DEVICES"], os.environ.get("CUDA_DEVICE_ORDER"))
"""


@pytest.mark.parametrize(
    "wanted, visible, environment, shown, leased",
    [
        (0, None, {}, "None", False),
        (0, "0,1", {}, "None", False),
        (2, "0,3,1", {}, "0,3 PCI_BUS_ID", True),
        (0, "2", {"SLURM_JOB_ID": "7"}, "None", False),
        (1, "2", {"SLURM_JOB_ID": "7"}, "2 None", False),
        (2, "GPU-1,GPU-2", {"SLURM_JOB_ID": "7"}, "GPU-1,GPU-2 None", False),
        (1, "2,3", {"SLURM_JOB_ID": "7"}, "2 PCI_BUS_ID", True),  # Snakemake itself runs in an allocation of two
    ],
)
def test_what_a_job_sees(start, leases, wanted, visible, environment, shown, leased):
    job = start(wanted, leases, visible=visible, code=SHOW, **environment)
    assert line(job, "shown") == shown
    assert Path(leases).exists() == leased


@pytest.mark.parametrize(
    "visible, environment, sentence",
    [
        (
            "0,1",
            {},
            "This job asks for 3 GPUs, but there are only 2 here (CUDA_VISIBLE_DEVICES=0,1): waiting will not help.",
        ),
        ("", {}, "there are only 0 here (CUDA_VISIBLE_DEVICES=)"),
        (None, {"PATH": "/nowhere"}, "there are only 0 here (nvidia-smi -L)"),
        ("0,1", {"SLURM_JOB_ID": "7"}, "there are only 2 here"),
    ],
)
def test_a_wait_without_hope_is_an_error_at_once(start, leases, visible, environment, sentence):
    job = start(3, leases, 0, visible=visible, **environment)
    assert sentence in job.communicate(timeout=120)[1]
    assert job.returncode != 0 and not Path(leases).exists()


@pytest.mark.parametrize("environment", [{}, {"SLURM_JOB_ID": "7"}], ids=["node", "slurm"])
def test_a_torch_for_the_cpu_takes_no_gpu(start, leases, tmp_path, environment):
    machine = gpu_machine(tmp_path, torch="2.13.0+cpu") | environment
    job = start(1, leases, 0, visible="2", **machine)
    assert "has a CPU build of torch (2.13.0+cpu): run Snakemake with --sdm conda" in job.communicate(timeout=120)[1]
    assert job.returncode != 0 and not Path(leases).exists()
    assert begun(start(0, leases, 0, visible="2", **machine)) == []


def test_every_user_can_open_the_file_and_systemd_does_not_remove_it(start, leases):
    begun(start(1, leases, 0, code=f"import os; os.umask(0o077){JOB}"))
    assert Path(leases).stat().st_mode & 0o7777 == 0o1666


def test_a_link_in_place_of_the_file_is_not_followed(start, leases, tmp_path):
    (tmp_path / "precious").write_text("")
    Path(leases).symlink_to(tmp_path / "precious")
    assert "Too many levels of symbolic links" in start(1, leases, 0).communicate(timeout=120)[1]
