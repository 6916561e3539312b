"""What the README tells a person to type."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from running import REPOSITORY, copy_repository, snakemake

README = (REPOSITORY / "README.md").read_text()
SNAKEMAKE = re.findall(r"`snakemake ([^`]+)`", README)
MAKE = re.findall(r"^    (make [^#\n]*[^#\s])", README, re.MULTILINE)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("readme")
    copy_repository(folder)
    example = re.search(r"```yaml\n(study: late-dpo\n.*?)```", README, re.DOTALL)[1]
    (folder / "studies/late-dpo.yaml").write_text(example)
    return folder


def test_the_commands_are_found():
    assert MAKE == ["make study", "make test", "make study STUDY=studies/late-dpo.yaml"]
    assert len(SNAKEMAKE) == 3


@pytest.mark.parametrize("command", SNAKEMAKE)
def test_snakemake_understands_every_command(folder, command):
    asked = [sys.executable, "-m", "snakemake", *shlex.split(command), "--dry-run"]
    run = subprocess.run(asked, cwd=folder, capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "Job stats:" in run.stdout + run.stderr


@pytest.mark.parametrize("command", MAKE)
def test_make_knows_every_target(folder, command):
    run = subprocess.run([*shlex.split(command), "--dry-run"], cwd=folder, capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stderr


def test_the_example_adds_a_method_to_those_of_the_embedded_study(folder):
    run = snakemake(folder, "--dry-run", "--quiet", "rules", study="late-dpo")
    assert re.search(r"^train +14$", run.stdout, re.MULTILINE), run.stdout + run.stderr


def test_make_study_tells_a_wrong_name_of_a_study_before_it_starts_snakemake(folder):
    recipe = subprocess.run(["make", "study", "--dry-run"], cwd=folder, capture_output=True, text=True, timeout=60)
    first = next(line for line in recipe.stdout.splitlines() if ".venv/bin/" in line)
    assert first == ".venv/bin/python scripts/study_folder.py config.yaml >/dev/null"
    command = [sys.executable, "scripts/study_folder.py", "studies/seed.yaml"]
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60)
    assert run.returncode == 1
    assert run.stderr == (
        f"The study's files cannot be used:\n  studies/seed.yaml: there is no such file, seen from {folder}\n"
    )
