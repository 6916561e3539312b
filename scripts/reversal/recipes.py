"""Whether a study says how its own base models are trained and sampled.

config.yaml's recipe was made for a model of a million parameters that the study trains itself: at its rate, in float32,
within its lengths, a fetched model would silently be ruined, or take weeks. Light imports only: the rules call this.
"""

from reversal.lineages import last_step, series
from reversal.steps import TRAINERS

OF_TRAINING = ("learning_rate", "bf16")
EXAMPLES = (
    "studies/smollm.yaml (135 million parameters, a CPU), studies/one-gpu.yaml (0.6 billion, one GPU) and "
    "studies/paper.yaml (7 billion) have such recipes"
)


def inherited(config: dict, stated: dict) -> list[str]:
    """What fetched models of `config` would take over from the tiny model, one sentence per model; [] if nothing.

    stated: what the study says itself, laid over config.yaml; a null counts as said.
    """
    chains = [series(m, config["iterations"]) for m in config["methods"].values() if "start" in m]
    used = sorted({last_step(lineage) for chain in chains for lineage in chain})
    trained = [step for step in used if TRAINERS[config["steps"][step]["trainer"]].settings]
    engine = [] if config["sampling"]["engine"]["name"] == "scripted" else ["dtype"]
    engine += ["arguments.max_model_len"] if config["sampling"]["engine"]["name"] == "vllm" else []
    found = []
    for name, model in config["models"].items():
        if "pretrain" in model:
            continue
        missing = [
            f"steps.{step}.arguments.{key}"
            for step in trained
            for key in OF_TRAINING
            if not _says(stated, f"steps.{step}.arguments.{key}")
            and not _says(stated.get("models", {}).get(name) or {}, f"steps.{step}.arguments.{key}")
        ]
        missing += [key for key in (f"sampling.engine.{part}" for part in engine) if not _says(stated, key)]
        if missing:
            found.append(
                f"models.{name}: config.yaml's recipe is the tiny model's; say how this one is trained and sampled: "
                f"{', '.join(missing)}; {EXAMPLES}"
            )
    return found


def _says(stated: dict, key: str) -> bool:
    *places, last = key.split(".")
    for place in places:
        stated = stated.get(place) or {}
    return last in stated
