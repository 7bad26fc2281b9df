"""Units in DuckDB: each judged and settled by itself, what all of them touch is written once."""

import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from etl.content import hash_sql
from etl.contract import rule_version
from etl.counts import PeriodGroups, period_groups_sql
from etl.dimensions import DIMENSIONS
from etl.discover import Delivery
from etl.engine import model, schema, write_parquet
from etl.evidence import write_quarantine
from etl.intake import take_in
from etl.merge import Merge, Partition
from etl.parallel import each
from etl.parts import SourceFile
from etl.reference import References
from etl.release import JudgedUnit
from etl.store import Entry
from etl.unit import judge
from etl.workload import PENDING_LIMIT, Taken, Workload


class EmbeddedWorkload(Workload):
    """Judges the units of one dataset one by one, each in a schema of its own of the session."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.references = (
            References(self.store, self.dimensions, self.folder) if self.dimensions is not None else None
        )
        self.merge: Merge | None = None

    def take_in(self, delivery: Delivery) -> Taken:
        """See Workload.take_in."""
        started = time.monotonic()
        folder = self.folder / delivery.load_date
        folder.mkdir()

        def fetch(numbered: tuple[int, Entry]) -> SourceFile:
            number, entry = numbered
            return SourceFile(number, entry.key, self.store.fetch(entry.key, folder), entry.size, entry.etag)

        intake = take_in(self.contract, each(fetch, enumerate(delivery.entries)), folder)
        return Taken(folder, intake, time.monotonic() - started)

    def judge(self, delivery: Delivery, taken: Taken) -> None:
        """See Workload.judge."""
        started = time.monotonic() - taken.seconds
        with self._room(delivery, taken):
            unit = self._judge(delivery, taken)
            if not unit.breached:
                content = "" if self.references else self._content()
                pending = {name: self._pending(name) for name in DIMENSIONS} if self.references else {}
                self._describe(unit, content=content, pending=pending)
                if self.merge:
                    self.merge.keep(delivery.load_date, self._schema(delivery), unit.days)
        unit.seconds = time.monotonic() - started
        self.judged.append(unit)

    @contextmanager
    def _room(self, delivery: Delivery, taken: Taken) -> Iterator[None]:
        """Give a unit a schema of its own; free what no later step needs."""
        name = self._schema(delivery)
        try:
            with schema(self.connection, name):
                yield
                for table in ("texts", "quarantined", "aside"):
                    self.connection.execute(f"DROP TABLE IF EXISTS {table}")
            if self.merge is None or delivery.load_date not in self.merge.kept:
                self.connection.execute(f'DROP SCHEMA "{name}" CASCADE')
        finally:
            shutil.rmtree(taken.folder)

    def _schema(self, delivery: Delivery) -> str:
        return f"unit_{delivery.load_date}"

    def _judge(self, delivery: Delivery, taken: Taken) -> JudgedUnit:
        if self.references:
            self.references.prepare(self.connection, delivery.load_date)
        judged = judge(self.connection, self.judgement, taken.intake, delivery.load_date)
        unit = self._begin(delivery, taken.intake)
        self._settle(unit)
        rejected = int(self._one(f"SELECT count(*) FROM judged WHERE {self.judgement.rejected_sql}")[0])
        results = self._weigh(unit, judged, rejected, self._period_groups())
        folder = self.folder / unit.folder
        self._conclude(unit, results, write_quarantine(self.connection, self.judgement, unit.run_id, folder))
        return unit

    def _settle(self, unit: JudgedUnit) -> None:
        """Decide the standing of every accepted row; Silver of a dimension, apart from others, is written."""
        if self.references is None:
            self._settle_dimension(unit)
            return
        if self.merge is None:
            partitions = self.index["partitions"]
            self.merge = Merge(
                self.connection, self.contract, self.store, folder=self.folder, partitions=partitions
            )
        settled = self.merge.settle(unit.delivery.load_date)
        unit.standings, unit.days = settled.standings, set(settled.days)

    def _settle_dimension(self, unit: JudgedUnit) -> None:
        connection = self.connection
        columns = ", ".join(f.name for f in self.contract.stored_fields)
        key = self.contract.key[0]
        connection.execute(
            "CREATE OR REPLACE VIEW contested AS "
            f"SELECT {columns}, {hash_sql(self.contract)} AS content_hash FROM accepted"
        )
        connection.execute(
            f"CREATE OR REPLACE TABLE settled AS SELECT {columns}, standing "
            f"FROM ({model('dimension_status').replace('{key}', key)})"
        )
        for standing, rows in connection.execute(
            "SELECT standing, count(*) FROM settled GROUP BY 1"
        ).fetchall():
            unit.standings[standing] = rows
        file = None
        if unit.standings["current"]:
            select = f"SELECT {columns} FROM settled WHERE standing = 'current' ORDER BY {key}"
            file = write_parquet(connection, select, self.folder / unit.folder / "silver.parquet")
        self._record_dimension(unit, file)

    def _period_groups(self) -> PeriodGroups:
        if self.references is None:
            return PeriodGroups()
        return PeriodGroups.of(self.connection.execute(period_groups_sql(self.market)).fetchall())

    def _merged(self, units: Sequence[JudgedUnit]) -> Mapping[str, Partition]:
        merge, self.merge = self.merge, None
        if merge is None:
            return {}
        written = merge.write(self._runs(units), rule_version(self.contract.name))
        for name in merge.kept.values():
            self.connection.execute(f'DROP SCHEMA "{name}" CASCADE')
        return written

    def _content(self) -> str:
        """Digest of what a dimension's load date says, equal on every engine."""
        key = self.contract.key[0]
        return str(
            self._one(
                f"SELECT sha256(coalesce(string_agg({self._said_sql()}, chr(10) ORDER BY {key}), '')) "
                "FROM settled WHERE standing = 'current'"
            )[0]
        )

    def _pending(self, dimension: str) -> list[str]:
        """Return the keys of a dimension that rows were rejected for, one more than are listed at most."""
        rows = self.connection.execute(
            f"SELECT DISTINCT {DIMENSIONS[dimension]} FROM judged WHERE {self._waiting_sql(dimension)} "
            f"ORDER BY 1 LIMIT {PENDING_LIMIT + 1}"
        ).fetchall()
        return [key for (key,) in rows]

    def _one(self, sql: str) -> tuple[Any, ...]:
        row: tuple[Any, ...] | None = self.connection.execute(sql).fetchone()
        assert row is not None
        return row
