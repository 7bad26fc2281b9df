"""Engine and plain-Python calculation agree on every record, Silver row and Gold value."""

from pathlib import Path

import pytest

from etl.contract import GOLD_TABLES
from etl.generate import generate
from tests.etl import oracle
from tests.etl.lake_support import Lake


def assert_agreement(lake: Lake) -> None:
    verdicts = oracle.evaluate(lake.root / "raw")
    quarantined = {k: v for d in oracle.COLUMNS for k, v in lake.quarantine(d).items()}
    assert quarantined == verdicts.rejected()
    for dataset in oracle.COLUMNS:
        rows = lake.table(f"processed/{dataset}/")
        expected = verdicts.silver(dataset)
        key = lambda r: (r["source_object"], r["source_line"])  # noqa: E731
        assert sorted(rows, key=key) == sorted(expected, key=key)
    lake.curate()
    for table, expected in oracle.aggregate(verdicts).items():
        rows = lake.table(f"curated/{table}/")
        assert sorted(map(str, rows)) == sorted(map(str, expected))


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    lake = Lake(tmp_path_factory.mktemp("lake"))
    generate(lake.root / "raw", seed=11, rows=1500)
    lake.process()
    return lake


def test_silver_quarantine_and_gold_equal_the_oracle_over_generated_deliveries(generated: Lake) -> None:
    assert_agreement(generated)


def test_a_year_before_quarter_hours_and_an_autumn_change_agree_too(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    generate(lake.root / "raw", seed=3, rows=400, dates=("2024-10-26", "2024-10-27", "2025-10-26"))
    lake.process()
    assert_agreement(lake)


def test_gold_of_the_oracle_has_every_table(generated: Lake) -> None:
    tables = oracle.gold(generated.root / "raw")
    assert set(tables) == set(GOLD_TABLES)
    assert all(tables.values())
