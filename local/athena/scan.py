"""One scanned table of a query: its partitions, objects and bytes, and the view that DuckDB reads."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlglot import exp

from local.athena import parquet, storage
from local.athena.catalog import Column, Table
from local.athena.engine import Engine
from local.athena.errors import QueryError
from local.athena.partition import Partition, registered
from local.athena.predicates import Demand, equalities, necessary
from local.athena.projection import project
from local.athena.storage import Cache, Stored
from local.athena.translate import to_sql
from local.aws import Cloud

_MIRRORED: dict[type[exp.Expr], type[exp.Expr]] = {
    exp.LT: exp.GT,
    exp.LTE: exp.GTE,
    exp.GT: exp.LT,
    exp.GTE: exp.LTE,
}
_COMPARABLE = (
    "bigint",
    "int",
    "integer",
    "smallint",
    "tinyint",
    "double",
    "date",
    "timestamp",
    "string",
    "decimal",
)


@dataclass(frozen=True)
class Scan:
    """What reading one table takes: partitions kept of those there are, objects, and scanned bytes."""

    name: str
    table: Table
    partitions_total: int
    partitions: tuple[Partition, ...]
    objects: tuple[Stored, ...]
    files: tuple[Path, ...]
    row_groups_total: int
    row_groups: int
    bytes_scanned: int


def plan(
    cloud: Cloud,
    engine: Engine,
    cache: Cache,
    folder: Path,
    *,
    name: str,
    table: Table,
    demand: Demand,
    columns: frozenset[str],
) -> Scan:
    """Choose partitions by the query's conditions, fetch their objects, count the bytes Athena would scan.

    Bytes are those of the referenced columns' compressed chunks in the row groups that minimum and maximum do
    not exclude; for CSV the objects' sizes. (Billing rounds each query up to 10 MB; the count here does not.)

    Raises:
        QueryError: An object cannot be read, or a file's type does not fit the table.

    """
    candidates = _candidates(cloud, table, demand)
    kept = _pruned(engine, table, candidates, demand)
    found = storage.objects(cloud, table, kept)
    files = storage.stage(cloud, cache, table, found, folder / name)
    groups = total_groups = 0
    if table.format == "csv":
        scanned = sum(each.size for each in found)
    else:
        scanned, groups, total_groups = _parquet_bytes(engine, table, files, demand, columns)
    _create_view(engine, name, table, files=files, found=found, used=columns)
    return Scan(
        name, table, len(candidates), tuple(kept), tuple(found), tuple(files), total_groups, groups, scanned
    )


def _candidates(cloud: Cloud, table: Table, demand: Demand) -> list[Partition]:
    if not table.partitions:
        return [Partition((), table.location)]
    if table.projected:
        injected = {column.name: equalities(demand.conditions, column.name) for column in table.partitions}
        return list(project(table, injected, datetime.now(UTC)))
    return list(registered(cloud, table))


def _pruned(engine: Engine, table: Table, candidates: list[Partition], demand: Demand) -> list[Partition]:
    names = frozenset(column.name for column in table.partitions)
    conditions = [part for part in (necessary(each, names) for each in demand.conditions) if part]
    if not conditions or not candidates:
        return candidates
    columns = ", ".join(
        f"TRY_CAST(nullif(v[{index}], '{storage.NULL_PARTITION}') AS {duckdb_type(column)}) "
        f"AS {_quoted(column.name)}"
        for index, column in enumerate(table.partitions, start=1)
    )
    where = to_sql(exp.and_(*conditions))
    rows = engine.run(
        f"SELECT i FROM (SELECT i, {columns} FROM (SELECT unnest(range(len(?::VARCHAR[][]))) AS i, "
        "unnest(?::VARCHAR[][]) AS v))"
        f" AS {_quoted(demand.alias)} WHERE {where} ORDER BY i",
        [[list(each.values) for each in candidates]] * 2,
    )
    return [candidates[index] for (index,) in rows]


def _parquet_bytes(
    engine: Engine, table: Table, files: Sequence[Path], demand: Demand, columns: frozenset[str]
) -> tuple[int, int, int]:
    """(bytes, row groups read, row groups there are)."""
    if not files:
        return 0, 0, 0
    bounds = {column.name: column for column in table.columns if _comparable(column)}
    excluded: set[tuple[str, int]] = set()
    sizes: dict[tuple[str, int], int] = {}
    by_column: dict[str, list[parquet.Chunk]] = {}
    for chunk in parquet.chunks(engine.run, files):
        key = (chunk.file, chunk.row_group)
        sizes[key] = sizes.get(key, 0) + (chunk.compressed_bytes if chunk.column in columns else 0)
        by_column.setdefault(chunk.column, []).append(chunk)
    for condition in demand.conditions:
        column = _bounded_column(condition, bounds)
        if column is None:
            continue
        chunks = by_column.get(column.name, [])
        kept = _possible(engine, column, condition, chunks)
        excluded |= {(chunk.file, chunk.row_group) for index, chunk in enumerate(chunks) if index not in kept}
    read = [key for key in sizes if key not in excluded]
    return sum(sizes[key] for key in read), len(read), len(sizes)


def _comparable(column: Column) -> bool:
    return column.hive_type.lower().startswith(_COMPARABLE)


def _bounded_column(condition: exp.Expr, bounds: dict[str, Column]) -> Column | None:
    """Return the column of a condition `column <op> constant`, when statistics can decide it."""
    if not isinstance(condition, (exp.EQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.Between, exp.In)):
        return None
    columns = list(condition.find_all(exp.Column))
    if len(columns) != 1 or columns[0] not in (condition.this, condition.args.get("expression")):
        return None
    return bounds.get(columns[0].name)


def _possible(
    engine: Engine, column: Column, condition: exp.Expr, chunks: Sequence[parquet.Chunk]
) -> frozenset[int]:
    """Return the indexes of the chunks whose bounds leave room for a row that meets the condition."""
    test = to_sql(_over_bounds(condition))
    kind = duckdb_type(column)
    rows = engine.run(
        "SELECT i FROM (SELECT unnest(range(len(?::VARCHAR[]))) AS i, "
        f"TRY_CAST(unnest(?::VARCHAR[]) AS {kind}) AS lo, TRY_CAST(unnest(?::VARCHAR[]) AS {kind}) AS hi) "
        f"AS b WHERE lo IS NULL OR hi IS NULL OR coalesce({test}, FALSE)",
        [
            [chunk.least for chunk in chunks],
            [chunk.least for chunk in chunks],
            [chunk.greatest for chunk in chunks],
        ],
    )
    return frozenset(int(index) for (index,) in rows)


def _over_bounds(condition: exp.Expr) -> exp.Expr:
    """Return the condition over `lo` and `hi`, the least and greatest value of a chunk."""
    low, high = exp.column("lo"), exp.column("hi")
    if isinstance(condition, exp.Between):
        return exp.and_(high >= condition.args["low"].copy(), low <= condition.args["high"].copy())
    if isinstance(condition, exp.In):
        if not condition.expressions:
            return exp.true()
        return exp.or_(
            *(_over_bounds(exp.EQ(this=condition.this, expression=v)) for v in condition.expressions)
        )
    left, right = condition.this, condition.expression
    kind = type(condition)
    if isinstance(right, exp.Column):
        left, right = right, left
        kind = _MIRRORED.get(kind, kind)
    value = right.copy()
    if kind is exp.EQ:
        return exp.and_(low <= value, high >= value.copy())
    return kind(this=low if kind in (exp.LT, exp.LTE) else high, expression=value)


def duckdb_type(column: Column) -> str:
    """Return the DuckDB type of a column."""
    kind = exp.DataType.build(column.trino_type, dialect="trino")
    if kind.this == exp.DType.TIMESTAMP:
        return "TIMESTAMP"
    printed: str = kind.sql(dialect="duckdb")
    return printed


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _create_view(
    engine: Engine,
    name: str,
    table: Table,
    *,
    files: Sequence[Path],
    found: Sequence[Stored],
    used: frozenset[str],
) -> None:
    partitions = {column.name for column in table.partitions}
    if not files:
        nothing = ", ".join(
            f"NULL::{duckdb_type(each)} AS {_quoted(each.name)}" for each in table.all_columns
        )
        engine.run(f"CREATE VIEW {name} AS SELECT {nothing} WHERE FALSE")
        return
    present = partitions | {column.name for column in table.columns}
    if table.format == "parquet":
        present = partitions | _checked(engine, table, files, found, used)
        source = f"read_parquet({_list(files)}, union_by_name = true, {_hive(table)})"
    else:
        columns = ", ".join(f"'{column.name}': 'VARCHAR'" for column in table.columns)
        source = (
            f"read_csv({_list(files)}, columns = {{{columns}}}, header = false, delim = ',', quote = '\"', "
            "escape = '\"', nullstr = '', allow_quoted_nulls = false, auto_detect = false, "
            f"strict_mode = true, new_line = '\\n', max_line_size = 100000000, {_hive(table)})"
        )
    selected = ", ".join(
        f"{_read(table, column)} AS {_quoted(column.name)}"
        if column.name in present
        else f"NULL::{duckdb_type(column)} AS {_quoted(column.name)}"
        for column in table.all_columns
    )
    engine.run(f"CREATE VIEW {name} AS SELECT {selected} FROM {source}")


def _read(table: Table, column: Column) -> str:
    reader = "TRY_CAST" if table.serde is not None and table.serde.quote is None else "CAST"
    return f"{reader}({_quoted(column.name)} AS {duckdb_type(column)})"


def _checked(
    engine: Engine, table: Table, files: Sequence[Path], found: Sequence[Stored], used: frozenset[str]
) -> set[str]:
    """Return the columns that some file has; a used column of an unfitting type is an error."""
    seen: set[str] = set()
    schemas = parquet.schemas(engine.run, files)
    for file, stored in zip(files, found, strict=True):
        kinds = schemas[str(file)]
        seen |= set(kinds)
        for column in table.columns:
            if column.name in used and column.name in kinds and not parquet.fits(column, kinds[column.name]):
                raise QueryError(
                    "HIVE_BAD_DATA",
                    f"Field {column.name}'s type {kinds[column.name]} in parquet file {stored.uri} is "
                    f"incompatible with type {column.hive_type} defined in table schema",
                    fix="correct the table's column type or the job that writes the file",
                )
    return seen


def _list(files: Sequence[Path]) -> str:
    return "[" + ", ".join("'" + str(file).replace("'", "''") + "'" for file in files) + "]"


def _hive(table: Table) -> str:
    if not table.partitions:
        return "hive_partitioning = false"
    types = ", ".join(f"{_quoted(column.name)}: {duckdb_type(column)}" for column in table.partitions)
    return f"hive_partitioning = true, hive_types = {{{types}}}"
