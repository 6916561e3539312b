import json

import polars as pl
import pytest
from build_training_set import main
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from reversal import tables
from reversal.learning import training_sets as sets
from reversal.tables import DPO_ROWS, PROBLEMS, SAMPLES, SFT_ROWS, VERDICT_ROWS

PROMPT = "Q: {question}"
SETTINGS = {"deduplicate": "text", "per_problem": 2}
JUDGED = {
    "a": {"question": "1+1?", "correct": ["two", "two ", "2", "II"], "incorrect": ["3"]},
    "b": {"question": "1+2?", "correct": ["three"], "incorrect": []},
    "c": {"question": "1+3?", "correct": [], "incorrect": ["5", "6"]},
}
TEXTS = st.lists(st.text(alphabet="ab ", min_size=1, max_size=3), max_size=6)


def test_gold_rows():
    row = ("a", "1+1?", "2", "so\n#### 2", "number", *[None] * 5)
    problems = pl.DataFrame([row], schema=PROBLEMS, orient="row")
    rows, summary = sets.gold_rows(problems, PROMPT, None)
    assert_frame_equal(rows, pl.DataFrame([("a", "Q: 1+1?", "so\n#### 2")], schema=SFT_ROWS, orient="row"))
    assert summary == {"problems": 1, "problems_used": 1, "rows": 1}
    bare, _ = sets.gold_rows(problems, PROMPT, "####")
    assert bare["completion"].to_list() == ["#### 2"]


def test_problems_without_solutions_need_another_kind_of_rationales():
    row = ("a", "A. x\nB. y", "B", None, "choice", None, None, ["x", "y"], None, None)
    problems = pl.DataFrame([row], schema=PROBLEMS, orient="row")
    with pytest.raises(ValueError, match=r"1 of 1 training problems have no gold solution.*few_shot.*none"):
        sets.gold_rows(problems, PROMPT, None)
    assert sets.gold_rows(problems, PROMPT, "####")[0]["completion"].to_list() == ["#### B"]


@pytest.mark.parametrize(
    ("answer_type", "mark", "completion"),
    [("number", "####", "#### 7"), ("expression", "\\boxed{", "\\boxed{7}"), ("program", "####", "7")],
)
def test_a_bare_answer_stands_behind_its_mark(answer_type, mark, completion):
    assert sets.bare_answer({"answer_type": answer_type, "gold_answer": "7"}, mark) == completion


def test_judged_texts_keeps_sampled_answers_in_sample_order():
    rows = [
        ("a", "sampled", 2, "late", "wrong"),
        ("a", "sampled", 0, "good", "correct"),
        ("a", "greedy", 0, "greedy", "correct"),
        ("a", "sampled", 1, "none", "no_answer"),
        ("a", "sampled", 3, "slow", "timeout"),
    ]
    problems = pl.DataFrame({"problem_id": ["a", "b"], "question": ["1+1?", "1+2?"]})
    samples = pl.DataFrame(
        [(*key, 0, text, 1, "stop", 0.75, 0.95, 9, "e") for *key, text, _ in rows], schema=SAMPLES, orient="row"
    )
    verdicts = pl.DataFrame(
        [(*key, None, verdict, None, None, "v", None) for *key, _, verdict in rows], schema=VERDICT_ROWS, orient="row"
    )
    assert sets.judged_texts(problems, samples, verdicts.reverse()) == {
        "a": {"question": "1+1?", "correct": ["good"], "incorrect": ["none", "late", "slow"]},
        "b": {"question": "1+2?", "correct": [], "incorrect": []},
    }


def test_sft_rows():
    rows, summary = sets.sft_rows(JUDGED, PROMPT, SETTINGS | {"per_problem": 9}, seed=0)
    expected = [("a", "Q: 1+1?", "2"), ("a", "Q: 1+1?", "II"), ("a", "Q: 1+1?", "two"), ("b", "Q: 1+2?", "three")]
    assert_frame_equal(rows.sort("problem_id", "completion"), pl.DataFrame(expected, schema=SFT_ROWS, orient="row"))
    assert summary == {
        "problems": 3,
        "problems_used": 2,
        "problems_dropped_no_correct_answer": 1,
        "samples": 8,
        "correct_samples": 5,
        "rows": 4,
        "duplicates_dropped": 1,
    }


def test_dpo_rows():
    rows, summary = sets.dpo_rows(JUDGED, PROMPT, SETTINGS | {"per_problem": 9}, seed=0)
    expected = [("a", "Q: 1+1?", good, "3") for good in ("2", "II", "two")]
    assert_frame_equal(rows.sort("chosen"), pl.DataFrame(expected, schema=DPO_ROWS, orient="row"))
    assert summary == {
        "problems": 3,
        "problems_used": 1,
        "problems_dropped_no_correct_answer": 1,
        "problems_dropped_no_incorrect_answer": 1,
        "samples": 8,
        "correct_samples": 5,
        "rows": 3,
        "chosen_mean_characters": 2.0,
        "rejected_mean_characters": 1.0,
    }


def test_length_matched_takes_the_pairs_of_most_similar_length():
    judged = {"a": {"question": "?", "correct": ["aaaaaaaa", "aa"], "incorrect": ["b", "bbbbb", "bbbbbbb"]}}
    rows, _ = sets.dpo_rows(judged, PROMPT, SETTINGS | {"choose": "length_matched"}, seed=0)
    assert set(rows.select("chosen", "rejected").iter_rows()) == {("aaaaaaaa", "bbbbbbb"), ("aa", "b")}


ADDED, DOUBLED, SUBTRACTED = "<<2+2=4>> so 4", "<<2*2=4>> so 4", "<<6-2=4>> so 4"
WRONG = "<<2+3=5>> so 5"
SEVERAL = {"a": {"question": "?", "correct": [ADDED, ADDED + "!", ADDED + "?", DOUBLED], "incorrect": [WRONG, "no"]}}


def test_over_equations_takes_every_set_of_equations_as_often_as_any_other():
    settings = SETTINGS | {"choose": "over_equations", "per_problem": 4}
    rows, _ = sets.sft_rows(SEVERAL, PROMPT, settings, seed=0)
    completions = sorted(rows["completion"])
    assert completions[:2] == [DOUBLED, DOUBLED]  # the one text of its kind, twice
    assert len(set(completions[2:])) == 2 and all(text.startswith(ADDED) for text in completions[2:])


def test_rare_against_common_pairs_the_rarest_reasoning_with_the_most_common_mistake():
    judged = {"a": SEVERAL["a"] | {"incorrect": ["no", WRONG, WRONG, WRONG]}}
    settings = SETTINGS | {"choose": "rare_against_common"}
    rows, _ = sets.dpo_rows(judged, PROMPT, settings | {"per_problem": 2}, seed=0)
    expected = [("a", "Q: ?", DOUBLED, WRONG), ("a", "Q: ?", DOUBLED, "no")]
    assert_frame_equal(rows, pl.DataFrame(expected, schema=DPO_ROWS, orient="row"))


def test_a_wrong_verifier_swaps_right_and_wrong_answers():
    always = {"false_positives": 1, "false_negatives": 1}
    assert sets.as_judged(JUDGED, always, seed=0) == {
        name: answers | {"correct": answers["incorrect"], "incorrect": answers["correct"]}
        for name, answers in JUDGED.items()
    }
    assert sets.as_judged(JUDGED, None, seed=0) == JUDGED


def test_shuffled_verdicts_never_pair_a_text_with_itself():
    judged = {"a": {"question": "?", "correct": ["x", "x", "y"], "incorrect": ["x ", "z"]}}
    shuffled = [sets.as_judged(judged, "shuffled", seed) for seed in range(20)]
    assert len({tuple(of_seed["a"]["correct"]) for of_seed in shuffled}) > 3
    for of_seed in shuffled:
        rows, summary = sets.dpo_rows(of_seed, PROMPT, SETTINGS | {"per_problem": 9}, 0)
        assert summary["correct_samples"] == 3
        assert not (rows["chosen"].str.strip_chars() == rows["rejected"].str.strip_chars()).any()


def test_rows_are_repeated_or_left_out_evenly_until_there_are_so_many():
    rows, _ = sets.sft_rows(JUDGED, PROMPT, SETTINGS | {"per_problem": 9}, seed=0)  # 4 rows, 3 questions
    more, summary = sets.resized(rows, [JUDGED], {"rows": 4}, seed=0)
    assert dict(more["completion"].value_counts().iter_rows()) == {"two": 3, "2": 3, "II": 3, "three": 3}
    assert summary == {"rows": 12, "different_rows": 4}
    fewer, summary = sets.resized(rows, [JUDGED], {"rows": 1}, seed=0)
    assert fewer.is_unique().all() and fewer.height == 3 and summary == {"rows": 3, "different_rows": 3}
    assert sets.resized(rows, [JUDGED], {}, seed=0) == (rows, {})
    assert sets.resized(rows.clear(), [JUDGED], {"rows": 4}, seed=0)[1] == {}


def test_unsolved_first_gives_rows_to_questions_that_are_hardly_solved():
    hard = {"question": "?", "correct": ["h"], "incorrect": [f"{i}" for i in range(7)]}
    easy = {"question": "!", "correct": [f"e{i}" for i in range(7)], "incorrect": ["0"]}
    judged = {"hard": hard, "easy": easy}
    rows, _ = sets.sft_rows(judged, PROMPT, SETTINGS, seed=0)
    assert dict(rows["problem_id"].value_counts().iter_rows()) == {"hard": 1, "easy": 2}
    # The weight is 2.4 after 1 right answer of 8, and 0.006 after 7.
    found, summary = sets.resized(rows, [judged], {"rows": 8, "unsolved_first": 8}, seed=0)
    assert found["completion"].to_list() == ["h"] * 16 and summary == {"rows": 16, "different_rows": 1}
    assert sets.resized(rows, [judged], {"unsolved_first": 8}, seed=0)[0].height == 3
    # Answers of two models count together: `hard` was then solved as often as `easy`.
    other = {
        "hard": hard | {"correct": ["h"] * 6, "incorrect": ["0"] * 2},
        "easy": easy | {"correct": [], "incorrect": []},
    }
    found, _ = sets.resized(rows, [judged, other], {"rows": 8, "unsolved_first": 1}, seed=0)
    assert 4 <= found["problem_id"].to_list().count("hard") <= 7


@given(TEXTS, TEXTS, st.integers(1, 4), st.integers(0, 5), st.sampled_from(["text", "equations", "none"]))
def test_rows_are_different_answers_within_the_limit_and_seeded(correct, incorrect, limit, seed, by):
    settings = SETTINGS | {"per_problem": limit, "deduplicate": by}
    judged = {"a": {"question": "?", "correct": correct, "incorrect": incorrect}}
    good, bad = sets.deduplicate(correct, by), sets.deduplicate(incorrect, by)
    pairs = sum(one.strip() != other.strip() for one in good for other in bad)
    for build, wanted in [(sets.sft_rows, len(good)), (sets.dpo_rows, pairs)]:
        rows, summary = build(judged, PROMPT, settings, seed)
        assert rows.height == summary["rows"] == min(limit, wanted)
        assert by == "none" or rows.is_unique().all()
        assert_frame_equal(build(judged, PROMPT, settings, seed)[0], rows)
        # A question's rows do not depend on the other questions.
        more, _ = build({"z": JUDGED["a"], **judged}, PROMPT, settings, seed)
        assert_frame_equal(more.filter(pl.col("problem_id") == "a"), rows)


def test_the_choice_depends_on_the_seed():
    judged = {"a": {"question": "?", "correct": [f"answer {i}" for i in range(50)], "incorrect": []}}
    chosen = {tuple(sets.sft_rows(judged, PROMPT, SETTINGS, seed)[0]["completion"]) for seed in range(5)}
    assert len(chosen) > 1


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        ("text", ["<<1+1=2>> a", "<<1+1=2>> b", "<<1 + 1=2>> c", "none"]),
        ("equations", ["<<1+1=2>> a", "none"]),
        ("none", ["<<1+1=2>> a", "<<1+1=2>> b", "<<1+1=2>> a\n", "<<1 + 1=2>> c", "none", " none"]),
    ],
)
def test_deduplicate_keeps_the_first_of_its_kind_in_order(by, expected):
    texts = ["<<1+1=2>> a", "<<1+1=2>> b", "<<1+1=2>> a\n", "<<1 + 1=2>> c", "none", " none"]
    assert sets.deduplicate(texts, by) == expected


def test_an_empty_training_set_says_what_to_change():
    judged = {"c": JUDGED["c"]}
    rows, summary = sets.sft_rows(judged, PROMPT, SETTINGS, seed=0)
    message = (
        r"nothing to train on after sft-dpo: 0 of 2 samples of its 1 training questions were correct\. "
        r"To change that give the parent more training, sample more answers per question \(sampling.train_samples\), or"
    )
    with pytest.raises(sets.EmptyTrainingSetError, match=message):
        sets.require_rows(rows, summary, "sft-dpo")
    all_right = {"c": JUDGED["c"] | {"correct": ["5", "6"], "incorrect": []}}
    rows, summary = sets.dpo_rows(all_right, PROMPT, SETTINGS, seed=0)
    message = (
        r"2 of 2 samples of its 1 training questions were correct, on no question only some\. To change that "
        r"sample more answers per question \(sampling.train_samples\), raise sampling.temperature, or leave"
    )
    with pytest.raises(sets.EmptyTrainingSetError, match=message):
        sets.require_rows(rows, summary, "sft")
    sets.require_rows(*sets.sft_rows(JUDGED, PROMPT, SETTINGS, seed=0), "sft-dpo")


def test_all_data_so_far_holds_equal_rows_once():
    gold = pl.DataFrame([("a", "P", "1"), ("b", "P", "2")], schema=SFT_ROWS, orient="row")
    first = pl.DataFrame([("a", "P", "1"), ("a", "P", "1 "), ("c", "P", "3")], schema=SFT_ROWS, orient="row")
    second = pl.DataFrame([("c", "P", "3"), ("d", "P", "4")], schema=SFT_ROWS, orient="row")
    counts = {"problems": 4, "problems_used": 2, "problems_dropped_no_correct_answer": 1, "samples": 8}
    counts |= {"correct_samples": 5, "rows": 2, "duplicates_dropped": 1}
    rows, summary = sets.accumulated([(gold, {}), (first, counts), (second, counts)], keep_equal=False)
    expected = [("a", "P", "1"), ("b", "P", "2"), ("a", "P", "1 "), ("c", "P", "3"), ("d", "P", "4")]
    assert rows.rows() == expected
    assert summary == counts | {
        "problems_used": 4,
        "samples": 16,
        "correct_samples": 10,
        "rows": 5,
        "duplicates_dropped": 4,
    }
    assert sets.accumulated([(gold, {}), (first, counts), (second, counts)], keep_equal=True)[0].height == 7
    for rows in (first, second):  # what a step that learns from one model alone has is left as it is
        found, summary = sets.accumulated([(rows, counts)], keep_equal=False)
        assert (found.rows(), summary["samples"], summary["duplicates_dropped"]) == (rows.rows(), 8, 1)


def test_all_data_so_far_is_m1s_and_the_answers_of_every_model(tmp_path):
    def written(name, table, rows):
        path = str(tmp_path / f"{name}.parquet")
        tables.write(pl.DataFrame(rows, schema=table, orient="row"), table, path)
        return path

    problems = written("problems", PROBLEMS, [(i, f"{i}?", i, f"gold {i}", "number", *[None] * 5) for i in ("1", "2")])
    first = written("first", SFT_ROWS, [("1", "Q: 1?", "gold 1"), ("2", "Q: 2?", "gold 2")])
    samples, verdicts = [], []
    for model, texts in {"M1": ["gold 1", "a", "b", "c"], "M2": ["a", "d", "e", "f"]}.items():
        keys = [("1" if i < 2 else "2", "sampled", i % 2) for i in range(4)]
        asked = [(*key, 0, text, 1, "stop", 1.0, 1.0, 8, "e") for key, text in zip(keys, texts, strict=True)]
        judged = [
            (*key, "1", "correct" if text != "b" else "wrong", *[None] * 4)
            for key, text in zip(keys, texts, strict=True)
        ]
        samples.append(written(f"{model} samples", SAMPLES, asked))
        verdicts.append(written(f"{model} verdicts", VERDICT_ROWS, judged))
    step = {"trainer": "sft", "training_set": {"data": "all", "deduplicate": "text", "per_problem": 4}}
    task = {"prompt": PROMPT, "answer_mark": "####", "rationales": "gold"}
    output, summary = str(tmp_path / "rows.parquet"), str(tmp_path / "rows.json")
    main(
        problems, samples, verdicts, first, step, task, [0, 0, "m", "t", "sft-sft-sft"], "sft-sft-sft", output, summary
    )
    rows = tables.read(output, SFT_ROWS)
    of_gold, of_m1, of_m2 = ["gold 1", "gold 2"], {"a", "c"}, {"d", "e", "f"}
    assert rows["completion"].to_list()[:2] == of_gold
    assert set(rows["completion"][2:4]) == of_m1 and set(rows["completion"][4:]) == of_m2
    found = json.loads((tmp_path / "rows.json").read_text())
    assert (found["rows"], found["samples"], found["correct_samples"], found["duplicates_dropped"]) == (7, 8, 7, 2)
