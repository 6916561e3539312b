"""How far a study is, from its files alone: which jobs run, how fast, which have ended, when all of them will have.

run.json in the study's folder says what the present or last run set out to do (`begin`); logs and benchmark files say
what has become of it. Nothing is started and nothing is locked for long, so this works beside a running study, from
another terminal, and for jobs on a cluster.

Light imports only: the rules import this module.
"""

import fcntl
import json
import re
import time
from pathlib import Path
from typing import NamedTuple

from reversal import holding, jobs, lineages
from reversal.given import with_given

NAME = "run.json"
BAR = re.compile(r"(?:^|[\r\n])([^\r\n|%]*?):? *\d+%\|[^|]*\| *(\d+)/(\d+) \[[^\],]*(?:, *([^\],]*))?([^\]]*)\]")
PASSING = (
    "Loading",
    "Rendering",
    "Writing",
    "Capturing",
    "Fetching",
    "Map",
)  # bars of seconds, before or after the work
TAIL = 4000  # bytes of a log that hold its last bars
SETTLING = 20  # seconds after its end in which Snakemake still looks at a job's files


class Progress(NamedTuple):
    """done of total, in units; rate in units a second, or as the log says it."""

    done: int
    total: int
    rate: str


class Job(NamedTuple):
    """state: waiting, running, done or failed. started, ended: seconds since 1970, where known."""

    rule: str
    name: str
    state: str
    started: float = 0.0
    ended: float = 0.0
    progress: Progress | None = None


def begin(folder: str, config: dict, command: str, cores: int, gpus: int, names: list[str]) -> None:
    """Writes down what a run sets out to do. names: the log files of its jobs below logs/, without .log."""
    found = {"began": time.time(), "command": command, "cores": cores, "gpus": gpus, "config": config, "jobs": names}
    jobs.write_json(f"{folder}/{NAME}", found)


def read(folder: str) -> dict | None:
    """What the present or last run set out to do; None where there was none."""
    path = Path(folder) / NAME
    return json.loads(path.read_text()) if path.exists() else None


def worker(folder: str) -> dict | None:
    """Who works on the study now, as `holding.holder` wrote it; None if nobody does."""
    path = Path(folder) / holding.NAME
    if not path.exists():
        return None
    with path.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            try:
                return json.loads(file.read())
            except ValueError:  # it is just writing that down
                return {}
        except OSError:  # no locks on this file system
            return None
    return None


def jobs_of(folder: str, run: dict, now: float) -> list[Job]:
    """The jobs of a run and their states. now: seconds since 1970."""
    kinds = (("logs", ".log"), ("logs", ".json"), ("benchmarks", ".tsv"))
    logs, notes, benchmarks = (_times(Path(folder), *kind) for kind in kinds)
    found = []
    for place in run["jobs"]:
        rule, _, name = place.rpartition("/")
        job = Job(rule or name, name, "waiting")
        if benchmarks.get(place, 0) >= run["began"]:
            found.append(job._replace(state="done", ended=benchmarks[place]))
            continue
        if logs.get(place, 0) < run["began"]:
            found.append(job)
            continue
        log = Path(folder) / "logs" / f"{place}.log"
        started = min(_started(log) or logs[place], logs[place])  # a host may have another clock
        if notes.get(place, 0) < started:
            found.append(job._replace(state="running", started=started, progress=progress(_tail(log))))
        else:
            over = now - notes[place] > SETTLING
            found.append(job._replace(state="failed" if over else "running", started=started, ended=notes[place]))
    return found


def progress(text: str) -> Progress | None:
    """The last of tqdm's bars in the end of a log, without those of loading and writing; None if there is none."""
    for label, done, total, rate, rest in reversed(BAR.findall(text)):
        if not label.strip().startswith(PASSING):
            tokens = re.search(r"output: ([\d.]+) toks/s", rest)
            said = f"{float(tokens[1]):,.0f} tokens/s" if tokens else _rate(rate, "steps" if not label.strip() else "")
            return Progress(int(done), int(total), said)
    return None


def _rate(rate: str, unit: str) -> str:
    """3.60it/s as 3.6 steps/s, and 2.00s/it as 0.5 steps/s; "" where it is not known yet."""
    number = re.match(r"([\d.]+)(it/s|s/it)", rate)
    if not number or not float(number[1]):
        return ""
    value = float(number[1]) if number[2] == "it/s" else 1 / float(number[1])
    return f"{value:.3g} {unit}/s".replace(" /s", "/s")


def in_words(name: str, rule: str, config: dict) -> str:
    """Which model and what of it a job is about: "M2 (sft-dpo), mini-gsm, test" for the name of its log."""
    config = with_given(config)
    chains = [lineages.series(method, config["iterations"]) for method in config["methods"].values()]
    models = sorted({lineages.BASE, *(lineage for chain in chains for lineage in chain)}, key=len, reverse=True)
    model, task, lineage = ("|".join(map(re.escape, names)) for names in (config["models"], config["tasks"], models))
    match = re.fullmatch(rf"({model})-base(\d+)(?:-({task})-seed(\d+)-({lineage})(?:-(.+))?)?", name)
    if not match:
        return "" if name == rule else name
    of, base, about, seed, chain, what = match.groups()
    if chain is None:
        return f"{of}, base {base}"
    shard = re.fullmatch(r"(.+)-(\d+)-of-(\d+)", what or "")
    what = what if not shard else shard[1] + (f" {int(shard[2]) + 1}/{shard[3]}" if shard[3] != "1" else "")
    which = f"M{lineages.iteration(chain)}" + ("" if chain == lineages.BASE else f" ({chain})")
    several = [f"base {base}", f"seed {seed}"] if base != "0" or seed != "0" else []
    return ", ".join([which, f"{of} on {about}", *several, *([what] if what else [])])


def _times(folder: Path, kind: str, ending: str) -> dict[str, float]:
    """{rule/name: when it was written last} of the files of a kind."""
    found = {}
    for path in (folder / kind).rglob(f"*{ending}"):
        try:
            found[path.relative_to(folder / kind).as_posix().removesuffix(ending)] = path.stat().st_mtime
        except FileNotFoundError:  # just being replaced
            continue
    return found


def _tail(path: Path) -> str:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - TAIL))
        return file.read().decode(errors="replace")


def _started(path: Path) -> float | None:
    """When a log says that its job began (jobs.start)."""
    with path.open(errors="replace") as file:
        match = re.match(r"started (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)", file.readline())
    return time.mktime(time.strptime(match[1], "%Y-%m-%d %H:%M:%S")) if match else None
