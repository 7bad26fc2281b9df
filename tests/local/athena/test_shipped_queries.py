"""Every named query that the program deploys resolves, types and binds against the declared tables."""

from pathlib import Path

import pytest

from components.named_queries import NamedQuery, named_queries
from components.names import Names
from etl import catalog as declared
from local.athena.access import everything
from local.athena.catalog import Column, Table
from local.athena.engine import Engine
from local.athena.resolve import resolve
from local.athena.scan import duckdb_type
from local.athena.statement import Query, parse
from local.athena.translate import to_sql
from local.athena.zones import annotate_zones

NAMES = Names(
    "local",
    "123456789012",
    "eu-west-1",
    "aws",
    "amazonaws.com",
    owns_account_settings=True,
    replica_region="eu-central-1",
)


class Declared:
    """The catalog as the contracts declare it."""

    databases = tuple(NAMES.database(zone) for zone in declared.Zone)

    def table(self, database: str, name: str) -> Table | None:
        zone = next((zone for zone in declared.Zone if NAMES.database(zone) == database), None)
        found = next((each for each in declared.tables(zone) if each.name == name), None) if zone else None
        if found is None:
            return None
        columns = tuple(Column(each.name, each.type) for each in found.columns)
        partitions = tuple(Column(each.name, each.type) for each in found.partitions)
        return Table(database, name, columns, partitions, f"s3://lake/{found.prefix}", "parquet", None)

    def table_names(self, database: str) -> tuple[str, ...]:
        raise AssertionError(f"a shipped query misses a table of {database}")


@pytest.mark.parametrize("shipped", named_queries(NAMES), ids=lambda query: query.name)
def test_named_query_binds(shipped: NamedQuery, tmp_path: Path) -> None:
    query = parse(shipped.sql)
    assert isinstance(query, Query)

    resolved = resolve(query, Declared(), None, everything)  # type: ignore[arg-type]
    annotate_zones(resolved.tree, query.sql)
    with Engine(tmp_path) as engine:
        for name, table in resolved.scans.items():
            nothing = ", ".join(f'NULL::{duckdb_type(each)} AS "{each.name}"' for each in table.all_columns)
            engine.run(f"CREATE VIEW {name} AS SELECT {nothing} WHERE FALSE")
        described = engine.describe(to_sql(resolved.tree))

    assert len(described) == len(resolved.columns) > 1
    assert all(kind not in ('"NULL"', "HUGEINT") for _, kind in described)
