import copy
from pathlib import Path

import yaml
from reversal.dag import Job, jobs_of

CONFIG = yaml.safe_load((Path(__file__).parents[2] / "config.yaml").read_text())
SMALL = {
    **CONFIG,
    "iterations": 2,
    "models": {"m": {"folder": "tiny-7b"}},
    "tasks": {"t": CONFIG["tasks"]["mini-gsm"] | {"ood": {}}},
    "methods": {"plain": {"start": ["sft"], "repeat": ["dpo"]}},
    "sampling": CONFIG["sampling"] | {"shards": {"train": 2, "evaluation": 1}},
}
TABLES = {"summarise", "summarise_time", "plot", "write_pages"}


def needs(config: dict) -> dict[str, tuple[str, ...]]:
    return {job.output: job.needs for job in jobs_of(config) if job.rule not in TABLES}


def test_the_jobs_of_a_small_study():
    problems, base = ("problems/t/test.parquet", "problems/t/train.parquet"), "m/base/model/model.json"
    first, second = "m/t/seed0/sft", "m/t/seed0/sft-dpo"
    shards = (f"{first}/samples/train/0-of-2.parquet", f"{first}/samples/train/1-of-2.parquet")
    assert needs(SMALL) == {
        problems[0]: (),
        problems[1]: (problems[0],),
        base: (),
        f"{first}/training_set.parquet": (problems[1],),
        f"{first}/model/model.json": (f"{first}/training_set.parquet", base),
        shards[0]: (problems[1], f"{first}/model/model.json"),
        shards[1]: (problems[1], f"{first}/model/model.json"),
        f"{first}/samples/train.parquet": (problems[1], *shards),
        f"{first}/verdicts/train.parquet": (f"{first}/samples/train.parquet", problems[1]),
        f"{first}/samples/evaluation/0-of-1.parquet": (problems[0], f"{first}/model/model.json"),
        f"{first}/samples/test.parquet": (problems[0], f"{first}/samples/evaluation/0-of-1.parquet"),
        f"{first}/verdicts/test.parquet": (f"{first}/samples/test.parquet", problems[0]),
        f"{first}/scores.parquet": (f"{first}/verdicts/test.parquet", f"{first}/verdicts/train.parquet"),
        f"{second}/training_set.parquet": (problems[1], f"{first}/verdicts/train.parquet"),
        f"{second}/model/model.json": (f"{second}/training_set.parquet", f"{first}/model/model.json"),
        f"{second}/samples/evaluation/0-of-1.parquet": (problems[0], f"{second}/model/model.json"),
        f"{second}/samples/test.parquet": (problems[0], f"{second}/samples/evaluation/0-of-1.parquet"),
        f"{second}/verdicts/test.parquet": (f"{second}/samples/test.parquet", problems[0]),
        f"{second}/scores.parquet": (f"{second}/verdicts/test.parquet", f"{first}/verdicts/test.parquet"),
    }


def test_few_shot_rationales_come_from_the_base_model():
    config = copy.deepcopy(SMALL)
    config["tasks"]["t"] |= {"rationales": "few_shot", "few_shot_prompt": "{question}"}
    more = {path: of for path, of in needs(config).items() if path not in needs(SMALL)}
    assert list(more) == [
        "m/t/seed0/base/samples/train/0-of-2.parquet",
        "m/t/seed0/base/samples/train/1-of-2.parquet",
        "m/t/seed0/base/samples/train.parquet",
        "m/t/seed0/base/verdicts/train.parquet",
    ]
    assert "m/t/seed0/base/verdicts/train.parquet" in needs(config)["m/t/seed0/sft/training_set.parquet"]


def test_checkpoints_go_after_the_scores_and_the_children_of_all_that_are_judged():
    jobs = {job.output: job for job in jobs_of(SMALL | {"keep_models": "last"})}
    trained = "m/t/seed0/sft-dpo/model/model.json"
    assert jobs["m/t/seed0/sft/kept_models.json"] == Job(
        "remove_models",
        "m/t/seed0/sft/kept_models.json",
        "m-t-seed0-sft",
        ("remove_models",),
        ("m/t/seed0/sft/scores.parquet", trained),
    )
    both = tuple(f"m/t/seed0/{lineage}/scores.parquet" for lineage in ("sft", "sft-dpo"))
    assert jobs["m/t/seed0/sft-dpo/kept_models.json"].needs == (*both, trained)
