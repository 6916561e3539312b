"""Runs programs that a model wrote against tests, in bubblewrap, and says which of them pass.

Each worker keeps one sandbox open, in which sandbox_harness.py is PID 1. For every program it forks a fresh process, in
processes, mounts, IPC and network of its own, with an empty /tmp and /dev/shm: nothing that a program changes is there
for the next. Where a machine does not let the sandbox do this, every program gets a sandbox of its own, which takes ten
times as long. The sandbox has no network, no environment of the host and no file of the host but the system's programs
and libraries, this Python and the harness, all read-only; programs have no capability in it. What a program prints and
its exit status count for nothing: it is correct if its process, after the last line of the tests, comes to the
harness's own code, which puts a fresh random token where the harness looks. Until then no variable, frame or container
that Python shows to the program holds this token.

Tests are compiled before the program runs and see Python's own built-in names, whatever it made of them, and so its
modules where they use anything beyond the names of the program and common built-in ones.
Programs cannot set a trace function, which could move past asserts.

What this does not defend against: a program that reads the token out of the raw memory of its own interpreter; that
rewrites the harness's functions or what these keep, which it can find; that changes modules from a thread or a signal
handler while the tests run; that returns objects which are equal to everything, or changes the classes that tests
compare; that finds out the tests and answers only them; a fault in the kernel. Memory is limited per process and per
file system, so a program of many processes can take `processes` times `memory_bytes`, and kernel memory that belongs to
no file (locks, pipes, sockets) by nothing but the machine's own limits. With `sandboxed=False` nothing but the limits
holds a program: it can read, write and send whatever the user can.

Programs have this Python's standard library and no other package. Hashes and `random` start from fixed seeds.
"""

import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext, suppress
from itertools import chain
from pathlib import Path

from tqdm import tqdm

from reversal.verifying import sandbox_harness
from reversal.verifying.seccomp import MACHINES, filter_of_calls

LIMITS = {
    "cpu_seconds": 15,  # of each process; the slowest reference program of MBPP takes 5
    "wall_seconds": 45,  # of the program and its tests, without those in which they wait for a processor
    "memory_bytes": 1 << 30,  # address space of each process
    "processes": 16,  # at once, the harness and threads among them; without a sandbox, all those of the user
    "file_bytes": 16 << 20,  # of each file, and of /tmp and /dev/shm as a whole
    "files": 4096,  # and folders, in each of /tmp and /dev/shm: a tmpfs keeps these in memory of the kernel
    "output_bytes": 4096,  # of the harness's answer; what programs print is thrown away
}
INSTALL = (
    "install version 0.8 or newer (Debian 12, Ubuntu 24.04: apt-get install bubblewrap; without root: conda install -c "
    "conda-forge bubblewrap)."
)
MARGIN_SECONDS = 10  # beyond wall_seconds, for the harness to start, to clean up, or to say that it waits
CAPABILITIES = ("CAP_SYS_ADMIN", "CAP_NET_ADMIN")  # of the harness, for a program's namespaces; programs have none
HARNESS = sandbox_harness.__file__  # imported only to be found: an edit of it must rerun what it judged
ENVIRONMENT = {
    "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
    "LANG": "C.UTF-8",
    "PYTHONHASHSEED": "0",
    "PYTHONDONTWRITEBYTECODE": "1",
}


def judge_programs(
    programs: list[tuple[str, str]], workers: int, limits: dict = LIMITS, sandboxed: bool = True
) -> list[str]:
    """The verdicts of `programs`, in their order; `workers` programs run at once.

    programs: the source of a program, and of its tests (setup code and asserts), which run after it in its namespace.
    Returns for each "correct" (both ran to their end without an exception), "wrong", "timeout" or "infra_error": the
    harness died, again when the program was tried a second time, alone in a fresh sandbox.
    limits: as LIMITS, with its units. sandboxed: False runs programs without bubblewrap, with all the user's rights.
    Raises RuntimeError if bubblewrap is needed and not installed.
    """
    verdicts = ["infra_error"] * len(programs)
    waiting = iter(range(len(programs)))  # shared by the threads: the next of a range is one step of the interpreter
    progress = tqdm(desc="programs", total=len(programs), mininterval=10)

    def work() -> None:
        for first in waiting:
            with _open_harness(limits, sandboxed) as harness:
                for index in chain([first], waiting):
                    verdicts[index], last = _ask(harness, programs[index], limits)
                    progress.update()
                    if last:
                        break  # and go on in a fresh sandbox

    with ThreadPoolExecutor(workers) as pool:
        try:
            for worker in [pool.submit(work) for _ in range(workers)]:
                worker.result()
        finally:
            deque(waiting, maxlen=0)  # after an interrupt or an error nobody begins with another program
            progress.close()
    for index, verdict in enumerate(verdicts):
        if verdict == "infra_error":
            with _open_harness(limits, sandboxed) as harness:
                verdicts[index], _ = _ask(harness, programs[index], limits)
    return verdicts


def require_bubblewrap() -> None:
    """Raises RuntimeError, which says what to do, if bubblewrap is not installed or cannot make a sandbox here."""
    harness = _start(LIMITS, True, "/tmp", subprocess.PIPE)
    answer, complaint = harness.communicate(_request(("", "")))
    if answer.strip(b".\n") == b"correct last":
        print("This machine gives a sandbox no namespaces: every program gets a sandbox of its own, ten times slower.")
    elif answer.strip(b".\n") != b"correct":
        reason = complaint.decode(errors="replace").strip() or f"exit status {harness.returncode}"
        raise RuntimeError(
            f"bubblewrap cannot make a sandbox on this machine ({reason}): it must be version 0.8 or newer, and "
            "unprivileged user namespaces must be allowed."
        )


def _request(program: tuple[str, str]) -> bytes:
    text = json.dumps(program).encode()
    return len(text).to_bytes(8, "big") + text


def _ask(harness: subprocess.Popen, program: tuple[str, str], limits: dict) -> tuple[str, bool]:
    """The verdict, and whether this harness should judge no other program."""
    try:
        harness.stdin.write(_request(program))
        harness.stdin.flush()
    except BrokenPipeError:
        return "infra_error", True
    poll = select.poll()
    poll.register(harness.stdout, select.POLLIN)
    answer = "."
    while not answer.strip("."):
        if not poll.poll((limits["wall_seconds"] + MARGIN_SECONDS) * 1000):
            return "timeout", True
        # The harness writes a verdict in one piece; nothing at all means that it ended.
        answer = os.read(harness.stdout.fileno(), limits["output_bytes"]).decode(errors="replace") or "ended"
    verdict, _, last = answer.strip(".\n").partition(" ")
    if verdict not in ("correct", "wrong", "timeout"):
        return "infra_error", True
    return verdict, last != ""


@contextmanager
def _open_harness(limits: dict, sandboxed: bool) -> Iterator[subprocess.Popen]:
    """A harness that waits for requests; at the end of the block it and all that runs in its sandbox are stopped."""
    folder = nullcontext("/tmp") if sandboxed else tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
    with folder as scratch:
        harness = _start(limits, sandboxed, scratch, subprocess.DEVNULL)
        try:
            yield harness
        finally:
            _stop(harness)


def _start(limits: dict, sandboxed: bool, scratch: str, complaints: int) -> subprocess.Popen:
    """A harness; `complaints` is where its errors go. Raises RuntimeError as _command does."""
    reader, writer = os.pipe()  # of the filter, which bubblewrap reads from a descriptor
    with open(reader, "rb") as calls, open(writer, "wb") as unread:
        command = _command(limits, sandboxed, scratch, reader)
        unread.write(filter_of_calls(os.uname().machine) if sandboxed else b"")
        unread.close()
        return subprocess.Popen(
            command,
            env={**ENVIRONMENT, "TMPDIR": scratch},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=complaints,
            pass_fds=[calls.fileno()] if sandboxed else [],
            start_new_session=True,  # an interrupt from the terminal is for the host, which then ends the harness
        )


def _stop(harness: subprocess.Popen) -> None:
    with suppress(BrokenPipeError):  # of a request that a dead harness did not read
        harness.stdin.close()
    try:
        harness.wait(1)  # an idle one ends by itself
    except subprocess.TimeoutExpired:
        harness.kill()
    harness.stdout.read()  # until the last process that holds it, in the sandbox, is gone
    harness.stdout.close()
    harness.wait()


def _command(limits: dict, sandboxed: bool, scratch: str, calls: int) -> list[str]:
    """The command of a harness. Raises RuntimeError if it needs bubblewrap and there is none.

    calls: the descriptor that the filter of system calls is read from.
    """
    prefix = os.path.realpath(sys.base_prefix)  # not the virtual environment, whose packages programs should not see
    # No packages, and of PYTHON* variables only those in ENVIRONMENT.
    python = [f"{prefix}/bin/python{sys.version_info.major}.{sys.version_info.minor}", "-s", "-S", "-P"]
    if not sandboxed:
        return [*python, HARNESS, json.dumps(limits), scratch]
    bwrap = shutil.which("bwrap")
    if bwrap is None:
        raise RuntimeError(
            f"Programs that a model wrote run only inside bubblewrap. There is no bwrap on PATH: {INSTALL}"
        )
    if os.uname().machine not in MACHINES:
        raise RuntimeError(f"The sandbox works on {' and '.join(MACHINES)}, and this machine is {os.uname().machine}.")
    options = {"limits": limits, "prefix": prefix, "calls": calls}
    sandbox = _as_nobody(bwrap, **options) if os.geteuid() == 0 else _sandbox(bwrap, prefix, HARNESS, **options)
    return [*sandbox, "--", *python, "/harness.py", json.dumps(limits), scratch, "/dev/shm"]


def _as_nobody(bwrap: str, limits: dict, prefix: str, calls: int) -> list[str]:
    """The sandbox, made by the user nobody (65534): the kernel does not limit the processes of root.

    nobody may not enter root's folders, where Python or the harness may lie: an outer mount shows it these two alone.
    """
    outer = [bwrap, "--die-with-parent", "--dev-bind", "/", "/", "--tmpfs", "/tmp"]
    outer += ["--ro-bind", prefix, "/tmp/python", "--ro-bind", HARNESS, "/tmp/harness.py"]
    switch = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    inner = _sandbox(bwrap, "/tmp/python", "/tmp/harness.py", limits, prefix, calls)
    return [*outer, "--", *switch, "--", *inner]


def _sandbox(bwrap: str, python: str, harness: str, limits: dict, prefix: str, calls: int) -> list[str]:
    """bwrap's arguments. python, harness: where they lie on the host; prefix: where Python lies in the sandbox."""
    options = [bwrap, "--unshare-user", "--unshare-all", "--disable-userns", "--uid", "65534", "--gid", "65534"]
    options += ["--hostname", "sandbox", "--die-with-parent", "--new-session", "--as-pid-1", "--seccomp", str(calls)]
    options += ["--cap-drop", "ALL", *chain.from_iterable(("--cap-add", name) for name in CAPABILITIES)]
    options += ["--clearenv", *chain.from_iterable(("--setenv", *pair) for pair in ENVIRONMENT.items())]
    writable = ["--size", str(limits["file_bytes"]), "--tmpfs"]
    options += ["--proc", "/proc", "--dev", "/dev", *writable, "/dev/shm", "--remount-ro", "/dev", *writable, "/tmp"]
    options += ["--ro-bind", "/usr", "/usr", "--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache"]
    for folder in ("/bin", "/lib", "/lib32", "/lib64", "/libx32"):
        if Path(folder).is_symlink():
            options += ["--symlink", str(Path(folder).readlink()), folder]
        else:
            options += ["--ro-bind-try", folder, folder]
    options += ["--ro-bind", python, prefix, "--ro-bind", harness, "/harness.py"]
    return [*options, "--remount-ro", "/", "--chdir", "/"]
