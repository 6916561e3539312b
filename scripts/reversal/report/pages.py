"""The report: one page that opens on the verdict, then figures, numbers, tables, answers and metrics to choose from."""

import json
from html import escape

import polars as pl

from reversal.evaluation import narrowing
from reversal.report import verdict_words
from reversal.report.markup import page, scroll
from reversal.report.page_answers import KINDS, MOST_PROBLEMS, SAMPLED, packed
from reversal.report.verdict_words import in_words

SECTIONS = {
    "verdict": "Verdict",
    "figures": "Figures",
    "numbers": "Numbers",
    "tables": "Tables",
    "answers": "Answers",
    "metrics": "Metrics",
    "provenance": "Provenance",
}
BESIDE = 6  # tasks times methods, up to which the verdict figure leaves room for another beside it
HOW = (
    "A change is progress or regress if its p, adjusted over the primary dimensions of the whole study (Holm), is "
    "below 0.05 and its 95&nbsp;% interval excludes 0; else it is unclear. A method is judged by the primary "
    "dimensions alone: accuracy, pass@N, how different its <em>correct</em> answers are, accuracy out of "
    "distribution. Secondary ones are adjusted among themselves. Intervals are paired by problem; several bases or "
    "seeds add their own variance. Margin: a loss up to this counts as none. Effect size: the mean change of a "
    "problem in standard deviations of the problems' changes."
)

PROVENANCE = (
    '<p><a href="pages/provenance.html">What these results come from</a>: configuration, runs, code, machines and '
    "packages (provenance.json holds the same). "
    '<a href="provenance.html">Snakemake\'s own report</a>: the graph of jobs, run times, code of every job; '
    "<code>make study</code> writes it. Both stand beside this page.</p>"
)


def report(study: str, parts: dict[str, str], style: str, scripts: list[str]) -> str:
    """The page. parts: {one of SECTIONS: its HTML}; sections without any are left out. scripts: JavaScript."""
    there = {name: parts[name] for name in SECTIONS if parts.get(name)}
    links = "".join(f'<a href="#{name}">{SECTIONS[name]}</a>' for name in there)
    body = "".join(
        f'<section id="{name}">{"" if name == "verdict" else f"<h2>{SECTIONS[name]}</h2>"}{html}</section>'
        for name, html in there.items()
    )
    code = "".join(f"<script>{script}</script>" for script in scripts)
    return page(
        f"Progress or regress? {study}",
        f'<a class="skip" href="#verdict">Skip to the verdict</a><nav aria-label="Sections"><div>{links}</div></nav>'
        f"<main>{body}</main>{code}",
        style,
    )


def verdict(
    study: str, basis: str, changes: pl.DataFrame, outcomes: pl.DataFrame, notes: list[str], figures: list[str]
) -> str:
    """The first screen: per method one sentence, below them `figures`. basis: verdict_words.basis. notes: warnings."""
    parts = [f'<h1>Progress or regress?</h1><p class="lead">Study {escape(study)}. {escape(basis)}.</p>']
    parts += [f'<p class="note">{escape(note)}</p>' for note in notes]
    primary = changes.filter(role="primary")
    for (model, task), group in outcomes.group_by("model", "task", maintain_order=True):
        rows = primary.filter(model=model, task=task)
        lines = "".join(_line(row, rows.filter(method=row["method"]).to_dicts()) for row in group.to_dicts())
        parts.append(f'<p class="place">{escape(f"{model} on {task}")}</p><ul class="verdicts">{lines}</ul>')
    narrow = outcomes.select("task", "method").n_unique() <= BESIDE
    return "".join([*parts, f'<div class="{"pair" if narrow else "stack"}">{"".join(figures)}</div>'])


def _line(outcome: dict, rows: list[dict]) -> str:
    anchor, word = _anchor(outcome["model"], outcome["task"], outcome["method"]), outcome["outcome"]
    badge = f'<span class="badge {verdict_words.COLOURS[word]}">{word}</span>'
    said = escape(verdict_words.sentence(outcome, rows))
    return (
        f'<li><span><a class="method" href="#{anchor}">{escape(in_words(outcome["method"]))}</a><br>{badge}</span>'
        f'<span class="said">{said[:1].upper()}{said[1:]}.</span></li>'
    )


def numbers(changes: pl.DataFrame, outcomes: pl.DataFrame, split: pl.DataFrame, rule: pl.DataFrame) -> str:
    """What the sentences rest on: why, all numbers of CHANGES, NARROWING, the coverage rule."""
    parts = [f"<p>{HOW}</p>"]
    for (model, task), group in outcomes.group_by("model", "task", maintain_order=True):
        rules = "".join(
            f"<p>{escape(rule_sentence(row))}</p>" for row in rule.filter(model=model, task=task).to_dicts()
        )
        parts.append(f'<p class="place">{escape(f"{model} on {task}")}</p>{rules}')
        for outcome in group.to_dicts():
            here = {"model": model, "task": task, "method": outcome["method"]}
            parts.append(_method(outcome, changes.filter(**here).to_dicts(), split.filter(**here).to_dicts()))
    return "".join(parts)


def _method(outcome: dict, rows: list[dict], split: list[dict]) -> str:
    primary, secondary = ([row for row in rows if row["role"] == role] for role in ("primary", "secondary"))
    anchor, word = _anchor(outcome["model"], outcome["task"], outcome["method"]), outcome["outcome"]
    badge = f'<span class="badge {verdict_words.COLOURS[word]}">{word}</span>'
    parts = [f'<h3 id="{anchor}">{escape(in_words(outcome["method"]))} {badge}</h3>']
    parts.append(f"<p>{escape(outcome['why'])} {escape(_best(outcome))}</p>{_table(primary, 'primary dimension')}")
    if split:
        lines = "".join(f"<li>{escape(line)}</li>" for line in narrowing.in_words(split))
        asked = "Fewer wrong answers (composition), or answers more alike (narrowing)?"
        parts.append(f"<details><summary>{asked}</summary><ul>{lines}</ul></details>")
    if secondary:
        parts.append(
            f"<details><summary>Secondary dimensions</summary>{_table(secondary, 'secondary dimension')}</details>"
        )
    return "".join(parts)


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
    best_method = ", ".join(map(in_words, row["best_method"].split(", ")))
    best = f"the best, chosen after looking, was {best_method} with {row['best_accuracy']:.3f}"
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


def _table(rows: list[dict], kind: str) -> str:
    published = any(row["published_first"] is not None for row in rows)
    names = [kind, "M1", "last", "change", "95 % interval", "margin", "effect size", "adjusted p", "verdict"]
    names += [*(["published M1, best"] if published else []), "problems"]
    head = "".join(f"<th>{name}</th>" for name in names)
    body = "".join(_change_row(row, published) for row in rows)
    return scroll(f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>", kind)


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
    note = f"<small>{escape(row['note'])}</small>" if row["note"] else ""
    return f'<tr><td class="name">{escape(row["dimension"])}{note}</td>{cells}</tr>'


def answers(sections: list[dict], totals: list[int]) -> str:
    """The answers to choose from. sections: page_answers.section. totals: test problems of each."""
    cut = [f"{s['title']}: the first {len(s['problems'])} of {n:,}" for s, n in zip(sections, totals, strict=True)]
    cut = [said for said, n in zip(cut, totals, strict=True) if n > MOST_PROBLEMS]
    data = "".join(
        f'<script type="application/octet-stream" id="answers-{i}">{packed(section)}</script>'
        for i, section in enumerate(sections)
    )
    places = "".join(f'<option value="answers-{i}">{escape(s["title"])}</option>' for i, s in enumerate(sections))
    return (
        "<p>How the models of the first base and seed answered every test problem, iteration by iteration: the greedy "
        f"answer and the first {SAMPLED} samples. <mark>Equations</mark> between calculator marks are coloured; those "
        '<mark class="new">underlined</mark> stand in none of M1\'s answers shown here. '
        f'{escape("; ".join(cut))}</p><noscript><p class="note">Choosing answers needs JavaScript.</p></noscript>'
        '<div class="controls">'
        f'<label>model and task<select id="answers-section">{places}</select></label>'
        '<label>method<select id="answers-method"></select></label>'
        '<label>problems<select id="answers-kind"></select></label>'
        '<label>problem<span><input id="answers-number" type="number" min="1" value="1"> '
        '<span id="answers-count"></span></span></label>'
        '<span><button id="answers-before" type="button">← previous</button> '
        '<button id="answers-next" type="button">next →</button></span></div>'
        f'<div id="answers-shown" aria-live="polite"></div>{data}'
        f'<script type="application/json" id="answers-kinds">{_json(KINDS)}</script>'
    )


def metrics(explored: dict) -> str:
    """Any metric over iterations, to choose from. explored: explorer.explorer."""
    labels = "".join(
        f'<label>{name}<select id="chart-{name}"></select></label>' for name in ("model", "task", "metric", "subset")
    )
    return (
        "<p>Every metric over the iterations: mean over the runs (line), its 95&nbsp;% interval (band), each run (dot, "
        f'with its numbers when you point at it).</p><div class="controls">{labels}</div>'
        '<noscript><p class="note">Choosing metrics needs JavaScript.</p></noscript><div id="chart"></div>'
        f'<script type="application/json" id="chart-data">{_json(explored)}</script>'
    )


def _json(value) -> str:
    """JSON that may stand inside a script element: no text in it can end that."""
    return json.dumps(value, ensure_ascii=False).replace("<", "\\u003c")


def _anchor(*names: str) -> str:
    return escape("-".join(names), quote=True)
