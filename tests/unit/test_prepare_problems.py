import polars as pl
import pytest
from prepare_problems import main

PROGRAMS = {"generator": "programs", "count": 3, "steps": [2, 2]}


def test_programs_without_a_sandbox_stop_the_study_in_its_first_job(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    output, dropped = str(tmp_path / "test.parquet"), str(tmp_path / "dropped.csv")
    with pytest.raises(RuntimeError, match=r"code runs programs .* apt-get install bubblewrap"):
        main(PROGRAMS, "code", "test", [], {}, False, True, output, dropped)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "bwrap").write_text("#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2; exit 1\n")
    (tmp_path / "bwrap").chmod(0o755)
    with pytest.raises(RuntimeError, match=r"make a sandbox here \(bwrap: No permissions to create new namespace\)"):
        main(PROGRAMS, "code", "test", [], {}, False, True, output, dropped)
    assert [path.name for path in tmp_path.iterdir()] == ["bwrap"]
    main(PROGRAMS, "code", "test", [], {}, False, False, output, dropped)
    main(PROGRAMS | {"generator": "choices"}, "quiz", "test", [], {}, False, True, output, dropped)
    assert pl.read_parquet(output).height == 3 and pl.read_csv(dropped).height == 0


def test_only_training_problems_are_dropped(tmp_path):
    source = {"generator": "expressions", "count": 5, "steps": [1, 1]}
    paths = {name: str(tmp_path / f"{name}.parquet") for name in ("train", "test")}
    main(source, "t", "train", [], {}, False, True, paths["train"], str(tmp_path / "dropped.csv"))
    kept = pl.read_parquet(paths["train"])
    again = str(tmp_path / "again.parquet")
    both = source | {"count": 8}
    main(both, "t", "train", [paths["train"]], {}, False, True, again, str(tmp_path / "dropped.csv"))
    assert pl.read_parquet(again).height == 3
    assert pl.read_csv(tmp_path / "dropped.csv")["same_as"].to_list() == kept["problem_id"].to_list()
    with pytest.raises(ValueError, match=r"tasks\.t\.train: all of its 5 questions stand in train, too"):
        main(source, "t", "train", [paths["train"]], {}, False, True, again, str(tmp_path / "dropped.csv"))
    main(source, "t", "test", [paths["train"]], {}, False, True, again, str(tmp_path / "dropped.csv"))
    assert pl.read_parquet(again).height == 5
