"""How fast one model is scored, and the diversity metrics against plain Python and all pairs, with equal results.

python benchmarks/scoring_speed.py [--samples 64] [--repeat 1], data in $REVERSAL_DATA or ../shared/data

--repeat 4: every problem four times, with answers four times as long, for memory.

The answers are lines of real ones: every sample of a GSM8K test problem takes each of its lines from one of five
solutions of that problem (the gold one and four models'), and one line of ten gets other numbers. One core: this
program sets the libraries' threads to 1. Embeddings are random unit vectors: real ones are SentenceBERT's time.
"""

import argparse
import json
import os
import random
import re
import resource
import sys
import time
from itertools import combinations
from pathlib import Path

os.environ["POLARS_MAX_THREADS"] = os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"
sys.path.insert(0, str(Path(__file__).parents[1] / "scripts"))
import numpy as np
import polars as pl
from reversal.evaluation import diversity, scoring
from reversal.evaluation.text_diversity import SUBSETS, text_diversity
from reversal.tables import SAMPLES, VERDICT_ROWS
from reversal.verifying.answers import equations

DATA = Path(os.environ.get("REVERSAL_DATA", Path(__file__).parents[1] / "../shared/data"))
PLAIN = 200  # problems for the slow side of a comparison


def solutions() -> list[list[list[str]]]:
    """Per GSM8K test problem five solutions, each a list of lines."""
    gold = [json.loads(line)["answer"] for line in (DATA / "gsm8k/test.jsonl").read_text().splitlines()]
    labelled = (DATA / "labelled/gsm8k_openai_solutions.jsonl").read_text().splitlines()
    models = [[v["solution"] for v in json.loads(line).values() if isinstance(v, dict)] for line in labelled]
    return [[text.splitlines() for text in [first, *others]] for first, others in zip(gold, models, strict=True)]


def answer(draw: random.Random, known: list[list[str]]) -> str:
    """As many lines as one of the known solutions has, each from any of them; a line of ten has other numbers."""
    lines = []
    for i in range(len(draw.choice(known))):
        source = draw.choice(known)
        line = source[min(i, len(source) - 1)]
        lines.append(re.sub(r"\d", lambda _: str(draw.randrange(10)), line) if draw.random() < 0.1 else line)
    return "\n".join(lines)


def tables(samples: int, repeat: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """(SAMPLES, VERDICT_ROWS) of one model on GSM8K's test problems: a greedy answer and sampled ones of each."""
    draw, given, judged = random.Random(0), [], []
    for problem, known in enumerate(solutions() * repeat):
        for index in range(-1, samples):
            key = (f"t/test/{problem}", "greedy", 0) if index < 0 else (f"t/test/{problem}", "sampled", index)
            text = "\n".join(answer(draw, known) for _ in range(repeat))
            final = text.rpartition(" ")[2]
            verdict = "correct" if draw.random() < 0.5 else "wrong"
            given.append((*key, 0, text, len(text.split()), "stop", 0.75, 0.95, 512, "made up"))
            judged.append((*key, final, verdict, final, verdict, "made up", final))
    return pl.DataFrame(given, schema=SAMPLES, orient="row"), pl.DataFrame(judged, schema=VERDICT_ROWS, orient="row")


def plain_distinct(answers: pl.DataFrame) -> list[list[float | None]]:
    """What text_diversity gives except for compression_ratio, in its order, with sets and counters."""
    groups = answers.sort("problem_id", maintain_order=True).partition_by("problem_id", maintain_order=True)
    rows = []
    for keep in (pl.col("correct"), ~pl.col("correct"), pl.lit(True)):
        for group in groups:
            texts = group.filter(keep)["text"].to_list()
            rows.append(plain_row(texts) if len(texts) >= 2 else [None] * 8)
    return rows


def plain_row(texts: list[str]) -> list[float | None]:
    tokens = [re.findall(r"\w+|[^\w\s]", text) for text in texts]
    distinct, of_pairs = [], []
    for n in range(1, 5):
        grams = [list(zip(*(of_text[i:] for i in range(n)), strict=False)) for of_text in tokens]
        distinct.append(len(set().union(*grams)) / sum(map(len, grams)))
        sets = [(set(of_text), len(of_text)) for of_text in grams]
        pairs = [len(some | others) / (a + b) for (some, a), (others, b) in combinations(sets, 2)]
        of_pairs.append(sum(pairs) / len(pairs))
    solutions = [equations(text) for text in texts]
    differ = [some != other for some, other in combinations(solutions, 2)]
    return [
        *distinct,
        sum(distinct) / 4,
        len(set(solutions)) / len(texts),
        sum(of_pairs) / 4,
        sum(differ) / len(differ),
    ]


def timed(name: str, work, *arguments):
    started = time.process_time()
    result = work(*arguments)
    seconds = time.process_time() - started
    print(f"{name:<70} {seconds:9.3f} s of CPU time", flush=True)
    return seconds, result


def compare_distinct(samples: pl.DataFrame, verdicts: pl.DataFrame) -> None:
    correct = verdicts.select("problem_id", "decoding", "sample_index", correct=pl.col("verdict") == "correct")
    answers = samples.join(correct, on=["problem_id", "decoding", "sample_index"]).filter(decoding="sampled")
    names = answers["problem_id"].unique(maintain_order=True).head(PLAIN).to_list()
    few = answers.filter(pl.col("problem_id").is_in(names)).select("problem_id", "text", "correct")
    slow, plain = timed(
        f"plain Python, {PLAIN} problems: n-grams and equation sets, of all and pairs", plain_distinct, few
    )
    quick, found = timed("text_diversity, the same and compression_ratio", text_diversity, few)
    order = pl.DataFrame({"subset": SUBSETS, "place": range(3)})
    ours = found.join(order, on="subset").sort("place", maintain_order=True)
    metrics = [f"distinct_{n}" for n in "1234n"] + ["equation_diversity"]
    metrics += ["pairwise_distinct_n", "pairwise_equation_diversity_as_written"]
    differences = np.abs(ours.select(metrics).to_numpy() - np.array(plain, float))
    same_gaps = np.array_equal(np.isnan(differences), np.isnan(np.array(plain, float)))
    print(f"  ratio {slow / quick:.0f}; largest difference {np.nanmax(differences):.1e}; same gaps: {same_gaps}")


def compare_cosine(problems: int, samples: int) -> None:
    vectors = np.random.default_rng(0).normal(size=(problems, samples, 384))
    vectors /= np.linalg.norm(vectors, axis=-1, keepdims=True)

    def all_pairs(of_problems):
        return [np.mean([1 - a @ b for a, b in combinations(these, 2)]) for these in of_problems]

    slow, plain = timed(f"all pairs, {PLAIN} problems: 1 - mean cosine", all_pairs, vectors[:PLAIN])
    quick, ours = timed(
        "sum of vectors, same", lambda: [diversity.semantic_diversity(these) for these in vectors[:PLAIN]]
    )
    print(f"  ratio {slow / quick:.0f}; largest difference {np.abs(np.array(ours) - plain).max():.1e}")


def score_one_model(samples: pl.DataFrame, verdicts: pl.DataFrame) -> pl.DataFrame:
    """All metrics of an M2 but those of embeddings."""
    parts = [
        scoring.accuracy_values(verdicts),
        scoring.improvement_values(verdicts, verdicts),
        scoring.null_values(verdicts),
        scoring.sound_values(samples, verdicts),
        scoring.confound_values(samples, verdicts),
        scoring.diversity_values(samples, verdicts, None),
    ]
    scoring.means(pl.concat(parts))
    return pl.concat(parts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--samples", type=int, default=64)
    parser.add_argument("--repeat", type=int, default=1)
    settings = parser.parse_args()
    samples, verdicts = tables(settings.samples, settings.repeat)
    problems, megabytes = samples["problem_id"].n_unique(), samples["text"].str.len_bytes().sum() / 1e6
    print(f"{problems} problems x {settings.samples} samples, {megabytes:.0f} MB of text")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    timed("one model, all metrics but those of embeddings", score_one_model, samples, verdicts)
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"  peak memory {before:.2f} GiB before scoring, {after:.2f} GiB after")
    compare_distinct(samples, verdicts)
    compare_cosine(PLAIN, settings.samples)


if __name__ == "__main__":
    main()
