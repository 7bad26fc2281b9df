"""One unit from delivered files to a published, committed state."""

import shutil
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from etl import publish
from etl.content import hash_sql
from etl.contract import FILE_RULES, Contract, load, rule_version
from etl.counts import Counts, PeriodGroups, count, failures, period_groups, sizes
from etl.dimensions import DIMENSIONS, Dimensions, processed_area
from etl.discover import Delivery, rules_digest
from etl.engine import ParquetFile, model, write_parquet
from etl.evidence import conflict_reasons, write_dq_results, write_quarantine
from etl.intake import take_in
from etl.judge import Judgement, compile_contract
from etl.lock import Lock
from etl.market import Market
from etl.merge import Merge, Partition, silver_key
from etl.parallel import each
from etl.parts import Intake, SourceFile
from etl.publish import Output
from etl.quality import Outcome, breaches, outcomes
from etl.reference import References
from etl.store import Entry, Store
from etl.summary import Breach, UnitResult
from etl.unit import judge

PENDING_LIMIT = 1000


@dataclass(frozen=True, slots=True)
class Taken:
    """A delivery as read: what the engine needs of it, in a folder of its own, and the seconds it took."""

    folder: Path
    intake: Intake
    seconds: float


@dataclass(slots=True)
class _Result:
    """What one unit came to before it is published."""

    run_id: str
    files: dict[str, ParquetFile] = field(default_factory=dict)
    partitions: dict[str, dict[str, Any] | None] = field(default_factory=dict)
    touched: dict[str, set[str]] = field(default_factory=dict)
    failed: Counter[str] = field(default_factory=Counter)
    standings: Counter[str] = field(default_factory=Counter)
    reasons: dict[str, int] = field(default_factory=dict)
    entry: dict[str, Any] = field(default_factory=dict)


class Workload:
    """Judges and publishes the units of one dataset, under a lock and in a session that the caller holds.

    `index` is the committed index, which follows what is published; `dimensions` are those that transactions
    refer to, `evidence` the keys of the evidence of earlier breaches.
    """

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

    def run(self, delivery: Delivery, taken: Taken) -> UnitResult:
        """Judge one delivery and publish it; on a breach leave evidence and publish nothing."""
        try:
            return self._run(delivery, taken.intake, taken.folder, time.monotonic() - taken.seconds)
        finally:
            # Free the memory of the unit's rows as well.
            for table in ("typed", "judged", "texts", "settled"):
                self.connection.execute(f"DROP TABLE IF EXISTS {table}")
            shutil.rmtree(taken.folder)

    def _run(self, delivery: Delivery, intake: Intake, folder: Path, started: float) -> UnitResult:
        connection, references, index = self.connection, self.references, self.index
        if references:
            references.prepare(connection, delivery.load_date)
        judged = judge(connection, self.judgement, intake, delivery.load_date)
        result = _Result(self._run_id(delivery, intake))
        self._settle(connection, delivery, index, result, folder)
        counts = count(connection, self.judgement, intake, result.standings)
        groups = (
            period_groups(connection, self.market) if self.contract.name == "transactions" else PeriodGroups()
        )
        result.failed = failures(
            self.contract,
            intake=intake,
            judged=judged,
            counts=counts,
            standings=result.standings,
            periods=groups,
        )
        results = outcomes(
            (*load(FILE_RULES).all_rules, *self.contract.all_rules),
            result.failed,
            sizes(intake, judged, counts, result.standings, groups),
        )
        quarantined = write_quarantine(connection, self.judgement, result.run_id, folder)
        result.reasons = quarantined.reasons | conflict_reasons(self.contract, result.standings)
        if quarantined.file.rows:
            result.files[self._key("quarantine", delivery, "records")] = quarantined.file
        dq = write_dq_results(connection, results, result.run_id, folder)
        result.files[self._key("dq_results", delivery, "results")] = dq
        if breached := breaches(results):
            evidence = self._leave_evidence(delivery, result)
            return self._report(started, intake, counts, result, breached=breached, evidence=evidence)
        self._describe(connection, delivery, intake=intake, counts=counts, result=result)
        self._publish(delivery, index, intake, result)
        return self._report(started, intake, counts, result)

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

    def _settle(
        self,
        connection: duckdb.DuckDBPyConnection,
        delivery: Delivery,
        index: Mapping[str, Any],
        result: _Result,
        folder: Path,
    ) -> None:
        """Decide the standing of every accepted row and write Silver."""
        if self.contract.name != "transactions":
            self._settle_dimension(connection, delivery, result, folder)
            return
        runs = {day: unit["run_id"] for day, unit in index["units"].items()} | {
            delivery.load_date: result.run_id
        }
        merge = Merge(connection, self.contract, self.store, folder)
        merged = merge.run(index["partitions"], delivery.load_date, runs, rule_version(self.contract.name))
        for day, partition in merged.items():
            self._record(day, partition, index["partitions"].get(day), result)
            for standing, rows in partition.entry.get("loads", {}).get(delivery.load_date, {}).items():
                result.standings[standing] += rows

    def _record(
        self, day: str, partition: Partition, before: Mapping[str, Any] | None, result: _Result
    ) -> None:
        result.files |= partition.files
        result.partitions[day] = partition.entry or None
        old = set()
        if before:
            old = {before["key"], *before["conflicts"]} | (
                {before["held"]["key"]} if before["held"] else set()
            )
        result.touched[day] = old - set(partition.files)

    def _settle_dimension(
        self, connection: duckdb.DuckDBPyConnection, delivery: Delivery, result: _Result, folder: Path
    ) -> None:
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
            result.standings[standing] = rows
        target = silver_key(self.contract.name, delivery.load_date)
        entry: dict[str, Any] = {"key": target, "rows": 0, "sha256": None}
        if result.standings["current"]:
            select = f"SELECT {columns} FROM settled WHERE standing = 'current' ORDER BY {key}"
            file = write_parquet(connection, select, folder / "silver.parquet")
            result.files[target] = file
            entry |= {"rows": file.rows, "sha256": file.sha256}
        counts = {s: n for s, n in sorted(result.standings.items()) if n}
        result.partitions[delivery.load_date] = entry | {"loads": {delivery.load_date: counts}}
        result.touched[delivery.load_date] = set() if result.standings["current"] else {target}

    def _key(self, table: str, delivery: Delivery, name: str) -> str:
        return f"processed/{table}/dataset={self.contract.name}/load_date={delivery.load_date}/{name}.parquet"

    def _evidence(self, delivery: Delivery) -> str:
        return f"{self.area.root}breaches/{self.contract.name}/{delivery.load_date}/"

    def _leave_evidence(self, delivery: Delivery, result: _Result) -> str:
        prefix = self._evidence(delivery)
        for key, file in result.files.items():
            if "/quarantine/" in key or "/dq_results/" in key:
                self.store.put(prefix + key.rpartition("/")[2], file.path)
        return prefix

    def _describe(
        self,
        connection: duckdb.DuckDBPyConnection,
        delivery: Delivery,
        *,
        intake: Intake,
        counts: Counts,
        result: _Result,
    ) -> None:
        """Fill the unit's entry of the index."""
        result.entry |= {
            "listing": delivery.listing,
            "rules": rules_digest(self.contract.name, self.market),
            "run_id": result.run_id,
            "reasons": result.reasons,
            "files": len(intake.files),
            "files_rejected": sum(f.fault is not None for f in intake.files),
            "bytes_in": sum(f.size for f in intake.files),
            "keys": sorted(
                key for key in result.files if key.endswith(("/records.parquet", "/results.parquet"))
            ),
            **asdict(counts),
        }
        if self.references:
            seen = self.references.dimensions
            later = seen.later(delivery.load_date)
            result.entry["references"] = seen.digests(delivery.load_date)
            result.entry["later"] = {name: publish.digest(later[name]) for name in DIMENSIONS}
            result.entry["pending"] = {
                name: self._pending(connection, name, key) for name, key in DIMENSIONS.items()
            }
        else:
            power = "contracted_power_kw" if self.contract.name == "clients" else "NULL"
            end = "coalesce(valid_to, DATE '9999-12-31')"
            parts = f"concat_ws(chr(31), {self.contract.key[0]}, valid_from, {end}, {power})"
            found = connection.execute(
                f"SELECT sha256(coalesce(string_agg({parts}, chr(10) ORDER BY {self.contract.key[0]}), '')) "
                "FROM settled WHERE standing = 'current'"
            ).fetchone()
            assert found is not None
            result.entry["content"] = found[0]

    def _pending(self, connection: duckdb.DuckDBPyConnection, name: str, key: str) -> list[str]:
        """Return the dimension keys that rows were rejected for, which a later delivery may bring."""
        checks = (f"{name[:-1]}_unknown", f"{name[:-1]}_validity")
        tests = [self.judgement.broken_sql(self.contract.rule(check)) for check in checks]
        rows = connection.execute(
            f"SELECT DISTINCT {key} FROM judged WHERE {' OR '.join(tests)} "
            f"ORDER BY 1 LIMIT {PENDING_LIMIT + 1}"
        ).fetchall()
        return ["*"] if len(rows) > PENDING_LIMIT else [r[0] for r in rows]

    def _publish(self, delivery: Delivery, index: dict[str, Any], intake: Intake, result: _Result) -> None:
        before = index["units"].get(delivery.load_date, {})
        surplus = set(before.get("keys", ())) - set(result.files)
        for old in result.touched.values():
            surplus |= old
        surplus |= {key for key in self.evidence if key.startswith(self._evidence(delivery))}
        index["units"][delivery.load_date] = result.entry
        for day, entry in result.partitions.items():
            if entry is None:
                index["partitions"].pop(day, None)
            else:
                index["partitions"][day] = entry
        modified = {e.key: e.modified for e in delivery.entries}
        manifest = {
            "dataset": self.contract.name,
            "load_date": delivery.load_date,
            "run_id": result.run_id,
            "inputs": [
                {"key": f.key, "etag": f.etag, "size": f.size, "sha256": f.sha256, "records": f.records,
                 "fault": f.fault, "duplicate_of": f.duplicate_of, "modified": modified[f.key]}
                for f in intake.files
            ],
            "outputs": [
                {"key": key, "rows": f.rows, "size": f.size, "sha256": f.sha256}
                for key, f in sorted(result.files.items())
            ],
        }  # fmt: skip
        publish.publish(
            self.store,
            self.area,
            self.lock,
            run_id=result.run_id,
            outputs=[Output(key, f.path, f.sha256, f.size) for key, f in result.files.items()],
            surplus=surplus,
            manifests={delivery.load_date: manifest},
            index=index,
        )

    def _report(
        self,
        started: float,
        intake: Intake,
        counts: Counts,
        result: _Result,
        *,
        breached: tuple[Outcome, ...] = (),
        evidence: str = "",
    ) -> UnitResult:
        reject = {r.id for r in self.contract.all_rules if r.severity != "warn"}
        warnings = {
            rule: n
            for rule, n in sorted(result.failed.items())
            if n and rule not in reject and rule not in result.reasons
        }
        return UnitResult(
            dataset=self.contract.name,
            unit=result.run_id.removeprefix(f"{self.contract.name}-")[:10],
            outcome="breached" if breached else "published",
            run_id=result.run_id,
            seconds=time.monotonic() - started,
            files=len(intake.files),
            files_rejected=sum(f.fault is not None for f in intake.files),
            bytes_in=sum(f.size for f in intake.files),
            rows_in=counts.rows_in,
            good=counts.good,
            rejected=counts.rejected,
            duplicates=counts.duplicates,
            rows_out=counts.good,
            bytes_out=sum(f.size for f in result.files.values()),
            reasons=result.reasons,
            warnings=warnings,
            partitions=tuple(sorted(result.partitions)),
            breaches=tuple(
                Breach(o.rule.id, o.failed, o.evaluated, o.rule.threshold, evidence) for o in breached
            ),
        )
