"""Line and bar charts as SVG."""

from __future__ import annotations

import sys
from xml.etree import ElementTree

import pygal
from pygal.style import Style

from local.boards.chart import Chart

# Pygal's finder of plugins speaks the import system's old protocol only, and makes every later import warn.
sys.meta_path[:] = [finder for finder in sys.meta_path if type(finder).__name__ != "PluginImportFixer"]

_COLOURS = ("#1f6f8b", "#e0902f", "#5a9e6f", "#b0527a", "#7a68ae", "#8c7b5a", "#4b8fd1", "#c0504d")
_STYLE = Style(
    background="transparent",
    plot_background="transparent",
    foreground="#333",
    foreground_strong="#111",
    foreground_subtle="#888",
    opacity=".85",
    opacity_hover="1",
    colors=_COLOURS,
    font_family="system-ui, sans-serif",
    label_font_size=13,
    major_label_font_size=13,
    legend_font_size=13,
    guide_stroke_color="#e4e6ea",
    major_guide_stroke_color="#e4e6ea",
    guide_stroke_dasharray="1,0",
    major_guide_stroke_dasharray="1,0",
)
_HEIGHT, _WIDTH = 300, 560
_CROWDED = 8


def drawn(chart: Chart) -> str:
    """Return a chart of numbers as one SVG element without script."""
    # A line through one point shows nothing.
    turned = chart.kind == "bar" or len(chart.labels) == 1
    shape = pygal.HorizontalBar if turned else pygal.Line
    several = len(chart.series) > 1
    drawing = shape(
        style=_STYLE,
        width=_WIDTH,
        height=_HEIGHT if len(chart.labels) <= _CROWDED else _HEIGHT + 14 * (len(chart.labels) - _CROWDED),
        js=[],
        show_legend=several,
        legend_at_bottom=True,
        legend_at_bottom_columns=4,
        disable_xml_declaration=True,
        value_formatter=number,
        margin=8,
        margin_right=44,
        margin_bottom=40 if several else 8,
        min_scale=3,
        max_scale=6,
        truncate_label=-1,
        truncate_legend=-1,
        dots_size=4,
        include_x_axis=turned,
        stroke_style={"width": 2.5},
        x_label_rotation=0 if turned or len(chart.labels) <= _CROWDED else 30,
    )
    drawing.x_labels = list(chart.labels)[::-1] if turned else list(chart.labels)
    for name, values in chart.series.items():
        drawing.add(name, list(values)[::-1] if turned else list(values))
    tree = drawing.render_tree()
    for parent in list(tree.iter()):
        for child in list(parent):
            if callable(child.tag) or child.tag == "script":  # comments, and a viewer's settings
                parent.remove(child)
    return ElementTree.tostring(tree, encoding="unicode")


def number(value: float | None) -> str:
    """Write a number with three figures or so; a dash for none."""
    if value is None:
        return "—"
    magnitude = abs(value)
    if magnitude >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:,.2f}" if magnitude >= 1 else f"{value:.3g}"
