"""A scripted engine: answers drawn from a policy that is given, not learnt, for studies whose truth is known."""

import json
import random
from bisect import bisect
from itertools import accumulate
from pathlib import Path

import polars as pl

from reversal.seals import file_digest

POLICY = {
    "lineage": pl.String,
    "problem_id": pl.String,
    "text": pl.String,
    "probability": pl.Float64,
}


def scripted_answers(model_path: str, requests: list[dict], policy_path: str) -> tuple[list[tuple], str]:
    """([(text, n_tokens, finish_reason) of each request], version): what the policy of this model's lineage says.

    model_path: a checkpoint, of which only model.json's lineage counts. policy_path: a parquet file in the schema
    POLICY; the probabilities of a lineage's answers to a problem sum to 1. A greedy answer is the most probable one (of
    several the first), a sampled one is drawn by the request's seed; temperature and top-p are part of the policy.
    Words count as tokens. Raises ValueError for a lineage or problem that the policy does not know.
    """
    lineage = json.loads((Path(model_path) / "model.json").read_text())["lineage"]
    policy = pl.read_parquet(policy_path, columns=list(POLICY)).filter(lineage=lineage)
    known = {
        problem_id: (group["text"].to_list(), group["probability"].to_list())
        for (problem_id,), group in policy.group_by("problem_id", maintain_order=True)
    }
    answers = []
    for request in requests:
        if request["problem_id"] not in known:
            raise ValueError(f"{policy_path}: no answers of {lineage} to problem {request['problem_id']}; add them")
        texts, probabilities = known[request["problem_id"]]
        if request["decoding"] == "greedy":
            text = texts[probabilities.index(max(probabilities))]
        else:
            limits = list(accumulate(probabilities))
            text = texts[min(bisect(limits, random.Random(request["seed"]).random()), len(texts) - 1)]
        answers.append((text, len(text.split()), "stop"))
    return answers, file_digest(policy_path)[:12]
