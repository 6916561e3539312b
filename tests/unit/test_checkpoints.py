import hashlib
import importlib.metadata
import json

import pytest
from reversal import checkpoints


def test_work_folder_stands_beside_the_model_and_names_its_inputs():
    path = "results/study/m/sft/model/model.json"
    folder = checkpoints.work_folder(path, {"lr": 1}, "parent")
    assert folder.startswith("results/study/m/sft/unfinished-")
    assert folder == checkpoints.work_folder(path, {"lr": 1}, "parent")
    assert (
        len({folder, *(checkpoints.work_folder(path, *d) for d in [({"lr": 2}, "parent"), ({"lr": 1}, "other")])}) == 3
    )


def test_publish_replaces_the_old_model_whole(tmp_path):
    old, new = tmp_path / "model", tmp_path / "unfinished-1" / "finished"
    old.mkdir()
    new.mkdir(parents=True)
    (old / "stale.bin").write_text("old")
    (new / "model.safetensors").write_text("new")
    (new / "model.safetensors").chmod(0o600)  # as safetensors leaves it

    checkpoints.publish(str(new), str(old / "model.json"), {"lineage": "sft"})

    assert sorted(path.name for path in old.iterdir()) == ["files.json", "model.json", "model.safetensors"]
    digest = hashlib.sha256(b"new").hexdigest()
    assert json.loads((old / "files.json").read_text()) == {"model.safetensors": {"bytes": 3, "sha256": digest}}
    assert not new.exists()
    assert (old / "model.safetensors").stat().st_mode == (old / "model.json").stat().st_mode
    versions = {name: importlib.metadata.version(name) for name in ("torch", "transformers", "trl")}
    assert json.loads((old / "model.json").read_text()) == {"lineage": "sft", "versions": versions}


def test_linked_weights_are_left_as_they_are(tmp_path):
    mine = tmp_path / "mine.safetensors"
    mine.write_text("weights")
    mine.chmod(0o400)
    (tmp_path / "finished").mkdir()
    (tmp_path / "finished/model.safetensors").symlink_to(mine)
    checkpoints.publish(str(tmp_path / "finished"), str(tmp_path / "model/model.json"), {})
    assert mine.stat().st_mode & 0o777 == 0o400


def test_a_package_that_an_environment_lacks_has_no_version(tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoints, "PACKAGES", ["torch", "no-such-package"])
    checkpoints.publish(checkpoint(tmp_path / "finished", "w"), str(tmp_path / "model/model.json"), {})
    assert json.loads((tmp_path / "model/model.json").read_text())["versions"].keys() == {"torch"}


def test_forget_unfinished_removes_every_work_folder_and_nothing_else(tmp_path):
    for name in ("unfinished-1/checkpoint-2", "unfinished-2", "model", "samples"):
        (tmp_path / name).mkdir(parents=True)
    checkpoints.forget_unfinished(str(tmp_path / "model" / "model.json"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model", "samples"]


def checkpoint(folder, weights: str) -> str:
    folder.mkdir(parents=True)
    (folder / "weights.bin").write_text(weights)
    return str(folder)


def test_a_removed_model_that_is_trained_again_has_the_same_model_json_and_another_one_has_not(tmp_path):
    model_json = tmp_path / "model/model.json"
    origin = {"lineage": "sft", "seed": 1, "code": "a"}
    checkpoints.publish(checkpoint(tmp_path / "first", "w"), str(model_json), {**origin, "seconds": 3.5})
    (tmp_path / "model/runs").mkdir()
    before = model_json.read_bytes()

    checkpoints.remove(str(model_json), {"train": "recipe"})
    left = (tmp_path / "model/removed.json").read_bytes()
    checkpoints.remove(str(model_json), {"train": "another recipe"})  # once more: nothing changes

    assert [path.name for path in (tmp_path / "model").iterdir()] == ["removed.json"]
    assert (tmp_path / "model/removed.json").read_bytes() == left
    assert json.loads(left) == {"model": json.loads(before), "uses": {"train": "recipe"}}

    checkpoints.publish(checkpoint(tmp_path / "again", "w"), str(model_json), {**origin, "seconds": 4.5})
    assert model_json.read_bytes() == before
    assert sorted(path.name for path in (tmp_path / "model").iterdir()) == ["files.json", "model.json", "weights.bin"]

    checkpoints.remove(str(model_json), {})
    origin["code"] = "b"
    checkpoints.publish(checkpoint(tmp_path / "edited", "w"), str(model_json), {**origin, "seconds": 3.5})
    assert json.loads(model_json.read_bytes())["code"] == "b"


def test_a_removal_that_was_killed_is_finished(tmp_path):
    folder = tmp_path / "model"
    checkpoint(folder, "w")
    (folder / "removed.json").write_text("{}")
    checkpoints.remove(str(folder / "model.json"), {})
    assert [path.name for path in folder.iterdir()] == ["removed.json"]


def test_weights_that_were_removed_are_named_with_the_remedy():
    with pytest.raises(RuntimeError, match=r"sft-dpo must run again, and the weights .* Run the same command again"):
        checkpoints.weights_folder([], "sft-dpo")


def broken(path, how: str) -> None:
    data = path.read_bytes()
    if how == "missing":
        path.unlink()
    else:
        path.write_bytes({"cut": data[:-1], "flipped": bytes([data[0] ^ 1]) + data[1:]}[how])


@pytest.mark.parametrize(
    ("how", "at_start", "fault"),
    [
        ("missing", True, "weights.bin is missing"),
        ("cut", True, "weights.bin has 6 bytes, not 7"),
        ("flipped", False, "weights.bin has changed since it was written"),
    ],
)
def test_a_broken_model_is_named_with_the_remedy_before_it_is_loaded(tmp_path, how, at_start, fault):
    folder = tmp_path / "model"
    model_json = str(folder / "model.json")
    checkpoints.publish(checkpoint(tmp_path / "finished", "weights"), model_json, {})
    assert checkpoints.weights_folder(model_json, "sft-dpo") == str(folder)
    assert checkpoints.faults(model_json, contents=False) == ""
    broken(folder / "weights.bin", how)
    remedy = f"{folder}: {fault}. Delete {folder}/model.json and run again: the model is then made again."
    assert checkpoints.faults(model_json, contents=False) == (remedy if at_start else "")
    with pytest.raises(RuntimeError) as refused:
        checkpoints.weights_folder(model_json, "sft-dpo")
    assert str(refused.value) == f"sft-dpo: {remedy}"


def test_the_last_checkpoint_is_the_newest_that_was_written_to_its_end(tmp_path):
    assert checkpoints.last_checkpoint(str(tmp_path)) is None
    for name in ("checkpoint-9/trainer_state.json", "checkpoint-10/trainer_state.json", "checkpoint-11/rng_state.pth"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text("{}")
    assert checkpoints.last_checkpoint(str(tmp_path)) == str(tmp_path / "checkpoint-10")
