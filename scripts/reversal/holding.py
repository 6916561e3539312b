"""Who is working in a folder: a lock that says who holds it, and that ends with its holder, however that ends.

Snakemake's own lock does neither: it outlives a killed Snakemake, and in 9.27 every Snakemake that ends deletes the
locks of all others in the same folder (persistence/file.py, _delete_locks: rmtree of .snakemake/locks). The profiles
turn it off (nolock).

Standard library only: the rules import this module.
"""

import fcntl
import json
import os
import socket
import sys
import time
from contextlib import suppress
from pathlib import Path

NAME = "running.json"  # who holds the folder, or held it last
_held = []  # open files: a lock ends with its file


def hold(folder: str) -> None:
    """Locks `folder` for as long as this process lives; makes it if need be.

    Raises RuntimeError, which says who holds it, if another process does. A file system without locks gets a warning.
    """
    Path(folder).mkdir(parents=True, exist_ok=True)
    file = open(f"{folder}/{NAME}", "a+")  # noqa: SIM115, open until the process ends
    try:
        _lock(file)
    except BlockingIOError:
        file.seek(0)
        raise RuntimeError(f"{folder}: {_taken(file.read())}") from None
    except OSError as error:
        print(f"{folder}: this file system has no locks ({error}); start nothing else there", file=sys.stderr)
    file.truncate(0)
    json.dump(holder(), file)
    file.write("\n")
    file.flush()
    _held.append(file)


def _lock(file) -> None:
    """Tries for a second: status.worker, which only looks, has the lock for an instant."""
    for _ in range(20):
        with suppress(BlockingIOError):
            return fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        time.sleep(0.05)
    return fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def holder() -> dict:
    """This process as others see it."""
    since = time.strftime("%Y-%m-%d %H:%M:%S %z")
    return {"host": socket.gethostname(), "pid": os.getpid(), "since": since, "command": sys.argv}


def _taken(text: str) -> str:
    try:
        by = json.loads(text)
    except ValueError:  # it is being written
        return "another process is working there. Wait until it has ended."
    here = by["host"] == socket.gethostname()
    end = f"kill {by['pid']}" if here else f"ssh {by['host']} kill {by['pid']}"
    return (
        f"process {by['pid']} on {by['host']} has been working there since {by['since']} ({' '.join(by['command'])}). "
        f"Wait until it has ended, or end it with\n    {end}\n"
        "Trainings then stop at their next step and keep a checkpoint."
    )
