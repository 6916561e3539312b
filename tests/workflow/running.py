"""Runs Snakemake on a study, studies/smoke.yaml unless told otherwise, in a copy of the repository."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]


def copy_repository(to: Path) -> None:
    """What git would put into a fresh clone, changed and new files included."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout.split("\n")
    for name in filter(None, listed):
        if (REPOSITORY / name).exists():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(REPOSITORY / name, to / name)


def edit(folder: Path, module: str, before: str, after: str) -> None:
    """Replaces a text that stands once in a module of the library."""
    (path,) = (folder / "scripts/reversal").rglob(f"{module}.py")
    text = path.read_text()
    assert text.count(before) == 1, f"{path}: {text.count(before)} times {before}"
    path.write_text(text.replace(before, after))


def snakemake(
    folder: Path,
    *arguments: str,
    change: str = "{}",
    study: str = "smoke",
    where: tuple[str, ...] = ("--cores", "2"),
    environment: dict[str, str] | None = None,
    timeout: int = 1200,
) -> subprocess.CompletedProcess:
    """change: YAML text laid over the study. where: what says where the jobs run."""
    (folder / "change.yaml").write_text(change)
    command = [sys.executable, "-m", "snakemake", *arguments, *where]
    command += ["--configfile", f"studies/{study}.yaml", "change.yaml"]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=timeout)


def jobs_to_run(folder: Path, change: str = "{}") -> dict[str, int]:
    """{rule: number of jobs} of a dry run; {} if there is nothing to do."""
    run = snakemake(folder, "--dry-run", change=change, timeout=120)
    assert run.returncode == 0, run.stdout + run.stderr
    stats = re.search(r"^Job stats:\n.*?\n-.*?\n(.*?)^total", run.stdout + run.stderr, re.DOTALL | re.MULTILINE)
    rows = stats[1].splitlines() if stats else []
    return {name: int(count) for name, count in map(str.split, rows) if name != "all"}
