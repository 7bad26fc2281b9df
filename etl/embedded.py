"""Units in DuckDB: each judged and settled by itself, what all of them touch is written once."""

import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from etl.contract import rule_version
from etl.counts import PeriodGroups, period_groups_sql
from etl.dimension import content, settle
from etl.discover import Delivery
from etl.engine import schema
from etl.evidence import write_quarantine
from etl.intake import take_in
from etl.merge import Merge, Partition
from etl.parts import fetch_files
from etl.reference import References, pending_keys
from etl.release import JudgedUnit
from etl.tally import judged_files, total
from etl.unit import judge
from etl.workload import Taken, Workload


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
        intake = take_in(self.contract, fetch_files(self.store, enumerate(delivery.entries), folder), folder)
        return Taken(folder, intake, time.monotonic() - started)

    def judge(self, delivery: Delivery, taken: Taken) -> None:
        """See Workload.judge."""
        started = time.monotonic() - taken.seconds
        with self._room(delivery, taken):
            unit = self._judge(delivery, taken)
            if not unit.breached:
                said = "" if self.references else content(self.connection, self.contract)
                pending = pending_keys(self.connection, self.judgement) if self.references else {}
                self._describe(unit, content=said, pending=pending)
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
        judge(self.connection, self.judgement, taken.intake, delivery.load_date)
        unit = self._begin(delivery, taken.intake)
        self._settle(unit)
        judged = total(judged_files(self.connection).values())
        results = self._weigh(unit, judged, self._period_groups())
        folder = self.folder / unit.folder
        self._conclude(unit, results, write_quarantine(self.connection, self.judgement, unit.run_id, folder))
        return unit

    def _settle(self, unit: JudgedUnit) -> None:
        """Decide the standing of every accepted row; Silver of a dimension, apart from others, is written."""
        if self.references is None:
            path = self.folder / unit.folder / "silver.parquet"
            unit.standings, file = settle(self.connection, self.contract, path)
            self._record_dimension(unit, file)
            return
        if self.merge is None:
            partitions = self.index["partitions"]
            self.merge = Merge(
                self.connection, self.contract, self.store, folder=self.folder, partitions=partitions
            )
        settled = self.merge.settle(unit.delivery.load_date)
        unit.standings, unit.days = settled.standings, set(settled.days)

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
