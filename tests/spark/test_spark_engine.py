"""Spark, ANSI mode on and off, DuckDB and the plain-Python calculation come to the same rows."""

import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from etl.contract import GOLD_TABLES
from etl.dimensions import processed_area
from etl.publish import read_index
from tests.etl import oracle
from tests.etl.lake_support import Lake
from tests.spark.dirt import CASES, case_key, deliver
from tests.spark.spark_support import Session, row_hash

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

SPARKS = ("lenient", "ansi")
PROCESSED = ("transactions", "clients", "providers", "quarantine", "dq_results")


@pytest.fixture(scope="module")
def delivered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return deliver(tmp_path_factory.mktemp("delivered")).root


@pytest.fixture(scope="module")
def duckdb(delivered: Path, tmp_path_factory: pytest.TempPathFactory) -> Lake:
    lake = copy_of(delivered, tmp_path_factory.mktemp("duckdb"))
    assert lake.process().exit_code == 0
    lake.curate()
    return lake


@pytest.fixture(scope="module", params=SPARKS)
def on_spark(
    request: pytest.FixtureRequest, spark: Session, delivered: Path, tmp_path_factory: pytest.TempPathFactory
) -> Lake:
    lake = copy_of(delivered, tmp_path_factory.mktemp("spark"))
    # With a share of half a megabyte, which is eight small files, a load date is judged by several tasks.
    ansi = request.param == "ansi"
    ran = spark.run(lake, ansi=ansi, share=512 << 10 if ansi else 8 << 20)
    assert ran["processed"]["exit_code"] == 0
    return lake


@pytest.fixture(scope="module")
def verdicts(delivered: Path) -> oracle.Verdicts:
    return oracle.evaluate(delivered / "raw")


def copy_of(source: Path, target: Path) -> Lake:
    shutil.copytree(source, target, dirs_exist_ok=True, copy_function=shutil.copy2)
    return Lake(target)


def of_object(rows: list[dict[str, Any]], key: str) -> list[dict[str, Any]]:
    return [row for row in rows if row["source_object"] == key]


def reasons(rows: list[dict[str, Any]]) -> str:
    return row_hash(
        {"file": r["source_object"], "line": r["source_line"], "reasons": r["reasons"]}
        for r in rows
        if r["source_line"]
    )


@pytest.mark.parametrize("case", CASES)
def test_each_dirty_case_ends_in_the_same_rows(
    case: str, on_spark: Lake, duckdb: Lake, verdicts: oracle.Verdicts
) -> None:
    key = case_key(case)
    silver = [of_object(lake.table("processed/transactions/"), key) for lake in (duckdb, on_spark)]
    silver.append(of_object(verdicts.silver("transactions"), key))
    assert len({row_hash(rows) for rows in silver}) == 1
    rejects = "processed/quarantine/dataset=transactions/"
    quarantined = [of_object(lake.table(rejects), key) for lake in (duckdb, on_spark)]
    assert row_hash(quarantined[0]) == row_hash(quarantined[1])
    rejected = [
        {"source_object": o, "source_line": line, "reasons": broken}
        for (o, line), broken in verdicts.rejected().items()
        if o == key
    ]
    assert reasons(rejected) == reasons(quarantined[1])
    assert silver[0] or quarantined[0] or "empty day" in case


@pytest.mark.parametrize("table", PROCESSED)
def test_processed_tables_are_equal(table: str, on_spark: Lake, duckdb: Lake) -> None:
    ours, theirs = (lake.table(f"processed/{table}/") for lake in (on_spark, duckdb))
    assert ours
    assert row_hash(ours) == row_hash(theirs)


def test_silver_and_quarantine_equal_the_oracle(on_spark: Lake, verdicts: oracle.Verdicts) -> None:
    for dataset in oracle.COLUMNS:
        assert row_hash(on_spark.table(f"processed/{dataset}/")) == row_hash(verdicts.silver(dataset))
    quarantined = {k: v for d in oracle.COLUMNS for k, v in on_spark.quarantine(d).items()}
    assert quarantined == verdicts.rejected()


@pytest.mark.parametrize("table", GOLD_TABLES)
def test_gold_is_equal(table: str, on_spark: Lake, duckdb: Lake, verdicts: oracle.Verdicts) -> None:
    expected = oracle.aggregate(verdicts)[table]
    assert expected
    found = [lake.table(f"curated/{table}/") for lake in (on_spark, duckdb)]
    assert {row_hash(rows) for rows in found} == {row_hash(expected)}


def test_objects_indexes_and_schemas_are_those_of_the_other_engine(on_spark: Lake, duckdb: Lake) -> None:
    assert set(on_spark.published()) == set(duckdb.published())
    for lake in (on_spark, duckdb):
        assert not list(lake.store.list("processed/_ops/staging/"))
    keys = [key for key in duckdb.published() if key.endswith(".parquet")]
    for key in keys:
        assert schema(on_spark, key) == schema(duckdb, key), key


@pytest.mark.parametrize("dataset", oracle.COLUMNS)
def test_indexes_are_equal_but_for_the_digests_of_objects(dataset: str, on_spark: Lake, duckdb: Lake) -> None:
    ours, theirs = (read_index(lake.store, processed_area(dataset)) for lake in (on_spark, duckdb))
    assert ours["units"] == theirs["units"]
    assert without_digests(ours["partitions"]) == without_digests(theirs["partitions"])


def without_digests(document: Any) -> Any:
    if isinstance(document, dict):
        return {key: without_digests(value) for key, value in document.items() if key != "sha256"}
    return document


def schema(lake: Lake, key: str) -> list[tuple[str, str]]:
    import duckdb as engine

    with engine.connect() as connection:
        described = connection.execute(
            "DESCRIBE SELECT * FROM read_parquet(?, hive_partitioning = false)", [str(lake.root / key)]
        ).fetchall()
    return [(name, kind) for name, kind, *_ in described]


def test_each_delivered_file_is_read_by_one_task_and_never_by_the_driver(
    on_spark: Lake, spark: Session
) -> None:
    opened = spark.opened(on_spark)
    raw = {e.key for e in on_spark.store.list("raw/")}
    assert {key for _, key in opened} == raw
    assert spark.process.pid not in {pid for pid, _ in opened}
    readers: dict[str, set[int]] = {}
    for pid, key in opened:
        readers.setdefault(key, set()).add(pid)
    assert {key: len(pids) for key, pids in readers.items() if len(pids) > 1} == {}
    # Opened to look at its bytes, at its first eight, to be split, and if it is rejected whole to be told.
    assert max(Counter(key for _, key in opened).values()) <= 4


def test_a_run_over_unchanged_deliveries_does_nothing_on_the_other_engine(
    on_spark: Lake, duckdb: Lake
) -> None:
    again = on_spark.process()
    assert (again.units, again.unchanged) == ([], 4)
    assert on_spark.curate().units == []
