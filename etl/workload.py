"""What every engine does with units: weigh their counts, leave evidence, publish them committed at once."""

import shutil
import time
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import duckdb

from etl import publish
from etl.contract import FILE_RULES, Contract, load
from etl.counts import PeriodGroups, count, failures, sizes
from etl.dimensions import DIMENSIONS, Dimensions, processed_area
from etl.discover import Delivery, rules_digest
from etl.engine import ParquetFile
from etl.evidence import Quarantined, conflict_reasons, write_dq_results
from etl.judge import Judgement, compile_contract
from etl.lock import Lock
from etl.market import Market
from etl.merge import Partition, silver_key
from etl.parts import Intake
from etl.quality import Outcome, breaches, outcomes
from etl.reference import PENDING_LIMIT
from etl.release import JudgedUnit, assign, evidence_prefix, release
from etl.store import Store
from etl.summary import UnitResult
from etl.tally import Judged


@dataclass(frozen=True, slots=True)
class Taken:
    """A delivery as read: what the engine needs of it, in a folder of its own, and the seconds it took."""

    folder: Path
    intake: Intake
    seconds: float


class Workload(ABC):
    """Judges the units of one dataset and publishes them together, under a lock, in a session.

    `connection` is DuckDB's, which every engine writes outcomes of rules with; `index` is the committed
    index, which follows what is published; `dimensions` are those that transactions refer to, `evidence` the
    keys of the evidence of earlier breaches.
    """

    width = 1
    """How many times the bytes that one machine holds may be published together."""

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
        self.dimensions = dimensions
        self.evidence = evidence
        self.area = processed_area(contract.name)
        self.judgement: Judgement = compile_contract(contract, market)
        self.judged: list[JudgedUnit] = []

    @property
    def bytes_judged(self) -> int:
        """Bytes of the deliveries that were judged and not published yet."""
        return sum(e.size for unit in self.judged for e in unit.delivery.entries)

    @abstractmethod
    def take_in(self, delivery: Delivery) -> Taken:
        """Fetch and read the files of a delivery; needs neither session nor lock."""

    @abstractmethod
    def judge(self, delivery: Delivery, taken: Taken) -> None:
        """Judge one delivery against what is published and was judged before; a breach leaves evidence."""

    @abstractmethod
    def _merged(self, units: Sequence[JudgedUnit]) -> Mapping[str, Partition]:
        """Return the partitions that judged transactions touch, as written."""

    def publish(self) -> Iterator[UnitResult]:
        """Publish all that was judged, except breached units, at once; yield what became of each unit."""
        units, self.judged = self.judged, []
        started = time.monotonic()
        if good := [unit for unit in units if not unit.breached]:
            assign(self._merged(good), self.index["partitions"], good)
            release(self.store, self.area, self.lock, index=self.index, units=good, evidence=self.evidence)
        share = (time.monotonic() - started) / max(1, len(good))
        for unit in units:
            shutil.rmtree(self.folder / unit.folder)
            unit.seconds += 0 if unit.breached else share
            yield unit.result(self.contract)

    def _begin(self, delivery: Delivery, intake: Intake) -> JudgedUnit:
        unit = JudgedUnit(delivery, intake, self._run_id(delivery, intake), self._folder(delivery))
        (self.folder / unit.folder).mkdir()
        return unit

    def _folder(self, delivery: Delivery) -> str:
        return f"{delivery.load_date}-out"

    def _weigh(self, unit: JudgedUnit, judged: Judged, periods: PeriodGroups) -> tuple[Outcome, ...]:
        """Count a settled unit; return the outcome of every rule."""
        intake, standings = unit.intake, unit.standings
        unit.counts = count(judged.rejected, intake, standings)
        unit.failed = failures(
            self.contract,
            intake=intake,
            judged=judged,
            counts=unit.counts,
            standings=standings,
            periods=periods,
        )
        results = outcomes(
            (*load(FILE_RULES).all_rules, *self.contract.all_rules),
            unit.failed,
            sizes(intake, judged, unit.counts, standings, periods),
        )
        unit.breached = breaches(results)
        return results

    def _conclude(self, unit: JudgedUnit, results: tuple[Outcome, ...], quarantined: Quarantined) -> None:
        """Take what says what was wrong into what a unit came to; of a breach it is all that is left."""
        delivery = unit.delivery
        unit.reasons = quarantined.reasons | conflict_reasons(self.contract, unit.standings)
        if quarantined.file.rows:
            unit.files[self._key("quarantine", delivery, "records")] = quarantined.file
        dq = write_dq_results(self.connection, results, unit.run_id, self.folder / unit.folder)
        unit.files[self._key("dq_results", delivery, "results")] = dq
        if unit.breached:
            unit.evidence = self._leave_evidence(unit)

    def _run_id(self, delivery: Delivery, intake: Intake) -> str:
        return run_id(self.judgement, delivery.load_date, intake, self.dimensions)

    def _runs(self, units: Iterable[JudgedUnit]) -> dict[str, str]:
        """Run ids by load date, of what is published and of units that will be."""
        runs = {day: str(entry["run_id"]) for day, entry in self.index["units"].items()}
        return runs | {unit.delivery.load_date: unit.run_id for unit in units}

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

    def _describe(
        self, unit: JudgedUnit, *, content: str = "", pending: Mapping[str, Iterable[str]] | None = None
    ) -> None:
        """Fill the unit's entry of the index: what a dimension says, or which keys transactions wait for."""
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
        if seen := self.dimensions:
            later = seen.later(delivery.load_date)
            unit.entry["references"] = seen.digests(delivery.load_date)
            unit.entry["later"] = {name: publish.digest(later[name]) for name in DIMENSIONS}
            listed = {name: sorted((pending or {}).get(name, ())) for name in DIMENSIONS}
            unit.entry["pending"] = {n: k if len(k) <= PENDING_LIMIT else ["*"] for n, k in listed.items()}
        else:
            unit.entry["content"] = content


def run_id(judgement: Judgement, load_date: str, intake: Intake, dimensions: Dimensions | None) -> str:
    """Identify the run of a unit by what it judges, so that repeating it gives the same bytes."""
    name = judgement.contract.name
    inputs: dict[str, Any] = {
        "files": [[f.key, f.sha256] for f in intake.files],
        "rules": rules_digest(name, judgement.market),
    }
    if dimensions:
        inputs["references"] = [dimensions.digests(load_date), dimensions.later(load_date)]
    return f"{name}-{load_date}-{publish.digest(inputs)[:12]}"
