"""What every script does at its edges: its log, what it ran in, its end, and files that appear whole or not at all."""

import atexit
import ctypes
import gc
import importlib.metadata
import json
import os
import platform
import signal
import socket
import sys
import time
from contextlib import suppress
from pathlib import Path

LIBC = ctypes.CDLL(None)
PR_SET_PDEATHSIG = 1  # linux/prctl.h
PARENT = "REVERSAL_PARENT"  # the process that starts jobs: Snakemake (rules/running.smk), or the launcher of ranks


def start(path: str) -> None:
    """Sends everything this process prints, C++ libraries included, to `path`; the first line says when it began.

    When it ends, a file of the same name with .json says what it ran in (`surroundings`).
    """
    end_with_parent()
    started = time.time()
    atexit.register(lambda: write_json(str(Path(path).with_suffix(".json")), surroundings(started)))
    # Importing torch, TRL or vLLM makes a million objects and no garbage: looking for it often is a fifth of a start.
    gc.set_threshold(100_000, 50, 100)
    sys.stdout.flush()
    sys.stderr.flush()
    log = open(path, "w", buffering=1)  # noqa: SIM115, open until the process ends
    os.dup2(log.fileno(), 1)
    os.dup2(log.fileno(), 2)
    # Python takes standard output for a file and would keep what is printed: late for a reader, and out of order.
    sys.stdout.reconfigure(line_buffering=True)
    print(time.strftime("started %Y-%m-%d %H:%M:%S"))


def surroundings(started: float) -> dict:
    """When and where this process ran, and the versions of what it really imported. started: seconds since 1970."""
    now = time.time()
    names = {name.partition(".")[0] for name in list(sys.modules)} - set(sys.stdlib_module_names)
    found = {name: _version(name) for name in sorted(names)}
    torch = sys.modules.get("torch")
    gpus = torch.cuda.device_count() if torch and torch.cuda.is_initialized() else 0
    return {
        "started": time.strftime("%Y-%m-%d %H:%M:%S %z", time.localtime(started)),
        "ended": time.strftime("%Y-%m-%d %H:%M:%S %z", time.localtime(now)),
        "seconds": round(now - started, 1),
        "host": socket.gethostname(),
        "processor": _processor(),
        "gpus": [torch.cuda.get_device_name(i) for i in range(gpus)],
        "python": platform.python_version(),
        "packages": {name: version for name, version in found.items() if version},
    }


def _version(module: str) -> str | None:
    with suppress(importlib.metadata.PackageNotFoundError, ValueError):
        return importlib.metadata.version(module)
    version = getattr(sys.modules.get(module), "__version__", None)  # a distribution of another name
    return version if isinstance(version, str) else None


def _processor() -> str:
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def end_with_parent(parent: int | None = None) -> None:
    """Has the kernel end this process when its parent ends, however that was killed. Linux only.

    A job that outlives a killed Snakemake would write into the folders of the one that is started next. parent: the
    process that must still be the parent, by default the one that calls itself so in PARENT: had it died before this
    call, the kernel would have nothing to wait for.
    """
    if sys.platform == "linux":
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        parent = parent or int(os.environ.get(PARENT, 0))
        if parent and os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)


def write_text(path: str, text: str) -> None:
    """Writes `text` to a file beside `path`, then moves it into place."""
    beside = Path(path).with_name(Path(path).name + ".part")
    beside.write_text(text, encoding="utf-8")
    os.replace(beside, path)


def write_json(path: str, value) -> None:
    write_text(path, json.dumps(value, indent=2, sort_keys=True) + "\n")
