"""Transactions across load dates: which version is current, recomputed where something changed."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from etl.checks import identifier
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


@dataclass(frozen=True, slots=True)
class Settled:
    """What a unit comes to: its rows by standing, and the delivery dates that it has a say in."""

    standings: Counter[str]
    days: frozenset[str]


class Merge:
    """Merges units, each in a schema of its own, into the committed partitions.

    A unit is settled against what is published and the units that were kept before it; what all kept units
    come to is written once.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        contract: Contract,
        store: Store,
        *,
        folder: Path,
        partitions: Mapping[str, Mapping[str, Any]],
    ) -> None:
        self.connection = connection
        self.contract = contract
        self.store = store
        self.folder = folder
        self.partitions = partitions
        self.columns = ", ".join(f.name for f in contract.stored_fields)
        self.kept: dict[str, str] = {}
        self.days: set[str] = set()
        self.fetched: dict[str, Path] = {}

    def settle(self, load_date: str) -> Settled:
        """Settle the view `accepted` of a unit, whose schema is the current one."""
        execute = self.connection.execute
        days = self._touch(load_date)
        execute(
            """CREATE OR REPLACE TABLE contested_ids AS
            SELECT transaction_id FROM accepted GROUP BY transaction_id HAVING count(*) > 1
            UNION
            SELECT transaction_id FROM accepted WHERE status = 'CANCELLED'
            UNION
            SELECT transaction_id FROM prior SEMI JOIN affected USING (transaction_id)"""
        )
        self._settle()
        own = f"SELECT standing, count(*) FROM settled WHERE load_date = DATE '{load_date}' GROUP BY 1"
        standings = Counter(dict(execute(own).fetchall()))
        accepted = execute("SELECT count(*) FROM accepted").fetchall()[0][0]
        if alone := accepted - standings.total():
            standings["current"] += alone
        return Settled(standings, frozenset(days))

    def keep(self, load_date: str, schema: str, days: Iterable[str]) -> None:
        """Let a settled unit, with the delivery dates that it has a say in, be part of what is written."""
        self.kept[load_date] = schema
        self.days |= set(days)

    def write(self, runs: Mapping[str, str], rule_version: str) -> dict[str, Partition]:
        """Write the partitions that the kept units touch, by delivery date.

        `runs` maps the load dates of what is and will be published to run ids.
        """
        if not self.kept:
            return {}
        execute = self.connection.execute
        execute(f"CREATE OR REPLACE VIEW accepted AS {self._of_kept('accepted')}")
        days = sorted(self.days & set(self.partitions))
        execute(
            f"CREATE OR REPLACE VIEW prior AS SELECT * FROM ({self._stored(days)}) "
            f"WHERE {self._not_from(self.kept)}"
        )
        execute(f"CREATE OR REPLACE TABLE contested_ids AS {self._of_kept('contested_ids', 'UNION')}")
        self._settle()
        self._merge()
        execute("CREATE OR REPLACE TABLE runs (load_date DATE, run_id VARCHAR)")
        self.connection.executemany("INSERT INTO runs VALUES (CAST(? AS DATE), ?)", list(runs.items()))
        return {day: self._write(day, rule_version) for day in sorted(self.days)}

    def _of_kept(self, relation: str, joined: str = "UNION ALL") -> str:
        return f" {joined} ".join(
            f"SELECT * FROM {identifier(schema)}.{relation}" for schema in self.kept.values()
        )

    def _not_from(self, load_dates: Iterable[str]) -> str:
        listed = ", ".join(f"DATE '{day}'" for day in load_dates)
        return f"load_date NOT IN ({listed})"

    def _touch(self, load_date: str) -> set[str]:
        """Create the view `prior` of the versions that the delivery, or what it replaces, has a say in."""
        execute, partitions = self.connection.execute, self.partitions
        days = execute("SELECT DISTINCT CAST(delivery_date AS VARCHAR) FROM accepted").fetchall()
        replaced = {day for day, p in partitions.items() if load_date in p["loads"]}
        touched = {d for (d,) in days} | replaced
        known = touched & set(partitions)
        execute(
            f"""CREATE OR REPLACE TABLE replaced AS
            SELECT DISTINCT transaction_id FROM ({self._stored(sorted(known & replaced))})
            WHERE load_date = DATE '{load_date}'"""
        )
        execute(
            """CREATE OR REPLACE VIEW affected AS
            SELECT transaction_id FROM accepted UNION ALL SELECT transaction_id FROM replaced"""
        )
        further = self._elsewhere(set(partitions) - touched)
        prior = (
            f"SELECT * FROM ({self._stored(sorted(known | further))}) "
            f"WHERE {self._not_from((load_date, *self.kept))}"
        )
        if self.kept:
            kept = self._of_kept("accepted")
            found = execute(
                f"SELECT DISTINCT CAST(delivery_date AS VARCHAR) FROM ({kept}) "
                "SEMI JOIN affected USING (transaction_id)"
            ).fetchall()
            touched |= {day for (day,) in found}
            prior += f" UNION ALL SELECT {self.columns}, 'current' AS standing FROM ({kept})"
        execute(f"CREATE OR REPLACE VIEW prior AS {prior}")
        return touched | further

    def _stored(self, days: list[str]) -> str:
        partitions = self.partitions
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
        if key not in self.fetched:
            self.fetched[key] = self.store.fetch(key, self.folder)
        return self.fetched[key]

    def _elsewhere(self, days: set[str]) -> set[str]:
        """Return other delivery dates that hold a version of an affected transaction."""
        found = set()
        for day in sorted(days):
            entry = self.partitions[day]
            likely = self.connection.execute(
                "SELECT count(*) FROM affected WHERE transaction_id BETWEEN ? AND ?",
                [entry["first_id"], entry["last_id"]],
            ).fetchone()
            if likely == (0,):
                continue
            really = self.connection.execute(
                f"SELECT count(*) FROM ({self._stored([day])}) SEMI JOIN affected USING (transaction_id)"
            ).fetchone()
            if really != (0,):
                found.add(day)
        return found

    def _settle(self) -> None:
        """Create the table `settled` of every version of a contested transaction with its standing."""
        execute = self.connection.execute
        execute(
            f"""CREATE OR REPLACE VIEW contested AS
            SELECT {self.columns}, NULL AS as_of, {hash_sql(self.contract)} AS content_hash FROM (
              SELECT {self.columns} FROM accepted SEMI JOIN contested_ids USING (transaction_id)
              UNION ALL
              SELECT {self.columns} FROM prior SEMI JOIN contested_ids USING (transaction_id)
            )"""
        )
        execute(
            f"CREATE OR REPLACE TABLE settled AS SELECT {self.columns}, standing "
            f"FROM ({model('transaction_status')})"
        )

    def _merge(self) -> None:
        """Create the view `merged`: every row of the touched partitions with its standing; prove it whole."""
        execute = self.connection.execute
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
        counts = execute(
            """SELECT (SELECT count(*) FROM accepted) + (SELECT count(*) FROM prior),
              (SELECT sum(rows) FROM tally),
              (SELECT count(*) FROM (SELECT 1 FROM settled WHERE standing = 'current'
                GROUP BY transaction_id HAVING count(*) > 1))"""
        ).fetchone()
        assert counts is not None
        if counts[0] != (counts[1] or 0) or counts[2]:
            raise DataLakeError(
                f"Merging lost or doubled rows: {counts[0]} in, {counts[1]} out, {counts[2]} doubled.",
                where=f"transactions, load dates {', '.join(self.kept)}",
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
        return write_parquet(self.connection, select, self.folder / f"{name}.parquet")


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
