import copy
from pathlib import Path

import yaml
from reversal.planning.dag import Job, jobs_of, names_of

CONFIG = yaml.safe_load((Path(__file__).parents[3] / "config.yaml").read_text())
SMALL = {
    **CONFIG,
    "iterations": 2,
    "models": {"m": {"folder": "tiny-7b"}},
    "tasks": {"t": CONFIG["tasks"]["mini-gsm"] | {"ood": {}}},
    "methods": {"plain": {"start": ["sft"], "repeat": ["dpo"]}},
    "sampling": CONFIG["sampling"] | {"shards": {"train": 2, "evaluation": 1}},
    "evaluation": {"temperatures": []},
}
TABLES = {"summarise", "summarise_frontier", "summarise_time", "plot", "write_pages", "write_provenance"}


def needs(config: dict) -> dict[str, tuple[str, ...]]:
    return {job.output: job.needs for job in jobs_of(config) if job.rule not in TABLES}


def test_the_jobs_of_a_small_study():
    problems, base = ("problems/t/test.parquet", "problems/t/train.parquet"), "m/base0/model/model.json"
    first, second = "m/base0/t/seed0/sft", "m/base0/t/seed0/sft-dpo"
    before = "m/base0/t/seed0/base"
    shards = (f"{first}/samples/train/0-of-2.parquet", f"{first}/samples/train/1-of-2.parquet")
    assert needs(SMALL) == {
        problems[0]: (),
        problems[1]: (problems[0],),
        base: (),
        f"{before}/samples/evaluation/0-of-1.parquet": (problems[0], base),
        f"{before}/samples/test.parquet": (problems[0], f"{before}/samples/evaluation/0-of-1.parquet"),
        f"{before}/verdicts/test.parquet": (f"{before}/samples/test.parquet", problems[0]),
        f"{before}/scores.parquet": (f"{before}/verdicts/test.parquet",),
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


def test_the_answers_of_all_models_may_be_held_against_m0s():
    found = needs(SMALL | {"evaluation": {"reference": "M0"}})
    for lineage, others in (("base", []), ("sft", ["sft/verdicts/train", "base/verdicts/test"])):
        expected = [f"{lineage}/verdicts/test", *others]
        scores = found[f"m/base0/t/seed0/{lineage}/scores.parquet"]
        assert scores == tuple(f"m/base0/t/seed0/{path}.parquet" for path in expected)
    last = [f"m/base0/t/seed0/{lineage}/verdicts/test.parquet" for lineage in ("sft-dpo", "sft", "base")]
    assert found["m/base0/t/seed0/sft-dpo/scores.parquet"] == tuple(last)  # the improvement sets are M1's all the same


def test_few_shot_rationales_come_from_the_base_model():
    config = copy.deepcopy(SMALL)
    config["tasks"]["t"] |= {"rationales": "few_shot", "few_shot_prompt": "{question}"}
    more = {path: of for path, of in needs(config).items() if path not in needs(SMALL)}
    assert list(more) == [
        "m/base0/t/seed0/base/samples/train/0-of-2.parquet",
        "m/base0/t/seed0/base/samples/train/1-of-2.parquet",
        "m/base0/t/seed0/base/samples/train.parquet",
        "m/base0/t/seed0/base/verdicts/train.parquet",
    ]
    assert "m/base0/t/seed0/base/verdicts/train.parquet" in needs(config)["m/base0/t/seed0/sft/training_set.parquet"]


def test_a_step_from_gold_needs_no_answers_of_its_parent():
    gold = CONFIG["steps"]["sft"] | {"training_set": {"data": "gold"}}
    method = {"plain": {"start": ["sft"], "repeat": ["gold"]}}
    config = SMALL | {"iterations": 3, "methods": method, "steps": CONFIG["steps"] | {"gold": gold}}
    found, place = needs(config), "m/base0/t/seed0"
    assert found[f"{place}/sft-gold/training_set.parquet"] == ("problems/t/train.parquet",)
    assert f"{place}/sft/samples/train.parquet" in found  # M1's coverage is measured all the same
    assert f"{place}/sft-gold/samples/train.parquet" not in found


def test_the_ends_of_a_method_are_sampled_at_other_temperatures():
    hot = SMALL | {"iterations": 3, "evaluation": {"temperatures": [1.5, 0.75, 0.5]}}  # 0.75 is the training's own
    more = {path: of for path, of in needs(hot).items() if path not in needs(hot | {"evaluation": {}})}
    problems, expected = "problems/t/test.parquet", {}
    for lineage in ("sft", "sft-dpo-dpo"):
        folder = f"m/base0/t/seed0/{lineage}"
        shard, samples = f"{folder}/samples/frontier/0-of-1.parquet", f"{folder}/samples/frontier.parquet"
        verdicts = [f"{folder}/verdicts/{name}.parquet" for name in ("test", "frontier")]
        expected |= {
            shard: (problems, f"{folder}/model/model.json"),
            samples: (problems, shard),
            verdicts[1]: (samples, problems),
            f"{folder}/frontier_scores.parquet": tuple(verdicts),
        }
    assert more == expected
    of_all = needs(hot | {"evaluation": hot["evaluation"] | {"iterations": "all"}})
    assert "m/base0/t/seed0/sft-dpo/frontier_scores.parquet" in of_all
    removed = {job.output: job.needs for job in jobs_of(hot | {"keep_models": "last"})}
    assert "m/base0/t/seed0/sft/frontier_scores.parquet" in removed["m/base0/t/seed0/sft-dpo/kept_models.json"]


def test_checkpoints_go_after_the_scores_and_the_children_of_all_that_are_judged():
    jobs = {job.output: job for job in jobs_of(SMALL | {"keep_models": "last"})}
    trained = "m/base0/t/seed0/sft-dpo/model/model.json"
    assert jobs["m/base0/t/seed0/sft/kept_models.json"] == Job(
        "remove_models",
        "m/base0/t/seed0/sft/kept_models.json",
        "m-base0-t-seed0-sft",
        ("remove_models",),
        ("m/base0/t/seed0/sft/scores.parquet", trained),
    )
    both = tuple(f"m/base0/t/seed0/{lineage}/scores.parquet" for lineage in ("sft", "sft-dpo"))
    assert jobs["m/base0/t/seed0/sft-dpo/kept_models.json"].needs == (*both, trained)


def test_every_base_has_models_of_its_own():
    pretrained = CONFIG["models"]["mini-llama"] | {
        "pretrain": CONFIG["models"]["mini-llama"]["pretrain"] | {"seeds": [4, 7]}
    }
    found = needs(SMALL | {"models": {"m": pretrained}})
    assert [path for path in found if path.endswith("model/model.json")] == [
        "m/base4/model/model.json",
        "m/base7/model/model.json",
        *(f"m/base{base}/t/seed0/{lineage}/model/model.json" for base in (4, 7) for lineage in ("sft", "sft-dpo")),
    ]
    rows = "m/base7/t/seed0/sft/training_set.parquet"
    assert found["m/base7/t/seed0/sft/model/model.json"] == (rows, "m/base7/model/model.json")


def test_names_of_jobs_with_and_without_given_series():
    names = {job.name for job in jobs_of(CONFIG)}
    assert names_of(CONFIG) == names
    with_given = CONFIG | {
        "methods": CONFIG["methods"] | {"grpo": {"given": ["a", "b"], "start": ["grpo_1", "grpo_2"]}},
        "steps": CONFIG["steps"] | {"grpo_1": {"trainer": "given"}, "grpo_2": {"trainer": "given"}},
    }
    more = names_of(with_given) - names
    assert names < names_of(with_given) and "mini-llama-base0-mini-gsm-seed0-grpo_1-grpo_2-test" in more
