"""Registration of Hive partitions: what is published is what the catalog shows, after every run."""

import os
import sys
from collections.abc import Iterator, Sequence
from typing import Any

import boto3
from botocore.exceptions import ClientError

from etl.catalog import Table
from etl.errors import DataLakeError
from etl.parallel import each
from etl.store import Store

_CREATE_AT_ONCE = 100  # https://docs.aws.amazon.com/glue/latest/webapi/API_BatchCreatePartition.html
_DELETE_AT_ONCE = 25  # https://docs.aws.amazon.com/glue/latest/webapi/API_BatchDeletePartition.html

Values = tuple[str, ...]


def register(store: Store, database: str, tables: Sequence[Table]) -> dict[str, int]:
    """Bring the catalog's partitions in step with the published objects; returns changes by table.

    Compares the object keys with the registered partitions of every table, so a run that was killed between
    publishing and registering is mended by the next one. Raises DataLakeError when the catalog refuses.
    """
    glue = boto3.client("glue", region_name=os.environ.get("AWS_DEFAULT_REGION"))
    changes = {}
    for table, (missing, surplus) in zip(
        tables, each(lambda table: _step(glue, store, database, table), tables), strict=True
    ):
        if missing or surplus:
            changes[table.name] = missing + surplus
            print(
                f"{table.name}: {missing} partitions registered, {surplus} removed",
                file=sys.stderr,
                flush=True,
            )
    return changes


def _step(glue: Any, store: Store, database: str, table: Table) -> tuple[int, int]:
    """Bring one table in step; return how many partitions were registered and removed."""
    published = set(_published(store, table))
    registered = set(_registered(glue, database, table.name))
    missing, surplus = sorted(published - registered), sorted(registered - published)
    if missing:
        _create(glue, store, database, table, missing)
    for values in _chunks(surplus, _DELETE_AT_ONCE):
        answer = glue.batch_delete_partition(
            DatabaseName=database,
            TableName=table.name,
            PartitionsToDelete=[{"Values": v} for v in values],
        )
        _refuse(answer.get("Errors"), database, table, "EntityNotFoundException")
    return len(missing), len(surplus)


def _published(store: Store, table: Table) -> Iterator[Values]:
    names = [column.name for column in table.partitions]
    for entry in store.list(table.prefix):
        folders = entry.key.removeprefix(table.prefix).split("/")[:-1]
        pairs = [folder.partition("=") for folder in folders]
        if [name for name, _, _ in pairs] == names and entry.key.endswith(".parquet"):
            yield tuple(value for _, _, value in pairs)


def _registered(glue: Any, database: str, table: str) -> Iterator[Values]:
    pages = glue.get_paginator("get_partitions").paginate(
        DatabaseName=database, TableName=table, ExcludeColumnSchema=True
    )
    try:
        for page in pages:
            yield from (tuple(partition["Values"]) for partition in page["Partitions"])
    except ClientError as error:
        raise DataLakeError(
            f"The partitions of {database}.{table} cannot be read: {error}",
            where="the job's argument --catalog_database",
            fix="Name the zone's catalog database, and let the job's role read and change its tables.",
        ) from error


def _create(glue: Any, store: Store, database: str, table: Table, missing: Sequence[Values]) -> None:
    described = glue.get_table(DatabaseName=database, Name=table.name)["Table"]["StorageDescriptor"]
    base = store.uri + table.prefix
    for values in _chunks(missing, _CREATE_AT_ONCE):
        partitions = [
            {"Values": list(v), "StorageDescriptor": described | {"Location": base + _folder(table, v)}}
            for v in values
        ]
        answer = glue.batch_create_partition(
            DatabaseName=database, TableName=table.name, PartitionInputList=partitions
        )
        _refuse(answer.get("Errors"), database, table, "AlreadyExistsException")


def _folder(table: Table, values: Values) -> str:
    return "".join(f"{c.name}={v}/" for c, v in zip(table.partitions, values, strict=True))


def _refuse(errors: Sequence[Any] | None, database: str, table: Table, harmless: str) -> None:
    """Raise for what the catalog refused; `harmless` is what another run of the same work leaves behind."""
    real = [e for e in errors or () if e.get("ErrorDetail", {}).get("ErrorCode") != harmless]
    if real:
        first = real[0]
        raise DataLakeError(
            f"{len(real)} partitions of {database}.{table.name} could not be changed, the first for "
            f"{first.get('ErrorDetail', {}).get('ErrorMessage')}",
            where="/".join(first.get("PartitionValues", ())),
            fix="See that the job's role may change partitions of this table, then run the job again.",
        )


def _chunks(values: Sequence[Values], size: int) -> Iterator[Sequence[Values]]:
    for start in range(0, len(values), size):
        yield values[start : start + size]
