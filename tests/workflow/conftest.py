"""One real study for all workflow tests: studies/smoke.yaml, run once in a temporary copy of the repository."""

import os
import shutil
from pathlib import Path

import pytest
from filelock import FileLock
from running import copy_repository, snakemake


@pytest.fixture(scope="session")
def finished(tmp_path_factory) -> Path:
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "finished"  # one for all workers
    with FileLock(f"{folder}.lock"):
        if not (folder / "printed.txt").exists():
            folder.mkdir(exist_ok=True)
            copy_repository(folder)
            run = snakemake(folder)
            assert run.returncode == 0, (run.stdout + run.stderr)[-5000:]
            (folder / "printed.txt").write_text(run.stdout + run.stderr)
    return folder


@pytest.fixture
def study(finished, tmp_path) -> Path:
    """A copy of the finished study that a test may change."""
    folder = tmp_path / "study"
    shutil.copytree(finished, folder, copy_function=shutil.copy2)
    return folder
