"""Typing plain lines and judging them with care come to the same, whatever digits stand in a plain shape."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl import lines as reader
from etl.contract import load
from etl.generate import generate
from etl.header import read_header
from etl.plain import DIGITS, has_plain_form, shapes
from tests.etl.lake_support import HEADERS, VALID, Lake, changed, lines

CONTRACT = load("transactions")

TRICKS = {
    "version": ("0", "9", "07", "12"),
    "client_id": ("C999999",),
    "delivery_start": (
        "2026-02-30T10:00:00Z", "2026-13-01T10:00:00Z", "2026-00-10T10:00:00Z", "2026-03-28T24:00:00Z",
        "2026-03-28T25:00:00Z", "2026-03-28T10:60:00Z", "2026-03-28T10:00:60Z", "1999-03-28T10:00:00Z",
        "2100-03-28T10:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2026-03-28T10:07:00Z",
        "2026-03-28T10:00:00+01:00", "2026-03-28T11:00:00", "2026-03-28T10:00Z", "2024-02-29T10:00:00Z",
    ),
    "delivery_end": ("2026-03-28T10:00:00Z", "2026-03-28T11:00:00Z", "2026-03-28T09:00:00Z"),
    "quantity_mwh": (
        "-0", "0", "-0.000001", "000000000000.1", "999999999999.999999", "1.0000001", "1e3", "1,5",
    ),
    "price_eur_mwh": ("-500", "-500.000001", "4000", "4000.000001", "999999999999", "-0.01", "0.5"),
    "executed_at": ("2026-02-29T00:00:00Z", "2026-03-29T02:30:00"),
    "updated_at": ("2099-12-31T23:59:59Z", "2000-01-01T00:00:00Z"),
}  # fmt: skip


def tables(lake: Lake) -> dict[str, list[tuple[object, ...]]]:
    columns = {"quarantine": "source_object, source_line, raw, fields, reasons"}
    columns["dq_results"] = "rule_id, evaluated, failed, outcome"
    return {
        table: lake.rows(f"processed/{table}/", columns.get(table, "*"))
        for table in ("transactions", "quarantine", "dq_results")
    }


def both_ways(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fill: object) -> tuple[Lake, Lake]:
    assert callable(fill)
    quick, careful = Lake(tmp_path / "quick"), Lake(tmp_path / "careful")
    for lake in (quick, careful):
        fill(lake)
    quick.process()
    monkeypatch.setattr(reader, "shapes", lambda contract, header: None)
    careful.process()
    return quick, careful


def test_digits_that_make_no_value_are_judged_as_if_nothing_were_plain(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fill(lake: Lake) -> None:
        lake.dimensions()
        rows = [changed("transactions", transaction_id=f"T{n:010d}") for n in range(400)]
        for column, values in TRICKS.items():
            rows += [
                changed("transactions", transaction_id=f"T{len(rows) + n:010d}", **{column: value})
                for n, value in enumerate(values)
            ]
        lake.deliver("transactions", lines("transactions", *rows))
        header, *body = lines("transactions", *rows[-60:]).splitlines()
        turned = [
            ";".join(reversed(line.split(","))) for line in (header + ",note", *(b + ",a b" for b in body))
        ]
        lake.deliver("transactions", "\n".join(turned) + "\n", name="turned")

    quick, careful = both_ways(tmp_path, monkeypatch, fill)
    assert tables(quick) == tables(careful)
    assert len(quick.quarantine()) > 30


def test_generated_deliveries_with_every_kind_of_dirt_come_to_the_same_both_ways(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fill(lake: Lake) -> None:
        generate(lake.root / "raw", seed=23, rows=1500)

    quick, careful = both_ways(tmp_path, monkeypatch, fill)
    assert tables(quick) == tables(careful)


def test_only_datasets_without_free_text_have_a_plain_form() -> None:
    assert has_plain_form(CONTRACT)
    assert not has_plain_form(load("clients"))
    assert not has_plain_form(load("providers"))


@settings(max_examples=300, deadline=None)
@given(column=st.sampled_from(HEADERS["transactions"].split(",")), text=st.text(max_size=24))
def test_no_text_that_the_reader_must_see_has_a_plain_shape(column: str, text: str) -> None:
    pattern = shapes(CONTRACT, read_header(HEADERS["transactions"], CONTRACT))
    assert pattern is not None
    assert pattern.fullmatch(VALID["transactions"].encode().translate(DIGITS))
    line = changed("transactions", **{column: text}).encode("utf-8", "surrogatepass")
    if pattern.fullmatch(line.translate(DIGITS)):
        assert line.isascii()
        assert line.count(b",") == 14
        assert not set(line) & set(b'"\x00\t\r\n\x1a ')
        assert text == text.upper()
