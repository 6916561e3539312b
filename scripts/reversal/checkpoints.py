"""A model folder: a Hugging Face checkpoint that is moved into place whole, with model.json, its origin, last.

files.json says how long each of its files is, and its SHA-256. It is not in model.json: a removed model that is
trained again may differ in bits on a GPU, but what was made from it stays up to date (see `publish`).
"""

import hashlib
import importlib.metadata
import json
import os
import shutil
from contextlib import suppress
from pathlib import Path

from reversal.jobs import write_json
from reversal.seals import file_digest

PACKAGES = ["torch", "transformers", "trl"]
REMOVED = "removed.json"  # what keep_models leaves of a checkpoint
FILES = "files.json"


def work_folder(model_json: str, *depends_on: object) -> str:
    """A folder beside the model's for unfinished training, another one for every parent, recipe and data.

    A killed job finds its checkpoints again; a job whose recipe or data has changed since does not.
    """
    digest = hashlib.sha256(repr(depends_on).encode()).hexdigest()[:12]
    return str(Path(model_json).parents[1] / f"unfinished-{digest}")


def text_hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def weights_folder(model_json: str | None, user: str) -> str:
    """The folder to load a model from, its files compared with what was published.

    Raises RuntimeError where keep_models removed it and nobody trained it again, or where a file is not as it was.
    """
    if not model_json:
        raise RuntimeError(
            f"{user} must run again, and the weights that it reads were removed (keep_models). Snakemake did not "
            "expect this (a forced run?). Run the same command again: it trains them first."
        )
    if found := faults(model_json):
        raise RuntimeError(f"{user}: {found}")
    return str(Path(model_json).parent)


def faults(model_json: str, contents: bool = True) -> str:
    """What is wrong with the files of a published model and what to do; "" if nothing. contents: read them all."""
    folder = Path(model_json).parent
    if not (folder / FILES).exists():  # a model of an earlier version will be made anew, as its code has changed
        return _remedy(folder, f"{FILES} is missing") if contents else ""
    for name, expected in json.loads((folder / FILES).read_text()).items():
        path = folder / name
        if not path.exists():
            return _remedy(folder, f"{name} is missing")
        if path.stat().st_size != expected["bytes"]:
            return _remedy(folder, f"{name} has {path.stat().st_size} bytes, not {expected['bytes']}")
        if contents and file_digest(str(path)) != expected["sha256"]:
            return _remedy(folder, f"{name} has changed since it was written")
    return ""


def _remedy(folder: Path, fault: str) -> str:
    return f"{folder}: {fault}. Delete {folder}/model.json and run again: the model is then made again."


def without_decoding(model):
    """A transformers model less its authors' advice on decoding (temperature, penalties); the ends of an answer stay.

    The study's decoding is all there is, and transformers loads some advice that it then refuses to save.
    """
    from transformers import GenerationConfig

    ends = {name: getattr(model.generation_config, name) for name in ("bos_token_id", "eos_token_id", "pad_token_id")}
    model.generation_config = GenerationConfig(**ends)
    return model


def publish(checkpoint: str, model_json: str, origin: dict) -> None:
    """Moves the folder `checkpoint` to where model_json belongs, then writes model_json: origin and versions.

    files.json, for weights_folder, is written before.

    A removed model that is trained again from the same origin gets its old model.json, to the byte: Snakemake compares
    so small a file by content, and what was made of the model stays up to date.
    """
    folder = Path(model_json).parent
    description = {**origin, "versions": _versions()}
    if (folder / REMOVED).exists():
        before = json.loads((folder / REMOVED).read_text())["model"]
        if before | {"seconds": 0} == description | {"seconds": 0}:
            description = before
    own = {FILES, Path(model_json).name}  # also those of a linked model
    files = sorted(path for path in Path(checkpoint).rglob("*") if path.is_file() and path.name not in own)
    found = {
        path.relative_to(checkpoint).as_posix(): {"bytes": path.stat().st_size, "sha256": file_digest(str(path))}
        for path in files
    }
    write_json(f"{checkpoint}/{FILES}", found)
    shutil.rmtree(folder, ignore_errors=True)
    os.replace(checkpoint, folder)
    write_json(model_json, description)
    for weights in folder.glob("*.safetensors"):  # safetensors lets nobody but the owner read its files
        if not weights.is_symlink():  # of a local model folder, which is not ours
            weights.chmod(Path(model_json).stat().st_mode)


def _versions() -> dict[str, str]:
    """Of those PACKAGES that are installed: the environment that fetches models trains none."""
    found = {}
    for name in PACKAGES:
        with suppress(importlib.metadata.PackageNotFoundError):
            found[name] = importlib.metadata.version(name)
    return found


def remove(model_json: str, uses: dict[str, str]) -> None:
    """Removes a checkpoint, except for removed.json: its model.json and the uses that are over. Again, it does nothing.

    model.json, on which other jobs depend, goes first: a killed removal leaves no model that only seems to be there.
    """
    folder = Path(model_json).parent
    if Path(model_json).exists():
        write_json(str(folder / REMOVED), {"model": json.loads(Path(model_json).read_text()), "uses": uses})
        Path(model_json).unlink()
    for path in folder.iterdir():
        if path.name != REMOVED:
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def forget_unfinished(model_json: str) -> None:
    """Removes all work folders of this model: optimizer states do not stay."""
    for folder in Path(model_json).parents[1].glob("unfinished-*"):
        shutil.rmtree(folder)


def keep_inside(work: str, model_json: str) -> None:
    """Moves the checkpoints inside a training from its work folder to checkpoints/ beside the model, weights alone."""
    kept = Path(model_json).parents[1] / "checkpoints"
    shutil.rmtree(kept, ignore_errors=True)
    kept.mkdir()
    for folder in Path(work).glob("checkpoint-*"):
        for pattern in ("optimizer.*", "scheduler.*", "rng_state*", "training_args.bin"):
            for path in folder.glob(pattern):
                path.unlink()
        os.replace(folder, kept / folder.name)


def last_checkpoint(work: str) -> str | None:
    """The newest checkpoint of an unfinished training that was written to its end; None if there is none."""
    complete = [state.parent for state in Path(work).glob("checkpoint-*/trainer_state.json")]  # written last
    return str(max(complete, key=lambda folder: int(folder.name.split("-")[1]))) if complete else None
