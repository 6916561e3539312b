import copy
import json
from pathlib import Path

import pytest
import yaml
from reversal.keeping import (
    ANSWERING,
    JUDGING,
    REINFORCING,
    TRAINING,
    is_over,
    judged_after,
    readers_of,
    removable,
    uses,
)

CONFIG = yaml.safe_load((Path(__file__).parents[2] / "config.yaml").read_text()) | {"keep_models": "last"}
SERIES = {
    "iterative_sft": ["sft", "sft-sft", "sft-sft-sft"],
    "iterative_dpo": ["sft", "sft-dpo", "sft-dpo-dpo"],
    "iterative_sft_dpo": ["sft", "sft-dpo", "sft-dpo-sft"],
}
LINEAGES = sorted({lineage for chain in SERIES.values() for lineage in chain})
CODE = dict.fromkeys(TRAINING + REINFORCING + ANSWERING + JUDGING, "digest")


@pytest.mark.parametrize(
    ("keep", "accuracy", "expected"),
    [
        ("last", {"sft": 0.1}, ["sft"]),
        ("last", {"sft": 0.9, "sft-sft": 0.1, "sft-sft-sft": 0.2}, ["sft", "sft-sft"]),
        # the best so far of a method stays: sft may yet be the best of the methods that are not scored
        ("best_and_last", {"sft": 0.1}, []),
        ("best_and_last", {"sft": 0.1, "sft-sft": 0.2}, []),
        ("best_and_last", {"sft": 0.3, "sft-sft": 0.2}, ["sft-sft"]),
        ("best_and_last", {"sft": 0.2, "sft-sft": 0.2, "sft-sft-sft": 0.2}, ["sft-sft"]),  # of equals the earliest
        ("best_and_last", {"sft": 0.1, "sft-dpo": 0.2, "sft-dpo-dpo": 0.3}, []),  # sft-dpo: best of sft_dpo so far
        (
            "best_and_last",
            dict(
                zip(["sft", "sft-sft", "sft-sft-sft", "sft-dpo", "sft-dpo-dpo", "sft-dpo-sft"], range(6), strict=True)
            ),
            ["sft", "sft-sft", "sft-dpo"],
        ),
    ],
)
def test_removable(keep, accuracy, expected):
    assert removable(SERIES, keep, accuracy) == expected


def test_models_that_several_methods_share_are_judged_after_the_last_ones():
    assert judged_after("sft-dpo", readers_of(CONFIG, LINEAGES)) == ["sft", "sft-dpo"]
    assert judged_after("sft-dpo-sft", readers_of(CONFIG, LINEAGES)) == LINEAGES


def test_a_model_that_a_much_later_step_reads_waits_for_a_last_one():
    config = CONFIG | {"steps": CONFIG["steps"] | {"again": CONFIG["steps"]["sft"] | {"from": "first"}}}
    chain = ["sft", "sft-sft", "sft-sft-again", "sft-sft-again-sft"]
    assert [judged_after(lineage, readers_of(config, chain)) for lineage in chain] == [
        [],
        ["sft", "sft-sft"],  # all that read them are trained by then
        ["sft", "sft-sft", "sft-sft-again"],
        chain,
    ]
    found = uses(config, chain, "mini-llama", "mini-gsm", "sft", CODE.get)
    assert list(found) == ["evaluation", "train", "frontier", "sft-sft", "sft-sft-again"]
    assert "sft-sft-again" not in uses(config, chain, "mini-llama", "mini-gsm", "sft-sft", CODE.get)


def test_the_uses_of_a_model_are_its_batches_and_its_children():
    def names(lineage, keep="last"):
        return list(uses(CONFIG | {"keep_models": keep}, LINEAGES, "mini-llama", "mini-gsm", lineage, CODE.get))

    assert names("sft") == ["evaluation", "train", "frontier", "sft-dpo", "sft-sft"]
    assert names("sft-sft") == ["evaluation", "train", "sft-sft-sft"]
    assert names("sft-sft-sft") == ["evaluation"]  # not the last of five iterations
    assert names("sft-sft-sft", keep="all") == ["evaluation", "keep"]
    assert names("sft-sft-sft-sft-sft") == ["evaluation", "frontier"]


@pytest.mark.parametrize(
    ("path", "value", "changed"),
    [
        ("sampling/temperature", 0.5, {"evaluation", "train", "sft-dpo-dpo", "sft-dpo-sft"}),
        ("steps/dpo/arguments/beta", 0.2, {"evaluation", "train", "sft-dpo-dpo", "sft-dpo-sft"}),
        ("tasks/mini-gsm/test/count", 9, {"evaluation", "train", "sft-dpo-dpo", "sft-dpo-sft"}),
        ("sampling/shards/train", 3, set()),
        ("verification/workers", 3, set()),
        ("iterations", 9, set()),
        ("steps/dpo/lora", {"r": 8}, {"evaluation", "train", "sft-dpo-dpo", "sft-dpo-sft"}),
        ("steps/dpo/gpus", 8, set()),
        ("models/mini-llama/tensor_parallel", 2, set()),
        ("code/verify", "edited", {"evaluation", "train", "sft-dpo-dpo", "sft-dpo-sft"}),
        ("code/score", "edited", set()),
    ],
)
def test_what_a_change_makes_of_the_recipes(path, value, changed):
    before = uses(CONFIG, LINEAGES, "mini-llama", "mini-gsm", "sft-dpo", CODE.get)
    config = copy.deepcopy(CONFIG | {"code": CODE})
    *folders, last = path.split("/")
    place = config
    for name in folders:
        place = place[name]
    place[last] = value
    after = uses(config, LINEAGES, "mini-llama", "mini-gsm", "sft-dpo", config["code"].get)
    assert {use for use in before if before[use] != after[use]} == changed


def test_other_temperatures_ask_for_the_weights_once_more_and_for_nothing_else():
    before, after = (
        uses(CONFIG | {"evaluation": {"temperatures": of}}, LINEAGES, "mini-llama", "mini-gsm", "sft", CODE.get)
        for of in ([1.2], [1.2, 1.5])
    )
    assert {use for use in before if before[use] != after[use]} == {"frontier"}


def test_m1_and_its_answers_do_not_depend_on_the_verifiers():
    before, after = (
        uses(CONFIG, LINEAGES, "mini-llama", "mini-gsm", "sft", (CODE | {"verify": digest}).get) for digest in "ab"
    )
    assert {use for use in before if before[use] != after[use]} == {"sft-dpo", "sft-sft"}


def removed(folder: Path, lineage: str, done: dict) -> None:
    (folder / lineage / "model").mkdir(parents=True)
    (folder / lineage / "model/removed.json").write_text(json.dumps({"model": {}, "uses": done}))


def test_which_uses_of_a_removed_model_are_over(tmp_path):
    task = CONFIG["tasks"]["mini-gsm"]
    now = {
        "sft": {"train": "1", "evaluation": "1", "sft-dpo": "2", "sft-sft": "3"},
        "sft-dpo": {"train": "2", "evaluation": "2", "sft-dpo-dpo": "4", "sft-dpo-sft": "5"},
    }
    removed(tmp_path, "sft", {"train": "1", "evaluation": "0", "sft-dpo": "2"})
    removed(tmp_path, "sft-dpo", {"train": "2", "evaluation": "2", "sft-dpo-dpo": "4", "sft-dpo-sft": "5"})

    def over(lineage):
        return {use for use in now[lineage] if is_over(tmp_path, lineage, use, task, now.__getitem__)}

    assert over("sft") == set() and over("sft-dpo") == set()  # the results of all uses are missing
    for path in ("sft/samples/train", "sft/samples/test", "sft/samples/mini-math", "sft-dpo/samples/train"):
        file = tmp_path / f"{path}.parquet"
        file.parent.mkdir(exist_ok=True)
        file.touch()
    assert over("sft") == {"train"}  # evaluation has another recipe, sft-sft is new, sft-dpo is needed again
    for path in ("sft-dpo/samples/test.parquet", "sft-dpo/samples/mini-math.parquet"):
        (tmp_path / path).touch()
    for child in ("sft-dpo-dpo", "sft-dpo-sft"):
        (tmp_path / child / "model").mkdir(parents=True)
        (tmp_path / child / "model/model.json").touch()
    assert over("sft-dpo") == set(now["sft-dpo"])
    assert over("sft") == {"train", "sft-dpo"}
    (tmp_path / "sft/model/model.json").touch()  # trained again
    assert over("sft") == set()
