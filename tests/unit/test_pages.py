"""The report's own pages."""

from html import escape

import polars as pl
import pytest
import write_pages
from reversal import pages, tables
from reversal.narrowing import PARTS
from tables_for_figures import change, changes_of, outcomes_of

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
    row = html.partition(f"<tr><td>{dimension}</td>")[2].partition("</tr>")[0]
    return [cell.partition(">")[2] for cell in row.removesuffix("</td>").split("</td>")]


def headline(table: pl.DataFrame, rule: list[dict], notes: list[str], split: list[dict] = (), **outcome) -> str:
    """outcome: columns of OUTCOMES that are not what the rows of CHANGES say."""
    found = outcomes_of(table).with_columns(pl.lit(value).alias(name) for name, value in outcome.items())
    splits = pl.DataFrame(list(split), schema=tables.NARROWING)
    return pages.headline(table, found, splits, pl.DataFrame(rule, schema=tables.RULE), 3, notes)


def test_headline_shows_each_change_with_all_that_is_known_of_it():
    table = changes_of(
        change("<sft>", *ACCURACY, "progress", effect_size=0.5, p_adjusted=0.002, best=0.625, best_iteration=2),
        change("<sft>", *WORDS, "regress", p_adjusted=0.0004),
        change("<sft>", *GAP, "unclear", low=None, high=None, replicates=2, change_min=-0.125, change_max=0.125),
        change("<sft>", *BEST, "progress", role="secondary", margin=None),
    )
    place = {"model": "tiny", "task": "words", "method": "<sft>", "dimension": "syntactic diversity"}
    split = [place | {"part": part, "change": -0.25, "low": -0.5, "high": 0.0} for part in PARTS]
    html = headline(table, [RULE], ["no <sandbox>"], split)
    assert cells(html, "accuracy") == [
        *("0.250", "0.500", "+0.250", "+0.240 to +0.260", "0.050", "+0.50", "0.002", "progress", "10", "")
    ]
    assert cells(html, "syntactic diversity") == [
        *("0.500", "0.250", "-0.250", "-0.260 to -0.240", "0.050", "", "&lt; 0.001", "regress", "10", "")
    ]
    assert cells(html, "OOD accuracy on far") == [
        *("0.500", "0.500", "+0.000<small>runs -0.125 to +0.125</small>", "", "0.050", "", "", "unclear", "10", "")
    ]
    assert cells(html, "accuracy of the best iteration")[4:] == ["", "", "", "progress", "10", ""]
    assert "From M1 to M3, of this run: one base, one seed." in html and "<strong>no &lt;sandbox&gt;</strong>" in html
    assert (
        '<h3 id="tiny-words-&lt;sft&gt;">&lt;sft&gt;</h3><p><strong>progress with reversal (of this run): accuracy '
        "+25.0 points (24.0 to 26.0); correct answers more alike in words.</strong> Accuracy rose, and syntactic "
        "diversity regressed. Best: 0.625 at M2, chosen after looking; the gain over M1 of an iteration chosen on the "
        "other half of the problems is +0.125 [+0.115 to +0.135].</p>"
    ) in html
    assert (
        "<li>syntactic diversity over all answers changed by -0.250 [-0.500 to +0.000]: -0.250 [-0.500 to +0.000] by "
        "composition and -0.250 [-0.500 to +0.000] by narrowing</li>"
    ) in html
    assert html.index("primary dimension</th>") < html.index("<li>") < html.index("secondary dimension</th>")
    assert "published" not in html and "<sft>" not in html


def test_headline_begins_with_every_methods_outcome_and_shows_published_numbers_beside_ours():
    published = {"published_first": 0.416, "published_best": 0.5391, "published_best_iteration": 3}
    table = changes_of(
        change("a", *ACCURACY, "progress", **published),
        change("a", *WORDS, "regress"),
        change("b", *ACCURACY, "progress"),
        change("b", *GAP, "unclear"),
        change("a", *ACCURACY, "unclear", task="other"),
    )
    html = headline(table, [], [])
    assert (
        "<table><tr><th></th><th>a</th><th>b</th></tr><tr><td>tiny on words</td>"
        '<td class="regress"><a href="#tiny-words-a">progress with reversal</a></td>'
        '<td class="progress"><a href="#tiny-words-b">progress</a></td></tr>'
        '<tr><td>tiny on other</td><td class="unclear"><a href="#tiny-other-a">unclear</a></td><td></td></tr></table>'
    ) in html
    assert cells(html, "accuracy")[8:] == ["0.416, 0.539 (M3)", "10", ""]
    assert cells(html, "syntactic diversity")[8:] == ["", "10", ""]


@pytest.mark.parametrize(
    ("others", "sentence"),
    [
        (
            {},
            "M1's coverage is 0.250: the paper's rule expects pure SFT to reach the best accuracy. It did: chosen on "
            "one half of the problems and judged on the other, the kind expected was +0.125 [+0.062 to +0.250] ahead "
            "of the other; the best, chosen after looking, was iterative_sft with 0.500.",
        ),
        (
            {"rule_expects": "dpo", "rule_fits": "no", "margin": -0.125, "low": -0.25, "high": -0.0625}
            | {"published_coverage": 0.398, "published_rule_fits": "yes"},
            "M1's coverage is 0.250: the paper's rule expects a method with DPO steps to reach the best accuracy. It "
            "did not: chosen on one half of the problems and judged on the other, the kind expected was -0.125 [-0.250 "
            "to -0.062] ahead of the other; the best, chosen after looking, was iterative_sft with 0.500. In the paper "
            "(coverage 0.398) it fits: yes.",
        ),
        (
            {"rule_fits": "not shown", "low": -0.125},
            "M1's coverage is 0.250: the paper's rule expects pure SFT to reach the best accuracy. That is neither "
            "shown nor refuted: chosen on one half of the problems and judged on the other, the kind expected was "
            "+0.125 [-0.125 to +0.250] ahead of the other; the best, chosen after looking, was iterative_sft with "
            "0.500.",
        ),
        (
            {"rule_fits": "not compared", "margin": None},
            "M1's coverage is 0.250: the paper's rule expects pure SFT to reach the best accuracy. Not compared, as "
            "there is one kind of method only: the best, chosen after looking, was iterative_sft with 0.500.",
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


def test_the_first_question_of_each_kind_is_chosen_in_the_order_of_the_kinds():
    first = _verdicts("---", "---", "+--", "--+", "+++", "---", "-++", "+--")
    middle = _verdicts("+--", "---", "---", "---", "+++", "---", "---", "---")
    last = _verdicts("---", "---", "---", "+--", "+++", "+--", "+--", "---")
    found = pages.chosen(_problems(8), [first, middle, last])
    assert found.select("problem_id", pl.col("kind").cast(pl.String)).rows() == [
        ("words/test/4", "kept"),
        ("words/test/3", "gained_inside"),
        ("words/test/5", "gained_outside"),
        ("words/test/2", "lost"),
        ("words/test/1", "never"),  # M2 solved problem 0
    ]


def test_a_kind_that_no_question_has_is_left_out():
    only = _verdicts("+-", "+-")
    assert pages.chosen(_problems(2), [only])["kind"].to_list() == ["kept"]


def test_answers_stand_greedy_first_counted_escaped_and_with_their_equations_marked():
    judged = pl.DataFrame(
        [
            ("q/1", "sampled", 0, "one", "wrong"),
            ("q/0", "sampled", 1, "late", "wrong"),
            ("q/0", "sampled", 0, "<<1+1=3>>3", "wrong"),
            ("q/0", "greedy", 0, "two & <<1 + 1=2>>2\n", "correct"),
        ],
        schema=["problem_id", "decoding", "sample_index", "text", "verdict"],
        orient="row",
    )
    later = judged.filter(decoding="sampled").with_columns(
        text=pl.lit("<<1+1 = 2>> <<2*1=2>>"), verdict=pl.lit("correct")
    )
    problem = pl.DataFrame({"problem_id": ["q/0"], "question": ["1 < 2?"], "gold_answer": ["2"], "kind": ["kept"]})
    html = pages.answers_over_iterations([("<a>: m on t", problem, {"M1": judged, "M2": later})], per_cell=1)
    assert (
        '<h2 id="0">&lt;a&gt;: m on t</h2><table class="answers">'
        "<tr><th>question</th><th>M1</th><th>M2</th></tr>"
        "<tr><td><strong>kept: right in M1 and in the last model</strong><pre>1 &lt; 2?</pre>"
        "<small>gold answer: <code>2</code></small></td>"
        "<td><small>0 of 2 samples right, 2 different texts</small>"
        '<small>greedy, correct</small><pre class="correct">two &amp; <mark>&lt;&lt;1 + 1=2&gt;&gt;</mark>2</pre>'
        '<small>sampled, wrong</small><pre class="wrong"><mark>&lt;&lt;1+1=3&gt;&gt;</mark>3</pre></td>'
        "<td><small>2 of 2 samples right, 1 different texts</small>"
        '<small>sampled, correct</small><pre class="correct"><mark>&lt;&lt;1+1 = 2&gt;&gt;</mark> '
        '<mark class="new">&lt;&lt;2*1=2&gt;&gt;</mark></pre>'
    ) in html


def test_a_long_answer_is_cut_in_the_middle():
    text = "a" * 450 + "b" * 100 + "c" * 150
    cut = "a" * 450 + " [100 characters left out] " + "c" * 150
    judged = pl.DataFrame(
        {"problem_id": ["q"], "decoding": ["greedy"], "sample_index": [0], "text": [text], "verdict": ["wrong"]}
    )
    problem = pl.DataFrame({"problem_id": ["q"], "question": ["?"], "gold_answer": ["2"], "kind": ["never"]})
    assert f'<pre class="wrong">{cut}</pre>' in pages.answers_over_iterations([("t", problem, {"M1": judged})], 1)


def _write(rows: list[dict], schema: dict, path) -> None:
    """A table on disk; columns that the rows leave out are null."""
    path.parent.mkdir(parents=True, exist_ok=True)
    full = [{name: row.get(name) for name in schema} for row in rows]
    tables.write(pl.DataFrame(full, schema=schema), schema, str(path))


@pytest.mark.parametrize(("verifier", "unsafe"), [("program", False), ("program, without sandbox", True)])
def test_the_pages_of_a_study_on_disk(tmp_path, verifier, unsafe):
    """Two methods that share M1: each shows its own questions, with the answers of its own models."""
    _write(_problems(2).to_dicts(), tables.PROBLEMS, tmp_path / "problems/words/test.parquet")
    for lineage, marks in {"sft": ["+-", "--"], "sft-sft": ["++", "++"], "sft-dpo": ["--", "--"]}.items():
        folder = tmp_path / "tiny/words/seed7" / lineage
        rows = _verdicts(*marks).with_columns(verifier=pl.lit(verifier)).to_dicts()
        _write(rows, tables.VERDICT_ROWS, folder / "verdicts/test.parquet")
        _write([row | {"text": lineage} for row in rows], tables.SAMPLES, folder / "samples/test.parquet")
    table = changes_of(change("a", *ACCURACY, "progress"))
    _write(table.to_dicts(), tables.CHANGES, tmp_path / "changes.csv")
    _write(outcomes_of(table, "bases: 2").to_dicts(), tables.OUTCOMES, tmp_path / "outcomes.csv")
    _write([], tables.NARROWING, tmp_path / "narrowing.csv")
    _write([RULE], tables.RULE, tmp_path / "rule.csv")
    study = {"models": ["tiny"], "tasks": ["words"], "iterations": 2, "seed": 7}
    study |= {"series": [["a", ["sft", "sft-sft"]], ["b", ["sft", "sft-dpo"]]]}
    study |= {"first": {"tiny": str(tmp_path / "tiny")}, "problems": str(tmp_path / "problems")}
    files = ("changes.csv", "outcomes.csv", "narrowing.csv", "rule.csv", "headline.html", "answers.html")
    names = [str(tmp_path / name) for name in files]
    write_pages.main(*names[:4], [*map(str, tmp_path.glob("*/*/*/*/verdicts/test.parquet"))], study, *names[4:])
    headline, answers = (tmp_path / "headline.html").read_text(), (tmp_path / "answers.html").read_text()
    assert ("Programs written by the models ran without a sandbox." in headline) == unsafe
    sections = answers.split("<h2")[1:]
    kinds = [[kind for kind, words in pages.KINDS.items() if escape(words) in section] for section in sections]
    assert kinds == [["kept", "gained_outside"], ["lost", "never"]]
    assert 'class="correct">sft-sft</pre>' in sections[0] and 'class="wrong">sft-dpo</pre>' in sections[1]
