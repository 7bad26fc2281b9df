"""A month of Gold of which one day changed: only that day of Silver is read, the month comes to the same."""

from pathlib import Path
from typing import Any

import pytest

from etl import curated
from etl.market import Market
from etl.slices import curated_area
from etl.workshop import Workshop
from tests.etl.lake_support import MARKET, Lake, changed, lines

KEPT = "curated/_ops/client_days/"
MONTHS = "curated/client_analytics/"
INDEX = curated_area("client_analytics").index
DAYS = ("2026-03-26", "2026-03-27", "2026-03-28", "2026-04-01")


def trade(day: str, number: int, **values: str) -> str:
    start = {"delivery_start": f"{day}T10:00:00Z", "delivery_end": f"{day}T10:15:00Z"}
    return changed("transactions", transaction_id=f"T{number:010}", **(start | values))


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    lake = Lake(tmp_path)
    lake.dimensions("2026-03-25")
    for number, day in enumerate(DAYS):
        lake.deliver("transactions", lines("transactions", trade(day, number)), day=day)
    assert lake.process().exit_code == 0
    lake.curate()
    return lake


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Days of Silver that were read for what clients bought a day."""
    days: list[str] = []
    create = Workshop.create_deliveries

    def record(self: Workshop, silver: Any, of: Any) -> None:
        days.extend(of)
        create(self, silver, of)

    monkeypatch.setattr(Workshop, "create_deliveries", record)
    return days


def monthly(lake: Lake, market: Market = MARKET, *, force: bool = False) -> list[str]:
    """Compute the monthly table; return the months that were written."""
    summary = curated.run(lake.store, market, ("client_analytics",), force=force)
    return [month for unit in summary.units for month in unit.partitions]


def days_kept(lake: Lake) -> list[str]:
    return sorted(Path(entry.key).name[:10] for entry in lake.store.list(KEPT))


def test_each_day_is_kept_once(lake: Lake) -> None:
    assert days_kept(lake) == list(DAYS)


def test_a_late_line_has_its_day_read_and_no_other(lake: Lake, read: list[str]) -> None:
    before = lake.content(KEPT)
    late = trade("2026-03-27", 9, quantity_mwh="0.0005")
    lake.deliver("transactions", lines("transactions", late), day="2026-03-29")
    lake.process()
    assert monthly(lake) == ["2026-03-01"]
    assert read == ["2026-03-27"]
    assert days_kept(lake) == list(DAYS)
    after = lake.content(KEPT)
    assert {Path(key).name[:10] for key in before.keys() ^ after.keys()} == {"2026-03-27"}
    in_parts = lake.content(MONTHS)
    assert monthly(lake, force=True) == ["2026-03-01", "2026-04-01"]
    assert read[1:] == list(DAYS)
    assert lake.content(MONTHS, KEPT) == in_parts | after


def test_providers_of_several_days_count_once(lake: Lake) -> None:
    second = changed("providers", provider_id="P0002")
    lake.deliver("providers", lines("providers", changed("providers"), second), day="2026-03-29")
    late = [trade(day, 20 + n, provider_id="P0002") for n, day in enumerate(DAYS[:2])]
    lake.deliver("transactions", lines("transactions", *late), day="2026-03-29")
    assert lake.process().exit_code == 0
    lake.curate()
    assert lake.rows(MONTHS, "delivery_month::VARCHAR, providers") == [("2026-03-01", 2), ("2026-04-01", 1)]


def test_who_only_sold_in_a_month_bought_from_nobody(lake: Lake) -> None:
    lake.deliver(
        "transactions",
        lines("transactions", trade("2026-04-01", 3, side="SELL", version="2")),
        day="2026-04-02",
    )
    assert lake.process().exit_code == 0
    monthly(lake)
    (april,) = [
        r
        for r in lake.rows(MONTHS, "delivery_month::VARCHAR, consumption_mwh, max_quarter_mw, providers")
        if r[0] == "2026-04-01"
    ]
    assert april[1:] == (0, None, 0)


def test_a_day_that_is_gone_is_not_kept(lake: Lake) -> None:
    lake.store.delete(["raw/transactions/2026-03-28/transactions.csv"])
    lake.deliver("transactions", lines("transactions"), day="2026-03-28")
    lake.process()
    assert monthly(lake) == ["2026-03-01"]
    assert days_kept(lake) == ["2026-03-26", "2026-03-27", "2026-04-01"]


def test_other_settings_of_the_market_have_all_days_read(lake: Lake, read: list[str]) -> None:
    before = set(lake.content(KEPT))
    assert monthly(lake, Market(holidays=((3, 27),))) == ["2026-03-01", "2026-04-01"]
    assert read == list(DAYS)
    assert not before & set(lake.content(KEPT))


def test_what_was_kept_by_a_run_that_was_killed_is_used_or_deleted(lake: Lake, read: list[str]) -> None:
    left = lake.content(KEPT, MONTHS)
    stale = f"{KEPT}2026-03-27-0123456789abcdef.parquet"
    lake.store.put(stale, b"left over")
    (lost,) = (key for key in left if key.startswith(f"{KEPT}2026-03-26"))
    lake.store.delete([lost, INDEX])
    monthly(lake)
    assert read == ["2026-03-26"]
    assert lake.content(KEPT, MONTHS) == left


def test_a_damaged_one_is_computed_anew(lake: Lake, read: list[str]) -> None:
    before = lake.content(MONTHS, KEPT)
    damaged = next(key for key in before if key.startswith(f"{KEPT}2026-03-26"))
    lake.store.put(damaged, b"PAR1")
    lake.store.delete([INDEX])
    monthly(lake)
    assert read == ["2026-03-26"]
    assert lake.content(MONTHS, KEPT) == before
