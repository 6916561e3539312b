"""Killed trainings and samplings: whatever the moment, the next run writes what an uninterrupted one does."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from fuzzing import how_many


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("kills")


@pytest.mark.usefixtures("only_in_full")
@pytest.mark.parametrize("what", ["training", "sampling"])
def test_nothing_is_lost_or_changed(what, folder):
    kills = how_many("KILLS", 0) // 2
    command = [sys.executable, str(Path(__file__).with_name("kills.py")), what, str(folder), str(kills), "0"]
    run = subprocess.run(command, capture_output=True, text=True)
    assert run.returncode == 0, (run.stdout + run.stderr)[-5000:]
    found = json.loads(run.stdout.splitlines()[-1])
    print(what, found)
    assert found == {"kills": kills, "ended": found["ended"], "changed": 0, "failed": 0}
