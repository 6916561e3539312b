"""GRPO with TRL: a model learns from its own answers to the training questions, by the verdicts of our verifier."""

from collections.abc import Callable

import polars as pl

from reversal.learning import rewards
from reversal.learning.training import (
    adapter_of,
    fixed_arguments,
    learn,
    loaded,
    losses,
    merge,
    tokenizer_of,
    with_enough_memory,
)
from reversal.learning.watching import DivergedError
from reversal.prompts import before_stop, end_of_turn, format_prompt, rendered
from reversal.tables import SAMPLES
from reversal.verifying.verification import verify

JUDGED = {name: SAMPLES[name] for name in ("problem_id", "decoding", "sample_index", "text")}


def train(
    parent: str,
    problems: pl.DataFrame,
    task: dict,
    reward: dict,
    arguments: dict,
    seed: int,
    work: str,
    output: str,
    lora: dict | None = None,
    attention: str | None = None,
    workers: int = 1,
) -> pl.DataFrame:
    """Trains the checkpoint in `parent` on its own answers to `problems` and saves the result in `output`; LOSSES.

    problems: PROBLEMS. task: {prompt, stop, max_tokens, answer_mark, sandboxed}, as in the study. reward: see
    reversal.learning.rewards. arguments: of trl.GRPOConfig. workers: processes that judge. The others are those of
    reversal.learning.training.train, as are the errors. Answers are drawn from the model as it is at every step, by
    vLLM on a GPU if `use_vllm` says so, else by transformers. One process, one GPU.
    """
    trained = f"{work}/adapter" if lora else output

    def attempt(arguments: dict) -> list[dict]:
        learner = _trainer(parent, problems, task, reward, arguments, seed, work, lora, attention, workers)
        try:
            learn(learner, work, trained, keeps_last=bool(lora))
        except RuntimeError as error:
            if "probability tensor" not in str(error):  # torch: it holds inf or nan
                raise
            raise DivergedError(f"no answers can be drawn after step {learner.state.global_step}: {error}") from error
        return learner.state.log_history

    history = with_enough_memory(attempt, arguments)
    if lora:
        merge(parent, trained, output)
    return losses(history)


def _trainer(parent, problems, task, reward, arguments, seed, work, lora, attention, workers):
    """TRL's trainer; the arguments are those of `train`."""
    import torch
    import trl
    from datasets import Dataset

    tokenizer, chat = tokenizer_of(parent), isinstance(task["prompt"], dict)
    questions = [
        {"problem_id": problem_id, "prompt": rendered(format_prompt(task["prompt"], question), tokenizer, chat)}
        for problem_id, question in problems.select("problem_id", "question").iter_rows()
    ]
    model = loaded(parent, arguments, lora, attention)
    if chat:
        _end_with_turns(model, tokenizer)
    fixed = {"max_completion_length": task["max_tokens"], **fixed_arguments(work, seed)}
    fixed |= {} if torch.cuda.is_available() else {"use_vllm": False}
    settings = trl.GRPOConfig(**arguments | fixed)
    return trl.GRPOTrainer(
        model=model,
        reward_funcs=rewarder(problems, task, reward, settings.num_generations, seed, workers),
        args=settings,
        train_dataset=Dataset.from_list(questions),
        processing_class=tokenizer,
        peft_config=adapter_of(lora) if lora else None,
    )


def _end_with_turns(model, tokenizer) -> None:
    """Has an answer end where the model's chat template ends a turn, as in sampling."""
    end, own = (
        tokenizer(end_of_turn(tokenizer), add_special_tokens=False).input_ids,
        model.generation_config.eos_token_id,
    )
    if len(end) == 1:
        model.generation_config.eos_token_id = list({*(own if isinstance(own, list) else [own]), *end} - {None})


def rewarder(problems: pl.DataFrame, task: dict, reward: dict, size: int, seed: int, workers: int) -> Callable:
    """A reward function as TRL calls it: for whole groups of `size` answers, one group after the other."""

    def judge(completions: list[str], problem_id: list[str], trainer_state, **_) -> rewards.Rewards:
        texts = [before_stop(task["stop"], text)[0] for text in completions]
        columns = {"problem_id": problem_id, "decoding": ["sampled"] * len(texts)}
        samples = pl.DataFrame(columns | {"sample_index": range(len(texts)), "text": texts}, schema=JUDGED)
        asked = problems.filter(pl.col("problem_id").is_in(set(problem_id)))
        judged = verify(samples, asked, task["answer_mark"], workers, task["sandboxed"]).sort("sample_index")
        right = [None if verdict == "infra_error" else verdict == "correct" for verdict in judged["verdict"]]
        step = f"{seed}/{trainer_state.global_step}"
        return rewards.of_groups(reward, right, judged["answer_class"].to_list(), size, step)

    judge.__name__ = reward["name"]  # TRL logs rewards under it
    return judge
