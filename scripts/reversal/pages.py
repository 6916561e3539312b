"""The report's own pages: the headline, and the same questions' answers over the iterations."""

import re
from html import escape

import polars as pl

from reversal import narrowing, verdict_words
from reversal.accuracy import answer_flow, single_answers

# Verdicts have the colours of Figure 7; right and wrong answers have others.
STYLE = """<style>
body{font:15px/1.5 system-ui,sans-serif;max-width:90rem;margin:2rem auto;padding:0 1rem;color:#222}
h2{margin-top:2.5rem}h3{margin:1.5rem 0 0}
table{border-collapse:collapse;width:100%;margin:.5rem 0}
td,th{border:1px solid #ccc;padding:.3rem .5rem;text-align:left;vertical-align:top}
th{background:#f3f3f3}th,td.number,td.verdict{white-space:nowrap}
td.number{text-align:right;font-variant-numeric:tabular-nums}
.progress{background:#542788;color:#fff}.regress{background:#FDC98B}.progress a{color:#fff}
table.answers{table-layout:fixed}table.answers th{white-space:normal}
pre{font-size:12px;margin:0;padding:.2rem .4rem;white-space:pre-wrap;overflow-wrap:anywhere;border-left:4px solid #999}
pre.correct{border-color:#0072B2;background:#eaf4fb}mark{background:#ffe9a8}mark.new{text-decoration:underline}
small{color:#555;display:block}
</style>"""
KINDS = {
    "kept": "kept: right in M1 and in the last model",
    "gained_inside": "gained inside M1's support: wrong in M1, but one of its samples was right",
    "gained_outside": "gained outside M1's support: no answer of M1 was right",
    "lost": "lost: right in M1, wrong in the last model",
    "never": "never solved: no model's answer was right",
}
EQUATION = re.compile(r"<<[^<>]*>>")
SHOWN = 600  # characters of an answer; a longer one is cut in the middle, as its end holds the final answer


def headline(
    changes: pl.DataFrame,
    outcomes: pl.DataFrame,
    split: pl.DataFrame,
    rule: pl.DataFrame,
    iterations: int,
    notes: list[str],
) -> str:
    """An HTML page: what became of every method, why, its CHANGES and NARROWING; `notes` are warnings."""
    runs = outcomes["runs"].first() or ""
    parts = [
        f"<h1>Progress or regress?</h1><p>From M1 to M{iterations}, {runs}. A change is progress or regress if its p, "
        "adjusted over the primary dimensions of the whole study (Holm), is below 0.05 and its 95 % interval excludes "
        "0; else it is unclear. A method is judged by the primary dimensions alone: accuracy, pass@N, how different "
        "its <em>correct</em> answers are, accuracy out of distribution. Secondary ones are adjusted among themselves. "
        "Intervals are paired by problem; several bases or seeds add their own variance. Margin: a loss up to this "
        "counts as none. Effect size: the mean change of a problem in standard deviations of the problems' "
        "changes.</p>",
        *(f"<p><strong>{escape(note)}</strong></p>" for note in notes),
        _overview(outcomes),
    ]
    for (model, task), group in outcomes.group_by("model", "task", maintain_order=True):
        parts.append(f"<h2>{escape(f'{model} on {task}')}</h2>")
        parts += [f"<p>{escape(rule_sentence(row))}</p>" for row in rule.filter(model=model, task=task).to_dicts()]
        for outcome in group.to_dicts():
            here = {"model": model, "task": task, "method": outcome["method"]}
            parts.append(_method(outcome, changes.filter(**here).to_dicts(), split.filter(**here).to_dicts()))
    return page("Progress or regress?", "".join(parts))


def _method(outcome: dict, rows: list[dict], split: list[dict]) -> str:
    primary, secondary = ([row for row in rows if row["role"] == role] for role in ("primary", "secondary"))
    anchor = _anchor(outcome["model"], outcome["task"], outcome["method"])
    said = escape(verdict_words.sentence(outcome, primary))
    parts = [f'<h3 id="{anchor}">{escape(outcome["method"])}</h3><p><strong>{said}.</strong> {escape(outcome["why"])}']
    parts += [f" {escape(_best(outcome))}</p>", _table(primary, "primary dimension")]
    if split:
        lines = "".join(f"<li>{escape(line)}</li>" for line in narrowing.in_words(split))
        parts.append(f"<p>Fewer wrong answers (composition), or answers more alike (narrowing)?</p><ul>{lines}</ul>")
    return "".join(parts) + (_table(secondary, "secondary dimension") if secondary else "")


def _best(outcome: dict) -> str:
    """The best iteration as it looks, and what is left of its gain without peeking."""
    if outcome["best"] is None or outcome["gain_of_best"] is None:
        return ""
    low, high = outcome["gain_of_best_low"], outcome["gain_of_best_high"]
    interval = "" if low is None else f" [{low:+.3f} to {high:+.3f}]"
    return (
        f"Best: {outcome['best']:.3f} at M{outcome['best_iteration']}, chosen after looking; the gain over M1 of an "
        f"iteration chosen on the other half of the problems is {outcome['gain_of_best']:+.3f}{interval}."
    )


def rule_sentence(row: dict) -> str:
    """A row of RULE in words."""
    if row["rule_expects"] is None:
        return "M1's coverage is not known, so the paper's coverage rule expects nothing."
    kind = {"dpo": "a method with DPO steps", "sft": "pure SFT"}[row["rule_expects"]]
    said = f"M1's coverage is {row['coverage']:.3f}: the paper's rule expects {kind} to reach the best accuracy. "
    best = f"the best, chosen after looking, was {row['best_method']} with {row['best_accuracy']:.3f}"
    outcome = f"Not compared, as there is one kind of method only: {best}."
    if row["rule_fits"] != "not compared":
        start = {"yes": "It did", "no": "It did not", "not shown": "That is neither shown nor refuted"}[
            row["rule_fits"]
        ]
        outcome = (
            f"{start}: chosen on one half of the problems and judged on the other, the kind expected was "
            f"{row['margin']:+.3f} [{row['low']:+.3f} to {row['high']:+.3f}] ahead of the other; {best}."
        )
    if row["published_coverage"] is None:
        return said + outcome
    printed, fits = row["published_coverage"], row["published_rule_fits"]
    return f"{said}{outcome} In the paper (coverage {printed:.3f}) it fits: {fits}."


def chosen(problems: pl.DataFrame, verdicts: list[pl.DataFrame]) -> pl.DataFrame:
    """The rows of `problems` to show, with their kind: the first problem of each of KINDS, as far as there is one.

    verdicts: VERDICT_ROWS on these problems, of M1, M2, .. MT.
    """
    flow = answer_flow(verdicts[0], verdicts[-1], single_answers)
    solved = pl.concat([single_answers(table).filter("correct") for table in verdicts])["problem_id"]
    kind = pl.coalesce(
        *(pl.when(pl.col(name) > 0).then(pl.lit(name)) for name in KINDS if name != "never"),
        pl.when(~pl.col("problem_id").is_in(solved.implode())).then(pl.lit("never")),
    )
    kinds = problems.join(flow, on="problem_id", maintain_order="left").with_columns(kind=kind)
    first = kinds.drop_nulls("kind").unique("kind", keep="first", maintain_order=True)
    return first.select(*problems.columns, pl.col("kind").cast(pl.Enum(list(KINDS)))).sort("kind")


def answers_over_iterations(sections: list[tuple[str, pl.DataFrame, dict]], per_cell: int) -> str:
    """An HTML page: a table per section, questions down, iterations across; the greedy answer and sampled ones in each.

    sections: (title, the problems to show as `chosen` gives them, {iteration name: judged samples (problem_id,
    decoding, sample_index, text, verdict) of at least those problems, M1's first}).
    """
    parts = [
        "<h1>Answers over iterations</h1><p>Per method the first test question of each kind: "
        f"{escape('; '.join(KINDS.values()))}. In every cell the greedy answer (where there is none, the first sample "
        f"stands for it) and the first {per_cell} sampled ones; right ones are blue. <mark>Equations</mark> between "
        "calculator marks are coloured; those "
        '<mark class="new">underlined</mark> stand in none of M1\'s answers to the question.</p>'
    ]
    parts += [f'<p><a href="#{i}">{escape(title)}</a></p>' for i, (title, _, _) in enumerate(sections)]
    for i, (title, problems, columns) in enumerate(sections):
        head = "<th>question</th>" + "".join(f"<th>{name}</th>" for name in columns)
        body = "".join(_question_row(problem, list(columns.values()), per_cell) for problem in problems.to_dicts())
        parts.append(f'<h2 id="{i}">{escape(title)}</h2><table class="answers"><tr>{head}</tr>{body}</table>')
    return page("Answers over iterations", "".join(parts))


def page(title: str, body: str) -> str:
    return f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)}</title>{STYLE}{body}</html>'


def _overview(outcomes: pl.DataFrame) -> str:
    """What became of every method: models and tasks down, methods across."""
    methods = outcomes["method"].unique(maintain_order=True).to_list()
    body = ""
    for (model, task), group in outcomes.group_by("model", "task", maintain_order=True):
        body += f"<tr><td>{escape(f'{model} on {task}')}</td>"
        found = dict(group.select("method", "outcome").rows())
        for method in methods:
            word = found.get(method, "")
            link = f'<a href="#{_anchor(model, task, method)}">{word}</a>'
            body += f'<td class="{verdict_words.COLOURS[word]}">{link}</td>' if word else "<td></td>"
        body += "</tr>"
    head = "".join(f"<th>{escape(method)}</th>" for method in methods)
    return f"<table><tr><th></th>{head}</tr>{body}</table>"


def _table(rows: list[dict], kind: str) -> str:
    published = any(row["published_first"] is not None for row in rows)
    names = [kind, "M1", "last", "change", "95 % interval", "margin", "effect size", "adjusted p", "verdict"]
    names += [*(["published M1, best"] if published else []), "problems", "note"]
    head = "".join(f"<th>{name}</th>" for name in names)
    return f"<table><tr>{head}</tr>{''.join(_change_row(row, published) for row in rows)}</table>"


def _change_row(row: dict, published: bool) -> str:
    interval = "" if row["low"] is None else f"{row['low']:+.3f} to {row['high']:+.3f}"
    margin = "" if row["margin"] is None else f"{row['margin']:.3f}"
    effect = "" if row["effect_size"] is None else f"{row['effect_size']:+.2f}"
    p = "" if row["p_adjusted"] is None else "&lt; 0.001" if row["p_adjusted"] < 0.001 else f"{row['p_adjusted']:.3f}"
    runs = f"<small>runs {row['change_min']:+.3f} to {row['change_max']:+.3f}</small>" if row["replicates"] > 1 else ""
    numbers = [f"{row['first']:.3f}", f"{row['last']:.3f}", f"{row['change']:+.3f}{runs}", interval, margin, effect, p]
    cells = "".join(f'<td class="number">{number}</td>' for number in numbers)
    cells += f'<td class="verdict {row["verdict"]}">{row["verdict"]}</td>'
    if published:
        first, top, at = (row[f"published_{name}"] for name in ("first", "best", "best_iteration"))
        cells += f'<td class="number">{"" if first is None else f"{first:.3f}, {top:.3f} (M{at})"}</td>'
    cells += f'<td class="number">{row["problems"]}</td>'
    return f"<tr><td>{escape(row['dimension'])}</td>{cells}<td>{escape(row['note'] or '')}</td></tr>"


def _question_row(problem: dict, columns: list[pl.DataFrame], per_cell: int) -> str:
    of_problem = [judged.filter(problem_id=problem["problem_id"]) for judged in columns]
    known = {_bare(equation) for text in of_problem[0]["text"] for equation in EQUATION.findall(text)}
    cells = "".join(_answers(judged, per_cell, known) for judged in of_problem)
    asked = f"<strong>{escape(KINDS[problem['kind']])}</strong><pre>{escape(_cut(problem['question']))}</pre>"
    gold = escape(_cut(problem["gold_answer"] or "not given"))
    return f"<tr><td>{asked}<small>gold answer: <code>{gold}</code></small></td>{cells}</tr>"


def _answers(judged: pl.DataFrame, most: int, known: set[str]) -> str:
    sampled = judged.filter(decoding="sampled")
    right, different = (sampled["verdict"] == "correct").sum(), sampled["text"].n_unique()
    texts = [f"<small>{right} of {sampled.height} samples right, {different} different texts</small>"]
    for decoding, text, verdict in (
        judged.sort("decoding", "sample_index").head(1 + most).select("decoding", "text", "verdict").iter_rows()
    ):
        texts.append(f'<small>{decoding}, {verdict}</small><pre class="{verdict}">{_marked(text, known)}</pre>')
    return f"<td>{''.join(texts)}</td>"


def _marked(text: str, known: set[str]) -> str:
    """The text with its equations marked, those not `known` as new."""
    text, parts, place = _cut(text.strip()), [], 0
    for found in EQUATION.finditer(text):
        new = "" if _bare(found.group()) in known else ' class="new"'
        parts.append(f"{escape(text[place : found.start()])}<mark{new}>{escape(found.group())}</mark>")
        place = found.end()
    return "".join(parts) + escape(text[place:])


def _cut(text: str) -> str:
    left_out = len(text) - SHOWN
    if left_out <= 0:
        return text
    return f"{text[: SHOWN * 3 // 4]} [{left_out} characters left out] {text[-SHOWN // 4 :]}"


def _bare(equation: str) -> str:
    return re.sub(r"\s", "", equation)


def _anchor(*names: str) -> str:
    return escape("-".join(names), quote=True)
