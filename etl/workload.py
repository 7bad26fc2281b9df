"""One unit from delivered files to a published, committed state."""

import shutil
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from etl import publish
from etl.content import hash_sql
from etl.contract import FILE_RULES, Contract, load, rule_version
from etl.counts import Counts, PeriodGroups, count, failures, period_groups_sql, sizes
from etl.discover import Delivery, rules_digest
from etl.engine import ParquetFile, model, write_parquet
from etl.evidence import Quarantined, conflict_reasons, write_dq_results, write_quarantine
from etl.intake import take_in
from etl.judge import Judgement, compile_contract
from etl.lock import Lock
from etl.market import Market
from etl.merge import Merge, Partition, silver_key
from etl.parts import Intake, SourceFile
from etl.publish import Output, read_index
from etl.quality import Outcome, breaches, outcomes
from etl.reference import DIMENSIONS, References, processed_area
from etl.store import Store
from etl.summary import Breach, UnitResult
from etl.unit import Judged, judge

PENDING_LIMIT = 1000


@dataclass(slots=True)
class Result:
    """What one unit came to before it is published: objects by key, changed partitions, numbers."""

    run_id: str
    files: dict[str, ParquetFile] = field(default_factory=dict)
    partitions: dict[str, dict[str, Any] | None] = field(default_factory=dict)
    touched: dict[str, set[str]] = field(default_factory=dict)
    failed: Counter[str] = field(default_factory=Counter)
    standings: Counter[str] = field(default_factory=Counter)
    reasons: dict[str, int] = field(default_factory=dict)
    entry: dict[str, Any] = field(default_factory=dict)


class Workload:
    """Judges and publishes the units of one dataset, under a lock and in a session that the caller holds."""

    def __init__(
        self,
        store: Store,
        market: Market,
        contract: Contract,
        *,
        lock: Lock,
        folder: Path,
        connection: duckdb.DuckDBPyConnection,
    ) -> None:
        self.store = store
        self.market = market
        self.contract = contract
        self.lock = lock
        self.folder = folder
        self.connection = connection
        self.area = processed_area(contract.name)
        self.judgement: Judgement = compile_contract(contract, market)
        self.references = References(store, folder)

    def run(self, delivery: Delivery) -> UnitResult:
        """Judge one delivery and publish it; on a breach leave evidence and publish nothing."""
        with self._room(delivery) as folder:
            return self._run(delivery, folder)

    def _run(self, delivery: Delivery, folder: Path) -> UnitResult:
        started = time.monotonic()
        index = read_index(self.store, self.area)
        intake, judged = self._judge(delivery, folder)
        result = Result(self._run_id(delivery, intake, self.references))
        self._settle(delivery, index, result, folder)
        counts = count(self._rejected(), intake, result.standings)
        groups = self._period_groups() if self.contract.name == "transactions" else PeriodGroups()
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
        quarantined = self._quarantine(delivery, result.run_id, folder)
        result.reasons = quarantined.reasons | conflict_reasons(self.contract, result.standings)
        if quarantined.file.rows:
            result.files[self._key("quarantine", delivery, "records")] = quarantined.file
        dq = write_dq_results(self.connection, results, result.run_id, folder)
        result.files[self._key("dq_results", delivery, "results")] = dq
        if breached := breaches(results):
            evidence = self._leave_evidence(delivery, result)
            return self._report(started, intake, counts, result, breached=breached, evidence=evidence)
        self._describe(delivery, intake, counts, result)
        self._publish(delivery, index, intake, result)
        return self._report(started, intake, counts, result)

    def _judge(self, delivery: Delivery, folder: Path) -> tuple[Intake, Judged]:
        """Read and judge the delivered files."""
        files = [
            SourceFile(i, e.key, self.store.fetch(e.key, folder), e.size, e.etag)
            for i, e in enumerate(delivery.entries)
        ]
        intake = take_in(self.contract, files, folder)
        if self.contract.name == "transactions":
            self.references.prepare(self.connection, delivery.load_date)
        return intake, judge(self.connection, self.judgement, intake, delivery.load_date)

    def _rejected(self) -> int:
        """Return how many judged rows were rejected."""
        return int(self._one(f"SELECT count(*) FROM judged WHERE {self.judgement.rejected_sql}")[0])

    def _period_groups(self) -> PeriodGroups:
        return PeriodGroups(*map(int, self._one(period_groups_sql(self.market))))

    def _quarantine(self, delivery: Delivery, run_id: str, folder: Path) -> Quarantined:
        return write_quarantine(self.connection, self.judgement, run_id, folder)

    def _one(self, sql: str) -> tuple[Any, ...]:
        row: tuple[Any, ...] | None = self.connection.execute(sql).fetchone()
        assert row is not None
        return row

    @contextmanager
    def _room(self, delivery: Delivery) -> Iterator[Path]:
        """Give a unit a folder of its own; free it, and the memory of the unit's rows, afterwards."""
        folder = self.folder / delivery.load_date
        folder.mkdir()
        try:
            yield folder
        finally:
            for table in ("typed", "judged", "texts", "settled"):
                self.connection.execute(f"DROP TABLE IF EXISTS {table}")
            shutil.rmtree(folder)

    def _run_id(self, delivery: Delivery, intake: Intake, references: References) -> str:
        """Identify the run by what it judges, so that repeating it gives the same bytes."""
        inputs: dict[str, Any] = {
            "files": [[f.key, f.sha256] for f in intake.files],
            "rules": rules_digest(self.contract.name, self.market),
        }
        if self.contract.name == "transactions":
            inputs["references"] = [
                references.digests(delivery.load_date),
                references.later(delivery.load_date),
            ]
        return f"{self.contract.name}-{delivery.load_date}-{publish.digest(inputs)[:12]}"

    def _settle(self, delivery: Delivery, index: Mapping[str, Any], result: Result, folder: Path) -> None:
        """Decide the standing of every accepted row and write Silver."""
        if self.contract.name != "transactions":
            self._settle_dimension(delivery, result, folder)
            return
        merge = Merge(self.connection, self.contract, self.store, folder)
        merged = merge.run(
            index["partitions"],
            delivery.load_date,
            self._runs(delivery, index, result),
            rule_version(self.contract.name),
        )
        self._take_over(merged, delivery, index, result)

    def _runs(self, delivery: Delivery, index: Mapping[str, Any], result: Result) -> dict[str, str]:
        """Return the run of each load date, this one among them."""
        return {day: unit["run_id"] for day, unit in index["units"].items()} | {
            delivery.load_date: result.run_id
        }

    def _take_over(
        self,
        merged: Mapping[str, Partition],
        delivery: Delivery,
        index: Mapping[str, Any],
        result: Result,
    ) -> None:
        """Take recomputed partitions into the result, and the standings of the delivery's rows in them."""
        for day, partition in merged.items():
            self._record(day, partition, index["partitions"].get(day), result)
            for standing, rows in partition.entry.get("loads", {}).get(delivery.load_date, {}).items():
                result.standings[standing] += rows

    def _record(
        self, day: str, partition: Partition, before: Mapping[str, Any] | None, result: Result
    ) -> None:
        result.files |= partition.files
        result.partitions[day] = partition.entry or None
        old = set()
        if before:
            old = {before["key"], *before["conflicts"]} | (
                {before["held"]["key"]} if before["held"] else set()
            )
        result.touched[day] = old - set(partition.files)

    def _settle_dimension(self, delivery: Delivery, result: Result, folder: Path) -> None:
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
            result.standings[standing] = rows
        file = None
        if result.standings["current"]:
            select = f"SELECT {columns} FROM settled WHERE standing = 'current' ORDER BY {key}"
            file = write_parquet(connection, select, folder / "silver.parquet")
        self._record_dimension(delivery, result, file)

    def _record_dimension(self, delivery: Delivery, result: Result, file: ParquetFile | None) -> None:
        """Take the one Silver object of a dimension's load date into the result."""
        target = silver_key(self.contract.name, delivery.load_date)
        entry: dict[str, Any] = {"key": target, "rows": 0, "sha256": None}
        if file is not None:
            result.files[target] = file
            entry |= {"rows": file.rows, "sha256": file.sha256}
        counts = {s: n for s, n in sorted(result.standings.items()) if n}
        result.partitions[delivery.load_date] = entry | {"loads": {delivery.load_date: counts}}
        result.touched[delivery.load_date] = set() if file is not None else {target}

    def _key(self, table: str, delivery: Delivery, name: str) -> str:
        return f"processed/{table}/dataset={self.contract.name}/load_date={delivery.load_date}/{name}.parquet"

    def _evidence(self, delivery: Delivery) -> str:
        return f"{self.area.root}breaches/{self.contract.name}/{delivery.load_date}/"

    def _leave_evidence(self, delivery: Delivery, result: Result) -> str:
        prefix = self._evidence(delivery)
        for key, file in result.files.items():
            if "/quarantine/" in key or "/dq_results/" in key:
                publish.place(self.store, file.path, prefix + key.rpartition("/")[2])
        return prefix

    def _describe(self, delivery: Delivery, intake: Intake, counts: Counts, result: Result) -> None:
        """Fill the unit's entry of the index."""
        references = self.references
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
        if self.contract.name == "transactions":
            later = references.later(delivery.load_date)
            result.entry["references"] = references.digests(delivery.load_date)
            result.entry["later"] = {name: publish.digest(later[name]) for name in DIMENSIONS}
            result.entry["pending"] = {name: self._pending(name, key) for name, key in DIMENSIONS.items()}
        else:
            result.entry["content"] = self._content()

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

    def _publish(self, delivery: Delivery, index: dict[str, Any], intake: Intake, result: Result) -> None:
        before = index["units"].get(delivery.load_date, {})
        surplus = set(before.get("keys", ())) - set(result.files)
        for old in result.touched.values():
            surplus |= old
        surplus |= {e.key for e in self.store.list(self._evidence(delivery))}
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
        result: Result,
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
