"""Draws what judging costs: a bar a size, in the phases that the time goes to, on one scale of µs a resource."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from benchmarks.policies.judging import Measure

_COLOURS = ("#9ecae1", "#1f6f8b", "#e0c36a")
_PHASES = ("reading the message", "joins and controls", "policies and answer")
_FONT = 'font-family="sans-serif" font-size="13"'
_WIDTH, _LEFT, _RIGHT, _BAR, _GAP, _TOP = 760, 170, 150, 26, 14, 46


def drawn(found: Iterable[Measure]) -> str:
    """Return the picture as SVG: equal bars mean that time grows with the stack and no faster."""
    measures = list(found)
    longest = max(_micros(m, m.total) for m in measures)
    height = _TOP + len(measures) * (_BAR + _GAP) + 30
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" {_FONT}>',
        f'<rect width="{_WIDTH}" height="{height}" fill="white"/>',
    ]
    place = float(_LEFT)
    for colour, name in zip(_COLOURS, _PHASES, strict=True):
        lines.append(f'<rect x="{place}" y="12" width="12" height="12" fill="{colour}"/>')
        lines.append(f'<text x="{place + 17}" y="23">{name}</text>')
        place += 30 + 7.2 * len(name)
    for number, measure in enumerate(measures):
        lines += _bar(measure, _TOP + number * (_BAR + _GAP), (_WIDTH - _LEFT - _RIGHT) / longest)
    lines.append(
        f'<text x="{_LEFT}" y="{height - 10}" fill="#555555">CPU µs a resource, best analysis; beside it CPU seconds of the whole stack</text>'
    )
    return "\n".join([*lines, "</svg>"]) + "\n"


def _bar(measure: Measure, top: int, scale: float) -> Iterable[str]:
    label = escape(f"{measure.scale} × ({measure.resources:,})")
    middle = top + _BAR * 0.68
    yield f'<text x="{_LEFT - 10}" y="{middle:.1f}" text-anchor="end">{label}</text>'
    left = float(_LEFT)
    for colour, seconds in zip(_COLOURS, (measure.unpack, measure.controls, measure.rest), strict=True):
        width = _micros(measure, seconds) * scale
        yield f'<rect x="{left:.1f}" y="{top}" width="{width:.1f}" height="{_BAR}" fill="{colour}"/>'
        left += width
    said = f"{_micros(measure, measure.total):.0f} µs · {measure.total:.2f} s"
    yield f'<text x="{left + 8:.1f}" y="{middle:.1f}">{said}</text>'


def _micros(measure: Measure, seconds: float) -> float:
    return seconds / measure.resources * 1e6
