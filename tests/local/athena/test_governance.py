"""What grants add up to: whole tables, columns, filters, tags."""

import pytest

from local.athena import QueryError, View
from local.athena.catalog import Column, Table
from local.athena.governance import united

TRADES = Table(
    database="energy",
    name="trades",
    columns=(Column("trade_id", "string", ""), Column("client", "string", ""), Column("mwh", "double", "")),
    partitions=(Column("day", "string", ""),),
    location="s3://lake-data/trades/",
    format="parquet",
    serde=None,
)
ALL = frozenset({"trade_id", "client", "mwh", "day"})


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([], None),
        ([View()], View()),
        ([View(frozenset({"mwh"})), View()], View()),
        ([View(frozenset({"mwh", "day"})), View(frozenset({"client", "trade_id"}))], View()),
        ([View(frozenset({"mwh"})), View(frozenset({"day"}))], View(frozenset({"mwh", "day"}))),
        ([View(None, "mwh > 1"), View()], View()),
        ([View(None, "mwh > 1")], View(ALL, "mwh > 1")),
        ([View(None, "mwh > 1"), View(ALL, "day = '1'")], View(ALL, "(mwh > 1) OR (day = '1')")),
        ([View(frozenset({"mwh"}), "mwh > 1"), View(frozenset({"mwh"}))], View(frozenset({"mwh"}))),
    ],
)
def test_grants_add_up(parts: list[View], expected: View | None) -> None:
    assert united(parts, TRADES) == expected


def test_different_columns_of_different_rows_are_refused_instead_of_widened() -> None:
    with pytest.raises(QueryError, match="different columns of different rows"):
        united([View(frozenset({"mwh"}), "mwh > 1"), View(frozenset({"client"}))], TRADES)
