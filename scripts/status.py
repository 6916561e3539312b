"""Prints how far a study is and when it will end: `make status`, and every few seconds `make watch`."""

import argparse
import sys
import time
from contextlib import suppress
from pathlib import Path

import yaml
from reversal import study_files
from reversal.planning import ending, status, status_page

TABLE = Path(__file__).parents[1] / "rules" / "throughputs.yaml"


def text(folder: str, command: str) -> str:
    """The page of a study's folder. command: what starts it."""
    run, now = status.read(folder), time.time()
    if run is None:
        return f"{folder}: no run of it yet. To start one:\n    {command}"
    found = status.jobs_of(folder, run, now)
    holder = status.worker(folder)
    table = yaml.safe_load(TABLE.read_text(encoding="utf-8"))
    left = ending.seconds_left(found, ending.finished(folder, found), run, table, now) if holder is not None else None
    report = f"{folder}/report.html"
    return status_page.page(folder, run, found, holder, left, report if Path(report).exists() else "", now)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("studies", nargs="*", help="the study's files, as for make study")
    parser.add_argument("--every", type=float, help="seconds after which it is printed again, until Ctrl-C")
    asked = parser.parse_args()
    paths = ["config.yaml", *asked.studies]
    if found := study_files.faults(paths):
        sys.exit("The study's files cannot be used:\n  " + "\n  ".join(found))
    folder, command = (
        study_files.folder(paths),
        f"make study STUDY={asked.studies[-1]}" if asked.studies else "make study",
    )
    while asked.every:
        print("\033[H\033[J" + text(folder, command), flush=True)
        time.sleep(asked.every)
    print(text(folder, command))


if __name__ == "__main__":
    with suppress(KeyboardInterrupt, BrokenPipeError):
        main()
