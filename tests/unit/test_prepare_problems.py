import polars as pl
import pytest
from prepare_problems import main


def test_only_training_problems_are_dropped(tmp_path):
    source = {"generator": "expressions", "count": 5, "steps": [1, 1]}
    paths = {name: str(tmp_path / f"{name}.parquet") for name in ("train", "test")}
    main(source, "t", "train", [], {}, False, paths["train"], str(tmp_path / "dropped.csv"))
    kept = pl.read_parquet(paths["train"])
    again = str(tmp_path / "again.parquet")
    both = source | {"count": 8}
    main(both, "t", "train", [paths["train"]], {}, False, again, str(tmp_path / "dropped.csv"))
    assert pl.read_parquet(again).height == 3
    assert pl.read_csv(tmp_path / "dropped.csv")["same_as"].to_list() == kept["problem_id"].to_list()
    with pytest.raises(ValueError, match=r"tasks\.t\.train: all of its 5 questions stand in train, too"):
        main(source, "t", "train", [paths["train"]], {}, False, again, str(tmp_path / "dropped.csv"))
    main(source, "t", "test", [paths["train"]], {}, False, again, str(tmp_path / "dropped.csv"))
    assert pl.read_parquet(again).height == 5
