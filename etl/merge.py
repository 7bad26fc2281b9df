"""Transactions across load dates: which version is current, recomputed where something changed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from etl.content import csv_sql, hash_sql
from etl.contract import Contract
from etl.engine import ParquetFile, model, read_parquet, sql_type, write_parquet
from etl.errors import DataLakeError
from etl.store import Store

HELD_REJECTS = {"conflict": "version_conflict", "unknown_cancellation": "unknown_cancellation"}


@dataclass(slots=True)
class Partition:
    """A recomputed delivery date: its files and what its index entry records."""

    files: dict[str, ParquetFile] = field(default_factory=dict)
    entry: dict[str, Any] = field(default_factory=dict)


def silver_key(dataset: str, day: str) -> str:
    """Key of the one Parquet object of a Silver partition."""
    year, month, number = day.split("-")
    return f"processed/{dataset}/year={year}/month={month}/day={number}/part-00000.parquet"


def held_key(day: str) -> str:
    """Key of the versions of a delivery date that are not current."""
    return f"processed/_ops/held/transactions/{day}.parquet"


def conflicts_key(load_date: str, day: str) -> str:
    """Key of the quarantined versions of a load date that lost against another delivery."""
    return f"processed/quarantine/dataset=transactions/load_date={load_date}/delivery-{day}.parquet"


class Merge:
    """Merges the view `accepted` (one load date) into the committed partitions."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, contract: Contract, store: Store, folder: Path
    ) -> None:
        self.connection = connection
        self.contract = contract
        self.store = store
        self.folder = folder
        self.columns = ", ".join(f.name for f in contract.stored_fields)

    def run(
        self,
        partitions: Mapping[str, Mapping[str, Any]],
        load_date: str,
        runs: Mapping[str, str],
        rule_version: str,
    ) -> dict[str, Partition]:
        """Return every touched partition by delivery date; `runs` maps load dates to run ids."""
        touched = self._touch(partitions, load_date)
        self._settle(load_date)
        self._check(load_date)
        self.connection.execute("CREATE OR REPLACE TABLE runs (load_date DATE, run_id VARCHAR)")
        self.connection.executemany("INSERT INTO runs VALUES (CAST(? AS DATE), ?)", list(runs.items()))
        return {day: self._write(day, rule_version) for day in sorted(touched)}

    def _touch(self, partitions: Mapping[str, Mapping[str, Any]], load_date: str) -> set[str]:
        """Create the view `prior` of the partitions that the delivery, or what it replaces, has a say in."""
        execute = self.connection.execute
        days = execute("SELECT DISTINCT CAST(delivery_date AS VARCHAR) FROM accepted").fetchall()
        replaced = {day for day, p in partitions.items() if load_date in p["loads"]}
        touched = {d for (d,) in days} | replaced
        known = touched & set(partitions)
        execute(
            f"""CREATE OR REPLACE TABLE replaced AS
            SELECT DISTINCT transaction_id FROM ({self._stored(sorted(known & replaced), partitions)})
            WHERE load_date = DATE '{load_date}'"""
        )
        execute(
            """CREATE OR REPLACE VIEW affected AS
            SELECT transaction_id FROM accepted UNION ALL SELECT transaction_id FROM replaced"""
        )
        further = self._elsewhere(set(partitions) - touched, partitions)
        execute(
            f"""CREATE OR REPLACE VIEW prior AS
            SELECT * FROM ({self._stored(sorted(known | further), partitions)})
            WHERE load_date <> DATE '{load_date}'"""
        )
        return touched | further

    def _stored(self, days: list[str], partitions: Mapping[str, Mapping[str, Any]]) -> str:
        current = [self._fetch(partitions[d]["key"]) for d in days if partitions[d]["rows"]]
        held = [self._fetch(partitions[d]["held"]["key"]) for d in days if partitions[d]["held"]]
        selects = []
        if current:
            selects.append(f"SELECT {self.columns}, 'current' AS standing FROM {read_parquet(current)}")
        if held:
            selects.append(f"SELECT {self.columns}, standing FROM {read_parquet(held)}")
        if not selects:
            typed = ", ".join(
                f"CAST(NULL AS {sql_type(f.type)}) AS {f.name}" for f in self.contract.stored_fields
            )
            return f"SELECT {typed}, CAST(NULL AS VARCHAR) AS standing WHERE FALSE"
        return " UNION ALL ".join(selects)

    def _fetch(self, key: str) -> Path:
        return self.store.fetch(key, self.folder)

    def _elsewhere(self, days: set[str], partitions: Mapping[str, Mapping[str, Any]]) -> set[str]:
        """Return other delivery dates that hold a version of an affected transaction."""
        found = set()
        for day in sorted(days):
            entry = partitions[day]
            likely = self.connection.execute(
                "SELECT count(*) FROM affected WHERE transaction_id BETWEEN ? AND ?",
                [entry["first_id"], entry["last_id"]],
            ).fetchone()
            if likely == (0,):
                continue
            really = self.connection.execute(
                f"SELECT count(*) FROM ({self._stored([day], partitions)}) "
                "SEMI JOIN affected USING (transaction_id)"
            ).fetchone()
            if really != (0,):
                found.add(day)
        return found

    def _settle(self, load_date: str) -> None:
        """Create the view `merged`: every row of the touched partitions with its standing."""
        execute = self.connection.execute
        execute(
            """CREATE OR REPLACE TABLE contested_ids AS
            SELECT transaction_id FROM accepted GROUP BY transaction_id HAVING count(*) > 1
            UNION
            SELECT transaction_id FROM accepted WHERE status = 'CANCELLED'
            UNION
            SELECT transaction_id FROM prior SEMI JOIN affected USING (transaction_id)"""
        )
        execute(
            f"""CREATE OR REPLACE VIEW contested AS
            SELECT {self.columns}, {hash_sql(self.contract)} AS content_hash FROM (
              SELECT {self.columns} FROM accepted SEMI JOIN contested_ids USING (transaction_id)
              UNION ALL
              SELECT {self.columns} FROM prior SEMI JOIN contested_ids USING (transaction_id)
            )"""
        )
        execute(
            f"CREATE OR REPLACE TABLE settled AS SELECT {self.columns}, standing "
            f"FROM ({model('transaction_status')})"
        )
        execute(
            f"""CREATE OR REPLACE VIEW merged AS
            SELECT {self.columns}, 'current' AS standing
            FROM accepted ANTI JOIN contested_ids USING (transaction_id)
            UNION ALL
            SELECT {self.columns}, standing FROM prior ANTI JOIN contested_ids USING (transaction_id)
            UNION ALL
            SELECT {self.columns}, standing FROM settled"""
        )
        execute(
            """CREATE OR REPLACE TABLE tally AS
            SELECT delivery_date, load_date, standing, count(*) AS rows,
              min(transaction_id) AS first_id, max(transaction_id) AS last_id
            FROM merged GROUP BY ALL"""
        )

    def _check(self, load_date: str) -> None:
        """Prove that every row has one standing and every transaction at most one current row."""
        counts = self.connection.execute(
            """SELECT (SELECT count(*) FROM accepted) + (SELECT count(*) FROM prior),
              (SELECT sum(rows) FROM tally),
              (SELECT count(*) FROM (SELECT 1 FROM settled WHERE standing = 'current'
                GROUP BY transaction_id HAVING count(*) > 1))"""
        ).fetchone()
        assert counts is not None
        if counts[0] != (counts[1] or 0) or counts[2]:
            raise DataLakeError(
                f"Merging lost or doubled rows: {counts[0]} in, {counts[1]} out, {counts[2]} doubled.",
                where=f"transactions, load date {load_date}",
                fix="This is a fault of the program, not of the data; nothing was published.",
            )

    def _write(self, day: str, rule_version: str) -> Partition:
        tally = self.connection.execute(
            "SELECT CAST(load_date AS VARCHAR), standing, rows, first_id, last_id FROM tally "
            "WHERE delivery_date = CAST(? AS DATE)",
            [day],
        ).fetchall()
        partition = Partition()
        loads = by_load(tally)
        current = sum(counts.get("current", 0) for counts in loads.values())
        held = sum(sum(counts.values()) for counts in loads.values()) - current
        where = f"FROM merged WHERE delivery_date = DATE '{day}'"
        if current:
            order = ", ".join(self.contract.sorted_by)
            select = f"SELECT {self.columns} {where} AND standing = 'current' ORDER BY {order}"
            partition.files[silver_key("transactions", day)] = self._copy(select, f"silver-{day}")
        if held:
            select = (
                f"SELECT {self.columns}, standing {where} AND standing <> 'current' "
                "ORDER BY transaction_id, version, load_date, source_object, source_line"
            )
            partition.files[held_key(day)] = self._copy(select, f"held-{day}")
        for load, counts in loads.items():
            if any(standing in counts for standing in HELD_REJECTS):
                select = self._conflicts(where, load, rule_version)
                partition.files[conflicts_key(load, day)] = self._copy(select, f"conflicts-{load}-{day}")
        if tally:
            partition.entry = describe(day, partition.files, tally)
        return partition

    def _conflicts(self, where: str, load: str, rule_version: str) -> str:
        standings = ", ".join(f"'{s}'" for s in HELD_REJECTS)
        return (
            f"SELECT {conflict_columns(self.contract, rule_version)}, "
            f"(SELECT run_id FROM runs WHERE runs.load_date = DATE '{load}') AS run_id {where} "
            f"AND load_date = DATE '{load}' AND standing IN ({standings}) ORDER BY source_object, source_line"
        )

    def _copy(self, select: str, name: str) -> ParquetFile:
        # Rows that come from a table are written alike wherever they came from before: DuckDB notes in a file
        # which columns might have held a NULL on the way.
        self.connection.execute(f"CREATE OR REPLACE TEMP TABLE written AS {select}")
        return write_parquet(self.connection, "SELECT * FROM written", self.folder / f"{name}.parquet")


def conflict_columns(contract: Contract, rule_version: str) -> str:
    """Select list of the quarantine's columns for transactions that lost, without run_id."""
    reasons = " ".join(
        f"WHEN '{standing}' THEN ['{contract.rule(check).id}']" for standing, check in HELD_REJECTS.items()
    )
    return (
        f"source_object, source_line, {csv_sql(contract)} AS raw, CAST(NULL AS VARCHAR) AS fields, "
        f"CASE standing {reasons} END AS reasons, '{rule_version}' AS rule_version"
    )


def by_load(tally: Iterable[tuple[str, str, int, str, str]]) -> dict[str, dict[str, int]]:
    """Rows of a delivery date by load date and standing; a tally's rows are (load, standing, rows, ids)."""
    loads: dict[str, dict[str, int]] = {}
    for load, standing, rows, _, _ in tally:
        loads.setdefault(load, {})[standing] = rows
    return loads


def describe(
    day: str, files: Mapping[str, ParquetFile], tally: Sequence[tuple[str, str, int, str, str]]
) -> dict[str, Any]:
    """Return what the index records of a delivery date; a tally's last columns are its first and last id."""
    silver = files.get(silver_key("transactions", day))
    held = files.get(held_key(day))
    return {
        "key": silver_key("transactions", day),
        "rows": silver.rows if silver else 0,
        "sha256": silver.sha256 if silver else None,
        "held": {"key": held_key(day), "rows": held.rows, "sha256": held.sha256} if held else None,
        "conflicts": {
            key: {"rows": file.rows, "sha256": file.sha256}
            for key, file in sorted(files.items())
            if key.startswith("processed/quarantine/")
        },
        "first_id": min(row[3] for row in tally),
        "last_id": max(row[4] for row in tally),
        "loads": {load: dict(sorted(counts.items())) for load, counts in sorted(by_load(tally).items())},
    }
