import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from reversal import seals, tables

FRAME = pl.DataFrame([("a/0", "1+1?", "2")], schema=tables.SFT_ROWS, orient="row")


@pytest.mark.parametrize("name", ["rows.parquet", "rows.csv"])
def test_write_leaves_one_whole_file(tmp_path, name):
    path = tmp_path / name
    path.write_text("what was there before")
    tables.write(FRAME, tables.SFT_ROWS, str(path))
    beside = [f"{name}.sha256"] if name.endswith(".csv") else []
    assert sorted(file.name for file in tmp_path.iterdir()) == [name, *beside]
    if name.endswith(".csv"):
        assert path.read_text() == "problem_id,prompt,completion\na/0,1+1?,2\n"
    assert_frame_equal(tables.read(str(path), tables.SFT_ROWS), FRAME)


@given(st.permutations(FRAME.columns))
def test_check_puts_columns_in_the_order_of_the_schema(order):
    assert_frame_equal(tables.check(FRAME.select(order), tables.SFT_ROWS, "here"), FRAME)


@pytest.mark.parametrize(
    ("frame", "difference"),
    [
        (FRAME.drop("prompt"), r"missing \['prompt'\], unexpected \[\], wrong type \[\]"),
        (FRAME.with_columns(more=1), r"missing \[\], unexpected \['more'\], wrong type \[\]"),
        (FRAME.with_columns(prompt=1), r"unexpected \[\], wrong type \['prompt is Int32, not String'\]"),
        (FRAME.rename({"prompt": "promt"}), r"missing \['prompt'\], unexpected \['promt'\]"),
    ],
)
def test_a_wrong_table_is_named_where_it_is_written_and_where_it_is_read(tmp_path, frame, difference):
    path = tmp_path / "rows.parquet"
    with pytest.raises(ValueError, match=rf"rows\.parquet: wrong columns: .*{difference}"):
        tables.write(frame, tables.SFT_ROWS, str(path))
    assert not path.exists()
    path.write_bytes(seals.sealed_parquet(frame))
    with pytest.raises(ValueError, match=rf"rows\.parquet: wrong columns: .*{difference}"):
        tables.read(str(path), tables.SFT_ROWS)


def test_an_unknown_verdict_is_refused():
    row = ("a", "greedy", 0, "1", "perhaps", None, None, "v", "1")
    with pytest.raises(pl.exceptions.PolarsError):
        pl.DataFrame([row], schema=tables.VERDICT_ROWS, orient="row")


@pytest.mark.parametrize("content", [b"", b"not parquet", None])
def test_a_broken_or_missing_file_is_named(tmp_path, content):
    path = tmp_path / "rows.parquet"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ValueError, match=r"rows\.parquet: not a table as it was written .*; delete it and run again"):
        tables.read(str(path), tables.SFT_ROWS)


def test_metrics_are_scores_with_a_method():
    assert {name: kind for name, kind in tables.METRICS.items() if name != "method"} == tables.SCORES
