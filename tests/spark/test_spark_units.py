"""Units that are judged in the same queries come to what they come to one after the other in DuckDB."""

from pathlib import Path
from typing import Any

import pytest

from etl.dimensions import processed_area
from etl.publish import read_index
from tests.etl.lake_support import VALID, Lake, lines
from tests.etl.test_dirty_cases import trade
from tests.spark.spark_support import UNREADABLE, Session, row_hash
from tests.spark.test_spark_engine import without_digests

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

FIRST, SECOND, THIRD, BROKEN, LAST = "2026-03-28", "2026-03-29", "2026-03-30", "2026-03-31", "2026-04-01"


def amended(number: int, version: int, **values: str) -> str:
    changes = {"version": str(version), "status": "AMENDED", "price_eur_mwh": str(60 + version)}
    return trade(number, **changes, **values)


def cancelled(number: int, version: int) -> str:
    return trade(number, version=str(version), status="CANCELLED")


def on(day: str) -> dict[str, str]:
    return {"delivery_start": f"{day}T09:00:00Z", "delivery_end": f"{day}T09:15:00Z"}


def deliver(lake: Lake, load_date: str, *rows: str) -> None:
    lake.deliver("transactions", lines("transactions", *rows), day=load_date)


def begin(lake: Lake) -> None:
    """Deliver two load dates, of which the second amends, repeats and contradicts the first."""
    lake.deliver("providers", lines("providers", VALID["providers"]))
    lake.deliver("clients", lines("clients", VALID["clients"]))
    deliver(lake, FIRST, *(trade(n) for n in range(1, 13)), cancelled(20, 1), trade(21, client_id="C000777"))
    later = {"price_eur_mwh": "51", "updated_at": "2026-03-27T11:00:00Z"}
    deliver(
        lake, SECOND,
        amended(1, 2), trade(2, **later), trade(3), *(trade(n, **on("2026-03-29")) for n in range(13, 19)),
    )  # fmt: skip


def go_on(lake: Lake) -> None:
    """Deliver the first anew and three more, the last but one broken, all with a say in others."""
    deliver(lake, FIRST, *(trade(n) for n in range(1, 11)), trade(4, quantity_mwh="0.002"), cancelled(20, 1))
    deliver(
        lake,
        THIRD,
        amended(2, 3),
        amended(5, 2, **on("2026-03-30")),
        trade(20),
        trade(14, **on("2026-03-29")),
    )
    bad = [trade(100 + n, price_eur_mwh="x") for n in range(80)]
    deliver(lake, BROKEN, *bad, *(trade(200 + n) for n in range(60)), amended(6, 2), amended(15, 2))
    deliver(
        lake, LAST, amended(6, 3), cancelled(7, 2), amended(13, 2), cancelled(200, 2), trade(30, **on(LAST))
    )


@pytest.fixture(scope="module")
def both(spark: Session, tmp_path_factory: pytest.TempPathFactory) -> tuple[Lake, Lake, list[Any], list[Any]]:
    """The lake of each engine after both steps, and the units of each of its runs."""
    ours, theirs = (Lake(tmp_path_factory.mktemp(name)) for name in ("spark", "duckdb"))
    said: list[Any] = []
    expected: list[Any] = []
    for step in (begin, go_on):
        for lake in (ours, theirs):
            step(lake)
        said.append(spark.run(ours, ansi=True, curate=False)["processed"])
        expected.append(theirs.process().to_dict())
    return ours, theirs, said, expected


def results(run: dict[str, Any]) -> list[dict[str, Any]]:
    """What a summary says of its units, but for what depends on the bytes of Parquet and the clock."""
    return [
        {key: _plain(value) for key, value in unit.items() if key not in {"seconds", "bytes_out"}}
        for unit in run["units"]
    ]


def _plain(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return value if isinstance(value, int) else str(value)


def test_units_come_to_the_same(both: tuple[Lake, Lake, list[Any], list[Any]]) -> None:
    _, _, said, expected = both
    assert [run["exit_code"] for run in said] == [run["exit_code"] for run in expected]
    assert [results(run) for run in said] == [results(run) for run in expected]
    assert [unit["outcome"] for unit in said[1]["units"]] == [
        "published",
        "published",
        "breached",
        "published",
    ]


def test_what_a_broken_unit_says_is_seen_by_none_after_it(
    both: tuple[Lake, Lake, list[Any], list[Any]],
) -> None:
    lake, *_ = both
    silver = {row["transaction_id"]: row for row in lake.table("processed/transactions/")}
    assert silver["T0000000006"]["version"] == 3
    assert silver["T0000000015"]["version"] == 1
    assert "T0000000200" not in silver
    assert {row["transaction_id"] for row in lake.table("processed/_ops/held/")} >= {"T0000000200"}


def test_lakes_are_equal(both: tuple[Lake, Lake, list[Any], list[Any]]) -> None:
    ours, theirs, *_ = both
    assert set(ours.published()) == set(theirs.published())
    keys = [key for key in theirs.published() if key.endswith(".parquet")]
    assert len(keys) > 8
    for key in keys:
        assert row_hash(ours.table(key)) == row_hash(theirs.table(key)), key
    for dataset in ("transactions", "clients", "providers"):
        mine, other = (read_index(lake.store, processed_area(dataset)) for lake in (ours, theirs))
        for index in (mine, other):
            for unit in index["units"].values():
                del unit["listing"]  # tells when files were written
        assert without_digests(mine) == without_digests(other), dataset


def test_one_file_that_cannot_be_read_does_not_hold_up_deliveries_before_it(
    spark: Session, tmp_path: Path
) -> None:
    lake = Lake(tmp_path)
    begin(lake)
    lake.deliver("transactions", lines("transactions", trade(40)), day=SECOND, name=UNREADABLE)
    with pytest.raises(AssertionError, match=UNREADABLE):
        spark.run(lake, ansi=True, curate=False)
    assert set(read_index(lake.store, processed_area("transactions"))["units"]) == {FIRST}
    assert not list(lake.store.list("processed/_ops/staging/"))
