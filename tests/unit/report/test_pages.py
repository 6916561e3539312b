"""The report's page and its parts."""

import base64
import gzip
import json
from pathlib import Path

import polars as pl
import pytest
import write_pages
from reversal import tables
from reversal.evaluation.narrowing import PARTS
from reversal.report import markup, page_answers, pages
from tables_for_figures import change, changes_of, intervals_of, metrics_of, outcomes_of

RULE = {
    "model": "tiny",
    "task": "words",
    "coverage": 0.25,
    "rule_expects": "sft",
    "best_method": "iterative_sft",
    "best_accuracy": 0.5,
    "margin": 0.125,
    "low": 0.0625,
    "high": 0.25,
    "rule_fits": "yes",
}
ACCURACY = ("accuracy", "pass_at_1", "test", 0.25, 0.5)
WORDS = ("syntactic diversity", "pairwise_distinct_n", "correct", 0.5, 0.25)
GAP = ("OOD accuracy on far", "pass_at_1", "far", 0.5, 0.5)
BEST = ("accuracy of the best iteration", "pass_at_1", "test", 0.25, 0.375)


def cells(html: str, dimension: str) -> list[str]:
    """The texts of the row's cells, without their tags' attributes."""
    row = html.partition(f'<tr><td class="name">{dimension}</td>')[2].partition("</tr>")[0]
    return [cell.partition(">")[2] for cell in row.removesuffix("</td>").split("</td>")]


def numbers(table: pl.DataFrame, rule: list[dict], split: list[dict] = ()) -> str:
    splits = pl.DataFrame(list(split), schema=tables.NARROWING)
    return pages.numbers(table, outcomes_of(table), splits, pl.DataFrame(rule, schema=tables.RULE))


def test_the_verdict_opens_with_a_sentence_per_method_its_outcome_and_the_warnings():
    table = changes_of(
        change("<sft>", *ACCURACY, "progress"),
        change("<sft>", *WORDS, "regress"),
        change("iterative_dpo", *ACCURACY, "unclear", task="other"),
    )
    html = pages.verdict("tiny-study", "From M1 to M3", table, outcomes_of(table), ["no <sandbox>"], ["<figure/>"])
    assert html == (
        '<h1>Progress or regress?</h1><p class="lead">Study tiny-study. From M1 to M3.</p>'
        '<p class="note">no &lt;sandbox&gt;</p>'
        '<p class="place">tiny on words</p><ul class="verdicts"><li><span>'
        '<a class="method" href="#tiny-words-&lt;sft&gt;">&lt;sft&gt;</a><br>'
        '<span class="badge regress">progress with reversal</span></span><span class="said">'
        "Accuracy rose (+25.0 points, +24.0 to +26.0); correct answers more alike in words.</span></li></ul>"
        '<p class="place">tiny on other</p><ul class="verdicts"><li><span>'
        '<a class="method" href="#tiny-other-iterative_dpo">iterative DPO</a><br>'
        '<span class="badge unclear">unclear</span></span><span class="said">'
        "No gain in accuracy shown (+25.0 points, +24.0 to +26.0).</span></li></ul>"
        '<div class="pair"><figure/></div>'
    )


def test_the_numbers_show_each_change_with_all_that_is_known_of_it():
    table = changes_of(
        change("<sft>", *ACCURACY, "progress", effect_size=0.5, p_adjusted=0.002, best=0.625, best_iteration=2),
        change("<sft>", *WORDS, "regress", p_adjusted=0.0004, note="level <3> moved"),
        change("<sft>", *GAP, "unclear", low=None, high=None, replicates=2, change_min=-0.125, change_max=0.125),
        change("<sft>", *BEST, "progress", role="secondary", margin=None),
    )
    place = {"model": "tiny", "task": "words", "method": "<sft>", "dimension": "syntactic diversity"}
    split = [place | {"part": part, "change": -0.25, "low": -0.5, "high": 0.0} for part in PARTS]
    html = numbers(table, [RULE], split)
    assert cells(html, "accuracy") == [
        *("0.250", "0.500", "+0.250", "+0.240 to +0.260", "0.050", "+0.50", "0.002", "progress", "10")
    ]
    assert cells(html, "syntactic diversity<small>level &lt;3&gt; moved</small>") == [
        *("0.500", "0.250", "-0.250", "-0.260 to -0.240", "0.050", "", "&lt; 0.001", "regress", "10")
    ]
    assert cells(html, "OOD accuracy on far") == [
        *("0.500", "0.500", "+0.000<small>runs -0.125 to +0.125</small>", "", "0.050", "", "", "unclear", "10")
    ]
    assert cells(html, "accuracy of the best iteration")[4:] == ["", "", "", "progress", "10"]
    assert (
        '<h3 id="tiny-words-&lt;sft&gt;">&lt;sft&gt; <span class="badge regress">progress with reversal</span></h3>'
        "<p>Accuracy rose, and syntactic diversity regressed. Best: 0.625 at M2, chosen after looking; the gain over "
        "M1 of an iteration chosen on the other half of the problems is +0.125 [+0.115 to +0.135].</p>"
    ) in html
    assert (
        "<li>syntactic diversity over all answers changed by -0.250 [-0.500 to +0.000]: -0.250 [-0.500 to +0.000] by "
        "composition and -0.250 [-0.500 to +0.000] by narrowing</li>"
    ) in html
    assert html.index("primary dimension</th>") < html.index("<li>") < html.index("secondary dimension</th>")
    assert "published" not in html and "<sft>" not in html


def test_published_numbers_stand_beside_ours():
    published = {"published_first": 0.416, "published_best": 0.5391, "published_best_iteration": 3}
    table = changes_of(change("a", *ACCURACY, "progress", **published), change("a", *WORDS, "regress"))
    html = numbers(table, [])
    assert cells(html, "accuracy")[8:] == ["0.416, 0.539 (M3)", "10"]
    assert cells(html, "syntactic diversity")[8:] == ["", "10"]


def test_sections_without_anything_are_left_out_of_the_page_and_its_links():
    html = pages.report("s", {"verdict": "<h1>V</h1>", "tables": "", "answers": "A"}, "p{}", ["let a = 1"])
    assert '<div><a href="#verdict">Verdict</a><a href="#answers">Answers</a></div>' in html
    assert '<section id="verdict"><h1>V</h1></section><section id="answers"><h2>Answers</h2>A</section>' in html
    assert "<style>p{}</style>" in html and html.endswith("<script>let a = 1</script></body></html>")


def test_no_text_of_the_data_ends_its_script():
    html = pages.metrics({"chart": "</script><b>", "choices": {}})
    assert "</script><b>" not in html and "\\u003c/script>\\u003cb>" in html


def test_the_first_paragraph_of_a_caption_is_shown_and_the_others_behind_a_click():
    assert markup.caption("**What it shows.** One ``a<b``.\n\n**How it is made.** Two.\n\nThree.\n") == (
        "<p>One <code>a&lt;b</code>.</p><details><summary>How it is made, and what it does not show</summary>"
        "<p><strong>How it is made.</strong> Two.</p><p>Three.</p></details>"
    )
    assert markup.caption("One.") == "<p>One.</p>"


def test_a_figure_is_a_picture_that_scrolls_where_the_screen_is_narrower_than_its_letters_need():
    html = markup.figure("f", "Figure 1. A & B", '<svg width="144pt"/>', "One.")
    assert html == (
        '<figure id="f"><h3>Figure 1. A &amp; B</h3><div class="scroll" tabindex="0" role="region" '
        'aria-label="Figure 1. A &amp; B"><img alt="Figure 1. A &amp; B" style="min-width:210px;max-width:320px" '
        'src="data:image/svg+xml;base64,PHN2ZyB3aWR0aD0iMTQ0cHQiLz4="></div>'
        "<figcaption><p>One.</p></figcaption></figure>"
    )


def test_a_table_has_its_numbers_to_the_right_and_no_empty_columns():
    frame = pl.DataFrame({"best_method": ["<a>", None], "value": [0.123456, 2.0], "none": [None, None]})
    assert markup.table(frame, "T") == (
        '<div class="scroll" tabindex="0" role="region" aria-label="T"><table><thead><tr><th>best method</th>'
        '<th>value</th></tr></thead><tbody><tr><td>&lt;a&gt;</td><td class="number">0.1235</td></tr>'
        '<tr><td></td><td class="number">2</td></tr></tbody></table></div>'
    )


@pytest.mark.parametrize(
    ("others", "sentence"),
    [
        (
            {},
            "M1's coverage is 0.250: the paper's rule expects pure SFT to reach the best accuracy. It did: chosen on "
            "one half of the problems and judged on the other, the kind expected was +0.125 [+0.062 to +0.250] ahead "
            "of the other; the best, chosen after looking, was iterative SFT with 0.500.",
        ),
        (
            {"rule_expects": "dpo", "rule_fits": "no", "margin": -0.125, "low": -0.25, "high": -0.0625}
            | {"published_coverage": 0.398, "published_rule_fits": "yes"},
            "M1's coverage is 0.250: the paper's rule expects a method with DPO steps to reach the best accuracy. It "
            "did not: chosen on one half of the problems and judged on the other, the kind expected was -0.125 [-0.250 "
            "to -0.062] ahead of the other; the best, chosen after looking, was iterative SFT with 0.500. In the paper "
            "(coverage 0.398) it fits: yes.",
        ),
        (
            {"rule_fits": "not shown", "low": -0.125},
            "M1's coverage is 0.250: the paper's rule expects pure SFT to reach the best accuracy. That is neither "
            "shown nor refuted: chosen on one half of the problems and judged on the other, the kind expected was "
            "+0.125 [-0.125 to +0.250] ahead of the other; the best, chosen after looking, was iterative SFT with "
            "0.500.",
        ),
        (
            {"rule_fits": "not compared", "margin": None},
            "M1's coverage is 0.250: the paper's rule expects pure SFT to reach the best accuracy. Not compared, as "
            "there is one kind of method only: the best, chosen after looking, was iterative SFT with 0.500.",
        ),
        (
            {"coverage": None, "rule_expects": None, "rule_fits": "not compared"},
            "M1's coverage is not known, so the paper's coverage rule expects nothing.",
        ),
    ],
)
def test_the_coverage_rule_in_words(others, sentence):
    (row,) = pl.DataFrame([RULE | others], schema=tables.RULE).to_dicts()
    assert pages.rule_sentence(row) == sentence


def _problems(count: int) -> pl.DataFrame:
    ids = [f"words/test/{i}" for i in range(count)]
    return pl.DataFrame({"problem_id": ids, "question": ["1 < 2?"] * count, "gold_answer": ["2"] * count})


def _verdicts(*of_problems: str) -> pl.DataFrame:
    """Verdicts on problems 0, 1, ..: the greedy answer, then the samples, + for a right and - for a wrong one."""
    found = [
        (f"words/test/{i}", "sampled" if k else "greedy", max(k - 1, 0), "correct" if mark == "+" else "wrong")
        for i, marks in enumerate(of_problems)
        for k, mark in enumerate(marks)
    ]
    return pl.DataFrame(found, schema=["problem_id", "decoding", "sample_index", "verdict"], orient="row")


def test_the_kind_of_every_problem():
    first = _verdicts("---", "---", "+--", "--+", "+++", "---")
    middle = _verdicts("+--", "---", "---", "---", "+++", "---")
    last = _verdicts("---", "---", "---", "+--", "+++", "+--")
    ids = _problems(6)["problem_id"].to_list()
    found = ["between", "never", "lost", "gained_inside", "kept", "gained_outside"]
    assert page_answers.kinds(ids, [first, middle, last]) == found


def test_answers_are_packed_greedy_first_counted_and_their_texts_once():
    judged = pl.DataFrame(
        [
            ("q/1", "sampled", 0, "not shown", "wrong"),
            ("q/0", "sampled", 1, "late", "wrong"),
            ("q/0", "sampled", 0, "two", "correct"),
            ("q/0", "greedy", 0, "two\n", "correct"),
        ],
        schema=["problem_id", "decoding", "sample_index", "text", "verdict"],
        orient="row",
    )
    later = judged.filter(decoding="sampled").with_columns(text=pl.lit("two"))
    problems = pl.DataFrame({"problem_id": ["q/0"], "question": ["1 < 2?"], "gold_answer": ["2"]})
    found = page_answers.section("m on t", problems, {"sft": judged, "sft-sft": later}, {"a": ["sft", "sft-sft"]}, {})
    assert found == {
        "title": "m on t",
        "problems": [("1 < 2?", "2")],
        "methods": [("a", ["sft", "sft-sft"])],
        "kinds": {},
        "answers": {
            "sft": [[1, 2, 2, [["greedy", "correct", 0], ["sampled", "correct", 0], ["sampled", "wrong", 1]]]],
            "sft-sft": [[1, 2, 1, [["sampled", "correct", 0], ["sampled", "wrong", 0]]]],
        },
        "texts": ["two", "late"],
    }
    assert _unpacked(page_answers.packed(found)) == json.loads(json.dumps(found))


def test_a_long_answer_is_cut_in_the_middle():
    text = "a" * 1500 + "b" * 100 + "c" * 500
    judged = pl.DataFrame(
        {"problem_id": ["q"], "decoding": ["greedy"], "sample_index": [0], "text": [text], "verdict": ["wrong"]}
    )
    problem = pl.DataFrame({"problem_id": ["q"], "question": ["?"], "gold_answer": ["2"]})
    found = page_answers.section("t", problem, {"sft": judged}, {}, {})
    assert found["texts"] == ["a" * 1500 + " [100 characters left out] " + "c" * 500]


def _unpacked(letters: str):
    return json.loads(gzip.decompress(base64.b64decode(letters)))


def _write(rows: list[dict], schema: dict, path) -> None:
    """A table on disk; columns that the rows leave out are null."""
    path.parent.mkdir(parents=True, exist_ok=True)
    full = [{name: row.get(name) for name in schema} for row in rows]
    tables.write(pl.DataFrame(full, schema=schema), schema, str(path))


@pytest.mark.parametrize(("verifier", "unsafe"), [("program", False), ("program, without sandbox", True)])
def test_the_report_of_a_study_on_disk(tmp_path, verifier, unsafe):
    """Two methods that share M1; one problem more than is shown."""
    many = page_answers.MOST_PROBLEMS + 1
    _write(_problems(many).to_dicts(), tables.PROBLEMS, tmp_path / "problems/words/test.parquet")
    for lineage, marks in {"sft": ["+-", "--"], "sft-sft": ["++", "++"], "sft-dpo": ["--", "--"]}.items():
        folder = tmp_path / "tiny/words/seed7" / lineage
        rows = _verdicts(*marks, *["--"] * (many - 2)).with_columns(verifier=pl.lit(verifier)).to_dicts()
        _write(rows, tables.VERDICT_ROWS, folder / "verdicts/test.parquet")
        _write([row | {"text": lineage} for row in rows], tables.SAMPLES, folder / "samples/test.parquet")
    table = changes_of(change("a", *ACCURACY, "progress"))
    inputs = {}
    for name, frame, schema, kind in (
        ("changes", table, tables.CHANGES, "csv"),
        ("outcomes", outcomes_of(table, "bases: 2"), tables.OUTCOMES, "csv"),
        ("narrowing", pl.DataFrame(schema=tables.NARROWING), tables.NARROWING, "csv"),
        ("coverage_rule", pl.DataFrame([RULE], schema=tables.RULE), tables.RULE, "csv"),
        ("metrics", metrics_of(), tables.METRICS, "parquet"),
        ("intervals", intervals_of(metrics_of()), tables.INTERVALS, "parquet"),
    ):
        inputs[name] = str(tmp_path / f"{name}.{kind}")
        _write(frame.to_dicts(), schema, Path(inputs[name]))
    figures = [tmp_path / f"{name}.svg" for name in (*write_pages.FIRST, "figure2_coverage", "figure1_accuracy")]
    for path in figures:
        path.write_text('<svg width="72pt"/>')
        path.with_suffix(".rst").write_text("A caption.")
    tables_shown = [inputs["outcomes"], inputs["narrowing"]]
    for name in ("outcomes", "narrowing"):
        (tmp_path / f"{name}.rst").write_text("A caption.")
    inputs |= {"captions": [str(path) for path in tmp_path.glob("*.rst")]}
    for name in ("style", "script"):
        (tmp_path / name).write_text(name)
        inputs[name] = str(tmp_path / name)
    study = {"study": "s", "models": ["tiny"], "tasks": ["words"], "seed": 7}
    study |= {"series": [["a", ["sft", "sft-sft"]], ["b", ["sft", "sft-dpo"]]]}
    study |= {"first": {"tiny": str(tmp_path / "tiny")}, "problems": str(tmp_path / "problems")}
    study |= {"labels": {path.stem: "4 Words" for path in figures} | {"outcomes": "Outcomes", "narrowing": "None"}}
    write_pages.main(inputs, list(map(str, figures)), tables_shown, study, str(tmp_path / "report.html"))
    html = (tmp_path / "report.html").read_text()
    assert ("Programs written by the models ran without a sandbox." in html) == unsafe
    shown = [part.partition('"')[0] for part in html.split('<figure id="')[1:]]
    assert shown == [*write_pages.FIRST, "figure1_accuracy"]  # of one model and task, no figure of its coverage
    assert [part.partition('"')[0] for part in html.split('<details class="table" id="')[1:]] == ["outcomes"]
    found = _unpacked(html.partition('id="answers-0">')[2].partition("<")[0])
    assert (len(found["problems"]), found["texts"]) == (500, ["sft", "sft-sft", "sft-dpo"])
    assert {method: kinds[:3] for method, kinds in found["kinds"].items()} == {
        "a": ["kept", "gained_outside", "never"],
        "b": ["lost", "never", "never"],
    }
    assert "tiny on words: the first 500 of 501" in html
