import polars as pl
import pytest
from gather_samples import main
from polars.testing import assert_frame_equal
from reversal import tables
from reversal.requests import requests_for

PROBLEMS = pl.DataFrame(
    [
        {name: f"p{i}" if name == "problem_id" else "q" if name == "question" else None for name in tables.PROBLEMS}
        for i in (2, 0, 1)
    ],
    schema=tables.PROBLEMS,
)
SETTINGS = {"greedy": True, "sampled": 2, "temperature": 0.7, "top_p": 1.0, "max_tokens": 8}
ASKED = {"settings": SETTINGS, "prompt": "{question}", "seed_parts": [0, 0, "m", "t", "sft"]}
FIXED = {"text": "a", "n_tokens": 1, "finish_reason": "stop", "engine": "e"}


def shards(folder) -> list[str]:
    """Two of them, as sample writes them; each begins with an answer to another set of the batch."""
    requests = requests_for(PROBLEMS, **ASKED)
    rows = pl.DataFrame([{name: (r | FIXED)[name] for name in tables.SAMPLES} for r in requests], schema=tables.SAMPLES)
    other = rows.head(1).with_columns(problem_id=pl.lit("another set"))
    paths = [str(folder / f"{i}-of-2.parquet") for i in (0, 1)]
    for path, ids in zip(paths, (["p2", "p1"], ["p0"]), strict=True):
        tables.write(pl.concat([other, rows.filter(pl.col("problem_id").is_in(ids))]), tables.SAMPLES, path)
    tables.write(PROBLEMS, tables.PROBLEMS, str(folder / "problems.parquet"))
    return paths


def test_shards_come_together_in_the_order_of_the_problems(tmp_path):
    paths, output = shards(tmp_path), str(tmp_path / "samples.parquet")
    main(str(tmp_path / "problems.parquet"), paths, ASKED, output)
    gathered = tables.read(output, tables.SAMPLES)
    assert gathered["problem_id"].to_list() == ["p2"] * 3 + ["p0"] * 3 + ["p1"] * 3
    assert gathered["sample_index"].to_list() == [0, 0, 1] * 3
    main(str(tmp_path / "problems.parquet"), paths[::-1], ASKED, output)
    assert_frame_equal(tables.read(output, tables.SAMPLES), gathered)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda rows: rows.head(3), r"1-of-2\.parquet: 8 answers, of which 8 are to the 9 that were asked for"),
        (lambda rows: pl.concat([rows, rows.tail(1)]), "10 answers, of which 9 are to the 9"),
        (lambda rows: rows.with_columns(pl.col("seed") + 1), r"1-of-2\.parquet: 9 answers, of which 6 are to the 9"),
    ],
)
def test_missing_repeated_and_other_answers_are_named(tmp_path, spoil, said):
    paths = shards(tmp_path)
    tables.write(spoil(tables.read(paths[1], tables.SAMPLES)), tables.SAMPLES, paths[1])
    with pytest.raises(ValueError, match=said):
        main(str(tmp_path / "problems.parquet"), paths, ASKED, str(tmp_path / "samples.parquet"))
    assert not (tmp_path / "samples.parquet").exists()
