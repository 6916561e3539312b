"""Pieces of HTML pages: the page itself, figures with their captions, tables that scroll within themselves."""

import base64
import re
from html import escape

import polars as pl

SMALLEST, LARGEST = 105, 160  # pixels of the screen per inch of a figure; a narrower screen scrolls the figure
MOST_ROWS = 200  # of a table on a page; the file has them all
SHOWN = "**What it shows.** "  # begins the paragraph of a caption that is shown at once


def page(title: str, body: str, style: str) -> str:
    """A whole page. style: CSS."""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{style}</style></head><body>{body}</body></html>"
    )


def scroll(html: str, label: str) -> str:
    """What may be wider than the screen, in a box that scrolls by itself, with the keyboard too."""
    return f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(label)}">{html}</div>'


def figure(name: str, label: str, svg: str, rst: str) -> str:
    """A figure and its caption. svg: a drawing of matplotlib's. It goes in as a picture, as ids of two would clash."""
    inches = float(re.search(r'width="([\d.]+)pt"', svg)[1]) / 72
    data = base64.b64encode(svg.encode()).decode()
    size = f"min-width:{inches * SMALLEST:.0f}px;max-width:{inches * LARGEST:.0f}px"
    picture = f'<img alt="{escape(label)}" style="{size}" src="data:image/svg+xml;base64,{data}">'
    return (
        f'<figure id="{name}"><h3>{escape(label)}</h3>{scroll(picture, label)}'
        f"<figcaption>{caption(rst)}</figcaption></figure>"
    )


def caption(rst: str) -> str:
    """A caption of rules/captions: its first paragraph, the others behind a click."""
    first, *others = (f"<p>{_text(paragraph)}</p>" for paragraph in rst.strip().removeprefix(SHOWN).split("\n\n"))
    rest = f"<details><summary>How it is made, and what it does not show</summary>{''.join(others)}</details>"
    return first + (rest if others else "")


def table(frame: pl.DataFrame, label: str) -> str:
    """The first MOST_ROWS rows of a table; columns without any value are left out."""
    frame = frame[[column.name for column in frame if column.null_count() < frame.height]]
    numeric = {name for name, kind in frame.schema.items() if kind.is_numeric()}
    head = "".join(f"<th>{escape(name.replace('_', ' '))}</th>" for name in frame.columns)
    body = "".join(
        "<tr>" + "".join(_cell(value, name in numeric) for name, value in row.items()) + "</tr>"
        for row in frame.head(MOST_ROWS).to_dicts()
    )
    return scroll(f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>", label)


def _cell(value, numeric: bool) -> str:
    text = "" if value is None else f"{value:.4g}" if isinstance(value, float) and abs(value) < 1e4 else str(value)
    return f'<td class="number">{text}</td>' if numeric else f"<td>{escape(text)}</td>"


def _text(rst: str) -> str:
    code = re.sub(r"``(.+?)``", r"<code>\1</code>", escape(rst, quote=False))
    return re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", code)
