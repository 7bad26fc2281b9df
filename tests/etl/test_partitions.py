"""The catalog's partitions follow what is published, on a real Glue API."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from etl.catalog import Zone, tables
from etl.errors import DataLakeError
from etl.partitions import register
from etl.store import FolderStore

DATABASE = "energy_processed_test"
TABLE = next(t for t in tables(Zone.PROCESSED) if t.name == "transactions")


@pytest.fixture
def glue(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    with mock_aws():
        client = boto3.client("glue")
        client.create_database(DatabaseInput={"Name": DATABASE})
        client.create_table(
            DatabaseName=DATABASE,
            TableInput={
                "Name": TABLE.name,
                "PartitionKeys": [{"Name": c.name, "Type": c.type} for c in TABLE.partitions],
                "StorageDescriptor": {
                    "Columns": [{"Name": c.name, "Type": c.type} for c in TABLE.columns],
                    "Location": "s3://lake/processed/transactions/",
                },
            },
        )
        yield client


def days(client: Any) -> set[tuple[str, ...]]:
    return {
        tuple(p["Values"])
        for p in client.get_partitions(DatabaseName=DATABASE, TableName=TABLE.name)["Partitions"]
    }


def publish(store: FolderStore, day: int) -> str:
    key = f"{TABLE.prefix}year=2026/month=03/day={day:02d}/part-00000.parquet"
    store.put(key, b"PAR1")
    return key


def test_published_days_appear_and_withdrawn_days_disappear(glue: Any, tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    keys = [publish(store, day) for day in range(1, 29)]
    assert register(store, DATABASE, [TABLE]) == {TABLE.name: 28}
    assert days(glue) == {("2026", "03", f"{day:02d}") for day in range(1, 29)}
    store.delete(keys[1:])
    assert register(store, DATABASE, [TABLE]) == {TABLE.name: 27}
    assert days(glue) == {("2026", "03", "01")}


def test_a_partition_keeps_the_tables_form_and_points_at_its_own_folder(glue: Any, tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    publish(store, 7)
    register(store, DATABASE, [TABLE])
    found = glue.get_partitions(DatabaseName=DATABASE, TableName=TABLE.name)["Partitions"][0]
    assert found["StorageDescriptor"]["Location"] == f"{store.uri}{TABLE.prefix}year=2026/month=03/day=07/"
    assert [c["Name"] for c in found["StorageDescriptor"]["Columns"]] == [c.name for c in TABLE.columns]


def test_nothing_is_changed_when_catalog_and_lake_agree(glue: Any, tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    publish(store, 7)
    register(store, DATABASE, [TABLE])
    assert register(store, DATABASE, [TABLE]) == {}


def test_a_catalog_that_cannot_be_read_is_named(glue: Any, tmp_path: Path) -> None:
    with pytest.raises(DataLakeError, match=r"no_such_database\.transactions"):
        register(FolderStore(tmp_path), "no_such_database", [TABLE])
