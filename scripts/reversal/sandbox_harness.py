"""The trusted loop inside a sandbox: runs one program at a time and says whether it and its tests ran to their end.

sandbox.py starts it as `python sandbox_harness.py LIMITS FOLDER ...`. LIMITS is JSON (see sandbox.LIMITS); each FOLDER
is emptied after every program, and programs start in the first one. A request on standard input is 8 bytes, the length
(big endian), then that many bytes of JSON: [program, tests]. The answer is one line on standard output: a period for
every second of waiting, then correct, wrong or timeout. The harness ends at the end of its input; without an answer
when a program could not be run, and after an answer when the program left something that the next one would notice. It
imports the standard library only.
"""

# The modules that programs of MBPP import are loaded once, here: every program runs in a fork of this interpreter.
import ast
import bisect  # noqa: F401
import builtins
import cmath  # noqa: F401
import collections  # noqa: F401
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
import time
import types
import typing  # noqa: F401
from collections.abc import Callable
from pathlib import Path

TOKEN_BYTES = 16
ALL_LIMITS = [getattr(resource, name) for name in dir(resource) if name.startswith("RLIMIT_")]
MODULES = [(name, module) for name, module in sys.modules.items() if isinstance(module, types.ModuleType)]
AS_LOADED = [(name, module, vars(module).copy()) for name, module in MODULES if name != "__main__"]
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_CHILD_SUBREAPER = 1, 4, 36  # linux/prctl.h
prctl = ctypes.CDLL(None).prctl


def main(limits: dict, folders: list[str]) -> None:
    requests, answers = os.fdopen(os.dup(0), "rb"), os.dup(1)
    null = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(null, standard)
    protect_this_process()
    sys.argv = ["program"]
    gc.freeze()  # a fork then need not copy the pages of what is already loaded
    # Memory that a program's process shares with this one: no descriptor that the program could close or fill.
    report = mmap.mmap(-1, TOKEN_BYTES)
    state_at_start = own_state()
    clean = True
    while clean and (length := requests.read(8)):
        program, tests = json.loads(requests.read(int.from_bytes(length, "big")))
        verdict = judge(program, tests, limits, folders[0], report, lambda: os.write(answers, b"."))
        if verdict is None:
            return
        clean = empty(folders) and own_state() == state_at_start
        os.write(answers, f"{verdict}\n".encode())


def own_state() -> tuple:
    """What a program may change about any process of its user, this one among them."""
    return (
        [resource.getrlimit(limit) for limit in ALL_LIMITS],
        os.getpriority(os.PRIO_PROCESS, 0),
        os.sched_getscheduler(0),
        os.sched_getaffinity(0),
    )


def protect_this_process() -> None:
    """No program may stop this process, read or write its memory, or leave a child that it does not see."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # PID 1 gets no signal that it has no handler for
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")  # where memory runs out, a program dies and not the study
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def judge(program: str, tests: str, limits: dict, folder: str, report: mmap.mmap, tell: Callable) -> str | None:
    """Gives "correct", "wrong", "timeout", or None if the program could not be started; no process is left.

    tell() is called every second.
    """
    report[:] = bytes(TOKEN_BYTES)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        run(program, tests, limits, folder, report, reader)
    token = os.urandom(TOKEN_BYTES)  # after the fork: the child has no such variable
    os.write(writer, token)
    os.close(writer)
    in_time = ended_within(child, limits["wall_seconds"], tell)
    if not in_time:
        os.kill(child, signal.SIGKILL)
    _, status, usage = os.wait4(child, 0)
    stop_all_others()
    not_taken = os.read(reader, TOKEN_BYTES)  # the child takes the token when it is ready to begin
    os.close(reader)
    if not_taken:
        return None
    if in_time and report[:] == token:
        return "correct"
    out_of_cpu = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGXCPU
    out_of_cpu = out_of_cpu or usage.ru_utime + usage.ru_stime >= limits["cpu_seconds"]
    return "timeout" if out_of_cpu or not in_time else "wrong"


def run(program: str, tests: str, limits: dict, folder: str, report: mmap.mmap, reader: int) -> None:
    """Runs in the program's own process and ends it; only the last statement before `finally` reports success."""
    # The program can replace anything that is looked up by name after it ran: these are looked up before.
    execute, own_id, read, close, leave = exec, os.getpid, os.read, os.close, os._exit
    try:
        child = own_id()
        os.setsid()
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        os.chdir(folder)
        os.dup2(reader, 3)
        os.closerange(4, os.sysconf("SC_OPEN_MAX"))
        signal.signal(signal.SIGINT, signal.default_int_handler)
        random.seed(0)  # so that a program that draws numbers gets the same verdict every time
        # Its name is not __main__: a program's own demonstration, which may read input, does not run, as when it is
        # imported. But what imports __main__ (timeit does) finds the program, not this harness.
        module = types.ModuleType("program")
        sys.modules["program"] = sys.modules["__main__"] = module
        names = module.__dict__
        set_limits(limits)
        # While the program runs, the token and the tests lie among the unfinished values of this expression, where
        # nothing that Python shows of a frame finds or changes them.
        ran = [read(3, TOKEN_BYTES), close(3), execute((tests, execute(program, names))[0], as_tests_see(tests, names))]
        if own_id() == child:  # not a process that the program forked
            report[:] = ran[0]
    finally:
        leave(0)


def as_tests_see(tests: str, names: dict) -> dict:
    """The program's names, without those by which it took over built-in ones or modules: set = lambda x: 0.

    Tests that use nothing but built-in names, as those of a function called sum, ask for one of these.
    """
    for name, module, content in AS_LOADED:
        sys.modules[name] = module
        vars(module).update(content)
    asked = names_asked_of_program(ast.parse(tests))
    protected = set(vars(builtins)) if asked - set(vars(builtins)) else set()
    return {name: value for name, value in names.items() if name not in protected} | {"__builtins__": builtins}


def names_asked_of_program(tests: ast.Module) -> set[str]:
    """The names that the tests use and do not bind themselves."""
    used, bound = set(), set()
    for node in ast.walk(tests):
        if isinstance(node, ast.Name):
            (used if isinstance(node.ctx, ast.Load) else bound).add(node.id)
        elif isinstance(node, ast.arg):
            bound.add(node.arg)
        elif isinstance(node, ast.alias):
            bound.add((node.asname or node.name).partition(".")[0])
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            bound.add(node.name)
    return used - bound


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


def ended_within(child: int, seconds: float, tell: Callable) -> bool:
    """Whether the child ends within so many seconds, but for those in which it waits for a processor."""
    handle, start = os.pidfd_open(child), time.monotonic()
    try:
        poll = select.poll()
        poll.register(handle, select.POLLIN)
        while (left := start + seconds + waited_for_processor(child) - time.monotonic()) > 0:
            if poll.poll(1000 * min(left, 1)):
                return True
            tell()
        return False
    finally:
        os.close(handle)


def waited_for_processor(process: int) -> float:
    """Seconds; 0 where the kernel does not count them."""
    try:
        return int(Path(f"/proc/{process}/schedstat").read_text().split()[1]) / 1e9
    except (OSError, IndexError):
        return 0.0


def stop_all_others() -> None:
    """Kills and reaps every other process of the sandbox; outside one, every process that this one still has."""
    if os.getpid() == 1:
        with contextlib.suppress(ProcessLookupError):
            os.kill(-1, signal.SIGKILL)  # one call, which a fork bomb cannot outrun
        with contextlib.suppress(ChildProcessError):
            while True:
                os.wait()
        return
    own_children = Path(f"/proc/self/task/{os.getpid()}/children")
    while children := list(map(int, own_children.read_text().split())):
        for child in children:
            os.kill(child, signal.SIGKILL)
        for child in children:
            os.waitpid(child, 0)


def empty(folders: list[str]) -> bool:
    """Makes the folders usable again and deletes what lies in them; False if something is left."""
    try:
        for folder in folders:
            Path(folder).chmod(0o700)
            for entry in Path(folder).iterdir():
                if entry.is_dir() and not entry.is_symlink():
                    shutil.rmtree(entry)
                else:
                    entry.unlink()
    except (OSError, RecursionError, MemoryError):
        return False
    return True


if __name__ == "__main__":
    main(json.loads(sys.argv[1]), sys.argv[2:])
