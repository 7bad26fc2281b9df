"""Units from delivered files to what they come to, and all of them to a published, committed state."""

import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import duckdb

from etl import publish
from etl.content import hash_sql
from etl.contract import FILE_RULES, Contract, load, rule_version
from etl.counts import PeriodGroups, count, failures, period_groups_sql, sizes
from etl.dimensions import DIMENSIONS, Dimensions, processed_area
from etl.discover import Delivery, rules_digest
from etl.engine import ParquetFile, model, schema, write_parquet
from etl.evidence import Quarantined, conflict_reasons, write_dq_results, write_quarantine
from etl.intake import take_in
from etl.judge import Judgement, compile_contract
from etl.lock import Lock
from etl.market import Market
from etl.merge import Merge, Partition, silver_key
from etl.parallel import each
from etl.parts import Intake, SourceFile
from etl.quality import breaches, outcomes
from etl.reference import References
from etl.release import JudgedUnit, assign, evidence_prefix, release
from etl.store import Entry, Store
from etl.summary import UnitResult
from etl.unit import Judged, judge

PENDING_LIMIT = 1000


@dataclass(frozen=True, slots=True)
class Taken:
    """A delivery as read: what the engine needs of it, in a folder of its own, and the seconds it took."""

    folder: Path
    intake: Intake
    seconds: float


class Workload:
    """Judges the units of one dataset one by one and publishes them together, under a lock, in a session.

    `index` is the committed index, which follows what is published; `dimensions` are those that transactions
    refer to, `evidence` the keys of the evidence of earlier breaches.
    """

    together = True
    """Whether several units may be judged before they are published."""

    def __init__(
        self,
        store: Store,
        market: Market,
        contract: Contract,
        *,
        lock: Lock,
        folder: Path,
        connection: duckdb.DuckDBPyConnection,
        index: dict[str, Any],
        dimensions: Dimensions | None,
        evidence: Sequence[str],
    ) -> None:
        self.store = store
        self.market = market
        self.contract = contract
        self.lock = lock
        self.folder = folder
        self.connection = connection
        self.index = index
        self.evidence = evidence
        self.area = processed_area(contract.name)
        self.judgement: Judgement = compile_contract(contract, market)
        self.references = References(store, dimensions, folder) if dimensions else None
        self.merge: Merge | None = None
        self.judged: list[JudgedUnit] = []

    def take_in(self, delivery: Delivery) -> Taken:
        """Fetch and read the files of a delivery; needs neither session nor lock."""
        started = time.monotonic()
        folder = self.folder / delivery.load_date
        folder.mkdir()

        def fetch(numbered: tuple[int, Entry]) -> SourceFile:
            number, entry = numbered
            return SourceFile(number, entry.key, self.store.fetch(entry.key, folder), entry.size, entry.etag)

        intake = take_in(self.contract, each(fetch, enumerate(delivery.entries)), folder)
        return Taken(folder, intake, time.monotonic() - started)

    @property
    def bytes_judged(self) -> int:
        """Bytes of the deliveries that were judged and not published yet."""
        return sum(e.size for unit in self.judged for e in unit.delivery.entries)

    def judge(self, delivery: Delivery, taken: Taken) -> None:
        """Judge one delivery against what is published and was judged before; a breach leaves evidence."""
        started = time.monotonic() - taken.seconds
        with self._room(delivery, taken):
            unit = self._judge_unit(delivery, taken)
            if unit.breached:
                unit.evidence = self._leave_evidence(unit)
            else:
                self._describe(unit)
                self._keep(unit)
        unit.seconds = time.monotonic() - started
        self.judged.append(unit)

    def publish(self) -> list[UnitResult]:
        """Publish all that was judged, except breached units, at once; return what became of each unit."""
        units, self.judged = self.judged, []
        started = time.monotonic()
        if good := [unit for unit in units if not unit.breached]:
            assign(self._merged(good), self.index["partitions"], good)
            release(self.store, self.area, self.lock, index=self.index, units=good, evidence=self.evidence)
        share = (time.monotonic() - started) / max(1, len(good))
        for unit in units:
            shutil.rmtree(self.folder / unit.folder)
            unit.seconds += 0 if unit.breached else share
        return [unit.result(self.contract) for unit in units]

    def _judge_unit(self, delivery: Delivery, taken: Taken) -> JudgedUnit:
        intake, judged = self._judge(delivery, taken)
        unit = JudgedUnit(delivery, intake, self._run_id(delivery, intake), f"{delivery.load_date}-out")
        folder = self.folder / unit.folder
        folder.mkdir()
        self._settle(unit, folder)
        unit.counts = count(self._rejected(), intake, unit.standings)
        groups = self._period_groups() if self.references else PeriodGroups()
        unit.failed = failures(
            self.contract,
            intake=intake,
            judged=judged,
            counts=unit.counts,
            standings=unit.standings,
            periods=groups,
        )
        results = outcomes(
            (*load(FILE_RULES).all_rules, *self.contract.all_rules),
            unit.failed,
            sizes(intake, judged, unit.counts, unit.standings, groups),
        )
        quarantined = self._quarantine(unit, folder)
        unit.reasons = quarantined.reasons | conflict_reasons(self.contract, unit.standings)
        if quarantined.file.rows:
            unit.files[self._key("quarantine", delivery, "records")] = quarantined.file
        dq = write_dq_results(self.connection, results, unit.run_id, folder)
        unit.files[self._key("dq_results", delivery, "results")] = dq
        unit.breached = breaches(results)
        return unit

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

    def _judge(self, delivery: Delivery, taken: Taken) -> tuple[Intake, Judged]:
        """Judge what was taken in of a delivery."""
        if self.references:
            self.references.prepare(self.connection, delivery.load_date)
        return taken.intake, judge(self.connection, self.judgement, taken.intake, delivery.load_date)

    def _rejected(self) -> int:
        """Return how many judged rows were rejected."""
        return int(self._one(f"SELECT count(*) FROM judged WHERE {self.judgement.rejected_sql}")[0])

    def _period_groups(self) -> PeriodGroups:
        return PeriodGroups(*map(int, self._one(period_groups_sql(self.market))))

    def _quarantine(self, unit: JudgedUnit, folder: Path) -> Quarantined:
        return write_quarantine(self.connection, self.judgement, unit.run_id, folder)

    def _one(self, sql: str) -> tuple[Any, ...]:
        row: tuple[Any, ...] | None = self.connection.execute(sql).fetchone()
        assert row is not None
        return row

    def _keep(self, unit: JudgedUnit) -> None:
        """Let a unit's transactions be part of what is written with the next publish."""
        if self.merge:
            self.merge.keep(unit.delivery.load_date, self._schema(unit.delivery), unit.days)

    def _merged(self, units: Sequence[JudgedUnit]) -> Mapping[str, Partition]:
        """Write the partitions that judged transactions touch."""
        merge, self.merge = self.merge, None
        if merge is None:
            return {}
        runs = {day: entry["run_id"] for day, entry in self.index["units"].items()}
        runs |= {unit.delivery.load_date: unit.run_id for unit in units}
        written = merge.write(runs, rule_version(self.contract.name))
        for name in merge.kept.values():
            self.connection.execute(f'DROP SCHEMA "{name}" CASCADE')
        return written

    def _run_id(self, delivery: Delivery, intake: Intake) -> str:
        """Identify the run by what it judges, so that repeating it gives the same bytes."""
        inputs: dict[str, Any] = {
            "files": [[f.key, f.sha256] for f in intake.files],
            "rules": rules_digest(self.contract.name, self.market),
        }
        if self.references:
            seen = self.references.dimensions
            inputs["references"] = [seen.digests(delivery.load_date), seen.later(delivery.load_date)]
        return f"{self.contract.name}-{delivery.load_date}-{publish.digest(inputs)[:12]}"

    def _settle(self, unit: JudgedUnit, folder: Path) -> None:
        """Decide the standing of every accepted row; Silver of a dimension, apart from others, is written."""
        if self.references is None:
            self._settle_dimension(unit, folder)
            return
        if self.merge is None:
            partitions = self.index["partitions"]
            self.merge = Merge(
                self.connection, self.contract, self.store, folder=self.folder, partitions=partitions
            )
        settled = self.merge.settle(unit.delivery.load_date)
        unit.standings, unit.days = settled.standings, set(settled.days)

    def _settle_dimension(self, unit: JudgedUnit, folder: Path) -> None:
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
            file = write_parquet(connection, select, folder / "silver.parquet")
        self._record_dimension(unit, file)

    def _record_dimension(self, unit: JudgedUnit, file: ParquetFile | None) -> None:
        """Take the one Silver object of a dimension's load date into what its unit came to."""
        day = unit.delivery.load_date
        target = silver_key(self.contract.name, day)
        entry: dict[str, Any] = {"key": target, "rows": 0, "sha256": None}
        if file is not None:
            unit.files[target] = file
            entry |= {"rows": file.rows, "sha256": file.sha256}
        else:
            unit.surplus.add(target)
        counts = {s: n for s, n in sorted(unit.standings.items()) if n}
        unit.days = {day}
        unit.partitions[day] = entry | {"loads": {day: counts}}

    def _key(self, table: str, delivery: Delivery, name: str) -> str:
        return f"processed/{table}/dataset={self.contract.name}/load_date={delivery.load_date}/{name}.parquet"

    def _leave_evidence(self, unit: JudgedUnit) -> str:
        prefix = evidence_prefix(self.area, unit.delivery)
        for key, file in unit.files.items():
            if "/quarantine/" in key or "/dq_results/" in key:
                publish.place(self.store, file.path, prefix + key.rpartition("/")[2])
        return prefix

    def _describe(self, unit: JudgedUnit) -> None:
        """Fill the unit's entry of the index."""
        intake, delivery = unit.intake, unit.delivery
        unit.entry |= {
            "listing": delivery.listing,
            "rules": rules_digest(self.contract.name, self.market),
            "run_id": unit.run_id,
            "reasons": unit.reasons,
            "files": len(intake.files),
            "files_rejected": sum(f.fault is not None for f in intake.files),
            "bytes_in": sum(f.size for f in intake.files),
            "keys": sorted(
                key for key in unit.files if key.endswith(("/records.parquet", "/results.parquet"))
            ),
            **asdict(unit.counts),
        }
        if self.references:
            seen = self.references.dimensions
            later = seen.later(delivery.load_date)
            unit.entry["references"] = seen.digests(delivery.load_date)
            unit.entry["later"] = {name: publish.digest(later[name]) for name in DIMENSIONS}
            unit.entry["pending"] = {name: self._pending(name, key) for name, key in DIMENSIONS.items()}
        else:
            unit.entry["content"] = self._content()

    def _content(self) -> str:
        """Digest of what a dimension's load date says, equal on every engine."""
        key = self.contract.key[0]
        return str(
            self._one(
                f"SELECT sha256(coalesce(string_agg({self._said_sql()}, chr(10) ORDER BY {key}), '')) "
                "FROM settled WHERE standing = 'current'"
            )[0]
        )

    def _said_sql(self) -> str:
        """SQL of what a row of a dimension says to transactions, as text."""
        power = "CAST(contracted_power_kw AS VARCHAR)" if self.contract.name == "clients" else "NULL"
        first, end = "CAST(valid_from AS VARCHAR)", "coalesce(CAST(valid_to AS VARCHAR), '9999-12-31')"
        return f"concat_ws(chr(31), {self.contract.key[0]}, {first}, {end}, {power})"

    def _pending(self, name: str, key: str) -> list[str]:
        """Return the dimension keys that rows were rejected for, which a later delivery may bring."""
        rows = self.connection.execute(self._pending_sql(name, key)).fetchall()
        return ["*"] if len(rows) > PENDING_LIMIT else [r[0] for r in rows]

    def _pending_sql(self, name: str, key: str) -> str:
        checks = (f"{name[:-1]}_unknown", f"{name[:-1]}_validity")
        tests = [self.judgement.broken_sql(self.contract.rule(check)) for check in checks]
        return (
            f"SELECT DISTINCT {key} FROM judged WHERE {' OR '.join(tests)} "
            f"ORDER BY 1 LIMIT {PENDING_LIMIT + 1}"
        )
