"""The dimensions as a load date sees them: who is known, and on which days they are valid."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

from etl import publish
from etl.engine import model, read_parquet
from etl.publish import Area, read_index
from etl.store import Store

DIMENSIONS = {"clients": "client_id", "providers": "provider_id"}


def processed_area(dataset: str) -> Area:
    """Operations area of a Silver dataset."""
    return Area("processed/_ops/", dataset)


def seen_by(index: Mapping[str, Any], load_date: str) -> str:
    """Digest of the deliveries of a dimension that a load date sees; repeated ones count once."""
    return publish.digest(_contents(index, load_date)[0])


def _contents(index: Mapping[str, Any], load_date: str) -> tuple[list[str], list[str]]:
    """Contents delivered up to a load date and after it, without those that repeat the one before."""
    seen: list[str] = []
    later: list[str] = []
    last = None
    for day, unit in sorted(index["units"].items()):
        if unit["content"] != last:
            last = unit["content"]
            (seen if day <= load_date else later).append(last)
    return seen, later


def dimension_sql(name: str, relation: str) -> str:
    """SELECT (id, load_date, first_day, end_day, contracted_power_kw) of the rows of a dimension's Silver."""
    power = "contracted_power_kw" if name == "clients" else "CAST(NULL AS DECIMAL(18,6))"
    return f"""SELECT {DIMENSIONS[name]} AS id, load_date, valid_from AS first_day,
      coalesce(valid_to + 1, DATE '9999-12-31') AS end_day, {power} AS contracted_power_kw
    FROM {relation}"""


def candidates_sql(name: str, load_date: str) -> str:
    """SELECT the rows of dimension_<name> that may hold for a load date, with their preference."""
    return f"""WITH newest AS (
      SELECT id, max(load_date) AS load_date FROM dimension_{name}
      WHERE load_date <= DATE '{load_date}' GROUP BY id
    )
    SELECT d.id, d.first_day, d.end_day, d.contracted_power_kw, 0 AS preference
    FROM dimension_{name} AS d JOIN newest AS n ON n.id = d.id AND n.load_date = d.load_date
    UNION ALL
    SELECT id, first_day, end_day, contracted_power_kw, dense_rank() OVER (ORDER BY load_date)
    FROM dimension_{name} WHERE load_date > DATE '{load_date}'"""


class References:
    """Loads the dimensions of Silver into a session, once a run, and cuts them to what a load date sees."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.store = store
        self.folder = folder
        self.indexes = {name: read_index(store, processed_area(name)) for name in DIMENSIONS}

    def digests(self, load_date: str) -> dict[str, str]:
        """What a load date sees of each dimension, as digests."""
        return {name: seen_by(index, load_date) for name, index in self.indexes.items()}

    def later(self, load_date: str) -> dict[str, list[str]]:
        """Content digests of the deliveries after a load date that brought something new, by dimension."""
        return {name: _contents(index, load_date)[1] for name, index in self.indexes.items()}

    def prepare(self, connection: duckdb.DuckDBPyConnection, load_date: str) -> None:
        """Create known_clients, valid_clients, known_providers and valid_providers for a load date."""
        for name, key in DIMENSIONS.items():
            self._load(connection, name, key)
            candidates = candidates_sql(name, load_date)
            connection.execute(f"CREATE OR REPLACE TEMP TABLE candidates AS {candidates}")
            connection.execute(
                f"CREATE OR REPLACE TABLE known_{name} AS SELECT DISTINCT id AS {key} FROM candidates"
            )
            connection.execute(
                f"CREATE OR REPLACE TABLE valid_{name} AS "
                f"SELECT id AS {key}, first_day, end_day, contracted_power_kw FROM ({model('valid_days')})"
            )

    def keys(self, name: str) -> list[str]:
        """Keys of the published deliveries of a dimension that have rows, oldest first."""
        return [p["key"] for _, p in sorted(self.indexes[name]["partitions"].items()) if p["rows"]]

    def _load(self, connection: duckdb.DuckDBPyConnection, name: str, key: str) -> None:
        exists = connection.execute(
            "SELECT count(*) FROM duckdb_tables() WHERE table_name = ?", [f"dimension_{name}"]
        ).fetchone()
        if exists != (0,):
            return
        paths = [self.store.fetch(k, self.folder) for k in self.keys(name)]
        select = (
            dimension_sql(name, read_parquet(paths))
            if paths
            else """SELECT CAST(NULL AS VARCHAR) AS id, CAST(NULL AS DATE) AS load_date,
              CAST(NULL AS DATE) AS first_day,
              CAST(NULL AS DATE) AS end_day, CAST(NULL AS DECIMAL(18,6)) AS contracted_power_kw WHERE FALSE"""
        )
        connection.execute(f"CREATE TABLE dimension_{name} AS {select}")

    def any_later(self, name: str, keys: list[str], load_date: str) -> bool:
        """Whether a later delivery brings one of these keys; ["*"] stands for too many to list."""
        if keys == ["*"]:
            return True
        paths = [
            self.store.fetch(p["key"], self.folder)
            for day, p in sorted(self.indexes[name]["partitions"].items())
            if day > load_date and p["rows"]
        ]
        if not paths:
            return False
        with duckdb.connect() as connection:
            found = connection.execute(
                f"SELECT count(*) FROM {read_parquet(paths)} WHERE {DIMENSIONS[name]} IN (SELECT unnest(?))",
                [keys],
            ).fetchone()
        return found != (0,)
