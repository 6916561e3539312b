import polars as pl
from reversal import pages
from reversal.summaries import CHANGES

CHANGE = ("m", "t", "<sft>", "accuracy", "pass_at_1", "test")


def test_headline_marks_each_change_by_its_sign():
    changes = pl.DataFrame(
        [
            (*CHANGE, 0.25, 0.5, 0.25, 0.2, 0.3, 2),
            (*CHANGE, 0.5, 0.25, -0.25, -0.25, -0.25, 1),
            (*CHANGE, 0.5, 0.5, 0.0, 0.0, 0.0, 1),
        ],
        schema=CHANGES,
        orient="row",
    )
    html = pages.headline(changes, iterations=5, seeds=2, notes=["no <sandbox>"])
    number = '<td class="number">{}</td>'
    rows = [
        ("0.250", "0.500", "&#9650; +0.250", "+0.200 to +0.300"),
        ("0.500", "0.250", "&#9660; -0.250", "one seed"),
        ("0.500", "0.500", "= +0.000", "one seed"),
    ]
    for row in rows:
        assert "<td>accuracy</td>" + "".join(map(number.format, row)) in html
    assert "at M1 and at M5, means over 2 seed(s)" in html
    assert "<strong>no &lt;sandbox&gt;</strong>" in html
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
