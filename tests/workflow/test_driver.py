"""A cluster without conda, on one machine: Snakemake in its own small environment, the rules' scripts in another."""

import os
import re
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest
from running import copy_repository

PROBLEMS = "results/smoke/problems/mini-gsm/test.parquet"


def shell(folder: Path, command: str) -> subprocess.CompletedProcess:
    """In a login shell, as on a cluster: it knows `module`."""
    environment = os.environ | {"PYTHON": sys.executable, "PIP_NO_COMPILE": "1"}
    return subprocess.run(
        ["bash", "-lc", command], cwd=folder, env=environment, capture_output=True, text=True, timeout=600
    )


@pytest.fixture(scope="module")
def cluster(tmp_path_factory) -> Path:
    """A clone with venvs/driver as envs/venv.sh makes it, and venvs/analysis, which borrows these tests' packages."""
    folder = tmp_path_factory.mktemp("cluster")
    if shell(folder, "type module").returncode:
        pytest.skip("no `module` command (Debian: apt-get install environment-modules)")

    copy_repository(folder)
    made = shell(folder, "sh envs/venv.sh driver")
    if "No matching distribution found" in made.stderr:
        pytest.skip(f"no package index answers, so the driver cannot be installed: {made.stderr[-300:]}")
    assert made.returncode == 0, made.stderr
    venv.create(folder / "venvs/analysis", symlinks=True)
    inner = sysconfig.get_path("purelib", "venv", {"base": str(folder / "venvs/analysis")})
    (Path(inner) / "borrowed.pth").write_text(sysconfig.get_path("purelib"))
    modules = folder / "venvs/modules/reversal"
    (modules / "analysis").write_text((modules / "driver").read_text().replace("venvs/driver", "venvs/analysis"))
    return folder


def test_a_script_runs_in_the_venv_of_its_rule_while_snakemake_runs_in_its_own(cluster):
    snakemake = f"venvs/driver/bin/snakemake {PROBLEMS} --cores 1 --configfile studies/smoke.yaml"
    alone = shell(cluster, snakemake)
    assert "No module named 'polars'" in alone.stderr, "the driver should hold no engine"
    run = shell(cluster, f"module use $PWD/venvs/modules && {snakemake} --sdm env-modules")
    assert run.returncode == 0, run.stderr
    assert (cluster / PROBLEMS).exists()


def test_the_driver_plans_the_largest_study(cluster):
    studies = "studies/paper.yaml studies/llama2-70b.yaml"
    run = shell(cluster, f"venvs/driver/bin/snakemake --dry-run --quiet rules --configfile {studies}")
    assert run.returncode == 0, run.stderr
    assert dict(re.findall(r"^(fetch_base|train) +(\d+)$", run.stdout, re.MULTILINE)) == {
        "fetch_base": "1",
        "train": "48",
    }
