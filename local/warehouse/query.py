"""Questions to the deployed warehouse, through its Data API as any client would ask them."""

from __future__ import annotations

import time
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from botocore.exceptions import ClientError

from etl.contract import GOLD_TABLES, RAW_DATASETS
from etl.errors import DataLakeError
from etl.warehouse.model import ANALYTICS, RAW_DATA, REPORTING
from local.aws import Cloud

_POLL_SECONDS = 0.02
_NUMBERS = ("numeric", "int2", "int4", "int8", "float4", "float8")


class WarehouseQueryError(DataLakeError):
    """The warehouse is not there, or refused the statement."""


@dataclass(frozen=True)
class Answer:
    """Column names, rows, and the seconds the warehouse took; a statement without rows has no columns."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    seconds: float


def ask(cloud: Cloud, sql: str) -> Answer:
    """Run one statement in Redshift's SQL on the stack's cluster, as its administrator.

    Raises WarehouseQueryError with what the warehouse says of a statement that it refuses.
    """
    data = cloud.client("redshift-data")
    try:
        clusters = cloud.client("redshift").describe_clusters()["Clusters"]
        if len(clusters) != 1:
            raise WarehouseQueryError(
                f"There are {len(clusters)} clusters, not one.", fix="Deploy the stack: ./lake up local."
            )
        (cluster,) = clusters
        identity = data.execute_statement(
            ClusterIdentifier=cluster["ClusterIdentifier"],
            Database=cluster["DBName"],
            SecretArn=cluster["MasterPasswordSecretArn"],
            Sql=sql,
        )["Id"]
        described = data.describe_statement(Id=identity)
        while described["Status"] not in ("FINISHED", "FAILED", "ABORTED"):
            time.sleep(_POLL_SECONDS)
            described = data.describe_statement(Id=identity)
    except ClientError as error:
        raise WarehouseQueryError(f"The warehouse does not take statements: {error}") from error
    if described["Status"] != "FINISHED":
        raise WarehouseQueryError(
            str(described.get("Error", described["Status"])),
            fix="Schemas: raw_data, analytics, reporting; reporting.load_status tells what is loaded.",
        )
    seconds = described["Duration"] / 1e9
    if not described["HasResultSet"]:
        return Answer((), [], seconds)
    pages = list(data.get_paginator("get_statement_result").paginate(Id=identity))
    columns = [(one["name"], one["typeName"]) for one in pages[0]["ColumnMetadata"]]
    rows = [
        tuple(_value(cell, kind) for cell, (_, kind) in zip(row, columns, strict=True))
        for page in pages
        for row in page["Records"]
    ]
    return Answer(tuple(name for name, _ in columns), rows, seconds)


def held(cloud: Cloud) -> dict[str, int]:
    """Count the rows of the schemas raw_data and analytics, and the views of the schema reporting."""
    tables = {RAW_DATA: RAW_DATASETS, ANALYTICS: GOLD_TABLES}
    counts = [
        f"{' + '.join(f'(SELECT COUNT(*) FROM {schema}.{name})' for name in names)} AS {schema}"
        for schema, names in tables.items()
    ]
    views = f"(SELECT COUNT(*) FROM pg_views WHERE schemaname = '{REPORTING}') AS {REPORTING}"
    answer = ask(cloud, f"SELECT {', '.join([*counts, views])}")
    return dict(zip(answer.columns, answer.rows[0], strict=True))


def _value(cell: dict[str, Any], kind: str) -> Any:
    if cell.get("isNull"):
        return None
    ((_, found),) = cell.items()
    return Decimal(found) if kind in _NUMBERS and isinstance(found, str) else found
