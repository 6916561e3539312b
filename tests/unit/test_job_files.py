import os
from pathlib import Path

import yaml
from reversal.job_files import of_study

CONFIG = yaml.safe_load((Path(__file__).parents[2] / "config.yaml").read_text())
MODEL = "mini-llama-base0-mini-gsm-seed0"


def test_files_of_removed_methods_and_earlier_shards_do_not_count(tmp_path):
    files = {
        f"sample/{MODEL}-sft-train-0-of-1.tsv": 30,  # the last that were made: by two there would be others
        f"sample/{MODEL}-sft-train-0-of-2.tsv": 10,
        f"sample/{MODEL}-sft-train-1-of-2.tsv": 20,
        f"sample/{MODEL}-sft-sft-evaluation-0-of-3.tsv": 10,  # the study says 1 now
        f"sample/{MODEL}-sft-sft-evaluation-1-of-3.tsv": 10,
        f"sample/{MODEL}-sft-sft-evaluation-2-of-3.tsv": 10,
        f"train/{MODEL}-sft-dpo.tsv": 10,
        f"train/{MODEL}-sft-grpo.tsv": 10,
        f"train/{MODEL.replace('seed0', 'seed1')}-sft.tsv": 10,
        "summarise.tsv": 10,
        "summarise.log": 10,
    }
    for name, made in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (made, made))
    found = of_study(str(tmp_path), ".tsv", CONFIG)
    assert {rule: [path.stem.removeprefix(MODEL) for path in paths] for rule, paths in found.items()} == {
        "sample": [*(f"-sft-sft-evaluation-{i}-of-3" for i in range(3)), "-sft-train-0-of-1"],
        "summarise": ["summarise"],
        "train": ["-sft-dpo"],
    }
