"""Values of a study that are possible each by itself and not together: what no schema can say.

Light imports only: the rules call this at every start of Snakemake.
"""

import os
from collections import Counter
from itertools import product

from reversal.lineages import last_step, series
from reversal.steps import accumulates
from reversal.study import asks_for_programs, bases_of, gpus_to_sample


def of_architectures(config: dict) -> list[str]:
    """What transformers' Llama refuses or cannot compute; its own defaults count for what a study leaves out."""
    found = []
    for name, model in config["models"].items():
        shape = model.get("pretrain", {}).get("architecture", {})
        place = f"models.{name}.pretrain.architecture"
        hidden, heads = shape.get("hidden_size", 4096), shape.get("num_attention_heads", 32)
        key_value = shape.get("num_key_value_heads", heads)
        if hidden % heads:
            found.append(f"{place}.hidden_size: {hidden} is not a multiple of num_attention_heads, {heads}")
        if heads % key_value:
            found.append(f"{place}.num_key_value_heads: {key_value} does not divide num_attention_heads, {heads}")
        if shape.get("head_dim", hidden // heads) % 2:
            found.append(f"{place}.head_dim (otherwise hidden_size / num_attention_heads) must be even")
        spread = gpus_to_sample(config, name)
        if shape and heads % spread:
            found.append(f"models.{name}.tensor_parallel: {spread} does not divide num_attention_heads, {heads}")
    return found


def of_losses(config: dict) -> list[str]:
    found = []
    for name, step in config["steps"].items():
        place, arguments = f"steps.{name}.arguments", step.get("arguments", {})
        if "save_total_limit" in arguments and step.get("gpus", 1) > 1:
            found.append(f"{place}.save_total_limit: checkpoints of several processes are no models; take one GPU")
        losses, weights = arguments.get("loss_type"), arguments.get("loss_weights")
        if isinstance(weights, list) and len(weights) != len(losses or ["sigmoid"]):
            found.append(f"{place}.loss_weights: must be as many as loss_type, {len(losses or ['sigmoid'])}")
        smoothing = arguments.get("label_smoothing", 0)
        if isinstance(losses, list) and "robust" in losses and smoothing >= 0.5:
            found.append(f"{place}.label_smoothing: {smoothing} must be below 0.5 for the loss robust")
        if isinstance(losses, list) and "exo_pair" in losses and smoothing == 0:
            found.append(f"{place}.label_smoothing: must be above 0 for the loss exo_pair")
    return found


def of_rewards(config: dict) -> list[str]:
    found = []
    programs = [name for name, task in config["tasks"].items() if asks_for_programs(task)]
    for name, step in config["steps"].items():
        reward, arguments = step.get("reward", {}), step.get("arguments", {})
        if reward.get("name") == "pass_at_k" and arguments.get("scale_rewards") != "none":
            found.append(
                f"steps.{name}.arguments.scale_rewards: must be none for the reward pass_at_k, which is scaled"
            )
        if "k" in reward and reward["k"] > arguments["num_generations"]:
            found.append(
                f"steps.{name}.reward.k: {reward['k']} is more than num_generations, {arguments['num_generations']}"
            )
        if reward.get("name") == "distinct_answer" and programs:
            found.append(f"steps.{name}.reward: of programs (tasks.{programs[0]}) no two are known to be one answer")
    return found


def of_accumulated(config: dict) -> list[str]:
    """What all data so far begins with: the gold solutions of an M1 that was fine-tuned on them."""
    found = []
    for name, method in config["methods"].items():
        if "given" in method:
            continue
        first, *later = series(method, config["iterations"])
        gathers = [last_step(m) for m in later for model in config["models"] if accumulates(config, model, m)]
        if gathers and config["steps"][last_step(first)]["trainer"] != "sft":
            found.append(
                f"methods.{name}: {gathers[0]} learns from all data so far, whose first are M1's: start with sft"
            )
    return found


def of_sampling(config: dict) -> list[str]:
    engine = config["sampling"]["engine"]
    if all("answers" in step for step in config["steps"].values()):
        return []
    if engine["name"] != "vllm":
        spread = [name for name in config["models"] if gpus_to_sample(config, name) > 1]
        return [f"models.{name}.tensor_parallel: only the engine vllm has it; use vllm, or 1" for name in spread]
    place, arguments = "sampling.engine.arguments", engine.get("arguments", {})
    found, key, longest = [], f"{place}.max_model_len", arguments.get("max_model_len")
    tokens, answers = arguments.get("max_num_batched_tokens"), arguments.get("max_num_seqs")
    if tokens and answers and tokens < answers:
        found.append(f"{place}.max_num_batched_tokens: {tokens} is less than max_num_seqs, {answers}")
    for task, settings in config["tasks"].items() if longest else ():
        if settings["max_tokens"] >= longest:
            found.append(
                f"tasks.{task}.max_tokens: {settings['max_tokens']} leaves no room for a prompt in {key}, {longest}"
            )
    for name, model in config["models"].items() if longest else ():
        most = model.get("pretrain", {}).get("architecture", {}).get("max_position_embeddings", longest)
        if longest > most:
            found.append(
                f"{key}: {longest} is more than models.{name}.pretrain.architecture.max_position_embeddings, {most}"
            )
    return found


def of_equal_sources(config: dict) -> list[str]:
    """A set that asks what another asks: nothing would be left to train on, and an OOD set would measure nothing new.

    Generators give training and test sets different sums, whatever their settings have in common.
    """
    found = []
    for name, task in config["tasks"].items():
        place = f"tasks.{name}"
        if "train" in task and "generator" not in task["train"] and _asks(task["train"]) == _asks(task["test"]):
            found.append(f"{place}.train: asks the same as {place}.test, so no question is left to learn from")
        for key, source in task["ood"].items():
            same = [other for other in ("train", "test") if other in task and _asks(task[other]) == _asks(source)]
            found += [f"{place}.ood.{key}: asks the same as {place}.{same[-1]}; leave it out"] if same else []
    return found


def _asks(source: dict) -> dict | None:
    """What decides which questions a source has; None where given answers decide."""
    asks = {key: value for key, value in source.items() if key not in ("limit", "count", "answer_type", "seed")}
    if "file" in asks:
        asks["file"] = os.path.realpath(asks["file"])
    return asks or None


def of_equal_methods(config: dict) -> list[str]:
    """Two methods that make the same models: their rows would count twice in Holm's correction (M1 alone has none)."""
    seen, found = {}, []
    if config["iterations"] == 1:
        return found
    for name, method in config["methods"].items():
        made = str(method["given"]) if "given" in method else series(method, config["iterations"])[-1]
        if made in seen:
            found.append(f"methods.{name}: makes the same models as methods.{seen[made]}; leave one of them out")
        seen.setdefault(made, name)
    return found


def of_equal_logs(config: dict) -> list[str]:
    """Names that together make the name of one log for two different jobs; see LOG in rules/common.smk."""
    lineages = {lineage for method in config["methods"].values() for lineage in series(method, config["iterations"])}
    sets = {name: ["train", "test", *task["ood"]] for name, task in config["tasks"].items()}
    models = [f"{name}-base{base}" for name, model in config["models"].items() for base in bases_of(model)]
    names = Counter(
        f"{model}-{task}-seed{config['seeds'][0]}-{lineage}-{problems}"
        for model, task, lineage in product(models, config["tasks"], ["base", *lineages])
        for problems in sets[task]
    )
    twice = sorted((name for name, count in names.items() if count > 1), key=lambda name: (len(name), name))
    return [
        f"models, tasks, steps: {name} could be the log of two different jobs; rename a model, a task or an OOD set"
        for name in twice[:1]
    ]
