"""The GPUs of a job: jobs on one node never share one by accident.

Snakemake counts GPUs but hands none out, so every job leases its own: a lock on one byte per GPU in a file that all
jobs of the node open. The locks belong to the open file, which becomes the job's standard input: subprocess,
multiprocessing and `accelerate launch` hand on that descriptor and the log, and close all others. So the lease ends
with the last process of the job, however it dies: a killed job's GPUs come back, and an orphan keeps its own.

The locks are Linux's open file description locks, which fcntl(2) describes: of flock(2) a job would need one descriptor
per GPU. Two jobs see each other's leases if they see the same file, whoever runs them. Under SLURM the scheduler's
assignment counts instead.
"""

import fcntl
import hashlib
import os
import random
import re
import shutil
import struct
import subprocess
import sys
import time
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version

LEASES = "/tmp/reversal-gpu-leases"  # not in $TMPDIR, which differs from user to user
GPU_LINE = re.compile(r"GPU (\d+): .*\(UUID: ([^)]+)\)")
MIG_LINE = re.compile(r"\s+MIG .*\(UUID: ([^)]+)\)")
ENTRY = re.compile(r"\d+|(GPU|MIG)-.+")


def lease(wanted: int, leases: str = LEASES) -> list[str]:
    """Waits for `wanted` GPUs that no other job on this node has, and returns their names in CUDA_VISIBLE_DEVICES.

    Sets that variable, so call it before anything looks for GPUs; with 0 this process will see none. The lease lasts as
    long as this process or one that it started. leases: the file of the locks.
    Raises RuntimeError if there are fewer than `wanted`, in use or not, or if torch here can use none.
    """
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    listing = _nvidia_smi() if wanted else ""
    if listing:
        _require_cuda_build()
    if wanted == 0:
        names = []
        print("GPUs: none (snakemake --resources gpu=N asks for some)", flush=True)
    elif "SLURM_JOB_ID" in os.environ and len(pool(visible or "", "")) == wanted:
        names = list(pool(visible, ""))
        print(f"GPUs: {visible}, assigned by SLURM", flush=True)
    else:
        devices = pool(visible, listing)
        if wanted > len(devices):
            source = "nvidia-smi -L" if visible is None else f"CUDA_VISIBLE_DEVICES={visible}"
            raise RuntimeError(
                f"This job asks for {wanted} GPUs, but there are only {len(devices)} here ({source}): waiting "
                "will not help. Run it on a machine with more, or lower its tensor_parallel (sample) or gpus (train) "
                "in the study."
            )
        names = _wait_for(wanted, devices, leases)
        os.environ["CUDA_DEVICE_ORDER"] = "PCI_BUS_ID"  # nvidia-smi's numbers; CUDA's own begin with the fastest GPU
    os.environ["CUDA_VISIBLE_DEVICES"] = ",".join(names)
    return names


def pool(visible: str | None, listing: str) -> dict[str, str]:
    """The GPUs that a job may lease: {name for CUDA_VISIBLE_DEVICES: what identifies it on this node}, in order.

    visible: CUDA_VISIBLE_DEVICES as inherited, None if it is not set: numbers, UUIDs or beginnings of them, MIG
    instances. As in CUDA, an entry that names no GPU (e.g. -1) ends the list. listing: what `nvidia-smi -L` prints, ""
    where there is none. By it every GPU is known under its UUID, however a job names it; a GPU that is cut into MIG
    instances stands for these.
    """
    listed = _listed(listing)
    if visible is None:
        return {name: identity for *_, name, identity in listed}
    found = {}
    for entry in map(str.strip, visible.split(",")):
        if not ENTRY.fullmatch(entry):
            break
        if not listing:
            found[entry] = entry
            continue
        named = [row for row in listed if entry in (row[0], row[2]) or (entry[0] == "G" and row[1].startswith(entry))]
        if len({number for number, *_ in named}) != 1:
            break
        found |= {name: identity for *_, name, identity in named}
    return found


def _listed(listing: str) -> list[tuple[str, str, str, str]]:
    """(number of the GPU, its UUID, name, identity) of every GPU, or of the MIG instances that it is cut into."""
    rows = []
    for line in listing.splitlines():
        if gpu := GPU_LINE.match(line):
            rows.append((gpu[1], gpu[2], gpu[1], gpu[2]))
        elif instance := MIG_LINE.match(line):
            rows.append((*rows[-1][:2], instance[1], instance[1]))
    cut = {number for number, _, name, _ in rows if name != number}
    return [row for row in rows if row[2] != row[0] or row[0] not in cut]


def _nvidia_smi() -> str:
    """What `nvidia-smi -L` prints; "" where it is not installed or finds no driver."""
    if shutil.which("nvidia-smi") is None:
        return ""
    run = subprocess.run(["nvidia-smi", "-L"], stdout=subprocess.PIPE, text=True, timeout=120)
    return run.stdout if run.returncode == 0 else ""


def _require_cuda_build() -> None:
    """A CPU build of torch would run the job regardless, for days, and leave its GPUs idle."""
    with suppress(PackageNotFoundError):
        if (torch := version("torch")).endswith("+cpu"):
            raise RuntimeError(
                f"This job is to use GPUs, but its Python ({sys.executable}) has a CPU build of torch ({torch}): run "
                "Snakemake with --sdm conda or --sdm env-modules (docs/environments.md), or without --resources gpu="
            )


def _wait_for(wanted: int, devices: dict[str, str], leases: str) -> list[str]:
    """The first `wanted` of `devices` that are free at the same time; locked in the file that becomes descriptor 0."""
    print(f"GPUs: waiting for {wanted} of {','.join(devices)} (who has them: fuser -v {leases})", flush=True)
    started, file = time.monotonic(), _open(leases)
    turn = "turn " + ",".join(sorted(devices.values()))
    _lock(file, turn, wait=True)  # jobs with the same choice queue, so that small ones do not starve a large one
    while len(names := _lock_free(wanted, devices, file)) < wanted:
        time.sleep(random.uniform(0.1, 0.3))  # at random: two jobs that got in each other's way should not do so again
    _unlock(file, turn)
    os.dup2(file, 0)
    print(f"GPUs: {','.join(names)}, after {time.monotonic() - started:.0f} s", flush=True)
    return names


def _lock_free(wanted: int, devices: dict[str, str], file: int) -> list[str]:
    """The names of `wanted` devices, now locked; none if fewer are free."""
    names = []
    for name, identity in devices.items():
        if _lock(file, identity):
            names.append(name)
        if len(names) == wanted:
            return names
    for name in names:
        _unlock(file, devices[name])
    return []


def _lock(file: int, what: str, wait: bool = False) -> bool:
    try:
        fcntl.fcntl(file, fcntl.F_OFD_SETLKW if wait else fcntl.F_OFD_SETLK, _byte(fcntl.F_WRLCK, what))
    except BlockingIOError:
        return False
    return True


def _unlock(file: int, what: str) -> None:
    fcntl.fcntl(file, fcntl.F_OFD_SETLK, _byte(fcntl.F_UNLCK, what))


def _byte(kind: int, what: str) -> bytes:
    """struct flock for the byte that stands for `what`; it need not exist."""
    place = int.from_bytes(hashlib.sha256(what.encode()).digest()[:7], "big")
    return struct.pack("hhqqi", kind, os.SEEK_SET, place, 1, 0)


def _open(leases: str) -> int:
    """The file of the locks, open; made if need be, so that every user can open it. Its sticky bit tells systemd's
    cleaning of /tmp to leave it alone (systemd-tmpfiles 252 does, and removes the same file without it).
    """
    umask = os.umask(0)
    with suppress(FileExistsError):
        os.close(os.open(leases, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o1666))
    os.umask(umask)
    try:
        return os.open(leases, os.O_RDWR | os.O_NOFOLLOW)
    except PermissionError as error:
        raise RuntimeError(f"{leases}: every user of this machine must be able to write it (chmod 1666)") from error
