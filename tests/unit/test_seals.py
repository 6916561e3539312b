import subprocess

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from reversal import seals, tables

ROWS = [("a/0", "1+1?", "2"), ("a/1", seals.LABEL + "0" * 64, "an answer that looks like a seal")]
FRAME = pl.DataFrame(ROWS, schema=tables.SFT_ROWS, orient="row")
SEALED = seals.sealed_parquet(FRAME)


@pytest.fixture(scope="module")
def path(tmp_path_factory) -> str:
    return str(tmp_path_factory.mktemp("seals") / "rows.parquet")


def put(path: str, data: bytes) -> None:
    with open(path, "wb") as file:
        file.write(data)


def test_a_sealed_table_reads_as_it_was_here_and_elsewhere(path):
    put(path, SEALED)
    assert_frame_equal(tables.read(path, tables.SFT_ROWS), FRAME)
    assert_frame_equal(pl.read_parquet(path), FRAME)


@given(st.integers(0, 8 * len(SEALED) - 1))
def test_every_flipped_bit_is_noticed(path, bit):
    flipped = bytearray(SEALED)
    flipped[bit // 8] ^= 1 << bit % 8
    put(path, flipped)
    with pytest.raises(ValueError, match=r"rows\.parquet: not a table as it was written .*; delete it and run again"):
        tables.read(path, tables.SFT_ROWS)


@given(st.integers(0, len(SEALED) - 1), st.binary(max_size=100))
def test_a_cut_or_overwritten_table_is_noticed(path, length, more):
    put(path, SEALED[:length] + more)
    if SEALED[:length] + more != SEALED:
        with pytest.raises(ValueError, match=r"rows\.parquet: not a table as it was written"):
            tables.read(path, tables.SFT_ROWS)


def test_a_table_of_other_origin_is_refused(path):
    FRAME.write_parquet(path)
    with pytest.raises(ValueError, match="it has no digest, so it is cut short, or was not written by this workflow"):
        tables.read(path, tables.SFT_ROWS)


def test_a_changed_csv_is_noticed_and_sha256sum_reads_its_digest(tmp_path):
    path = tmp_path / "rows.csv"
    tables.write(FRAME, tables.SFT_ROWS, str(path))
    check = ["sha256sum", "--check", "--quiet", "rows.csv.sha256"]
    assert subprocess.run(check, cwd=tmp_path).returncode == 0
    path.write_text(path.read_text().replace("1+1?", "1+7?"))
    assert subprocess.run(check, cwd=tmp_path, capture_output=True).returncode == 1
    with pytest.raises(ValueError, match=r"rows\.csv: not a table as it was written \(it has changed"):
        tables.read(str(path), tables.SFT_ROWS)
    (tmp_path / "rows.csv.sha256").unlink()
    with pytest.raises(ValueError, match=r"rows\.csv\.sha256 is not there\); delete it and run again"):
        tables.read(str(path), tables.SFT_ROWS)
