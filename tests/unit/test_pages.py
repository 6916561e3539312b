import polars as pl
from reversal import pages
from reversal.tables import CHANGES

CHANGE = ("m", "t", "<sft>", "accuracy", "pass_at_1", "test")
OTHER = ("m", "t", "<sft>", "pass@8", "pass_at_8", "test")


def test_headline_shows_each_change_with_its_interval_and_verdict():
    changes = pl.DataFrame(
        [
            (*CHANGE, 0.25, 0.5, 0.25, 0.1, 0.4, 0.001, 0.002, "progress", 0.2, 0.3, 2, 90),
            (*OTHER, 0.5, 0.25, -0.25, -0.3, -0.2, 0.001, 0.002, "regress", -0.25, -0.25, 2, 90),
            (*OTHER, 0.5, 0.5, 0.0, None, None, None, None, "unclear", 0.0, 0.0, 2, 90),
        ],
        schema=CHANGES,
        orient="row",
    )
    html = pages.headline(changes, iterations=5, seeds=2, notes=["no <sandbox>"])
    number = '<td class="number">{}</td>'
    rows = [
        ("accuracy", ("0.250", "0.500", "&#9650; +0.250", "+0.100 to +0.400", "0.002"), "progress"),
        ("pass@8", ("0.500", "0.250", "&#9660; -0.250", "-0.300 to -0.200", "0.002"), "regress"),
        ("pass@8", ("0.500", "0.500", "= +0.000", "", ""), "unclear"),
    ]
    for dimension, numbers, verdict in rows:
        cells = "".join(map(number.format, numbers))
        assert f'<td>{dimension}</td>{cells}<td class="{verdict}">{verdict}</td>' in html
    assert "at M1 and at M5, means over 2 seed(s)" in html
    assert "<strong>no &lt;sandbox&gt;</strong>" in html and "Reversal: <strong>yes</strong>" in html
    assert html.count("<h2>") == 1 and "&lt;sft&gt;: m on t" in html and "<sft>" not in html


def test_answers_stand_greedy_first_and_escaped():
    judged = pl.DataFrame(
        [
            ("q/1", "sampled", 0, "one", "wrong"),
            ("q/0", "sampled", 1, "late", "wrong"),
            ("q/0", "sampled", 0, "<<1+1=3>>3", "wrong"),
            ("q/0", "greedy", 0, "two\n", "correct"),
        ],
        schema=["problem_id", "decoding", "sample_index", "text", "verdict"],
        orient="row",
    )
    problems = pl.DataFrame({"problem_id": ["q/0"], "question": ["1 < 2?"], "gold_answer": ["2"]})
    sections = [("sft: m on t", problems, {"M1": judged, "M2": judged.clear()})]
    html = pages.answers_over_iterations(sections, per_cell=1)
    assert (
        "<h2>sft: m on t</h2><table><tr><th>question</th><th>M1</th><th>M2</th></tr>"
        "<tr><td><pre>1 &lt; 2?</pre><small>gold answer: <code>2</code></small></td>"
        '<td><pre class="correct">two</pre><small>greedy</small><hr>'
        '<pre class="wrong">&lt;&lt;1+1=3&gt;&gt;3</pre><small>sampled</small></td>'
        "<td></td></tr></table>"
    ) in html
