"""Asks transformers, TRL, peft and vLLM whether they take a study's settings, before anything is made with them.

Their own classes say what is wrong with an argument, a combination or an architecture; models are built without
weights. Libraries that are not installed here, and models that cannot be reached, are not asked about.
"""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec

from reversal.steps import TRAINERS

STEPS = 10  # of a training that is never made


def refused(settings: dict) -> list[str]:
    """What the libraries refuse, one sentence each, with the key.

    settings: {models: {name: {pretrain, or hub and revision, or folder, steps: {name: recipe}}}, engine, decoding:
    {temperature, top_p}, max_tokens: {task: tokens}}.
    """
    found: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        for name, model in settings["models"].items():
            shape = _shape(f"models.{name}", model, found)
            if find_spec("trl"):
                _try_training(f"models.{name}", model, shape, folder, found)
            if find_spec("vllm") and settings["engine"]["name"] == "vllm" and shape:
                shape.save_pretrained(f"{folder}/{name}")
                _try_sampling(f"models.{name}", f"{folder}/{name}", settings, found)
    return list(dict.fromkeys(found))


@contextmanager
def _asked(place: str, library: str, found: list[str]) -> Iterator[None]:
    """Whatever the library raises becomes a sentence."""
    try:
        yield
    except Exception as error:  # each library has its own
        said = " ".join(str(error).split())
        found.append(f"{place}: {library} says: {said[:400] if ' ' in said else repr(error)}")


def _shape(place: str, model: dict, found: list[str]):
    """The transformers configuration of a base model; None where it is refused or cannot be fetched."""
    import transformers

    if "pretrain" in model:
        with _asked(f"{place}.pretrain.architecture", "transformers", found):
            vocabulary = {"vocab_size": model["pretrain"]["vocabulary"], "architectures": ["LlamaForCausalLM"]}
            return transformers.LlamaConfig(**vocabulary, **model["pretrain"]["architecture"])
        return None
    if "folder" in model:
        with _asked(f"{place}.folder", "transformers", found):
            tokenizer = transformers.AutoTokenizer.from_pretrained(model["folder"])
            if not (tokenizer.pad_token or tokenizer.eos_token):
                found.append(f"{place}.folder: its tokenizer has neither a pad_token nor an eos_token")
            return transformers.AutoConfig.from_pretrained(model["folder"])
        return None
    try:
        return transformers.AutoConfig.from_pretrained(model["hub"], revision=model["revision"])
    except (OSError, ValueError):  # without network, gated, or not of this version: fetch_base tells
        return None


def _weightless(shape) -> Callable:
    import torch
    import transformers

    def build():
        with torch.device("meta"):
            return transformers.AutoModelForCausalLM.from_config(shape)

    return build


def _try_training(place: str, model: dict, shape, folder: str, found: list[str]) -> None:
    import torch
    import transformers
    import trl

    build, before = None, len(found)
    if shape:
        with _asked(f"{place}.pretrain.architecture" if "pretrain" in model else place, "transformers", found):
            tokens = torch.zeros(1, 2, dtype=torch.long, device="meta")
            _weightless(shape)()(
                input_ids=tokens, use_cache=True
            )  # without, a mask would read numbers that are not there
        build = _weightless(shape) if len(found) == before else None
    if "pretrain" in model:
        with _asked(f"{place}.pretrain.arguments", "transformers", found):
            arguments = model["pretrain"]["arguments"]
            _try_optimizer(transformers.TrainingArguments(output_dir=folder, report_to=[], **arguments))
    for name, step in model["steps"].items():
        kind = getattr(trl, TRAINERS[step["trainer"]].settings)
        with _asked(f"steps.{name}.arguments", f"trl.{kind.__name__}", found):
            _try_optimizer(kind(output_dir=folder, report_to=[], **step["arguments"]))
        if "lora" in step and build:
            import peft

            with _asked(f"steps.{name}.lora", "peft", found):
                peft.get_peft_model(build(), peft.LoraConfig(task_type="CAUSAL_LM", **step["lora"]))


def _try_optimizer(arguments) -> None:
    import torch
    import transformers

    weights = torch.nn.Linear(2, 2)
    kind, options = transformers.Trainer.get_optimizer_cls_and_kwargs(arguments, weights)
    transformers.get_scheduler(
        arguments.lr_scheduler_type,
        kind(weights.parameters(), **options),
        num_warmup_steps=arguments.get_warmup_steps(STEPS),
        num_training_steps=STEPS,
        scheduler_specific_kwargs=dict(arguments.lr_scheduler_kwargs or {}),
    )


def _try_sampling(place: str, folder: str, settings: dict, found: list[str]) -> None:
    import torch
    import vllm
    from vllm.config import set_current_vllm_config
    from vllm.platforms import current_platform
    from vllm.v1.attention.selector import get_attn_backend

    if current_platform.is_unspecified():  # vLLM of GPUs, on a machine without
        return
    for task, tokens in settings["max_tokens"].items():
        with _asked(f"sampling, with tasks.{task}.max_tokens", "vllm.SamplingParams", found):
            vllm.SamplingParams(max_tokens=tokens, seed=0, **settings["decoding"])
    engine = settings["engine"]
    off = {"enable_chunked_prefill": False, "enable_prefix_caching": False} if current_platform.is_cpu() else {}
    arguments = {"model": folder, "tokenizer": folder, "skip_tokenizer_init": True, "dtype": engine["dtype"]}
    config = None
    with _asked("sampling.engine.arguments", f"vllm.EngineArgs, for {place},", found):
        config = vllm.EngineArgs(**arguments, **off | engine.get("arguments", {})).create_engine_config()
    if not config:
        return
    shape_of = settings["models"][place.removeprefix("models.")]
    key = next(key for key in ("pretrain.architecture", "folder", "hub") if key.partition(".")[0] in shape_of)
    with _asked(f"{place}.{key}", "vllm", found), set_current_vllm_config(config):
        head = config.model_config.get_head_size()
        cache = config.cache_config.cache_dtype
        backend = get_attn_backend(head, getattr(torch, engine["dtype"]), cache if cache != "auto" else None)
        if not backend.supports_head_size(head):
            sizes = ", ".join(map(str, backend.get_supported_head_sizes()))
            raise ValueError(f"its attention on this machine has no heads of size {head}, only {sizes}")
