"""The dimensions as a load date sees them, in a session: who is known, and on which days they are valid."""

import tempfile
from pathlib import Path

import duckdb

from etl.dimensions import DIMENSIONS, Dimensions
from etl.engine import model, read_parquet
from etl.judge import Judgement
from etl.parallel import each
from etl.store import Store

PENDING_LIMIT = 1000
"""Keys of a dimension that a unit waits for and that are listed; of more, any may be meant."""


def _dimension_sql(name: str, relation: str) -> str:
    """SELECT (id, load_date, first_day, end_day, contracted_power_kw) of the rows of a dimension's Silver."""
    power = "contracted_power_kw" if name == "clients" else "CAST(NULL AS DECIMAL(18,6))"
    return f"""SELECT {DIMENSIONS[name]} AS id, load_date, valid_from AS first_day,
      coalesce(valid_to + 1, DATE '9999-12-31') AS end_day, {power} AS contracted_power_kw
    FROM {relation}"""


def _candidates_sql(name: str, load_date: str) -> str:
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

    def __init__(self, store: Store, dimensions: Dimensions, folder: Path) -> None:
        self.store = store
        self.dimensions = dimensions
        self.folder = folder

    def prepare(self, connection: duckdb.DuckDBPyConnection, load_date: str) -> None:
        """Create known_clients, valid_clients, known_providers and valid_providers for a load date."""
        for name, key in DIMENSIONS.items():
            self._load(connection, name)
            candidates = _candidates_sql(name, load_date)
            connection.execute(f"CREATE OR REPLACE TEMP TABLE candidates AS {candidates}")
            connection.execute(
                f"CREATE OR REPLACE TABLE known_{name} AS SELECT DISTINCT id AS {key} FROM candidates"
            )
            connection.execute(
                f"CREATE OR REPLACE TABLE valid_{name} AS "
                f"SELECT id AS {key}, first_day, end_day, contracted_power_kw FROM ({model('valid_days')})"
            )

    def _load(self, connection: duckdb.DuckDBPyConnection, name: str) -> None:
        exists = connection.execute(
            "SELECT count(*) FROM duckdb_tables() WHERE table_name = ?", [f"dimension_{name}"]
        ).fetchone()
        if exists != (0,):
            return
        paths = self._fetch(self.dimensions.keys(name))
        select = (
            _dimension_sql(name, read_parquet(paths))
            if paths
            else """SELECT CAST(NULL AS VARCHAR) AS id, CAST(NULL AS DATE) AS load_date,
              CAST(NULL AS DATE) AS first_day,
              CAST(NULL AS DATE) AS end_day, CAST(NULL AS DECIMAL(18,6)) AS contracted_power_kw WHERE FALSE"""
        )
        connection.execute(f"CREATE TABLE main.dimension_{name} AS {select}")

    def _fetch(self, keys: list[str]) -> list[Path]:
        return each(lambda key: self.store.fetch(key, self.folder), keys)


def pending_keys(connection: duckdb.DuckDBPyConnection, judgement: Judgement) -> dict[str, list[str]]:
    """Return the keys of each dimension that judged rows were rejected for, one more than are listed at most.

    They lack what a later delivery of the dimension may bring.
    """
    found = {}
    for name, key in DIMENSIONS.items():
        checks = (f"{name[:-1]}_unknown", f"{name[:-1]}_validity")
        waiting = " OR ".join(judgement.broken_sql(judgement.contract.rule(check)) for check in checks)
        rows = connection.execute(
            f"SELECT DISTINCT {key} FROM judged WHERE {waiting} ORDER BY 1 LIMIT {PENDING_LIMIT + 1}"
        ).fetchall()
        found[name] = [key for (key,) in rows]
    return found


def any_later(store: Store, dimensions: Dimensions, name: str, keys: list[str], load_date: str) -> bool:
    """Whether a later delivery of a dimension brings one of these keys; ["*"] stands for too many to list."""
    if keys == ["*"]:
        return True
    later = dimensions.keys(name, after=load_date)
    if not later:
        return False
    with tempfile.TemporaryDirectory(prefix="lake-") as folder, duckdb.connect() as connection:
        paths = each(lambda key: store.fetch(key, Path(folder)), later)
        found = connection.execute(
            f"SELECT count(*) FROM {read_parquet(paths)} WHERE {DIMENSIONS[name]} IN (SELECT unnest(?))",
            [keys],
        ).fetchone()
    return found != (0,)
