"""The report's own pages: the headline, and the same questions' answers over the iterations."""

from html import escape

import polars as pl

from reversal.changes import reversal

STYLE = """<style>body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#222}
table{border-collapse:collapse;width:100%}
td,th{border:1px solid #ccc;padding:.4rem .6rem;text-align:left;vertical-align:top}
th{background:#f3f3f3}td.number{text-align:right;font-variant-numeric:tabular-nums}pre{margin:0;white-space:pre-wrap}
.correct{background:#e3f2fd}.wrong,.no_answer{background:#fff3e0}.progress{background:#e3f2fd}.regress{background:#fff3e0}small{color:#555}</style>"""


def page(title: str, body: str) -> str:
    return f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)}</title>{STYLE}{body}</html>'


def headline(changes: pl.DataFrame, iterations: int, seeds: int, notes: list[str]) -> str:
    """An HTML page: for every method one row per dimension, M1 against the last iteration; `notes` are warnings."""
    parts = [
        f"<h1>Progress or regress?</h1><p>Values at M1 and at M{iterations}, means over {seeds} seed(s). Intervals: "
        "bootstrap over problems (and seeds), paired by problem. p: paired tests, adjusted over the study (Holm). "
        "A change is progress or regress if its adjusted p is below 0.05. A method shows a reversal if its accuracy "
        "progressed and another dimension regressed.</p>",
        *(f"<p><strong>{escape(note)}</strong></p>" for note in notes),
    ]
    for (model, task, method), group in changes.group_by("model", "task", "method", maintain_order=True):
        rows = group.rows(named=True)
        names = ["dimension", "M1", f"M{iterations}", "change", "95 % interval", "adjusted p", "verdict"]
        head = "".join(f"<th>{name}</th>" for name in names)
        body = "".join(map(_change_row, rows))
        title = escape(f"{method}: {model} on {task}")
        parts.append(f"<h2>{title}</h2><p>Reversal: <strong>{reversal(rows)}</strong></p>")
        parts.append(f"<table><tr>{head}</tr>{body}</table>")
    return page("Progress or regress?", "".join(parts))


def answers_over_iterations(sections: list[tuple[str, pl.DataFrame, dict]], per_cell: int) -> str:
    """An HTML page: a table per section, questions down, iterations across; the greedy answer and sampled ones in each.

    sections: (title, the PROBLEMS to show, {iteration name: judged samples (problem_id, decoding, sample_index, text,
    verdict)}).
    """
    parts = ["<h1>Answers over iterations</h1><p>The greedy answer first, then sampled ones; blue is correct.</p>"]
    for title, problems, columns in sections:
        head = "<th>question</th>" + "".join(f"<th>{name}</th>" for name in columns)
        body = ""
        for problem_id, question, gold in problems.select("problem_id", "question", "gold_answer").iter_rows():
            cells = "".join(_answers(judged, problem_id, per_cell) for judged in columns.values())
            asked = f"<pre>{escape(question)}</pre><small>gold answer: <code>{escape(gold)}</code></small>"
            body += f"<tr><td>{asked}</td>{cells}</tr>"
        parts.append(f"<h2>{escape(title)}</h2><table><tr>{head}</tr>{body}</table>")
    return page("Answers over iterations", "".join(parts))


def _answers(judged: pl.DataFrame, problem_id: str, most: int) -> str:
    rows = judged.filter(pl.col("problem_id") == problem_id).sort("decoding", "sample_index").head(1 + most)
    texts = [
        f'<pre class="{verdict}">{escape(text.strip())}</pre><small>{decoding}</small>'
        for decoding, text, verdict in rows.select("decoding", "text", "verdict").iter_rows()
    ]
    return f"<td>{'<hr>'.join(texts)}</td>"


def _change_row(row: dict) -> str:
    arrow = "&#9650;" if row["change"] > 0 else "&#9660;" if row["change"] < 0 else "="
    interval = "" if row["low"] is None else f"{row['low']:+.3f} to {row['high']:+.3f}"
    p = "" if row["p_adjusted"] is None else f"{row['p_adjusted']:.3f}"
    numbers = [f"{row['first']:.3f}", f"{row['last']:.3f}", f"{arrow} {row['change']:+.3f}", interval, p]
    cells = "".join(f'<td class="number">{number}</td>' for number in numbers)
    return f'<tr><td>{escape(row["dimension"])}</td>{cells}<td class="{row["verdict"]}">{row["verdict"]}</td></tr>'
