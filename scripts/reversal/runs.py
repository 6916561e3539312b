"""The runs of a study, in runs.jsonl in its folder: when, where, by which command, commit, configuration and code.

Standard library only: the rules import this module.
"""

import json
import os
import shlex
import socket
import subprocess
import sys
import time
from pathlib import Path

NAME = "runs.jsonl"
SOURCES = ["Snakefile", "config.yaml", "rules", "scripts", "studies", "envs"]


def begin(folder: str, repository: str, configuration: str, code: dict[str, str]) -> None:
    """Adds this process to the runs. configuration: a digest. code: {stage: a digest of its code}."""
    _append(
        folder,
        {
            "started": _now(),
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "command": shlex.join(["snakemake", *sys.argv[1:]]),
            **commit(repository),
            "configuration": configuration,
            "code": code,
        },
    )


def end(folder: str) -> None:
    """Says that this run made all files of the study."""
    _append(folder, {"finished": _now(), "pid": os.getpid()})


def read(folder: str) -> list[dict]:
    """The runs, the oldest first, each with finished if it made all files of the study."""
    path, found = Path(folder) / NAME, []
    for line in path.read_text().splitlines() if path.exists() else []:
        try:
            event = json.loads(line)
        except ValueError:  # cut by a full disk or a power cut
            continue
        if "started" in event:
            found.append(event)
        elif found and found[-1]["pid"] == event["pid"]:
            found[-1]["finished"] = event["finished"]
    return found


def unlike(folder: str, configuration: str, code: dict[str, str]) -> str:
    """Why the files in a folder are not what this configuration and code would make; "" if they are.

    The last finished run made all of them; every run since then may have made some.
    """
    made = read(folder)
    last = max((i for i, run in enumerate(made) if "finished" in run), default=0)
    if not made:
        return f"{folder} has no {NAME}, so it is unknown what made it"
    for run in made[last:]:
        stages = [stage for stage, digest in code.items() if run["code"].get(stage, digest) != digest]
        if stages:
            at = f"commit {run['commit']}" if run["commit"] else "its version"
            return f"{folder} was made by other code ({', '.join(stages)}): adopt it with {at}, then come back"
        if run["configuration"] != configuration:
            return f"{folder} was made with another configuration; see {folder}/provenance.json, or {NAME}"
    return ""


def commit(repository: str) -> dict:
    """{commit, clean}: null where there is no git. clean: nothing that a result depends on differs from the commit."""
    try:
        git = ["git", "-C", repository]
        head = subprocess.run([*git, "rev-parse", "HEAD"], capture_output=True, text=True, check=True).stdout.strip()
        changed = subprocess.run(
            [*git, "status", "--porcelain", "--", *SOURCES], capture_output=True, check=True
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        return {"commit": None, "clean": None}
    return {"commit": head, "clean": not changed}


def _append(folder: str, event: dict) -> None:
    with open(f"{folder}/{NAME}", "a") as lines:
        lines.write("\n" * (lines.tell() > 0) + json.dumps(event))


def _now() -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S %z")
