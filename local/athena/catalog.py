"""The Glue catalog as a query sees it: databases, tables, columns, storage."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from local.athena.errors import QueryError
from local.athena.hive_types import to_trino
from local.athena.serde import CsvSerde, csv_serde
from local.aws import Cloud

PARQUET_SERDE = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"


@dataclass(frozen=True)
class Column:
    """A column; its type in Hive's vocabulary is `string` where Trino's is `varchar`."""

    name: str
    hive_type: str
    comment: str = ""

    @cached_property
    def trino_type(self) -> str:
        """The type as Athena's SQL knows it."""
        return to_trino(self.hive_type)


@dataclass(frozen=True)
class Table:
    """An external table of the catalog; `location` is its `s3://` root with a closing slash."""

    database: str
    name: str
    columns: tuple[Column, ...]
    partitions: tuple[Column, ...]
    location: str
    format: Literal["parquet", "csv"]
    serde: CsvSerde | None
    parameters: Mapping[str, str] = field(default_factory=dict)

    @property
    def all_columns(self) -> tuple[Column, ...]:
        """Data columns, then partition columns: the order of `SELECT *`."""
        return self.columns + self.partitions

    @property
    def projected(self) -> bool:
        """Whether partitions come from projection, not from the catalog."""
        return self.parameters.get("projection.enabled", "").lower() == "true"

    def __str__(self) -> str:
        return f"{self.database}.{self.name}"


class Catalog:
    """Databases and tables, read from Glue once and kept for the time of one query."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._glue = cloud.client("glue")
        self._tables: dict[tuple[str, str], Table | None] = {}

    @cached_property
    def databases(self) -> tuple[str, ...]:
        """All database names, sorted."""
        pages = self._glue.get_paginator("get_databases").paginate()
        return tuple(sorted(found["Name"] for page in pages for found in page["DatabaseList"]))

    def table_names(self, database: str) -> tuple[str, ...]:
        """Return the names of a database's tables, sorted."""
        pages = self._glue.get_paginator("get_tables").paginate(DatabaseName=database)
        return tuple(sorted(found["Name"] for page in pages for found in page["TableList"]))

    def table(self, database: str, name: str) -> Table | None:
        """One table, or None when the database or the table does not exist."""
        key = (database, name)
        if key not in self._tables:
            try:
                raw = self._glue.get_table(DatabaseName=database, Name=name)["Table"]
            except self._glue.exceptions.EntityNotFoundException:
                self._tables[key] = None
            else:
                self._tables[key] = parse_table(database, raw)
        return self._tables[key]


def parse_table(database: str, raw: Mapping[str, Any]) -> Table:
    """Return a table from the shape of `get_table`.

    Raises:
        QueryError: It is a view, or its SerDe is neither Parquet's nor one of the CSV ones.

    """
    storage = raw.get("StorageDescriptor") or {}
    serde = storage.get("SerdeInfo") or {}
    library = serde.get("SerializationLibrary", "")
    parameters = {**(storage.get("Parameters") or {}), **(raw.get("Parameters") or {})}
    csv = csv_serde(library, serde.get("Parameters") or {}, parameters)
    if library != PARQUET_SERDE and csv is None:
        raise QueryError(
            "HIVE_UNSUPPORTED_FORMAT",
            f"table {database}.{raw['Name']} has the SerDe {library or '(none)'}",
            fix="use Parquet, LazySimpleSerDe or OpenCSVSerde",
        )
    location = storage.get("Location", "")
    if not location.startswith("s3://"):
        raise QueryError(
            "HIVE_METASTORE_ERROR", f"table {database}.{raw['Name']} has the location {location!r}, not s3://"
        )
    return Table(
        database=database,
        name=raw["Name"],
        columns=_columns(storage.get("Columns")),
        partitions=_columns(raw.get("PartitionKeys")),
        location=location.rstrip("/") + "/",
        format="csv" if csv else "parquet",
        serde=csv,
        parameters=parameters,
    )


def _columns(raw: list[dict[str, str]] | None) -> tuple[Column, ...]:
    return tuple(
        Column(column["Name"].lower(), column.get("Type", "string"), column.get("Comment", ""))
        for column in raw or []
    )
