"""The trusted loop inside a sandbox: runs one program at a time and says whether it and its tests ran to their end.

sandbox.py starts it as `python sandbox_harness.py LIMITS FOLDER ...`. LIMITS is JSON (see sandbox.LIMITS); programs
start in the first FOLDER. A request on standard input is 8 bytes, the length (big endian), then that many bytes of
JSON: [program, tests]. The answer is one line on standard output: a period for every second of waiting, then correct,
wrong or timeout, and "last" after it if no other program may follow here. The harness ends then, at the end of its
input, and without an answer when a program could not be run.

Every program gets namespaces of its own (processes, mounts, IPC, network), in which every FOLDER is an empty file
system: whatever it changes ends with it. Where these cannot be made, it runs in the harness's own, as the last one.
"""

import ast
import builtins
import contextlib
import ctypes
import fcntl
import functools
import gc
import importlib
import json
import mmap
import os
import random
import resource
import select
import signal
import socket
import struct
import sys
import time
import types
from collections.abc import Callable
from pathlib import Path

# The modules that programs of MBPP import are loaded once, here: every program runs in a fork of this interpreter.
for name in ("bisect", "cmath", "copy", "datetime", "fractions", "heapq", "itertools", "math", "string", "typing"):
    importlib.import_module(name)
TOKEN_BYTES, OUT_OF_TIME = 16, 3  # the latter an exit status
MODULES = [(name, module) for name, module in sys.modules.items() if isinstance(module, types.ModuleType)]
AS_LOADED = [(name, module, vars(module).copy()) for name, module in MODULES if name != "__main__"]
BUILT_IN = [loaded for loaded in AS_LOADED if loaded[1] is builtins]
# Built-in names of many tests that look up nothing in a module.
PLAIN = {"abs", "dict", "float", "int", "len", "list", "max", "min", "range", "round", "set", "sorted", "str", "tuple"}
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_CHILD_SUBREAPER = 1, 4, 36  # linux/prctl.h
CLONE = {"x86_64": 56, "aarch64": 220}  # the number of the system call
OF_THEIR_OWN = 0x00020000 | 0x08000000 | 0x20000000 | 0x40000000  # linux/sched.h: CLONE_NEWNS, NEWIPC, NEWPID, NEWNET
MS_NOSUID, MS_NODEV, MS_NOEXEC = 2, 4, 8  # linux/mount.h
CAPABILITY_VERSION = 0x20080522  # linux/capability.h
SIOCSIFFLAGS, IFF_UP = 0x8914, 1  # linux/sockios.h, linux/if.h
libc = ctypes.CDLL(None, use_errno=True)


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
    start, sandboxed = folders[0], os.getpid() == 1
    last = False
    while not last and (length := requests.read(8)):
        request = json.loads(requests.read(int.from_bytes(length, "big")))
        tell = lambda: os.write(answers, b".")  # noqa: E731
        verdict = judge(*request, limits, start, folders, report, tell) if sandboxed else None
        if verdict is None:
            last, verdict = True, judge(*request, limits, start, [], report, tell)
        if verdict is None:
            return
        os.write(answers, f"{verdict}{' last' * last}\n".encode())


def protect_this_process() -> None:
    """No program may stop this process, read or write its memory, or leave a child that it does not see."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # PID 1 gets no signal that it has no handler for
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")  # where memory runs out, a program dies and not the study
    libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def judge(program: str, tests: str, limits: dict, start: str, fresh: list[str], report: mmap.mmap, tell: Callable):
    """Gives "correct", "wrong", "timeout", or None if the program could not be started; no process is left.

    start: the folder in which the program starts. fresh: the folders that are empty file systems of its own, in
    namespaces of its own; none: it runs in those of the harness. tell() is called every second.
    """
    report[:] = bytes(TOKEN_BYTES)
    asked = compiled(tests)
    reader, writer = os.pipe()
    child = libc.syscall(CLONE[os.uname().machine], OF_THEIR_OWN | signal.SIGCHLD, 0, 0, 0, 0) if fresh else os.fork()
    if child == 0:
        try:
            if fresh:
                make_fresh(fresh, limits)
                stay_until_the_end_of(os.fork(), limits)
            run(program, asked, limits, start, report, reader)
        finally:
            os._exit(1)
    if child > 0:
        token = os.urandom(TOKEN_BYTES)  # after the fork: the child has no such variable
        os.write(writer, token)
        in_time = ended_within(child, bool(fresh), limits["wall_seconds"], tell)
        if not in_time:
            os.kill(child, signal.SIGKILL)
        _, status, usage = os.wait4(child, 0)
        if not fresh:
            stop_all_others()
    os.close(writer)
    not_taken = child < 0 or os.read(reader, TOKEN_BYTES)  # the child takes the token when it is ready to begin
    os.close(reader)
    if not_taken:
        return None
    if in_time and report[:] == token:
        return "correct"
    return "timeout" if not in_time or out_of_time(status, usage, limits) else "wrong"


def make_fresh(folders: list[str], limits: dict) -> None:
    """Runs as the first process of new namespaces. Gives them their file systems and, as its last act, up all rights.

    Raises OSError if this machine does not let it.
    """
    for folder in folders:
        size = f"size={limits['file_bytes']},nr_inodes={limits['files']},mode=0755"
        mount("tmpfs", folder, MS_NOSUID | MS_NODEV, size)
    mount("proc", "/proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, "")
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sH22x", b"lo", IFF_UP))
    if libc.capset(struct.pack("Ii", CAPABILITY_VERSION, 0), bytes(24)):
        raise OSError(ctypes.get_errno(), "capset")


def mount(kind: str, folder: str, flags: int, options: str) -> None:
    if libc.mount(kind.encode(), folder.encode(), kind.encode(), flags, options.encode()):
        raise OSError(ctypes.get_errno(), f"mount {folder}")


def stay_until_the_end_of(program: int, limits: dict) -> None:
    """The first process of new namespaces waits for the second; the kernel ends all others with it."""
    if program:
        _, status, usage = os.wait4(program, 0)
        os._exit(OUT_OF_TIME if out_of_time(status, usage, limits) else 0)


def out_of_time(status: int, usage: resource.struct_rusage, limits: dict) -> bool:
    """Whether a process ended because it had used its share of the processor."""
    stopped = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGXCPU
    told = os.WIFEXITED(status) and os.WEXITSTATUS(status) == OUT_OF_TIME
    return stopped or told or usage.ru_utime + usage.ru_stime >= limits["cpu_seconds"]


def run(program: str, tests: tuple | None, limits: dict, folder: str, report: mmap.mmap, reader: int) -> None:
    """Runs in the program's own process and ends it. tests: what `compiled` gives."""
    # The program can replace anything that is looked up by name after it ran: these are looked up before.
    execute, own_id, leave = exec, os.getpid, os._exit
    try:
        child = own_id()
        os.setsid()
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
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
        sys.addaudithook(refuse_tracing)
        code, asked, modules = tests

        def both() -> None:
            os.close(3)
            # What stands before the program in this expression is looked up before it runs.
            run_tests(execute, code, names, asked, modules, execute(program, names))

        def settle(part: Callable | bytes) -> None:
            if part is both:
                both()
            elif own_id() == child:  # not a process that the program forked
                report[:] = part

        # To everyone who looks, a list is empty while it is sorted: the token is in no variable, frame or container.
        # If the program or a test fails, so does sort, before it asks for the key of the token.
        [both, os.read(3, TOKEN_BYTES)].sort(key=settle)
    finally:
        leave(0)


def refuse_tracing(event: str, _) -> None:
    """A trace function can move on in the tests, past those that fail."""
    if event == "sys.settrace":
        raise RuntimeError("programs cannot be traced here")


@functools.lru_cache(64)  # of the many samples of a problem
def compiled(tests: str) -> tuple[types.CodeType, set[str], list] | None:
    """(code, names_asked_of_program, of AS_LOADED what the tests may look into); None if it is no Python.

    Not in the program's process, where the program could have the compiler leave asserts out.
    """
    try:
        tree, code = ast.parse(tests), compile(tests, "<tests>", "exec")
    except Exception:
        return None
    asked = names_asked_of_program(tree)
    reach = any(isinstance(node, (ast.Import, ast.ImportFrom, ast.Attribute)) for node in ast.walk(tree))
    return code, asked, AS_LOADED if reach or asked & set(vars(builtins)) - PLAIN else BUILT_IN


def run_tests(execute: Callable, code: types.CodeType, names: dict, asked: set[str], modules: list, _) -> None:
    execute(code, as_tests_see(names, asked, modules))


def as_tests_see(names: dict, asked: set[str], modules: list) -> dict:
    """The program's names, without those by which it took over built-in ones or modules: set = lambda x: 0.

    asked: what the tests use. If that is nothing but built-in names, as of a function called sum, they ask for these.
    modules: to make good again; the kernel copies every page that something of them lies on.
    """
    for name, module, content in modules:
        sys.modules[name] = module
        vars(module).update(content)
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


def ended_within(child: int, fresh: bool, seconds: float, tell: Callable) -> bool:
    """Whether the child ends within so many seconds, but for those in which the program waits for a processor."""
    handle, start, left = os.pidfd_open(child), time.monotonic(), seconds
    try:
        poll = select.poll()
        poll.register(handle, select.POLLIN)
        while left > 0:
            if poll.poll(1000 * min(left, 1)):
                return True
            tell()
            left = start + seconds + waited_for_processor(child, fresh) - time.monotonic()
        return False
    finally:
        os.close(handle)


def waited_for_processor(child: int, fresh: bool) -> float:
    """Seconds; 0 where the kernel does not count them. In fresh namespaces the program is the child's first child."""
    try:
        program = Path(f"/proc/{child}/task/{child}/children").read_text().split()[0] if fresh else child
        return int(Path(f"/proc/{program}/schedstat").read_text().split()[1]) / 1e9
    except (OSError, IndexError):
        return 0.0


def stop_all_others() -> None:
    """Kills and reaps every process that this one still has; in a sandbox they end with it."""
    own_children = Path(f"/proc/self/task/{os.getpid()}/children")
    while os.getpid() != 1 and (children := list(map(int, own_children.read_text().split()))):
        for child in children:
            os.kill(child, signal.SIGKILL)
        for child in children:
            os.waitpid(child, 0)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]), sys.argv[2:])
