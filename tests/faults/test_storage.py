"""Disks that are full, limited or read-only: a table is whole or not there, and what was there before still is."""

import shutil
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from reversal import tables

LOSSES = pl.DataFrame([dict.fromkeys(tables.LOSSES, 1.0)], schema=tables.LOSSES)
# Writes a small table, then one that does not fit; prints the error, and whether the first one is still whole.
WRITE = """
import resource, sys
import polars as pl
from reversal import tables
small = pl.DataFrame([dict.fromkeys(tables.LOSSES, 1.0)], schema=tables.LOSSES)
random = (pl.Series(range(1_000_000)).hash() % 1_000_000_007).cast(pl.Float64)
large = pl.DataFrame({name: random for name in tables.LOSSES}).cast(tables.LOSSES)
path = sys.argv[1] + "/losses.parquet"
if sys.argv[2] == "limited":
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    tables.write(small, tables.LOSSES, path)
    tables.write(large, tables.LOSSES, path)
except Exception as error:
    print(error)
try:
    print(tables.read(path, tables.LOSSES).equals(small))
except ValueError as error:
    print(error)
"""


@pytest.mark.parametrize(
    ("disk", "mount", "error", "before"),
    [
        ("full", ["--size", "100000", "--tmpfs"], "No space left on device", "True"),
        ("limited", ["--tmpfs"], "File too large", "True"),
        ("read-only", ["--remount-ro"], "Read-only file system", "not a table as it was written"),
    ],
)
def test_a_table_that_cannot_be_written_leaves_the_one_before(tmp_path, disk, mount, error, before):
    if not shutil.which("bwrap"):
        pytest.skip("bubblewrap, which makes the disks, is not here")
    folder = ["--tmpfs", str(tmp_path)] if disk == "read-only" else []
    command = ["bwrap", "--dev-bind", "/", "/", *folder, *mount, str(tmp_path), sys.executable, "-c", WRITE]
    scripts = {"PYTHONPATH": str(Path(__file__).parents[2] / "scripts")}
    run = subprocess.run([*command, str(tmp_path), disk], capture_output=True, text=True, env=scripts, timeout=300)
    told, whole = run.stdout.splitlines()[0], run.stdout.splitlines()[-1]
    assert error in told and before in whole, run.stdout + run.stderr


def test_a_table_cut_anywhere_is_named(tmp_path):
    path = tmp_path / "losses.parquet"
    tables.write(LOSSES, tables.LOSSES, str(path))
    content = path.read_bytes()
    for length in range(0, len(content), max(1, len(content) // 40)):
        path.write_bytes(content[:length])
        with pytest.raises(
            ValueError, match=r"losses\.parquet: not a table as it was written .* delete it and run again"
        ):
            tables.read(str(path), tables.LOSSES)
