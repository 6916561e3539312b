"""A training that diverges, or that is told to end, stops at its next step; its last good checkpoint stays."""

import math
import signal

ENDS = {"loss": "the loss of a step", "train_loss": "the mean loss"}  # what a transformers log holds


class DivergedError(RuntimeError):
    """A loss or a weight is not finite."""


class StoppedError(SystemExit):
    """A signal ended the training early; a checkpoint of its last step was written."""


def run(learner, checkpoint: str | None) -> None:
    """Trains with a transformers Trainer to the end, from the folder `checkpoint` if one is given.

    Raises DivergedError before a checkpoint of such weights is written, and StoppedError after SIGTERM or SIGINT.
    The trainer's logging_nan_inf_filter must be off: it replaces a NaN by the mean of the losses before.
    """
    asked: list[str] = []
    learner.add_callback(_watch(learner, asked))

    def ask(number, _):
        if number == signal.SIGINT:  # a second Ctrl-C ends it at once; SIGTERM may come from several sides
            signal.signal(signal.SIGINT, signal.default_int_handler)
        asked.append(signal.Signals(number).name)

    before = {number: signal.signal(number, ask) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        learner.train(resume_from_checkpoint=checkpoint)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    state = learner.state
    if state.global_step < state.max_steps:
        sender = asked[0] if asked else "a signal to another of its processes"
        raise StoppedError(
            f"Stopped by {sender} after step {state.global_step} of {state.max_steps}. The checkpoint is kept; the "
            "same command goes on from there."
        )


def _watch(learner, asked: list[str]):
    import transformers

    class Watch(transformers.TrainerCallback):
        def on_step_end(self, args, state, control, **_):
            if _any_process(learner, bool(asked)) and state.global_step < state.max_steps:
                control.should_training_stop = control.should_save = True
            if control.should_save or state.global_step >= state.max_steps:
                self.on_epoch_end(args, state, control)

        def on_epoch_end(self, args, state, control, **_):
            if _any_process(learner, not _finite(learner.model)):
                raise DivergedError(f"a weight is not finite at step {state.global_step} of {state.max_steps}")

        def on_log(self, args, state, control, logs=None, **_):  # comes before the checkpoint of the same step
            for name, words in ENDS.items():
                if not math.isfinite(float(logs.get(name, 0))):
                    raise DivergedError(f"{words} is {logs[name]} at step {state.global_step} of {state.max_steps}")

    return Watch()


def _any_process(learner, here: bool) -> bool:
    """Whether it is so in any process of the training: all of them must stop at the same step."""
    import torch

    accelerator = learner.accelerator
    return accelerator.reduce(torch.tensor(float(here), device=accelerator.device), "sum").item() > 0


def _finite(model) -> bool:
    """Whether all trained weights are; of a model in shards, those of this process."""
    weights = (weight.to_local() if hasattr(weight, "to_local") else weight for weight in model.parameters())
    return all(weight.isfinite().all().item() for weight in weights if weight.is_floating_point())
