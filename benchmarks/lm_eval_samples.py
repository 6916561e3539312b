"""Exported answers in lm-evaluation-harness itself: does it load them, and score and keep them as the export says?

python -m venv lm-eval && lm-eval/bin/pip install lm-eval==0.4.13 torch
lm-eval/bin/python benchmarks/lm_eval_samples.py results/STUDY/export/MODEL/samples_test_greedy.jsonl ['####']

A model that replays the exported texts answers the exported prompts in the harness, which scores them with its own
filter (the number after the mark) and its own exact_match, and writes its own samples file (--log_samples). Printed is
where the two files differ. Nothing of this repository is imported.
"""

import json
import re
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

from lm_eval import simple_evaluate
from lm_eval.api.model import LM
from lm_eval.loggers import EvaluationTracker

OURS = {"verdict", "seed", "n_tokens", "finish_reason"}  # for which the harness has no field


class Replay(LM):
    def __init__(self, texts: dict[str, list[str]]):
        super().__init__()
        self.texts = {prompt: iter(of_prompt) for prompt, of_prompt in texts.items()}

    def generate_until(self, requests, disable_tqdm=False) -> list[str]:
        return [next(self.texts[request.args[0]]) for request in requests]

    def loglikelihood(self, requests):
        raise NotImplementedError

    loglikelihood_rolling = loglikelihood


def main(path: str, mark: str = "####") -> None:
    exported = [json.loads(line) for line in Path(path).read_text().splitlines()]
    repeats = len(exported[0]["resps"][0])
    texts, settings = defaultdict(list), exported[0]["arguments"]["gen_args_0"]["arg_1"]
    with tempfile.TemporaryDirectory() as folder:
        docs = Path(folder, "docs.jsonl")
        with docs.open("w") as lines:
            for row in exported:
                prompt = row["arguments"]["gen_args_0"]["arg_0"]
                texts[prompt] += row["resps"][0]
                lines.write(json.dumps(row["doc"] | {"prompt": prompt}) + "\n")
        number = {"function": "regex", "regex_pattern": re.escape(mark) + r"\s*(-?[0-9.,]+)"}
        task = {
            "task": "exported",
            "dataset_path": "json",
            "dataset_kwargs": {"data_files": {"test": str(docs)}},
            "test_split": "test",
            "output_type": "generate_until",
            "doc_to_text": "{{prompt}}",
            "doc_to_target": "{{gold_answer}}",
            "target_delimiter": "",
            "repeats": repeats,
            "generation_kwargs": {key: value for key, value in settings.items() if value is not None},
            "filter_list": [{"name": "none", "filter": [number, {"function": "take_first"}]}],
            "metric_list": [{"metric": "exact_match", "aggregation": "mean", "higher_is_better": True}],
        }
        found = simple_evaluate(Replay(texts), tasks=[task], log_samples=True, bootstrap_iters=0)
        tracker = EvaluationTracker(output_path=folder)
        tracker.general_config_tracker.model_name_sanitized = "replay"
        tracker.save_results_aggregated(results={"results": found["results"], "configs": {}}, samples=found["samples"])
        tracker.save_results_samples("exported", found["samples"]["exported"])
        (written,) = Path(folder).rglob("samples_exported_*.jsonl")
        theirs = [json.loads(line) for line in written.read_text().splitlines()]
    compare(exported, theirs, repeats)


def compare(ours: list[dict], theirs: list[dict], repeats: int) -> None:
    print(f"{len(ours)} documents exported, {len(theirs)} in the harness, {repeats} answer(s) each")
    print("fields that only the export has:", sorted(set(ours[0]) - set(theirs[0]) - OURS) or "none but", sorted(OURS))
    print("fields that only the harness has:", sorted(set(theirs[0]) - set(ours[0])) or "none")
    kinds = {name: (type(ours[0][name]), type(theirs[0][name])) for name in set(ours[0]) & set(theirs[0])}
    print("fields of another type:", sorted(name for name, (a, b) in kinds.items() if a is not b) or "none")
    pairs = list(zip(ours, sorted(theirs, key=lambda row: row["doc_id"]), strict=True))
    for name in ("resps", "target", "prompt_hash", "target_hash"):
        print(f"documents with the same {name}: {sum(a[name] == b[name] for a, b in pairs)}")
    if repeats == 1:  # of several the harness's task above scores the first alone
        print(f"documents with the same exact_match: {sum(a['exact_match'] == b['exact_match'] for a, b in pairs)}")


if __name__ == "__main__":
    main(*sys.argv[1:])
