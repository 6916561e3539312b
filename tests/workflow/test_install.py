"""Set-up on machines whose Python does not fit: told before anything is installed."""

import subprocess
from pathlib import Path

import pytest
from running import REPOSITORY, copy_repository


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


def test_gpus_without_a_driver_are_told_before_anything_is_installed(tmp_path):
    python(tmp_path, "python3", "3.12.1")
    (tmp_path / "python3").write_text("#!/bin/sh\nexit 0\n")
    command = ["/bin/sh", str(REPOSITORY / "envs/install.sh"), "envs/gpu.lock"]
    run = subprocess.run(command, cwd=tmp_path, env={"PATH": f"{tmp_path}:/nowhere"}, capture_output=True, text=True)
    assert run.returncode == 1 and "GPUS is given, and nvidia-smi finds no NVIDIA driver here" in run.stderr
    assert not (tmp_path / ".venv").exists()


def test_a_node_with_gpus_is_set_up_and_used_by_two_words(tmp_path):
    """What make would do, in a fresh clone; and that the CPU's .venv is not taken for the GPUs'."""
    copy_repository(tmp_path)
    asked = ["make", "--dry-run", "study", "GPUS=4", "STUDY=studies/one-gpu.yaml"]
    printed = subprocess.run(asked, cwd=tmp_path, capture_output=True, text=True, timeout=60).stdout
    assert "sh envs/install.sh envs/gpu.lock\n" in printed
    assert "snakemake --cores all --resources gpu=4 --configfile studies/one-gpu.yaml" in printed
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv/installed").write_text("envs/cpu.lock\n")
    run = subprocess.run(asked[:1] + asked[2:], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert run.returncode == 2 and "The .venv here has builds for the CPU; GPUS needs one of its own" in run.stdout
