"""One page of all dashboards, complete in itself: charts as SVG, no script, nothing loaded from elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from markdown_it import MarkdownIt

from local.boards.chart import Board, Chart
from local.boards.drawing import drawn, number

_CSS = """
body { font: 15px/1.5 system-ui, sans-serif; color: #222; background: #f4f5f7; margin: 0; padding: 2rem; }
h1 { font-size: 1.5rem; margin: 0 0 .25rem; }
h2 { font-size: 1.15rem; margin: 2rem 0 .75rem; }
h2 small { color: #777; font-weight: normal; }
main { max-width: 84rem; margin: auto; }
section { display: grid; grid-template-columns: repeat(auto-fill, minmax(25rem, 1fr)); gap: 1rem; }
figure { background: #fff; border: 1px solid #e2e4e8; border-radius: 6px; margin: 0; padding: 1rem; }
figure { overflow: auto; }
figcaption { font-weight: 600; }
figure .note { color: #777; font-weight: normal; font-size: .85rem; }
figure .number { font-size: 2.2rem; font-weight: 600; color: #1f6f8b; margin: .5rem 0 0; }
table { border-collapse: collapse; width: 100%; font-size: .85rem; }
th, td { text-align: right; padding: .15rem .5rem; border-bottom: 1px solid #eee; white-space: nowrap; }
th:first-child, td:first-child { text-align: left; }
"""


def page(stack: str, boards: Sequence[Board], made_at: str) -> str:
    """Return the page of a stack's dashboards as HTML; `made_at` says when their numbers were read."""
    parts = [_board(board) for board in boards]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f"<title>Dashboards of {escape(stack)}</title><style>{_CSS}</style></head><body><main>"
        f"<h1>Dashboards of stack {escape(stack)}</h1>"
        f"<p>As deployed, with what it held at {escape(made_at)}.</p>"
        f"{''.join(parts)}</main></body></html>\n"
    )


def _board(board: Board) -> str:
    tiles = "".join(_tile(chart) for chart in board.charts)
    return (
        f"<h2>{escape(board.title)} <small>{escape(board.service)} · {escape(board.name)}</small></h2>"
        f"<section>{tiles}</section>"
    )


def _tile(chart: Chart) -> str:
    note = f' <span class="note">{escape(chart.note)}</span>' if chart.note else ""
    caption = f"<figcaption>{escape(chart.title)}{note}</figcaption>" if chart.title or note else ""
    if chart.kind == "text":
        inside = MarkdownIt("commonmark", {"html": False}).enable("table").render(chart.text)
    elif chart.empty:
        inside = '<p class="note">no data</p>' if not chart.note else ""
    elif chart.kind == "kpi":
        ((value, *_), *_) = chart.series.values()
        inside = f'<p class="number">{number(value)}</p>'
    elif chart.kind == "table":
        inside = _table(chart)
    else:
        inside = drawn(chart)
    return f"<figure>{caption}{inside}</figure>"


def _table(chart: Chart) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in ("", *chart.series))
    rows = "".join(
        f"<tr><td>{escape(label)}</td>"
        + "".join(f"<td>{number(values[place])}</td>" for values in chart.series.values())
        + "</tr>"
        for place, label in enumerate(chart.labels)
    )
    return f"<table><tr>{head}</tr>{rows}</table>"
