import polars as pl
from prepare_problems import main
from reversal.tables import PROBLEMS


def test_only_training_problems_are_dropped(tmp_path):
    source = {"generator": "expressions", "count": 5, "steps": [1, 1]}
    paths = {name: str(tmp_path / f"{name}.parquet") for name in ("train", "test")}
    main(source, "t", "train", [], {}, False, paths["train"], str(tmp_path / "dropped.csv"))
    kept = pl.read_parquet(paths["train"])
    again = str(tmp_path / "again.parquet")
    main(source, "t", "train", [paths["train"]], {}, False, again, str(tmp_path / "dropped.csv"))
    assert pl.read_parquet(again).equals(pl.DataFrame(schema=PROBLEMS))
    assert pl.read_csv(tmp_path / "dropped.csv")["same_as"].to_list() == kept["problem_id"].to_list()
    main(source, "t", "test", [paths["train"]], {}, False, again, str(tmp_path / "dropped.csv"))
    assert pl.read_parquet(again).height == 5
