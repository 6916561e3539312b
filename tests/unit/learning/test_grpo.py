import polars as pl
import pytest
from polars.testing import assert_frame_equal
from reversal.learning.grpo import rewarder, train
from reversal.learning.watching import DivergedError
from reversal.tables import LOSSES, PROBLEMS

ARGUMENTS = {
    "learning_rate": 0.003,
    "max_steps": 3,
    "per_device_train_batch_size": 8,
    "num_generations": 4,
    "gradient_checkpointing": False,
    "bf16": False,
    "lr_scheduler_type": "constant",
    "logging_steps": 1,
    "save_steps": 2,
}
TASK = {
    "prompt": "Question: {question}\nAnswer:\n",
    "stop": [],
    "max_tokens": 12,
    "answer_mark": "#",
    "sandboxed": True,
}
ROWS = [(str(i), f"Tom has {i}.", "5", None, "number", *[None] * 5) for i in range(8)]
QUESTIONS = pl.DataFrame(ROWS, schema=PROBLEMS, orient="row")


def trained(parent, folder, reward=None, **changes):
    arguments = ARGUMENTS | changes.pop("arguments", {})
    reward = reward or {"name": "binary"}
    return train(parent, QUESTIONS, TASK, reward, arguments, 0, f"{folder}/work", f"{folder}/work/finished", **changes)


class Begun:
    global_step = 0


def test_the_verifier_judges_what_stands_before_a_stop_text():
    task = TASK | {"answer_mark": "####", "stop": ["Question:"]}
    reward = rewarder(QUESTIONS, task, {"name": "binary"}, 2, 0, 1)
    texts = ["4 + 1\n#### 5", "#### 6", "#### 5\nQuestion: #### 6", "Question: #### 5"]
    assert reward(completions=texts, problem_id=["0", "0", "3", "3"], trainer_state=Begun) == [1.0, 0.0, 1.0, 0.0]
    assert reward.__name__ == "binary"


def test_programs_run_in_the_sandbox():
    rows = [
        ("p", "Double it.", "def f(x): return 2 * x", None, "program", None, None, None, ["assert f(2) == 4"], None)
    ]
    problems = pl.DataFrame(rows, schema=PROBLEMS, orient="row")
    task = TASK | {"answer_mark": "", "prompt": "{question}"}
    texts = [
        "def f(x):\n    return x + x",
        "def f(x):\n    return x",
        "import os\nos.remove(__file__)",
        "def f(x): return x * x",
    ]
    reward = rewarder(problems, task, {"name": "pass_at_k", "k": 2}, 4, 0, 1)
    found = reward(completions=texts, problem_id=["p"] * 4, trainer_state=Begun)
    assert found == pytest.approx([0.2**0.5, -(0.2**0.5), -(0.2**0.5), 0.2**0.5])  # two of four are right


@pytest.fixture(scope="module")
def guesser(tiny_llama, tmp_path_factory) -> str:
    """A model that has learnt to answer with a digit, now and then with the right one."""
    from reversal.learning.training import train as fine_tune
    from reversal.tables import SFT_ROWS

    folder = tmp_path_factory.mktemp("guesser")
    texts = [(f"Question: Tom has {i}.\nAnswer:\n", f"# {digit}") for i in range(8) for digit in (3, 5, 7, 9)]
    rows = pl.DataFrame([("p", *text) for text in texts], schema=SFT_ROWS, orient="row")
    arguments = {key: value for key, value in ARGUMENTS.items() if key != "num_generations"}
    arguments |= {"learning_rate": 0.01, "max_steps": 60, "logging_steps": 60, "save_steps": 100}
    fine_tune(tiny_llama, rows, "sft", arguments, 0, f"{folder}/work", f"{folder}/work/finished")
    return f"{folder}/work/finished"


def test_answers_that_the_verifier_finds_right_become_frequent(guesser, tmp_path):
    curve = trained(guesser, tmp_path, arguments={"max_steps": 12, "per_device_train_batch_size": 32})
    assert curve.schema == LOSSES and curve["step"].to_list() == list(range(1, 13))
    assert curve["reward"].head(2).mean() < 0.5 < 0.8 < curve["reward"].tail(3).mean()
    assert curve["entropy"].tail(3).mean() < curve["entropy"].head(3).mean()


def test_a_training_goes_on_from_its_checkpoint(guesser, tmp_path):
    from transformers import AutoModelForCausalLM

    whole = trained(guesser, tmp_path / "whole", arguments={"max_steps": 4, "save_steps": 100})
    trained(guesser, tmp_path / "parts")  # three steps, a checkpoint after the second
    parts = trained(guesser, tmp_path / "parts", arguments={"max_steps": 4})
    assert_frame_equal(parts, whole)
    models = [
        AutoModelForCausalLM.from_pretrained(tmp_path / name / "work/finished").state_dict()
        for name in ("whole", "parts")
    ]
    assert all(weight.equal(models[1][name]) for name, weight in models[0].items())


@pytest.mark.parametrize(
    ("reward", "arguments"),
    [
        ({"name": "pass_at_k", "k": 2}, {"scale_rewards": "none"}),
        ({"name": "distinct_answer", "penalty": 0.5}, {"entropy_coef": 0.01}),
        ({"name": "random"}, {"epsilon_high": 0.28, "num_iterations": 2, "beta": 0.04}),
    ],
)
def test_every_reward_and_what_keeps_answers_diverse(guesser, tmp_path, reward, arguments):
    curve = trained(guesser, tmp_path, reward, arguments=arguments)
    assert curve.height == 3 and curve["reward"].is_finite().all()
    if reward["name"] == "pass_at_k":
        assert (
            curve["reward"].abs().max() < 1e-6
        )  # they are advantages: TRL's mean over a group leaves them as they are


def test_a_model_that_can_answer_no_more_has_diverged(guesser, tmp_path):
    with pytest.raises(DivergedError, match="no answers can be drawn after step 1"):
        trained(guesser, tmp_path, {"name": "random"}, arguments={"learning_rate": 1e39})
    assert not (tmp_path / "work/finished").exists()


def test_an_adapter_learns_from_rewards_too(guesser, tmp_path):
    from transformers import AutoModelForCausalLM

    lora = {"r": 2, "lora_alpha": 4, "target_modules": "all-linear"}
    trained(guesser, tmp_path, {"name": "random"}, lora=lora)
    parent, model = (AutoModelForCausalLM.from_pretrained(f) for f in (guesser, tmp_path / "work/finished"))
    assert not model.model.layers[0].mlp.up_proj.weight.equal(parent.model.layers[0].mlp.up_proj.weight)
    assert model.model.norm.weight.equal(parent.model.norm.weight)
