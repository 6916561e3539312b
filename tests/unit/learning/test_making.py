from pathlib import Path

from reversal.learning import making
from reversal.learning.training import train
from test_training import ARGUMENTS, rows


def test_checkpoints_inside_a_step_stay_as_models_of_their_own(tmp_path, tiny_llama):
    """Three steps, a checkpoint after each but the last, which the model is: their weights are read and differ."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    step = {"trainer": "sft", "arguments": ARGUMENTS | {"save_steps": 1, "save_total_limit": 5}}
    model = tmp_path / "sft/model/model.json"
    making.make(
        lambda work, finished: train(tiny_llama, rows("sft", 2), **step, seed=0, work=work, output=finished),
        {"lineage": "sft", "step": step},
        str(model),
        str(tmp_path / "sft/losses.parquet"),
    )
    kept = sorted(Path(tmp_path, "sft/checkpoints").iterdir())
    assert [folder.name for folder in kept] == ["checkpoint-1", "checkpoint-2"]
    assert not [path for folder in kept for path in folder.glob("optimizer*")]
    norms = [AutoModelForCausalLM.from_pretrained(folder).model.norm.weight for folder in (*kept, model.parent)]
    assert not norms[0].equal(norms[1]) and not norms[1].equal(norms[2])
    assert (
        AutoTokenizer.from_pretrained(kept[0])("Tom").input_ids
        == AutoTokenizer.from_pretrained(tiny_llama)("Tom").input_ids
    )
    assert sorted(path.name for path in Path(tmp_path, "sft").iterdir()) == ["checkpoints", "losses.parquet", "model"]
