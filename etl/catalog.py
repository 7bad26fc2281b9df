"""The lake's tables as the Glue Data Catalog declares them, derived from the data contracts."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from etl.contract import GOLD_TABLES, OPERATIONS_TABLES, RAW_DATASETS, Contract, Field, load


class Zone(StrEnum):
    """A zone of the lake; its value is the bucket prefix."""

    RAW = "raw"
    PROCESSED = "processed"
    CURATED = "curated"


@dataclass(frozen=True, slots=True)
class Column:
    """One column: `type` in Hive's and Athena's notation, `pii` if personal data, `unit` of measure."""

    name: str
    type: str
    comment: str
    pii: bool
    unit: str | None


@dataclass(frozen=True, slots=True)
class Table:
    """One catalog table; `prefix` is its place in the data bucket, with a trailing slash."""

    name: str
    zone: Zone
    description: str
    columns: tuple[Column, ...]
    partitions: tuple[Column, ...]
    format: Literal["csv", "parquet"]
    prefix: str


def tables(zone: Zone) -> tuple[Table, ...]:
    """Tables of a zone, in a fixed order.

    Raw tables hold the CSV columns as strings and are partitioned by `load_date`, the folder name.
    """
    if zone is Zone.RAW:
        return tuple(_raw(load(name)) for name in RAW_DATASETS)
    names = (*RAW_DATASETS, *OPERATIONS_TABLES) if zone is Zone.PROCESSED else GOLD_TABLES
    return tuple(_parquet(load(name), zone) for name in names)


def table(zone: Zone, name: str) -> Table:
    """Return one table; KeyError when the zone has none of that name."""
    for candidate in tables(zone):
        if candidate.name == name:
            return candidate
    raise KeyError(f"{zone} has no table {name}")


def _raw(contract: Contract) -> Table:
    columns = tuple(
        Column(f.name, "string", f.description, f.pii, f.unit)
        for f in contract.source_fields
        if not f.partition
    )
    loaded = Column("load_date", "string", "Partition: folder date of the delivery, YYYY-MM-DD.", False, None)
    description = f"{contract.description.rstrip('.')}, as delivered: every column is text."
    return Table(contract.name, Zone.RAW, description, columns, (loaded,), "csv", f"raw/{contract.name}/")


def _parquet(contract: Contract, zone: Zone) -> Table:
    return Table(
        contract.name,
        zone,
        contract.description,
        tuple(_column(f) for f in contract.stored_fields),
        tuple(_column(f) for f in contract.partitions),
        "parquet",
        f"{zone}/{contract.name}/",
    )


def _column(field: Field) -> Column:
    return Column(field.name, field.type, field.description, field.pii, field.unit)
