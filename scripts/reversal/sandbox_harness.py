"""The trusted loop inside a sandbox: runs one program at a time and says whether it and its tests ran to their end.

sandbox.py starts it as `python sandbox_harness.py LIMITS FOLDER ...`. LIMITS is JSON (see sandbox.LIMITS); each FOLDER
is emptied after every program, and programs start in the first one. A request on standard input is 8 bytes, the length
(big endian), then that many bytes of JSON: [program, tests]. The answer is one line on standard output: correct, wrong
or timeout. The harness ends at the end of its input; without an answer when a program could not be run, and after an
answer when the program left something that the next one would notice. It imports the standard library only.
"""

# The modules that programs of MBPP import are loaded once, here: every program runs in a fork of this interpreter.
import bisect  # noqa: F401
import cmath  # noqa: F401
import collections
import contextlib
import copy  # noqa: F401
import ctypes
import datetime  # noqa: F401
import fractions  # noqa: F401
import functools  # noqa: F401
import gc
import heapq  # noqa: F401
import itertools  # noqa: F401
import json
import math  # noqa: F401
import mmap
import operator  # noqa: F401
import os
import random
import re  # noqa: F401
import resource
import select
import shutil
import signal
import string  # noqa: F401
import sys
import types
import typing  # noqa: F401
from pathlib import Path

TOKEN_BYTES = 16
ALL_LIMITS = [getattr(resource, name) for name in dir(resource) if name.startswith("RLIMIT_")]
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_CHILD_SUBREAPER = 1, 4, 36  # linux/prctl.h
prctl = ctypes.CDLL(None).prctl

# Memory that a program's process shares with the harness: no file descriptor that the program could close or fill.
Channel = collections.namedtuple("Channel", ["started", "token"])


def main(limits: dict, folders: list[str]) -> None:
    requests, answers = os.fdopen(os.dup(0), "rb"), os.dup(1)
    null = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(null, standard)
    protect_this_process()
    sys.argv = ["program"]
    gc.freeze()  # a fork then need not copy the pages of what is already loaded
    channel = Channel(mmap.mmap(-1, 1), mmap.mmap(-1, TOKEN_BYTES))
    limits_at_start = list(map(resource.getrlimit, ALL_LIMITS))
    clean = True
    while clean and (length := requests.read(8)):
        program, tests = json.loads(requests.read(int.from_bytes(length, "big")))
        verdict = judge(program, tests, limits, folders[0], channel)
        if verdict is None:
            return
        # A program may lower the limits of any process of its user, this one among them.
        clean = empty(folders) and list(map(resource.getrlimit, ALL_LIMITS)) == limits_at_start
        os.write(answers, f"{verdict}\n".encode())


def protect_this_process() -> None:
    """No program may stop this process, read or write its memory, or leave a child that it does not see."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # PID 1 gets no signal that it has no handler for
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")  # where memory runs out, a program dies and not the study
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def judge(program: str, tests: str, limits: dict, folder: str, channel: Channel) -> str | None:
    """Gives "correct", "wrong", "timeout", or None if the program could not be started; no process is left."""
    token = os.urandom(TOKEN_BYTES)
    channel.started[:], channel.token[:] = b"n", bytes(TOKEN_BYTES)
    child = os.fork()
    if child == 0:
        run(program, tests, limits, folder, channel, token)
    in_time = ended_within(child, limits["wall_seconds"])
    if not in_time:
        os.kill(child, signal.SIGKILL)
    _, status, usage = os.wait4(child, 0)
    stop_all_others()
    if channel.started[:] != b"y":
        return None
    if in_time and channel.token[:] == token:
        return "correct"
    out_of_cpu = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGXCPU
    out_of_cpu = out_of_cpu or usage.ru_utime + usage.ru_stime >= limits["cpu_seconds"]
    return "timeout" if out_of_cpu or not in_time else "wrong"


def run(program: str, tests: str, limits: dict, folder: str, channel: Channel, token: bytes) -> None:
    """Runs in the program's own process and ends it; only the last statement before `finally` reports success."""
    # The program can replace anything that is looked up by name after it ran: these are looked up before.
    execute, own_id, leave = exec, os.getpid, os._exit
    try:
        child = own_id()
        os.setsid()
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        os.chdir(folder)
        os.closerange(3, os.sysconf("SC_OPEN_MAX"))
        signal.signal(signal.SIGINT, signal.default_int_handler)
        random.seed(0)  # so that a program that draws numbers gets the same verdict every time
        # Not __main__: a program's own demonstration, which may read input, does not run, as when it is imported.
        module = types.ModuleType("program")
        sys.modules["program"] = module
        set_limits(limits)
        channel.started[:] = b"y"
        execute(program, module.__dict__)
        execute(tests, module.__dict__)
        if own_id() == child:  # not a process that the program forked
            channel.token[:] = token
    finally:
        leave(0)


def set_limits(limits: dict) -> None:
    # At the soft limit comes SIGXCPU, which a program can ignore; a second later SIGKILL.
    resource.setrlimit(resource.RLIMIT_CPU, (limits["cpu_seconds"], limits["cpu_seconds"] + 1))
    for name, value in (
        (resource.RLIMIT_AS, limits["memory_bytes"]),
        (resource.RLIMIT_NPROC, limits["processes"]),
        (resource.RLIMIT_FSIZE, limits["file_bytes"]),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 64),
    ):
        resource.setrlimit(name, (value, value))


def ended_within(child: int, seconds: float) -> bool:
    handle = os.pidfd_open(child)
    try:
        poll = select.poll()
        poll.register(handle, select.POLLIN)
        return bool(poll.poll(seconds * 1000))
    finally:
        os.close(handle)


def stop_all_others() -> None:
    """Kills and reaps every other process of the sandbox; outside one, every process that this one still has."""
    if os.getpid() == 1:
        with contextlib.suppress(ProcessLookupError):
            os.kill(-1, signal.SIGKILL)  # one call, which a fork bomb cannot outrun
        with contextlib.suppress(ChildProcessError):
            while True:
                os.wait()
    own_children = Path(f"/proc/self/task/{os.getpid()}/children")
    while children := list(map(int, own_children.read_text().split())):
        for child in children:
            os.kill(child, signal.SIGKILL)
        for child in children:
            os.waitpid(child, 0)


def empty(folders: list[str]) -> bool:
    """Deletes what lies in the folders; False if something is left."""
    try:
        for folder in folders:
            for entry in Path(folder).iterdir():
                if entry.is_dir() and not entry.is_symlink():
                    shutil.rmtree(entry)
                else:
                    entry.unlink()
    except (OSError, RecursionError):
        return False
    return True


if __name__ == "__main__":
    main(json.loads(sys.argv[1]), sys.argv[2:])
