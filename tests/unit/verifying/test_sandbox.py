"""Over 300 lines, half of them the hostile programs, which belong in one table."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path

import pytest
from reversal.verifying import sandbox
from reversal.verifying.sandbox import LIMITS, judge_programs, require_bubblewrap

REPOSITORY = Path(__file__).parents[3]
DATA = Path(os.environ.get("REVERSAL_DATA", REPOSITORY / "../shared/data"))
LOW = {**LIMITS, "cpu_seconds": 1, "wall_seconds": 30, "memory_bytes": 256 << 20}
SHORT = {**LOW, "wall_seconds": 1}  # where the clock decides
RIGHT = "\ndef answer():\n    return 42\n"
FALSE = "\ndef answer():\n    return 41\n"
TESTS = "import math\nassert abs(answer()) == 42\nassert math.isclose(answer(), 42)\nassert answer() == 42"
PLAIN_TESTS = "assert max(41, 42) == 42\nassert abs(answer()) == 42\nassert answer() == 42\nassert answer() == 42"

# Why the verdict is what it is, the program, the verdict.
HOSTILE = [
    ("right after printing junk", "print('wrong', 'timeout')" + RIGHT, "correct"),
    ("prints that it passed", "print('correct\\npassed')" + FALSE, "wrong"),
    ("is no Python", "def answer(:", "wrong"),
    ("is no text", "\0\ud800" + RIGHT, "wrong"),
    ("fails after defining a right answer", RIGHT + "1 / 0", "wrong"),
    ("leaves before the tests", "import os; os._exit(0)", "wrong"),
    ("leaves during the tests", "import os\ndef answer():\n    os._exit(0)", "wrong"),
    ("exits before the tests", "import sys; sys.exit(0)", "wrong"),
    ("exits during the tests", "def answer():\n    raise SystemExit(0)", "wrong"),
    ("exits after replacing exit", "import os\nos._exit = print\ndef answer():\n    raise SystemExit(0)", "wrong"),
    (
        "replaces builtins and the calls that end a process",
        "import builtins, os, sys, signal\n"
        "for name in ('AssertionError', 'BaseException', 'Exception', 'SystemExit'): setattr(builtins, name, int)\n"
        "for name in ('exec', 'compile', 'print', '__import__'): setattr(builtins, name, lambda *a, **k: None)\n"
        "os._exit = os.getpid = os.write = os.kill = sys.exit = lambda *a: 0" + FALSE,
        "wrong",
    ),
    ("swallows its own failure only", "try:\n    assert False\nexcept AssertionError:\n    pass" + RIGHT, "correct"),
    (
        "writes junk to every file descriptor, falsely",
        "import os\nfor fd in range(64):\n    try: os.write(fd, b'correct\\n')\n    except OSError: pass" + FALSE,
        "wrong",
    ),
    (
        "writes junk to every file descriptor, rightly",
        "import os\nfor fd in range(64):\n    try: os.write(fd, b'wrong\\n' * 99)\n    except OSError: pass" + RIGHT,
        "correct",
    ),
    ("closes every file descriptor", "import os\nos.closerange(0, 64)" + RIGHT, "correct"),
    (
        "ignores every signal and sleeps for ever",
        "import signal, time\nfor s in set(signal.Signals) - {9, 19}: signal.signal(s, signal.SIG_IGN)\n"
        "while True: time.sleep(9)",
        "timeout",
    ),
    ("loops for ever", "while True: pass", "timeout"),
    (
        "ignores the signal at its CPU limit",
        "import signal\nsignal.signal(signal.SIGXCPU, signal.SIG_IGN)\nwhile True: pass",
        "timeout",
    ),
    ("prints for ever", "while True: print('x' * 10**6)", "timeout"),
    ("allocates 100 GB", "memory = bytearray(100 << 30)" + RIGHT, "wrong"),
    ("allocates without end", "memory = []\nwhile True: memory.append(bytearray(1 << 24))", "wrong"),
    ("recurses without end", "def answer():\n    return answer()", "wrong"),
    (
        "recurses without end or limit",
        "import sys\nsys.setrecursionlimit(10**9)\nanswer = lambda: sorted([1], key=lambda x: answer())",
        "wrong",
    ),
    ("writes a huge file", "with open('f', 'wb') as f:\n    while True: f.write(bytes(1 << 20))", "wrong"),
    (
        "writes many large files",
        "for i in range(99):\n    with open(f'/dev/shm/{i}', 'wb') as f: f.write(bytes(1 << 20))" + RIGHT,
        "wrong",
    ),
    ("forks without end", "import os\nwhile True: os.fork()", "wrong"),
    (
        "forks without end and never gives up",
        "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass",
        "timeout",
    ),
    (
        "is held by the limit of processes",
        "import os, time\ncount = 0\ntry:\n    while count < 500:\n        if os.fork() == 0: time.sleep(99)\n"
        "        count += 1\nexcept OSError: pass\n"
        f"def answer():\n    return 42 if 0 < count < {LOW['processes']} else count",
        "correct",
    ),
    ("lets a child finish for it", "import os\nif os.fork(): os._exit(0)" + RIGHT, "wrong"),
    (
        "daemonises and goes on",
        "import os, time\nif os.fork() == 0:\n    os.setsid()\n    if os.fork(): os._exit(0)\n    time.sleep(10**6)"
        + RIGHT,
        "correct",
    ),
    (
        "kills everything it may",
        "import os, time\nif os.fork() == 0: time.sleep(999)\nos.kill(-1, 9)" + RIGHT,
        "correct",
    ),
    ("signals the harness", "import os\nfor s in range(1, 65):\n    os.kill(1, s)" + RIGHT, "correct"),
    (
        "cannot lower the limits of the harness",
        "import resource\nlow = 0\nfor name in dir(resource):\n    if name.startswith('RLIMIT_'):\n"
        "        try: resource.prlimit(1, getattr(resource, name), (0, 0)); low += 1\n        except OSError: pass\n"
        "answer = lambda: 42 + low",
        "correct",
    ),
    (
        "makes the harness slow",
        "import os\nos.setpriority(os.PRIO_PROCESS, 1, 19)\nos.sched_setscheduler(1, os.SCHED_IDLE, os.sched_param(0))"
        + RIGHT,
        "correct",
    ),
    (
        "reports for the harness, out of its variables",
        "import gc, os, sys\nframe, found = sys._getframe(), []\nwhile frame:\n"
        "    found += [*frame.f_locals.values(), *gc.get_referents(frame)]\n    frame = frame.f_back\n"
        "for part in list(found):\n    found += part if isinstance(part, (list, tuple)) else ()\n"
        "shared = [part for part in found if type(part).__name__ == 'mmap']\n"
        "tokens = [part for part in found if isinstance(part, bytes) and len(part) in map(len, shared)]\n"
        "for memory in shared:\n    for token in tokens: memory[:] = token\n"
        "assert shared\nos._exit(0)",
        "wrong",
    ),
    (
        "wipes the memory that it shares with the harness",
        "import gc, mmap\nshared = [part for part in gc.get_objects() if isinstance(part, mmap.mmap)]\n"
        "for memory in shared: memory[:] = bytes(len(memory))\nassert shared" + FALSE,
        "wrong",
    ),
    (
        "looks for the harness in __main__",
        "import __main__\n__main__.judge = lambda *_: 'correct'\nassert not hasattr(__main__, 'protect_this_process')"
        + RIGHT,
        "correct",
    ),
    (
        "takes shared memory that no limit counts",
        "import ctypes\nkept = ctypes.CDLL(None).shmget(0, 1 << 20, 0o1600)\nanswer = lambda: -42 * kept",
        "correct",
    ),
    ("takes files in memory that no limit counts", "import os\nos.memfd_create('f')" + RIGHT, "wrong"),
    ("locks /tmp", "import os\nos.chmod('/tmp', 0o500)" + RIGHT, "correct"),
    ("locks /dev/shm", "import os\nos.chmod('/dev/shm', 0)" + RIGHT, "correct"),
    ("deletes /tmp", "import shutil\nshutil.rmtree('/tmp', ignore_errors=True)" + RIGHT, "correct"),
    ("takes over a function of the tests' module", "import math\nmath.isclose = lambda *_: True" + FALSE, "wrong"),
    (
        "takes over the tests' module",
        "import sys, types\nfake = types.ModuleType('math')\nfake.isclose = lambda *_: True\nsys.modules['math'] = fake"
        + FALSE,
        "wrong",
    ),
    ("takes over built-in names of the tests", "abs = sorted = set = lambda *_: 42" + FALSE, "wrong"),
    (
        "takes over built-in functions",
        "import builtins\nbuiltins.abs = lambda _: 42\n__builtins__ = {'abs': lambda _: 42}" + FALSE,
        "wrong",
    ),
    (
        "has its own function of a built-in name",
        "def abs(x):\n    return x + 1\ndef answer():\n    return abs(41)",
        "correct",
    ),
    ("stops itself", "import os\nos.kill(os.getpid(), 19)" + RIGHT, "timeout"),
    ("crashes its interpreter", "import ctypes\nctypes.string_at(0)" + RIGHT, "wrong"),
    ("computes a tower of powers", "answer = lambda: 9 ** 9 ** 9 ** 9", "timeout"),
    ("has digits without end", f"x = {'9' * 100_000}" + RIGHT, "wrong"),
    ("nests without end", "x = " + "(" * 100_000 + RIGHT, "wrong"),
    (
        "leaves a thread that sleeps",
        "import threading, time\nthreading.Thread(target=time.sleep, args=(99,)).start()" + RIGHT,
        "correct",
    ),
    ("reads the harness's environment", "open('/proc/1/environ').read()" + RIGHT, "wrong"),
    ("opens the harness's memory", "open('/proc/1/mem', 'r+b')" + RIGHT, "wrong"),
    ("opens the harness's answers", "import os\nos.listdir('/proc/1/fd')" + RIGHT, "wrong"),
    (
        "cannot trace the harness",
        "import ctypes\nattach = ctypes.CDLL(None).ptrace(16, 1, 0, 0)\nanswer = lambda: -42 * attach",
        "correct",
    ),
    (
        "cannot make a user namespace",
        "import ctypes\nmade = ctypes.CDLL(None).unshare(0x10000000)\nanswer = lambda: -42 * made",
        "correct",
    ),
    ("changes the system", "open('/usr/bin/planted', 'w')" + RIGHT, "wrong"),
    ("changes the root folder", "open('/planted', 'w')" + RIGHT, "wrong"),
    ("changes the harness", "open('/harness.py', 'a')" + RIGHT, "wrong"),
    (
        "leaves a folder that is too deep to delete",
        "import os\nfor _ in range(3000):\n    os.mkdir('d'); os.chdir('d')" + RIGHT,
        "correct",
    ),
    (
        "sets a default ACL on /tmp",
        "import os, struct\nentries = [(1, 7, -1), (4, 0, -1), (32, 0, -1)]\n"
        "acl = struct.pack('<I', 2) + b''.join(struct.pack('<HHi', *entry) for entry in entries)\n"
        "try: os.setxattr('/tmp', 'system.posix_acl_default', acl)\nexcept OSError: pass" + RIGHT,
        "correct",
    ),
    (
        "sets extended attributes where it can",
        "import os\nfor folder in ('/tmp', '/dev/shm'):\n    try: os.setxattr(folder, 'user.planted', b'1')\n"
        "    except OSError: pass" + RIGHT,
        "correct",
    ),
    (
        "leaves a message queue",
        "import ctypes, os\ncall = 240 if os.uname().machine == 'x86_64' else 180\n"
        "ctypes.CDLL(None).syscall(call, b'planted', 0o102, 0o600, None)" + RIGHT,
        "correct",
    ),
    (
        "keeps a key with its user",
        "import ctypes, os\ncall = 248 if os.uname().machine == 'x86_64' else 217\n"
        "kept = ctypes.CDLL(None).syscall(call, b'user', b'planted', b'1', 1, -4)\nanswer = lambda: -42 * kept",
        "correct",
    ),
    (
        "lowers the I/O priority of the first process and of all of its user",
        "import ctypes, os\ncall = 251 if os.uname().machine == 'x86_64' else 30\n"
        "for which, who in ((1, 1), (3, os.getuid())): ctypes.CDLL(None).syscall(call, which, who, 3 << 13)" + RIGHT,
        "correct",
    ),
    (
        "leaves a port that cannot be bound again at once",
        "import socket\nserver = socket.socket()\nserver.bind(('127.0.0.1', 8000))\nserver.listen()\n"
        "client = socket.create_connection(('127.0.0.1', 8000))\nserver.accept()[0].close()\nclient.close()" + RIGHT,
        "correct",
    ),
    (
        "makes files without end, each of which takes memory of the kernel",
        "for i in range(240_000): open(f'/tmp/{i}', 'w').close()" + RIGHT,
        "wrong",
    ),
    (
        "has the compiler leave asserts out",
        "try:\n    import _testinternalcapi as own\n"
        "    own.set_config(own.get_config() | {'optimization_level': 1})\n"
        "    exec('assert False')\nexcept (ImportError, AttributeError): pass" + FALSE,
        "wrong",
    ),
    (
        "jumps past an assert with a trace function",
        "import sys\ndef jump(frame, event, _):\n"
        "    if event == 'line' and frame.f_lineno == 3: frame.f_lineno = 4\n    return jump\n"
        "def answer():\n    tests = sys._getframe(1)\n    if tests.f_lineno == 2:\n        tests.f_trace = jump\n"
        "        try: sys.settrace(jump)\n        except RuntimeError: pass\n"
        "    return 41 if tests.f_lineno == 3 else 42",
        "wrong",
    ),
    (
        "looks for the token in all objects, frames and what these refer to",
        "import gc, mmap, sys, os\nframes, frame = [], sys._getframe()\n"
        "while frame: frames += [frame, dict(frame.f_locals)]; frame = frame.f_back\n"
        "gc.unfreeze()\nparts = gc.get_objects()\nparts += frames\nseen = set(map(id, parts))\n"
        "shared = [part for part in parts if isinstance(part, mmap.mmap)]\nassert shared\n"
        "more = parts\nwhile more:\n    more = [p for p in more if not isinstance(p, type((lambda: 0).__code__))]\n"
        "    more = [p for p in gc.get_referents(*more) if id(p) not in seen]\n"
        "    seen |= set(map(id, more)); parts += more\n"
        "for token in {p for p in parts if type(p) is bytes and len(p) == len(shared[0]) and not p.isascii()}:\n"
        "    for memory in shared: memory[:] = token\nos._exit(0)",
        "wrong",
    ),
    ("leaves a folder that nobody may enter", "import os\nos.makedirs('d/e')\nos.chmod('d', 0)" + RIGHT, "correct"),
]
# Runs after every hostile program, in the same sandbox if that one still serves.
NEIGHBOUR = """
import builtins, ctypes, os, socket
libc = ctypes.CDLL(None)
first = 'planted' not in globals()
planted = 1
for folder in ('/tmp', '/dev/shm'):
    with open(folder + '/f', 'w') as f: f.write('42')
    with open(folder + '/f') as f: assert f.read() == '42'
    os.remove(folder + '/f')
socket.socket().bind(('127.0.0.1', 8000))
def answer():
    others = [p for p in os.listdir('/proc') if p.isdigit() and int(p) not in (1, os.getpid())]
    fresh = os.listdir('/tmp') == os.listdir('/dev/shm') == os.listxattr('/tmp') == os.listxattr('/dev/shm') == []
    call = 240 if os.uname().machine == 'x86_64' else 180
    fresh &= others == [] and libc.syscall(call, b'planted', 0) == -1
    slow = os.sched_getscheduler(0) == os.SCHED_IDLE or os.getpriority(os.PRIO_PROCESS, 0) > 10
    call = 252 if os.uname().machine == 'x86_64' else 31
    slow |= libc.syscall(call, 1, 0) > 0 or libc.syscall(call, 1, 1) > 0
    return 42 if fresh and not slow and builtins.AssertionError.__name__ == 'AssertionError' and first else 0
"""
HARMLESS = [
    (RIGHT, TESTS, "correct"),
    (FALSE, TESTS, "wrong"),
    ("import collections, re" + RIGHT, "setup = 42\nassert answer() == setup", "correct"),
    ("input()" + RIGHT, TESTS, "wrong"),
    ("if __name__ == '__main__':\n    input()" + RIGHT, TESTS, "correct"),
    (
        "import dataclasses\n@dataclasses.dataclass\nclass A:\n    b: 'int' = 42\nanswer = lambda: A().b",
        TESTS,
        "correct",
    ),
    ("open('f', 'w').write('42')\ndef answer():\n    return int(open('f').read())", TESTS, "correct"),
    ("import subprocess\nanswer = lambda: int(subprocess.check_output(['echo', '42']))", TESTS, "correct"),
    (
        "import random\ndrawn = random.randrange(10**9)\nanswer = lambda: 42 if drawn == 906691059 else 0",
        TESTS,
        "correct",
    ),
    ("import numpy" + RIGHT, TESTS, "wrong"),
    ("import math\nmath.isclose = lambda *_: True" + FALSE, "assert math.isclose(answer(), 42)", "wrong"),
    ("def sum(a, b):\n    return a * b", "assert sum(6, 7) == 42", "correct"),
    (
        "def sum(a, b):\n    return a * b",
        "import math\ndef check(f):\n    product = f(6, 7)\n    assert math.isclose(product, 42)\ncheck(sum)",
        "correct",
    ),
    (
        "class Node:\n    size = 42\ndef answer(node):\n    return node.size",
        "node = Node()\nassert answer(node) == 42",
        "correct",
    ),
    ("", "", "correct"),
]


@pytest.fixture(scope="module")
def bubblewrap():
    try:
        require_bubblewrap()
    except RuntimeError as error:
        if os.environ.get("CI_NEEDS_SANDBOX") == "1":
            raise
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def hostile_verdicts(bubblewrap) -> dict[str, list[str]]:
    """Of the hostile programs, with tests that use a module and tests that do not, each followed by a neighbour."""
    found = {}
    for limits in (SHORT, LOW):
        programs = [p for _, p, verdict in HOSTILE if (verdict == "timeout") == (limits is SHORT)]
        kinds = [TESTS] if limits is SHORT else [TESTS, PLAIN_TESTS]
        pairs = [pair for p in programs for tests in kinds for pair in ((p, tests), (NEIGHBOUR, TESTS))]
        verdicts, each = judge_programs(pairs, 1, limits), 2 * len(kinds)
        found |= {p: verdicts[each * i : each * (i + 1)] for i, p in enumerate(programs)}
    return found


def processes_with(marker: str) -> int:
    count = 0
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            count += marker in (folder / "cmdline").read_text()
        except OSError:
            continue  # it ended
    return count


@pytest.mark.parametrize(("program", "verdict"), [pytest.param(*row[1:], id=row[0]) for row in HOSTILE])
def test_a_hostile_program_gets_its_verdict_and_the_next_one_is_unharmed(program, verdict, hostile_verdicts):
    assert hostile_verdicts[program] == [verdict, "correct"] * (1 if verdict == "timeout" else 2)


def test_nothing_is_left_behind(bubblewrap, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    marker = uuid.uuid4().hex
    command = ["sh", "-c", f"echo started; read line; : {marker}"]
    known = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert known.stdout.readline() == b"started\n" and processes_with(marker) == 1
    known.communicate(b"\n")

    start = f"import os, subprocess\nsubprocess.Popen(['sh', '-c', 'sleep 999; : {marker}'], start_new_session=True)\n"
    write = f"for folder in ('/tmp', '/dev/shm', '.'):\n    open(folder + '/{marker}', 'w').write('x')\n"
    programs = [start + write + end for end in (RIGHT, FALSE, "os._exit(0)", "while True: pass")]
    limits = {**SHORT, "file_bytes": (16 << 20) + os.getpid()}  # by which these harnesses are known
    verdicts = judge_programs([(program, TESTS) for program in programs], 2, limits)
    assert verdicts == ["correct", "wrong", "wrong", "timeout"]
    assert processes_with(marker) == processes_with(f'"file_bytes": {limits["file_bytes"]}') == 0
    assert not Path("/tmp", marker).exists()
    assert not Path("/dev/shm", marker).exists()

    programs = [start + "open('f', 'w').write('x')" + end for end in (RIGHT, FALSE)]
    assert judge_programs([(p, TESTS) for p in programs], 1, limits, sandboxed=False) == ["correct", "wrong"]
    assert processes_with(marker) == processes_with(f'"file_bytes": {limits["file_bytes"]}') == 0
    assert list(tmp_path.iterdir()) == []


def test_the_host_cannot_be_read(bubblewrap, tmp_path, monkeypatch):
    secret = tmp_path / "secret"
    secret.write_text("secret")
    secret.chmod(0o644)
    monkeypatch.setenv("REVERSAL_SECRET", "secret")
    reads = [
        f"open({str(secret)!r}).read()",
        f"open({str(Path(__file__).resolve())!r}).read()",
        "open('/etc/passwd').read()",
        f"__import__('os').listdir({str(Path.home())!r} + '/.cache/..')",
        f"open('/proc/{os.getpid()}/environ').read()",
        "__import__('os').environ['REVERSAL_SECRET']",
    ]
    programs = [(read + RIGHT, TESTS) for read in reads[:3]]
    assert judge_programs(programs, 1, LOW, sandboxed=False) == ["correct"] * 3
    assert judge_programs([(read + RIGHT, TESTS) for read in reads], 1, LOW) == ["wrong"] * 6


def test_there_is_no_network(bubblewrap):
    with socket.create_server(("127.0.0.1", 0)) as server:
        program = f"import socket\nsocket.create_connection({server.getsockname()!r}, 1)" + RIGHT
        assert judge_programs([(program, TESTS)], 1, LOW, sandboxed=False) == ["correct"]
        assert judge_programs([(program, TESTS)], 1, LOW) == ["wrong"]


@pytest.mark.parametrize(("workers", "sandboxed"), [(1, True), (2, True), (1, False), (2, False)])
def test_verdicts_do_not_depend_on_workers_or_the_sandbox(workers, sandboxed, request):
    if sandboxed:
        request.getfixturevalue("bubblewrap")
    programs = [(program, tests) for program, tests, _ in HARMLESS]
    assert judge_programs(programs, workers, LOW, sandboxed) == [verdict for _, _, verdict in HARMLESS]


def test_where_a_sandbox_gets_no_namespaces_every_program_gets_a_sandbox(bubblewrap, monkeypatch, capsys):
    monkeypatch.setattr(sandbox, "CAPABILITIES", ())
    require_bubblewrap()
    assert "every program gets a sandbox of its own" in capsys.readouterr().out
    leaves = "open('/tmp/f', 'w').close()" + RIGHT
    programs = [(leaves, TESTS), (NEIGHBOUR, TESTS), (FALSE, TESTS), (NEIGHBOUR, TESTS)]
    assert judge_programs(programs, 2, LOW) == ["correct", "correct", "wrong", "correct"]


def test_no_programs_have_no_verdicts():
    assert judge_programs([], 2, LOW, sandboxed=False) == []


# Outside a sandbox a program can say in a file that it ran, and kill the harness.
@pytest.mark.parametrize(
    ("first", "second", "verdict"),
    [
        ("os.kill(os.getppid(), 9)", "", "correct"),
        ("os.kill(os.getppid(), 9)", "1 / 0", "wrong"),
        ("os.kill(os.getppid(), 9)", "os.kill(os.getppid(), 9)", "infra_error"),
        ("os.kill(os.getppid(), 19)", "", "timeout"),
        ("while True: pass", "", "timeout"),
        ("1 / 0", "", "wrong"),
    ],
    ids=[
        "a dead harness is replaced",
        "and the program may be wrong",
        "once",
        "a silent harness is a timeout",
        "a timeout is not tried again",
        "what is wrong is not tried again",
    ],
)
def test_what_has_no_verdict_is_tried_once_more(first, second, verdict, tmp_path, monkeypatch):
    monkeypatch.setattr(sandbox, "MARGIN_SECONDS", 0.5)
    mark = str(tmp_path / "ran")
    program = (
        f"import os\nran = os.path.exists({mark!r})\nopen({mark!r}, 'a').write('x')\n"
        f"exec({second!r} if ran else {first!r})" + RIGHT
    )
    neighbour = (RIGHT, TESTS)
    verdicts = judge_programs([neighbour, (program, TESTS), neighbour], 1, SHORT, sandboxed=False)
    assert verdicts == ["correct", verdict, "correct"]
    assert Path(mark).read_text() == ("xx" if first == "os.kill(os.getppid(), 9)" else "x")


def test_the_clock_does_not_count_while_a_program_waits_for_a_processor():
    """Two programs share a processor, and each needs two of the three seconds by the clock."""
    affinity = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(affinity)})
    try:
        work = "import time\nwhile time.process_time() < 2: pass" + RIGHT
        limits = {**LOW, "cpu_seconds": 10, "wall_seconds": 3}
        assert judge_programs([(work, TESTS)] * 2, 2, limits, sandboxed=False) == ["correct"] * 2
    finally:
        os.sched_setaffinity(0, affinity)


def test_a_machine_without_bubblewrap_says_how_to_install_it(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RuntimeError, match=r"no bwrap on PATH: install version 0.8 .*apt-get install bubblewrap"):
        require_bubblewrap()
    with pytest.raises(RuntimeError, match="apt-get install bubblewrap"):
        judge_programs([(RIGHT, TESTS)], 1)


def test_after_an_interrupt_no_further_program_begins(tmp_path):
    program = f"import os, time\nopen({str(tmp_path)!r} + f'/{{time.time_ns()}}', 'w')\ntime.sleep(0.1)"
    judge = "from reversal.verifying.sandbox import judge_programs; "
    judge += f"judge_programs([({program!r}, '')] * 200, 2, sandboxed=False)"
    host = subprocess.Popen([sys.executable, "-c", judge], env={**os.environ, "PYTHONPATH": "scripts"}, cwd=REPOSITORY)
    while not list(tmp_path.iterdir()):
        time.sleep(0.05)
    host.send_signal(signal.SIGINT)
    assert host.wait(60) != 0
    assert len(list(tmp_path.iterdir())) < 100


def test_a_machine_of_another_kind_is_refused(monkeypatch):
    monkeypatch.setattr(os, "uname", lambda: os.uname_result(("Linux", "host", "6", "1", "s390x")))
    with pytest.raises(RuntimeError, match="The sandbox works on x86_64 and aarch64, and this machine is s390x"):
        judge_programs([(RIGHT, TESTS)], 1)


def test_a_machine_where_no_sandbox_can_be_made_says_why(monkeypatch, tmp_path):
    fake = tmp_path / "bwrap"
    fake.write_text("#!/bin/sh\necho 'No permissions to create new namespace' >&2\nexit 1\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RuntimeError, match=r"cannot make a sandbox .*No permissions to create new namespace"):
        require_bubblewrap()
    assert judge_programs([(RIGHT, TESTS)], 1, SHORT) == ["infra_error"]


@pytest.mark.skipif(not DATA.is_dir(), reason=f"no folder {DATA}: set REVERSAL_DATA to the benchmark data")
def test_every_reference_program_of_mbpp_is_correct(bubblewrap):
    rows = [json.loads(line) for line in (DATA / "mbpp/mbpp.jsonl").read_text(encoding="utf-8").splitlines()]
    programs = [(row["code"], "\n".join([row["test_setup_code"], *row["test_list"]])) for row in rows]
    verdicts = judge_programs(programs, 2)
    assert len(rows) == 974
    assert [(r["task_id"], v) for r, v in zip(rows, verdicts, strict=True) if v != "correct"] == []
