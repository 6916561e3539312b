"""Base models from a folder, and from a hub that a small server of these tests plays; no test needs the network."""

import json
import os
import re
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import huggingface_hub
import pytest
from huggingface_hub import constants
from reversal import hub

REPOSITORY, REVISION = "someone/model", "0123456789abcdef0123456789abcdef01234567"
TREE = f"/api/models/{REPOSITORY}/tree/{REVISION}"
FILES = f"/{REPOSITORY}/resolve/{REVISION}/"
CLOSED = "http://127.0.0.1:9"  # nobody listens there
GATED = (
    "someone/model is gated: accept its licence at https://huggingface.co/someone/model and set HF_TOKEN to a token of "
    "that account (https://huggingface.co/settings/tokens)."
)
NOT_GRANTED = (
    "someone/model is gated: accept its licence at https://huggingface.co/someone/model with the account of HF_TOKEN, "
    "which has no access yet, and wait until it is granted."
)
ABSENT = (
    "someone/model is not on the hub, or private: check its name at https://huggingface.co/someone/model, or HF_TOKEN."
)
NO_REVISION = (
    f"someone/model has no revision {REVISION}: choose one at https://huggingface.co/someone/model/commits/main."
)
OUT_OF_REACH = (
    "someone/model at revision 0123456789abcdef0123456789abcdef01234567 could not be fetched from the hub ({cause}). "
    "Without network, copy the model to this machine and name its folder in the study instead."
)


class Hub:
    """What the hub says: its files, what it refuses ({path: (status, headers)}), what it was asked, and by whom."""

    def __init__(self, files: dict[str, bytes]):
        self.files, self.refused, self.asked, self.tokens, self.hangs_up = files, {}, [], set(), False

    def answer(self, path: str) -> tuple[int, dict, bytes]:
        if path in self.refused:
            return *self.refused[path], b""
        if path == TREE:
            listing = [{"type": "file", "path": n, "size": len(c), "oid": "0"} for n, c in self.files.items()]
            return 200, {"Content-Type": "application/json"}, json.dumps(listing).encode()
        name = path.removeprefix(FILES)
        if name in self.files:
            return 200, {"ETag": f'"{name}"', "X-Repo-Commit": REVISION}, self.files[name]
        return 404, {}, b""


def serve(server_hub: Hub) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            path = self.path.partition("?")[0]
            server_hub.asked.append((self.command, path))
            server_hub.tokens.add(self.headers["Authorization"])
            if server_hub.hangs_up:
                self.close_connection = True
                return
            status, headers, body = server_hub.answer(path)
            self.send_response(status)
            for name, value in ({"Content-Length": str(len(body))} | headers).items():
                self.send_header(name, value)
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        do_HEAD = do_GET  # noqa: N815

        def do_CONNECT(self):  # as a proxy that lets nobody out
            self.send_error(403)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    return server


def use_endpoint(monkeypatch, url: str) -> None:
    monkeypatch.setattr(constants, "ENDPOINT", url)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", url + "/{repo_id}/resolve/{revision}/{filename}")


@pytest.fixture
def offline(monkeypatch, tmp_path) -> Iterator[None]:
    """huggingface_hub with no hub in reach, no token, a cache of its own, and no waiting between its tries."""
    for name in [name for name in os.environ if name.upper().endswith("_PROXY")] + ["HF_TOKEN"]:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "token"))
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(time, "sleep", lambda _: None)
    use_endpoint(monkeypatch, CLOSED)
    huggingface_hub.close_session()  # so that the next session sees the environment set here
    yield
    huggingface_hub.close_session()


@pytest.fixture
def remote(offline, monkeypatch, tiny_llama) -> Iterator[Hub]:
    """A hub that has the tiny model and, beside it, files that nobody here wants."""
    files = {path.name: path.read_bytes() for path in Path(tiny_llama).iterdir()}
    unwanted = ["README.md", "original/params.json", "onnx/config.json", "pytorch_model.bin", "flax_model.msgpack"]
    remote = Hub(files | {name: b"{}" for name in unwanted})
    server = serve(remote)
    use_endpoint(monkeypatch, f"http://127.0.0.1:{server.server_port}")
    yield remote
    server.shutdown()
    server.server_close()


def files_of(folder) -> dict[str, bytes]:
    """The model files of a folder, without the records that huggingface_hub keeps in a hidden one."""
    paths = [path for path in Path(folder).rglob("*") if path.is_file() and ".cache" not in path.parts]
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


def loads(folder) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(folder)
    ids = AutoTokenizer.from_pretrained(folder)("Tom has 3.", return_tensors="pt").input_ids
    assert model(input_ids=ids).logits.shape == (*ids.shape, model.config.vocab_size)


def failure(folder) -> str:
    with pytest.raises(RuntimeError) as error:
        hub.download(REPOSITORY, REVISION, str(folder))
    return str(error.value)


def fails_with_the_remedy(folder, cause: str = ".+") -> None:
    assert re.fullmatch(re.escape(OUT_OF_REACH).replace(r"\{cause\}", cause), failure(folder), re.DOTALL)


def test_a_linked_model_loads_and_can_be_linked_again(tiny_llama, tmp_path, monkeypatch):
    monkeypatch.chdir(Path(tiny_llama).parent)
    for _ in range(2):
        hub.link(Path(tiny_llama).name, str(tmp_path / "made" / "model"))  # a relative name
    monkeypatch.chdir(tmp_path)
    assert all(path.is_symlink() for path in (tmp_path / "made" / "model").iterdir())
    assert files_of(tmp_path / "made" / "model") == files_of(tiny_llama)
    loads(tmp_path / "made" / "model")


def test_links_of_a_model_that_moved_are_made_anew(tiny_llama, tmp_path):
    for name in ("before", "after"):
        (tmp_path / name).mkdir()
        for file, content in files_of(tiny_llama).items():
            (tmp_path / name / file).write_bytes(content)
    hub.link(str(tmp_path / "before"), str(tmp_path / "model"))
    (tmp_path / "before" / "config.json").unlink()
    hub.link(str(tmp_path / "after"), str(tmp_path / "model"))
    assert (tmp_path / "model" / "config.json").resolve() == tmp_path / "after" / "config.json"
    assert files_of(tmp_path / "model") == files_of(tiny_llama)


@pytest.mark.parametrize(
    ("files", "missing"),
    [
        (["tokenizer_config.json", "model.safetensors"], "config.json"),
        (["config.json", "pytorch_model.bin"], "tokenizer_config.json"),
        (["config.json", "tokenizer_config.json", "README.md"], "*.safetensors"),
        ([], "config.json, tokenizer_config.json, *.safetensors"),
    ],
    ids=["no_config", "no_tokenizer", "no_weights", "empty"],
)
def test_what_a_folder_misses_is_named(tmp_path, files, missing):
    for name in files:
        (tmp_path / name).touch()
    for call in (hub.require_checkpoint, lambda folder: hub.link(folder, str(tmp_path / "linked"))):
        with pytest.raises(RuntimeError) as error:
            call(str(tmp_path))
        assert str(error.value) == f"{tmp_path} is not a model in Hugging Face format: it lacks {missing}"
    assert not (tmp_path / "linked").exists()


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(RuntimeError) as error:
        hub.link(str(tmp_path / "model"), str(tmp_path / "linked"))
    said = f"{tmp_path}/model is not a folder, but the study names it as a model in Hugging Face format"
    assert str(error.value) == said
    assert not (tmp_path / "linked").exists()


@pytest.mark.parametrize("weights", ["model.safetensors", "model-00001-of-00001.safetensors", "pytorch_model.bin"])
def test_a_folder_with_config_tokenizer_and_weights_is_a_model(tmp_path, weights):
    for name in ("config.json", "tokenizer_config.json", weights):
        (tmp_path / name).touch()
    hub.require_checkpoint(str(tmp_path))


def test_a_downloaded_model_has_the_wanted_files_and_loads(remote, tiny_llama, tmp_path):
    hub.download(REPOSITORY, REVISION, str(tmp_path / "model"))
    assert files_of(tmp_path / "model") == files_of(tiny_llama)
    loads(tmp_path / "model")


def test_a_second_try_goes_on_where_the_first_ended(remote, tiny_llama, tmp_path):
    weights = FILES + "model.safetensors"
    remote.refused[weights] = (403, {})
    fails_with_the_remedy(tmp_path)
    # Files come several at a time: which of the others were there before the refusal is not certain.
    missing = set(files_of(tiny_llama)) - set(files_of(tmp_path))
    assert "model.safetensors" in missing
    remote.refused.clear()
    remote.asked.clear()
    hub.download(REPOSITORY, REVISION, str(tmp_path))
    asked = sorted(path for command, path in remote.asked if command == "GET" and path.startswith(FILES))
    assert asked == sorted(FILES + name for name in missing)
    assert files_of(tmp_path) == files_of(tiny_llama)


def test_a_part_of_a_model_is_no_model_when_the_hub_is_gone(remote, tmp_path, monkeypatch):
    remote.refused[FILES + "tokenizer.json"] = (403, {})
    failure(tmp_path)
    use_endpoint(monkeypatch, CLOSED)
    fails_with_the_remedy(tmp_path)


@pytest.mark.parametrize(
    ("token", "status", "code", "sentence"),
    [
        ("", 401, "GatedRepo", GATED),
        ("hf_mine", 403, "GatedRepo", NOT_GRANTED),
        ("", 401, "RepoNotFound", ABSENT),
        ("", 404, "RepoNotFound", ABSENT),
        ("", 404, "RevisionNotFound", NO_REVISION),
    ],
    ids=["gated_without_token", "gated_from_this_account", "private", "absent", "no_such_revision"],
)
@pytest.mark.parametrize("path", [TREE, FILES + "config.json"], ids=["list_of_files", "file"])
def test_the_refusals_are_told_apart(remote, tmp_path, monkeypatch, path, token, status, code, sentence):
    monkeypatch.setenv("HF_TOKEN", token)
    remote.refused[path] = (status, {"X-Error-Code": code})
    assert failure(tmp_path) == sentence


def test_the_token_of_the_environment_is_sent(remote, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_mine")
    hub.download(REPOSITORY, REVISION, str(tmp_path))
    assert remote.tokens == {"Bearer hf_mine"}


@pytest.mark.parametrize(
    ("status", "headers", "cause"),
    [
        (401, {"X-Error-Message": "Invalid credentials in Authorization header"}, "Invalid credentials"),
        (503, {}, "503 Service Unavailable"),
    ],
    ids=["wrong_token", "hub_down"],
)
def test_other_refusals_are_named_with_their_cause(remote, tmp_path, status, headers, cause):
    remote.refused[TREE] = (status, headers)
    fails_with_the_remedy(tmp_path, f".*{cause}.*")


def test_a_hub_out_of_reach_is_named_with_the_remedy(offline, tmp_path):
    fails_with_the_remedy(tmp_path / "model", ".*Connection refused.*")


def test_offline_mode_is_named_with_the_remedy(offline, tmp_path, monkeypatch):
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    fails_with_the_remedy(tmp_path / "model", ".*HF_HUB_OFFLINE.*")


def test_the_sentence_is_one_line(offline, tmp_path):
    assert len(failure(tmp_path / "model").splitlines()) == 1


def test_a_refused_file_is_named_with_its_cause(remote, tmp_path):
    remote.refused[FILES + "config.json"] = (403, {})
    fails_with_the_remedy(tmp_path, ".*403 Forbidden.*")


def test_a_hub_that_hangs_up_is_out_of_reach(remote, tmp_path):
    remote.hangs_up = True
    fails_with_the_remedy(tmp_path / "model", ".*disconnected.*")


def test_a_proxy_that_refuses_is_out_of_reach(remote, tmp_path, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", constants.ENDPOINT)  # the server of these tests, as a proxy
    use_endpoint(monkeypatch, "https://huggingface.co")
    fails_with_the_remedy(tmp_path / "model", ".*403 Forbidden.*")


@pytest.fixture
def package(tmp_path, monkeypatch) -> Path:
    """The folder of a package that carries a Llama of one layer as a GGUF file, and that nobody can import."""
    import gguf
    import numpy as np

    folder = tmp_path / "tiny_llama"
    folder.mkdir()
    (folder / "__init__.py").write_text("import a_library_that_is_not_here\n")
    writer = gguf.GGUFWriter(folder / "tiny.gguf", "llama")
    writer.add_context_length(32)
    writer.add_embedding_length(8)
    writer.add_block_count(1)
    writer.add_feed_forward_length(16)
    writer.add_head_count(2)
    writer.add_head_count_kv(2)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_freq_base(10000.0)
    writer.add_vocab_size(8)
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list(["<end>", "a", "b", "c", "d", "ab", "cd", "abcd"])
    writer.add_token_types([3, 1, 1, 1, 1, 1, 1, 1])
    writer.add_token_merges(["a b", "c d", "ab cd"])
    writer.add_eos_token_id(0)
    writer.add_bos_token_id(0)
    writer.add_pad_token_id(0)
    shapes = {"attn_q": (8, 8), "attn_k": (8, 8), "attn_v": (8, 8), "attn_output": (8, 8)}
    shapes |= {"ffn_gate": (16, 8), "ffn_up": (16, 8), "ffn_down": (8, 16), "attn_norm": (8,), "ffn_norm": (8,)}
    named = {f"blk.0.{name}.weight": shape for name, shape in shapes.items()}
    for name, shape in {"token_embd.weight": (8, 8), "output_norm.weight": (8,), **named}.items():
        writer.add_tensor(name, np.arange(np.prod(shape), dtype=np.float32).reshape(shape) / 64)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    monkeypatch.syspath_prepend(tmp_path)
    return folder


def test_the_model_that_a_package_carries_becomes_a_checkpoint(package, tmp_path):
    import torch
    import transformers

    hub.unpack("tiny_llama", str(tmp_path / "model"))
    assert "quantization_config" not in json.loads((tmp_path / "model/config.json").read_text())
    model = transformers.AutoModelForCausalLM.from_pretrained(tmp_path / "model")
    assert torch.equal(model.get_input_embeddings().weight, torch.arange(64).reshape(8, 8) / 64)
    assert torch.equal(model.model.layers[0].mlp.down_proj.weight, torch.arange(128).reshape(8, 16) / 64)
    tokenizer = transformers.AutoTokenizer.from_pretrained(tmp_path / "model")
    assert tokenizer("abcdab").input_ids == [7, 5] and tokenizer.eos_token == "<end>"


def test_a_package_without_one_model_is_told(package):
    (package / "second.gguf").touch()
    with pytest.raises(RuntimeError, match="tiny_llama carries 2 models as GGUF files; a base model is one"):
        hub.gguf_file("tiny_llama")
    with pytest.raises(RuntimeError, match=r"The package no_such_package, which .* is not installed: `make study`"):
        hub.gguf_file("no_such_package")
