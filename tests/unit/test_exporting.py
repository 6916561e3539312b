import json
from pathlib import Path

import polars as pl
from export_answers import main
from polars.testing import assert_frame_equal
from reversal.answer_forms import read_rows
from reversal.exporting import lm_eval_rows
from reversal.given_answers import matched, samples_and_labels
from reversal.problem_sources.problems import load_problems
from reversal.seals import sealed_parquet
from reversal.tables import PROBLEMS, SAMPLE_KEY, SAMPLES, VERDICT_ROWS
from reversal.verifying.verification import verify

PROBLEM = dict.fromkeys(PROBLEMS) | {"problem_id": "t/test/0", "question": "1+1?", "gold_answer": "2"}
KEY = {"problem_id": "t/test/0", "decoding": "sampled"}
DECODING = {"seed": 7, "n_tokens": 3, "finish_reason": "stop", "temperature": 0.7, "top_p": 0.9, "max_tokens": 8}


def test_answers_are_exported_as_lm_eval_keeps_them_and_read_again(tmp_path):
    samples = [KEY | DECODING | {"sample_index": i, "text": f"#### {2 + i}", "engine": "e"} for i in (0, 1)]
    verdicts = [
        dict.fromkeys(VERDICT_ROWS) | KEY | {"sample_index": i, "answer": str(2 + i), "verdict": verdict}
        for i, verdict in enumerate(("correct", "wrong"))
    ]
    frames = (
        pl.DataFrame([PROBLEM, PROBLEM | {"problem_id": "t/test/1"}], schema=PROBLEMS),
        pl.DataFrame(samples, schema=SAMPLES),
        pl.DataFrame(verdicts, schema=VERDICT_ROWS),
    )
    (row,) = lm_eval_rows(*frames, {"prompt": "Q: {question}\n", "stop": ["Q:"]})
    hashes = {name: row.pop(name) for name in ("doc_hash", "prompt_hash", "target_hash")}
    assert row == {
        "doc_id": 0,
        "doc": {"problem_id": "t/test/0", "question": "1+1?", "gold_answer": "2"},
        "target": "2",
        "arguments": {
            "gen_args_0": {
                "arg_0": "Q: 1+1?\n",
                "arg_1": {"temperature": 0.7, "top_p": 0.9, "max_gen_toks": 8, "until": ["Q:"], "do_sample": True},
            }
        },
        "resps": [["#### 2", "#### 3"]],
        "filtered_resps": ["2", "3"],
        "filter": "none",
        "metrics": ["exact_match"],
        "exact_match": 0.5,
        "verdict": ["correct", "wrong"],
        "seed": [7, 7],
        "n_tokens": [3, 3],
        "finish_reason": ["stop", "stop"],
    }
    assert all(len(value) == 64 for value in hashes.values())
    path = tmp_path / "samples_test_sampled.jsonl"
    path.write_text(json.dumps(row | hashes))
    again = read_rows([str(path)], labels=False).select("id", "question", "gold", "text", "greedy")
    assert again.rows() == [("t/test/0", "1+1?", "2", "#### 2", False), ("t/test/0", "1+1?", "2", "#### 3", False)]


def test_exported_answers_read_again_get_the_same_verdicts(tmp_path):
    """The same keys, texts and verdicts in the same order: what later stages take from given answers."""
    problems = load_problems({"generator": "word_problems", "count": 5, "steps": [1, 1]}, "t/test", "test")
    rows = [
        DECODING
        | {"problem_id": of["problem_id"], "decoding": decoding, "sample_index": i, "text": text, "engine": "e"}
        for number, of in enumerate(problems.to_dicts())
        for decoding, i, text in [
            ("greedy", 0, of["gold_solution"]),
            *(("sampled", i, f"{i + number}\n#### {of['gold_answer'] if i < number else i}") for i in range(4)),
        ]
    ]
    samples = pl.DataFrame(rows, schema=SAMPLES)
    before = verify(samples, problems, "####")
    folder = tmp_path / "export"
    folder.mkdir()
    paths = [str(tmp_path / f"{name}.parquet") for name in ("test", "samples", "verdicts")]
    for frame, path in zip((problems, samples, before), paths, strict=True):
        Path(path).write_bytes(sealed_parquet(frame))
    main(*paths, {"prompt": "", "stop": []}, str(folder))
    assert sorted(path.name for path in folder.iterdir()) == ["samples_test_greedy.jsonl", "samples_test_sampled.jsonl"]
    given = read_rows([str(path) for path in sorted(folder.iterdir())], labels=False)
    again, _ = samples_and_labels(matched(given, problems), problems)
    assert_frame_equal(again.select(*SAMPLE_KEY, "text"), samples.select(*SAMPLE_KEY, "text"))
    assert_frame_equal(verify(again, problems, "####"), before)
