"""Judged answers as lm-evaluation-harness keeps them (--log_samples): a row per problem, its texts and its score."""

import hashlib
import json

import polars as pl

from reversal.prompts import format_prompt
from reversal.tables import SAMPLE_KEY


def lm_eval_rows(problems: pl.DataFrame, samples: pl.DataFrame, verdicts: pl.DataFrame, task: dict) -> list[dict]:
    """Rows for samples_*.jsonl, in the order of the problems, of the answers of one decoding.

    task: {prompt, stop}. exact_match is the share of right answers. What the harness has no field for (verdicts,
    seeds, lengths) is in lists beside the texts.
    """
    joined = samples.join(verdicts, on=SAMPLE_KEY, validate="1:1", maintain_order="left")
    texts = joined.group_by("problem_id", maintain_order=True).agg(pl.all().exclude("problem_id"))
    given = {row["problem_id"]: row for row in texts.iter_rows(named=True)}
    asked = problems.select("problem_id", "question", "gold_answer").with_row_index("doc_id")
    return [_row(doc, given[doc["problem_id"]], task) for doc in asked.to_dicts() if doc["problem_id"] in given]


def _row(doc: dict, given: dict, task: dict) -> dict:
    number, prompt = doc.pop("doc_id"), format_prompt(task["prompt"], doc["question"])
    settings = {name: given[name][0] for name in ("temperature", "top_p")} | {"max_gen_toks": given["max_tokens"][0]}
    settings |= {"until": task["stop"], "do_sample": given["decoding"][0] == "sampled"}
    right = [verdict == "correct" for verdict in given["verdict"]]
    return {
        "doc_id": number,
        "doc": doc,
        "target": doc["gold_answer"] or "",
        "arguments": {"gen_args_0": {"arg_0": prompt, "arg_1": settings}},
        "resps": [given["text"]],
        "filtered_resps": [answer or "" for answer in given["answer"]],
        "filter": "none",
        "metrics": ["exact_match"],
        "doc_hash": _hash(json.dumps(doc, indent=2, ensure_ascii=False)),
        "prompt_hash": _hash(prompt),
        "target_hash": _hash(doc["gold_answer"] or ""),
        "exact_match": sum(right) / len(right),
        **{name: given[name] for name in ("verdict", "seed", "n_tokens", "finish_reason")},
    }


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
