"""What sample asks a model for: one request per answer, with which gather_samples compares the answers.

Light imports only.
"""

import polars as pl

from reversal.prompts import format_prompt
from reversal.seeds import seed_for


def requests_for(problems: pl.DataFrame, settings: dict, prompt: str | dict, seed_parts: tuple) -> list[dict]:
    """One dict per answer to generate, in the order of the problems.

    settings: {greedy: bool, sampled: int, temperature, top_p, max_tokens}: a greedy answer per problem if asked for,
    and `sampled` sampled ones; with `temperatures`, a list, that many at each of these instead, and their decoding is
    "sampled at 1.3". seed_parts: what the seeds depend on besides problem, decoding and sample index.
    """
    sampled = {f"sampled at {value}": value for value in settings.get("temperatures", [])}
    sampled = sampled or {"sampled": settings["temperature"]}
    decodings = [("greedy", 0, 0.0)] * settings["greedy"]
    decodings += [(name, i, float(value)) for name, value in sampled.items() for i in range(settings["sampled"])]
    rows = []
    for problem_id, question in problems.select("problem_id", "question").iter_rows():
        for decoding, index, temperature in decodings:
            rows.append(
                {
                    "problem_id": problem_id,
                    "decoding": decoding,
                    "sample_index": index,
                    "seed": seed_for(*seed_parts, problem_id, decoding, index),
                    "prompt": format_prompt(prompt, question),
                    "temperature": temperature,
                    "top_p": 1.0 if decoding == "greedy" else float(settings["top_p"]),
                    "max_tokens": settings["max_tokens"],
                }
            )
    return rows
