"""The page of dashboards: every tile says what it has, nothing is loaded, nothing breaks out of its text."""

import re

import pytest

from local.boards.chart import Board, Chart
from local.boards.page import page


def drawn(*charts: Chart) -> str:
    return page("local", [Board("QuickSight", "b", "Board & Co", charts)], "2026-03-31 00:00 UTC")


@pytest.mark.parametrize("kind", ["line", "bar"])
def test_a_chart_draws_every_number_and_names_every_series(kind: str) -> None:
    labels = [f"2026-03-{day}" for day in range(28, 31)]
    shown = drawn(
        Chart(kind, "Bought", labels, {"bought": [1.0, None, 3.0], "sold": [2.0, 2.5, 0.5]})  # type: ignore[arg-type]
    )
    assert shown.count("<svg") == 1
    for word in (*labels, "bought", "sold", "2.50", "0.5"):
        assert word in shown
    assert "<script" not in shown


def test_one_moment_is_drawn_as_bars_and_a_table_in_full() -> None:
    assert 'class="bar' in drawn(Chart("line", "Month", ["2026-03"], {"mwh": [12.0]})) or "rect" in drawn(
        Chart("line", "Month", ["2026-03"], {"mwh": [12.0]})
    )
    table = drawn(Chart("table", "Clients", ["C1", "C2"], {"mwh": [1234.5, None], "share": [0.1234, 0.0]}))
    cells = re.findall("<td>([^<]*)</td>", table)
    assert cells == ["C1", "1,234", "0.123", "C2", "—", "0"]


def test_what_has_no_numbers_says_why() -> None:
    assert "AWS measures this" in drawn(Chart("line", "CPU", note="AWS measures this"))
    assert "no data" in drawn(Chart("bar", "Nothing", ["a"], {"x": [None]}))


def test_names_and_text_cannot_become_markup() -> None:
    sly = "<img src=x onerror=alert(1)>"
    shown = drawn(
        Chart("text", sly, text=f"**{sly}**"),
        Chart("bar", sly, [sly], {sly: [1.0]}),
        Chart("table", "t", [sly], {sly: [1.0]}),
        Chart("kpi", sly, [""], {"x": [5.0]}, note=sly),
    )
    assert "<img" not in shown
    assert "Board &amp; Co" in shown
