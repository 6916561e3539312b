"""Set-up on machines whose Python does not fit: told before anything is installed."""

import subprocess
from pathlib import Path

import pytest
from running import REPOSITORY


def set_up(folder: Path, path: str, script: str = "install.sh", **environment: str) -> subprocess.CompletedProcess:
    command = ["/bin/sh", str(REPOSITORY / "envs" / script), "training"]
    environment |= {"PATH": path}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60)


def python(folder: Path, name: str, version: str) -> None:
    """A Python that knows its version and fails at everything else."""
    (folder / name).write_text(f'#!/bin/sh\n[ "$1" = --version ] && echo "Python {version}" || exit 1\n')
    (folder / name).chmod(0o755)


@pytest.mark.parametrize("script", ["install.sh", "venv.sh"])
@pytest.mark.parametrize("version", ["3.10.12", "3.15.0"])
def test_a_python_without_wheels_is_told(tmp_path, version, script):
    python(tmp_path, "python3", version)
    run = set_up(tmp_path, f"{tmp_path}:/nowhere", script)
    assert (run.returncode, run.stdout) == (1, "")
    assert run.stderr.startswith(
        f"set-up failed: the locked packages need Python 3.11 to 3.14, and python3 says:\n    Python {version}\n"
    )
    assert not (tmp_path / ".venv").exists() and not (tmp_path / "venvs").exists()


def test_no_python_at_all_is_told(tmp_path):
    run = set_up(tmp_path, "/usr/bin", PYTHON="no-such-python")
    assert run.returncode == 1 and "and no-such-python says:\n" in run.stderr and "not found" in run.stderr


def test_another_python_is_taken_where_python3_does_not_fit(tmp_path):
    """One that gets as far as being asked for its venv module."""
    python(tmp_path, "python3", "3.15.0")
    (tmp_path / "python3.12").write_text('#!/bin/sh\ncase "$2" in *ensurepip*) exit 1 ;; esac\n')
    (tmp_path / "python3.12").chmod(0o755)
    run = set_up(tmp_path, f"{tmp_path}:/nowhere")
    assert run.stderr.startswith("set-up failed: python3.12 has no venv module")
