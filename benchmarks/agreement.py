"""How far the verifiers can be trusted: their verdicts on real answers whose truth is known.

python benchmarks/agreement.py [docs/verifiers.md]: the tables of the documentation, written to the file or printed. The
benchmark data is read from REVERSAL_DATA (../shared/data); about five minutes on two cores.
"""

import ast
import json
import os
import sys
from pathlib import Path

import polars as pl

sys.path.insert(0, str(Path(__file__).parents[1] / "scripts"))
from reversal.problem_sources.problems import load_problems
from reversal.tables import PROBLEMS, SAMPLES
from reversal.verifying.answers import BOXED, marked_answer
from reversal.verifying.expressions import judge_expressions
from reversal.verifying.sandbox import judge_programs
from reversal.verifying.verification import verify

DATA = Path(os.environ.get("REVERSAL_DATA", Path(__file__).parents[1] / "../shared/data"))
WORKERS = os.cpu_count() or 1
MODELS = ["6b_finetuning", "6b_verification", "175b_finetuning", "175b_verification"]
GOLD = [
    ("GSM8K train", {"file": "gsm8k/train.jsonl", "format": "gsm8k"}, "####"),
    ("GSM8K test", {"file": "gsm8k/test.jsonl", "format": "gsm8k"}, "####"),
    ("CommonsenseQA train", {"file": "commonsenseqa/train_rand_split.jsonl", "format": "commonsenseqa"}, "####"),
    ("CommonsenseQA dev", {"file": "commonsenseqa/dev_rand_split.jsonl", "format": "commonsenseqa"}, "####"),
    ("MATH train", {"file": "math/train.jsonl", "format": "math"}, BOXED),
    ("MATH test", {"file": "math/test.jsonl", "format": "math"}, BOXED),
    ("MBPP, all 974 programs", {"file": "mbpp/mbpp.jsonl", "format": "mbpp"}, "####"),
]


def samples_of(rows: list[tuple[str, str]]) -> pl.DataFrame:
    """SAMPLES of (problem_id, text)."""
    full = [(p, "greedy", i, 0, text, 1, "stop", 0.0, 1.0, 1, "given") for i, (p, text) in enumerate(rows)]
    return pl.DataFrame(full, schema=SAMPLES, orient="row")


def gold_table() -> list[str]:
    """The gold solution of every problem, given as if it were a model's answer."""
    lines = ["| benchmark | gold solutions | judged correct | share |", "|---|---:|---:|---:|"]
    exceptions = []
    for name, source, mark in GOLD:
        problems = load_problems(source | {"file": str(DATA / source["file"])}, name, "test")
        solutions = [
            (row["problem_id"], row["gold_solution"] or f"{mark} {row['gold_answer']}")
            for row in problems.iter_rows(named=True)
        ]
        judged = verify(samples_of(solutions), problems, mark, workers=WORKERS)
        verdicts = {name: judged["verdict"].to_list()}
        if problems["answer_type"][0] == "expression":
            verdicts[f"{name}, math-verify alone"] = _judge_alone(problems, mark)
        for how, found in verdicts.items():
            correct = found.count("correct")
            lines.append(f"| {how} | {problems.height:,} | {correct:,} | {correct / problems.height:.2%} |")
            exceptions += _exceptions(how, problems, found)
    return [*lines, "", "Not judged correct:", "", *(exceptions or ["none"])]


def _exceptions(how: str, problems: pl.DataFrame, verdicts: list[str]) -> list[str]:
    return [
        f"- {how}, problem {row['problem_id'].split('/')[-1]}: {verdict}; "
        + (
            f"gold answer `{row['gold_answer'][:80]!r}`"
            if row["gold_answer"]
            else "the box of its own solution is empty"
        )
        for row, verdict in zip(problems.iter_rows(named=True), verdicts, strict=True)
        if verdict != "correct"
    ]


def _judge_alone(problems: pl.DataFrame, mark: str) -> list[str]:
    rows = problems.select("gold_answer", "gold_solution").rows()
    pairs = {i: (gold, marked_answer(solution, mark)) for i, (gold, solution) in enumerate(rows)}
    read = {i: pair for i, pair in pairs.items() if pair[1] is not None}
    found = dict(zip(read, judge_expressions(list(read.values()), WORKERS, fast_paths=False), strict=True))
    return [found.get(i, "no_answer") for i in pairs]


def labelled_gsm8k() -> list[str]:
    """OpenAI's labelled GSM8K solutions, whose answers stand behind "A:"."""
    rows = [json.loads(line) for line in (DATA / "labelled/gsm8k_openai_solutions.jsonl").open(encoding="utf-8")]
    # The file gives each problem's gold solution, which ends in "A: number".
    gold = [marked_answer(row["ground_truth"], "A:") for row in rows]
    problems = pl.DataFrame(
        [(str(i), row["question"], gold[i], None, "number", None, None, None, None) for i, row in enumerate(rows)],
        schema=PROBLEMS,
        orient="row",
    )
    given = [(str(i), row[model]["solution"]) for i, row in enumerate(rows) for model in MODELS]
    labels = [row[model]["is_correct"] for row in rows for model in MODELS]
    judged = verify(samples_of(given), problems, "A:")
    found = [verdict == "correct" for verdict in judged["verdict"]]
    others = [i for i, (label, verdict) in enumerate(zip(labels, found, strict=True)) if label != verdict]
    lines = [f"{len(labels) - len(others):,} of {len(labels):,} verdicts agree with the label.", ""]
    for i in others:
        problem, model = int(given[i][0]), MODELS[i % len(MODELS)]
        answer = given[i][1].splitlines()[-1] if given[i][1] else ""
        lines.append(f"- problem {problem}, {model}: label {labels[i]}; gold `{gold[problem]}`, last line `{answer}`")
    flexible = [verdict == "correct" for verdict in judged["second_verdict"]]
    same = sum(a == b for a, b in zip(flexible, labels, strict=True))
    return [
        *lines,
        *([""] if others else []),
        f"The flexible reading (the last number) agrees with {same:,} of {len(labels):,} labels.",
    ]


def labelled_mbpp() -> list[str]:
    """GPT-4's labelled MBPP programs, each run with the test that came with it."""
    rows = [json.loads(line) for line in (DATA / "labelled/mbpp_gpt4_solutions.jsonl").open(encoding="utf-8")]
    verdicts = judge_programs([(row["solution"], row["test"]) for row in rows], WORKERS)
    others = [
        (row, verdict)
        for row, verdict in zip(rows, verdicts, strict=True)
        if row["is_solved"] != (verdict == "correct")
    ]
    return [
        f"{len(rows) - len(others)} of {len(rows)} verdicts agree with the label. The others, with the asserts of "
        "their test run one by one:",
        "",
        *(_disagreement(row, verdict) for row, verdict in others),
    ]


def _disagreement(row: dict, verdict: str) -> str:
    asserts = [ast.unparse(node) for node in ast.walk(ast.parse(row["test"])) if isinstance(node, ast.Assert)]
    alone = judge_programs(
        [(row["solution"], f"candidate = {row['entry_point']}\n{test}") for test in asserts], WORKERS
    )
    held = alone.count("correct")
    conclusion = "the label is wrong" if held == len(asserts) else "the program is wrong"
    return (
        f"- `{row['name']}`: labelled as {'passing' if row['is_solved'] else 'failing'}, our run: {verdict}; "
        f"{held} of its {len(asserts)} asserts hold by themselves: {conclusion}"
    )


def main() -> None:
    text = "\n".join(
        [
            "# How far the verifiers can be trusted",
            "",
            "Written by `make bench`; every number below is what the verifiers say about real data.",
            "",
            "## Gold solutions, given as if they were a model's answers",
            "",
            *gold_table(),
            "",
            "## 5,276 labelled GSM8K answers of four OpenAI models",
            "",
            *labelled_gsm8k(),
            "",
            "## 397 labelled MBPP programs of GPT-4",
            "",
            *labelled_mbpp(),
            "",
        ]
    )
    if len(sys.argv) > 1:
        Path(sys.argv[1]).write_text(text, encoding="utf-8")
    else:
        print(text)


if __name__ == "__main__":
    main()
