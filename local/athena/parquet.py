"""Parquet footers: columns of a file, their fit to a table, and the bytes a query reads of them."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from local.athena.catalog import Column

FITTING: Mapping[str, tuple[str, ...]] = {
    "string": ("VARCHAR",),
    "int": ("INTEGER", "SMALLINT", "TINYINT"),
    "integer": ("INTEGER", "SMALLINT", "TINYINT"),
    "bigint": ("BIGINT", "INTEGER", "SMALLINT", "TINYINT"),
    "smallint": ("SMALLINT", "TINYINT"),
    "tinyint": ("TINYINT",),
    "boolean": ("BOOLEAN",),
    "double": ("DOUBLE", "FLOAT"),
    "float": ("FLOAT",),
    "date": ("DATE",),
    "timestamp": ("TIMESTAMP", "TIMESTAMP WITH TIME ZONE", "TIMESTAMP_NS", "TIMESTAMP_MS"),
    "binary": ("BLOB",),
}


class Rows(Protocol):
    """Something that runs a metadata query and returns its rows."""

    def __call__(self, sql: str, parameters: list[object]) -> list[tuple[object, ...]]:
        """Return all rows."""


@dataclass(frozen=True)
class Chunk:
    """One column chunk of a row group; least and greatest value as text, where the footer has them."""

    file: str
    row_group: int
    column: str
    compressed_bytes: int
    least: str | None
    greatest: str | None


def fits(column: Column, kind: str) -> bool:
    """Tell whether a Parquet column of a DuckDB type can be read as the declared Hive type without loss."""
    hive = re.sub(r"\s", "", column.hive_type.lower())
    if hive.startswith("decimal"):
        declared, actual = _decimal(hive), _decimal(kind.lower())
        return bool(declared and actual and declared[1] == actual[1] and declared[0] >= actual[0])
    if hive.startswith(("varchar", "char")):
        return kind == "VARCHAR"
    if hive.startswith("array<"):
        return kind.endswith("[]") and fits(Column(column.name, hive[6:-1]), kind[:-2])
    if hive.startswith("map<"):
        return kind.startswith("MAP(")
    if hive.startswith("struct<"):
        return kind.startswith("STRUCT(")
    return kind in FITTING.get(hive, ())


def _decimal(text: str) -> tuple[int, int] | None:
    found = re.fullmatch(r"decimal\((\d+),(\d+)\)", text)
    return (int(found[1]), int(found[2])) if found else None


def schemas(run: Rows, files: Sequence[Path]) -> dict[str, dict[str, str]]:
    """Return the top-level columns of each file: file → lower-case column name → DuckDB type."""
    found: dict[str, dict[str, str]] = {}
    inside: dict[str, int] = {}
    sql = "SELECT file_name, name, num_children, duckdb_type, column_id FROM parquet_schema(?)"
    for file, name, children, kind, column_id in run(sql, [[str(path) for path in files]]):
        key = str(file)
        if column_id == 0:
            found[key], inside[key] = {}, 0
            continue
        if inside[key]:
            inside[key] -= 1
        else:
            found[key][str(name).lower()] = str(kind)
        inside[key] += int(str(children or 0))
    return found


def chunks(run: Rows, files: Sequence[Path]) -> Iterator[Chunk]:
    """Every column chunk of the files."""
    sql = (
        "SELECT file_name, row_group_id, path_in_schema, total_compressed_size, stats_min_value, "
        "stats_max_value FROM parquet_metadata(?)"
    )
    for file, group, path, size, least, greatest in run(sql, [[str(each) for each in files]]):
        column = str(path).split(", ", maxsplit=1)[0].lower()
        yield Chunk(
            str(file),
            int(str(group)),
            column,
            int(str(size)),
            None if least is None else str(least),
            None if greatest is None else str(greatest),
        )
