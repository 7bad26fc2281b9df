"""Rejected records come in once what they lacked is there, and only what they touch is computed again."""

from pathlib import Path

from etl import curated, processed
from etl.market import Market
from tests.etl.lake_support import MARKET, Lake, changed, lines
from tests.etl.test_oracle_agreement import assert_agreement

DAYS = {"2026-03-28": "T0000000001", "2026-03-29": "T0000000002"}


def trade(day: str, **values: str) -> str:
    times = {"delivery_start": f"{day}T10:00:00Z", "delivery_end": f"{day}T10:15:00Z"}
    return changed("transactions", **(times | values))


def delivered(tmp_path: Path, **orphan: str) -> Lake:
    """Two load dates with a good trade each, and on the second one that is rejected."""
    lake = Lake(tmp_path)
    lake.dimensions()
    for day, number in DAYS.items():
        rows = [trade(day, transaction_id=number)]
        if day == "2026-03-29":
            rows.append(trade(day, transaction_id="T0000000003", **orphan))
        lake.deliver("transactions", lines("transactions", *rows), day=day)
    lake.process()
    lake.curate()
    return lake


def moved(before: dict[str, str], after: dict[str, str]) -> set[str]:
    keys = {k for k in before.keys() | after.keys() if before.get(k) != after.get(k)}
    return {k.rpartition("/")[0] for k in keys if k.endswith(".parquet")}


def conserved(lake: Lake) -> dict[str, int]:
    total = processed.totals(lake.store)["transactions"]
    assert total["rows_in"] == total["good"] + total["rejected"] + total["duplicates"] == 3
    return total


def test_an_orphan_comes_in_with_its_client_and_moves_only_its_own_day(tmp_path: Path) -> None:
    lake = delivered(tmp_path, client_id="C000002")
    assert conserved(lake)["rejected"] == 1
    tables = ("processed/transactions/", "curated/daily_energy_consumption/", "curated/provider_performance/")
    before = lake.content(*tables)
    lake.deliver("clients", lines("clients", changed("clients", client_id="C000002")), day="2026-03-30")
    replayed = [u for u in lake.process().units if u.dataset == "transactions"]
    assert [(u.unit, u.good, u.rejected) for u in replayed] == [("2026-03-29", 2, 0)]
    lake.curate()
    day = "year=2026/month=03/day=29"
    assert moved(before, lake.content(*tables)) == {f"{table}{day}" for table in tables}
    assert conserved(lake)["rejected"] == 0
    assert_agreement(lake)


def test_a_mended_rule_lets_in_what_it_rejected_and_gold_moves_only_there(tmp_path: Path) -> None:
    lake = delivered(tmp_path, price_eur_mwh="4500")
    assert lake.quarantine() != {}
    gold = "curated/daily_energy_consumption/"
    before = lake.content("processed/transactions/", gold)
    mended = Market(price_cap=5000)
    summary = processed.run(lake.store, mended)
    assert {u.unit for u in summary.units if u.dataset == "transactions"} == set(DAYS)
    curated.run(lake.store, mended)
    after = lake.content("processed/transactions/", gold)
    day = "year=2026/month=03/day=29"
    assert moved(before, after) == {f"processed/transactions/{day}", gold + day}
    assert conserved(lake)["rejected"] == 0
    assert lake.quarantine() == {}
    assert processed.run(lake.store, mended).units == []


def test_without_anything_new_a_replay_does_nothing(tmp_path: Path) -> None:
    lake = delivered(tmp_path, client_id="C000002")
    lake.deliver("clients", lines("clients", changed("clients", client_id="C000005")), day="2026-03-30")
    assert [u.dataset for u in lake.process().units] == ["clients"]
    assert processed.run(lake.store, MARKET).units == []
    assert conserved(lake)["rejected"] == 1
