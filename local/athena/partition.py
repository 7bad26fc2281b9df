"""Partitions of a table: their values and where their objects lie."""

from collections.abc import Iterator
from dataclasses import dataclass

from local.athena.catalog import Table
from local.aws import Cloud


@dataclass(frozen=True)
class Partition:
    """One partition: values as text, in the order of the partition columns, and its `s3://` prefix."""

    values: tuple[str, ...]
    location: str


def registered(cloud: Cloud, table: Table) -> Iterator[Partition]:
    """Return the partitions that the catalog holds for a table."""
    pages = (
        cloud.client("glue")
        .get_paginator("get_partitions")
        .paginate(DatabaseName=table.database, TableName=table.name, ExcludeColumnSchema=True)
    )
    for page in pages:
        for found in page["Partitions"]:
            location = (found.get("StorageDescriptor") or {}).get("Location")
            values = tuple(found["Values"])
            hive = table.location + "".join(
                f"{column.name}={value}/" for column, value in zip(table.partitions, values, strict=True)
            )
            yield Partition(values, (location or hive).rstrip("/") + "/")
