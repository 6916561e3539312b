"""Programs per second of the sandbox against the protocol of openai/human-eval, on one core, and how far labels agree.

Usage: python benchmarks/mbpp_programs.py  (REVERSAL_DATA: the folder of the benchmark data, default ../shared/data)

The protocol: for each program a fresh process (fork), a temporary folder, no output, dangerous calls disabled, a limit
of time by an alarm, the answer through a pipe. human-eval's own code starts a manager process for the answer as well;
the pipe used here costs less.
"""

import builtins
import contextlib
import io
import json
import multiprocessing
import os
import platform
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]
sys.path.insert(0, str(REPOSITORY / "scripts"))
from reversal.verifying.sandbox import LIMITS, judge_programs, require_bubblewrap  # noqa: E402

DATA = Path(os.environ.get("REVERSAL_DATA", REPOSITORY / "../shared/data"))
ROUNDS = 3
SECONDS = LIMITS["cpu_seconds"]  # human-eval's own 3 s would stop the slowest reference program
SLOWEST = 123  # the task whose reference program computes for seconds
DISABLED = {
    os: ["kill", "killpg", "fork", "forkpty", "system", "putenv", "setuid", "chroot", "rename", "truncate", "chmod"],
    shutil: ["move", "chown"],
    subprocess: ["Popen"],
    builtins: ["exit", "quit"],
}


def stop_at_alarm(*_) -> None:
    raise TimeoutError


def run_unsafely(program: str, answer) -> None:
    """In a process of its own: sends "correct", "wrong" or "timeout"."""
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        sys.stdin = io.StringIO()
        for module, names in DISABLED.items():
            for name in names:
                setattr(module, name, None)
        signal.signal(signal.SIGALRM, stop_at_alarm)
        try:
            with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
                signal.setitimer(signal.ITIMER_REAL, SECONDS)
                try:
                    exec(program, {})
                finally:
                    signal.setitimer(signal.ITIMER_REAL, 0)
            verdict = "correct"
        except TimeoutError:
            verdict = "timeout"
        except BaseException:
            verdict = "wrong"
        answer.send(verdict)
        os.chdir("/")


def judge_as_human_eval(programs: list[tuple[str, str]]) -> list[str]:
    fork = multiprocessing.get_context("fork")
    verdicts = []
    for program, tests in programs:
        here, there = fork.Pipe(duplex=False)
        process = fork.Process(target=run_unsafely, args=(f"{program}\n{tests}", there))
        process.start()
        there.close()
        process.join(SECONDS + 1)
        if process.is_alive():
            process.kill()
        try:
            verdicts.append(here.recv() if here.poll() else "timeout")
        except EOFError:
            verdicts.append("wrong")
        here.close()
    return verdicts


def timed(judge, programs: list[tuple[str, str]]) -> tuple[float, list[str]]:
    """Programs per second, and the verdicts."""
    began = time.perf_counter()
    verdicts = judge(programs)
    return len(programs) / (time.perf_counter() - began), verdicts


def judge_in_sandbox(programs: list[tuple[str, str]]) -> list[str]:
    return judge_programs(programs, workers=1)


def read_rows(name: str) -> list[dict]:
    return [json.loads(line) for line in (DATA / name).read_text(encoding="utf-8").splitlines()]


def compare_speed(rows: list[dict]) -> None:
    programs = [(row["code"], "\n".join([row["test_setup_code"], *row["test_list"]])) for row in rows]
    speeds = {judge_in_sandbox: [], judge_as_human_eval: []}
    verdicts = {}
    for turn in range(ROUNDS):
        # The side that begins changes with every round.
        for judge in list(speeds)[:: 1 if turn % 2 == 0 else -1]:
            speed, verdicts[judge] = timed(judge, programs)
            speeds[judge].append(speed)
        ours, theirs = (all_speeds[-1] for all_speeds in speeds.values())
        print(f"round {turn + 1}: sandbox {ours:.0f}/s, human-eval protocol {theirs:.0f}/s, ratio {ours / theirs:.2f}")
    ours, theirs = map(statistics.median, speeds.values())
    ratio = statistics.median(a / b for a, b in zip(*speeds.values(), strict=True))
    print(f"median of {ROUNDS}: sandbox {ours:.0f}/s, human-eval protocol {theirs:.0f}/s, ratio {ratio:.2f}")
    for judge, found in verdicts.items():
        print(f"{judge.__name__}: {found.count('correct')} of {len(rows)} reference programs correct")
    for row, *pair in zip(rows, *verdicts.values(), strict=True):
        if len(set(pair)) > 1:
            print(f"differ on task {row['task_id']}: sandbox {pair[0]}, human-eval protocol {pair[1]}")


def compare_labels() -> None:
    rows = read_rows("labelled/mbpp_gpt4_solutions.jsonl")
    verdicts = judge_in_sandbox([(row["solution"], row["test"]) for row in rows])
    labels = ["correct" if row["is_solved"] else "wrong" for row in rows]
    # A timeout is no solution either.
    agree = [(verdict == "correct") == row["is_solved"] for row, verdict in zip(rows, verdicts, strict=True)]
    print(f"labels: {sum(agree)} of {len(rows)} agree")
    for row, label, verdict, same in zip(rows, labels, verdicts, agree, strict=True):
        if not same:
            print(f"  {row['name']}: label {label}, sandbox {verdict}")


if __name__ == "__main__":
    require_bubblewrap()
    core = min(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {core})  # both sides and all their processes
    print(f"{platform.machine()}, {os.cpu_count()} cores of which one is used, Python {platform.python_version()}")
    references = read_rows("mbpp/mbpp.jsonl")
    print("all reference programs")
    compare_speed(references)
    print(f"all but task {SLOWEST}, which takes as long as hundreds of others on either side")
    compare_speed([row for row in references if row["task_id"] != SLOWEST])
    compare_labels()
