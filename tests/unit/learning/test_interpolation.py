import pytest
from reversal.learning.interpolation import interpolate


def test_weights_lie_between_those_of_the_two_models(tmp_path, tiny_llama):
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    def load(folder):
        return AutoModelForCausalLM.from_pretrained(folder, dtype="float32")

    other = load(tiny_llama)
    with torch.no_grad():
        for weight in other.parameters():
            weight.add_(torch.arange(weight.numel()).reshape(weight.shape) % 3)
    for folder in ("other", "narrow"):
        AutoTokenizer.from_pretrained(tiny_llama).save_pretrained(tmp_path / folder)
    other.save_pretrained(tmp_path / "other")
    interpolate(tiny_llama, str(tmp_path / "other"), 0.25, str(tmp_path / "between"))
    before, after, found = (load(f).state_dict() for f in (tiny_llama, tmp_path / "other", tmp_path / "between"))
    assert list(found) == list(after)
    for name, weight in found.items():
        assert weight.equal(0.75 * before[name] + 0.25 * after[name]), name
    assert AutoTokenizer.from_pretrained(tmp_path / "between")("Tom").input_ids

    other.config.num_hidden_layers = 1
    del other.model.layers[1]
    other.save_pretrained(tmp_path / "narrow")
    with pytest.raises(ValueError, match=r"have different weights, model\.layers\.1\..* nothing lies between them"):
        interpolate(tiny_llama, str(tmp_path / "narrow"), 0.25, str(tmp_path / "nothing"))
