import hashlib
import importlib.metadata
import json

from reversal import checkpoints


def test_work_folder_stands_beside_the_model_and_names_its_inputs():
    path = "results/study/m/sft/model/model.json"
    folder = checkpoints.work_folder(path, {"lr": 1}, "parent")
    assert folder.startswith("results/study/m/sft/unfinished-")
    assert folder == checkpoints.work_folder(path, {"lr": 1}, "parent")
    assert (
        len({folder, *(checkpoints.work_folder(path, *d) for d in [({"lr": 2}, "parent"), ({"lr": 1}, "other")])}) == 3
    )


def test_file_hash(tmp_path):
    (tmp_path / "rows").write_bytes(b"rows")
    assert checkpoints.file_hash(str(tmp_path / "rows")) == hashlib.sha256(b"rows").hexdigest()


def test_publish_replaces_the_old_model_whole(tmp_path):
    old, new = tmp_path / "model", tmp_path / "unfinished-1" / "finished"
    old.mkdir()
    new.mkdir(parents=True)
    (old / "stale.bin").write_text("old")
    (new / "weights.bin").write_text("new")

    checkpoints.publish(str(new), str(old / "model.json"), {"lineage": "sft"})

    assert sorted(path.name for path in old.iterdir()) == ["model.json", "weights.bin"]
    assert not new.exists()
    versions = {name: importlib.metadata.version(name) for name in ("torch", "transformers", "trl")}
    assert json.loads((old / "model.json").read_text()) == {"lineage": "sft", "versions": versions}


def test_forget_unfinished_removes_every_work_folder_and_nothing_else(tmp_path):
    for name in ("unfinished-1/checkpoint-2", "unfinished-2", "model", "samples"):
        (tmp_path / name).mkdir(parents=True)
    checkpoints.forget_unfinished(str(tmp_path / "model" / "model.json"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model", "samples"]
