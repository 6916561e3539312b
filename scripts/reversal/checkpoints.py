"""A model folder: a Hugging Face checkpoint that is moved into place whole, with model.json, its origin, last."""

import hashlib
import importlib.metadata
import os
import shutil
from pathlib import Path

from reversal.jobs import write_json

PACKAGES = ["torch", "transformers", "trl"]


def work_folder(model_json: str, *depends_on: object) -> str:
    """A folder beside the model's for unfinished training, another one for every parent, recipe and data.

    A killed job finds its checkpoints again; a job whose recipe or data changed meanwhile does not.
    """
    digest = hashlib.sha256(repr(depends_on).encode()).hexdigest()[:12]
    return str(Path(model_json).parents[1] / f"unfinished-{digest}")


def file_hash(path: str) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def publish(checkpoint: str, model_json: str, origin: dict) -> None:
    """Moves the folder `checkpoint` to where model_json belongs, then writes model_json: origin and versions."""
    folder = Path(model_json).parent
    shutil.rmtree(folder, ignore_errors=True)
    os.replace(checkpoint, folder)
    versions = {name: importlib.metadata.version(name) for name in PACKAGES}
    write_json(model_json, {**origin, "versions": versions})


def forget_unfinished(model_json: str) -> None:
    """Removes all work folders of this model: optimizer states do not stay."""
    for folder in Path(model_json).parents[1].glob("unfinished-*"):
        shutil.rmtree(folder)
