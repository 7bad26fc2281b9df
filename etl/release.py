"""Judged units of a dataset on their way into the lake: entries, manifests and surplus, published at once."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from etl import publish
from etl.contract import Contract, Severity, rule_index
from etl.counts import Counts
from etl.discover import Delivery
from etl.engine import ParquetFile
from etl.lock import Lock
from etl.merge import Partition
from etl.parts import Intake
from etl.publish import Area, Output
from etl.quality import Outcome
from etl.store import Store
from etl.summary import Breach, UnitResult

NOTHING = Counts(0, 0, 0, 0, 0, 0)


@dataclass(slots=True)
class JudgedUnit:
    """What one unit came to.

    `folder` holds its files, `days` are the partitions that it has a say in, `partitions` the new entries of
    those that are written for it (None for one without rows), `surplus` the keys it leaves without a use.
    """

    delivery: Delivery
    intake: Intake
    run_id: str
    folder: str
    counts: Counts = NOTHING
    files: dict[str, ParquetFile] = field(default_factory=dict)
    days: set[str] = field(default_factory=set)
    partitions: dict[str, dict[str, Any] | None] = field(default_factory=dict)
    surplus: set[str] = field(default_factory=set)
    failed: Counter[str] = field(default_factory=Counter)
    standings: Counter[str] = field(default_factory=Counter)
    reasons: dict[str, int] = field(default_factory=dict)
    entry: dict[str, Any] = field(default_factory=dict)
    breached: tuple[Outcome, ...] = ()
    evidence: str = ""
    seconds: float = 0.0

    def result(self, contract: Contract) -> UnitResult:
        """Return what a summary says of the unit."""
        rules = rule_index(contract.name)
        warnings = {
            rule: n for rule, n in sorted(self.failed.items()) if n and rules[rule].severity is Severity.WARN
        }
        return UnitResult(
            dataset=contract.name,
            unit=self.delivery.load_date,
            outcome="breached" if self.breached else "published",
            run_id=self.run_id,
            seconds=self.seconds,
            files=len(self.intake.files),
            files_rejected=sum(f.fault is not None for f in self.intake.files),
            bytes_in=sum(f.size for f in self.intake.files),
            rows_in=self.counts.rows_in,
            good=self.counts.good,
            rejected=self.counts.rejected,
            duplicates=self.counts.duplicates,
            rows_out=0 if self.breached else self.counts.good,
            bytes_out=0 if self.breached else sum(f.size for f in self.files.values()),
            reasons=self.reasons,
            warnings=warnings,
            partitions=tuple(sorted(self.days)),
            breaches=tuple(
                Breach(o.rule.id, o.failed, o.evaluated, o.rule.threshold, self.evidence)
                for o in self.breached
            ),
        )


def evidence_prefix(area: Area, delivery: Delivery) -> str:
    """Prefix of the evidence that a breach of a delivery leaves."""
    return f"{area.root}breaches/{area.name}/{delivery.load_date}/"


def assign(
    written: Mapping[str, Partition], before: Mapping[str, Mapping[str, Any]], units: Sequence[JudgedUnit]
) -> None:
    """Hand each partition that was written to the last of the units that has a say in it."""
    for day, partition in written.items():
        unit = next(unit for unit in reversed(units) if day in unit.days)
        unit.files |= partition.files
        unit.partitions[day] = partition.entry or None
        if day in before:
            old = before[day]
            keys = {old["key"], *old["conflicts"]} | ({old["held"]["key"]} if old["held"] else set())
            unit.surplus |= keys - set(partition.files)


def release(
    store: Store,
    area: Area,
    lock: Lock,
    *,
    index: dict[str, Any],
    units: Sequence[JudgedUnit],
    evidence: Iterable[str],
) -> None:
    """Publish units with one commit; `index` follows, and evidence of their earlier breaches goes."""
    surplus: set[str] = set()
    outputs: dict[str, ParquetFile] = {}
    for unit in units:
        load_date = unit.delivery.load_date
        surplus |= unit.surplus
        surplus |= set(index["units"].get(load_date, {}).get("keys", ())) - set(unit.files)
        prefix = evidence_prefix(area, unit.delivery)
        surplus |= {key for key in evidence if key.startswith(prefix)}
        outputs |= unit.files
        index["units"][load_date] = unit.entry
        for day, entry in unit.partitions.items():
            if entry is None:
                index["partitions"].pop(day, None)
            else:
                index["partitions"][day] = entry
    surplus -= set(outputs)
    run_ids = [unit.run_id for unit in units]
    publish.publish(
        store,
        area,
        lock,
        run_id=run_ids[0] if len(run_ids) == 1 else f"{area.name}-{publish.digest(run_ids)[:12]}",
        outputs=[Output(key, f.path, f.sha256, f.size) for key, f in outputs.items()],
        surplus=surplus,
        manifests={unit.delivery.load_date: _manifest(area.name, unit) for unit in units},
        index=index,
    )


def _manifest(dataset: str, unit: JudgedUnit) -> dict[str, Any]:
    modified = {e.key: e.modified for e in unit.delivery.entries}
    return {
        "dataset": dataset,
        "load_date": unit.delivery.load_date,
        "run_id": unit.run_id,
        "inputs": [
            {"key": f.key, "etag": f.etag, "size": f.size, "sha256": f.sha256, "records": f.records,
             "fault": f.fault, "duplicate_of": f.duplicate_of, "modified": modified[f.key]}
            for f in unit.intake.files
        ],
        "outputs": [
            {"key": key, "rows": f.rows, "size": f.size, "sha256": f.sha256}
            for key, f in sorted(unit.files.items())
        ],
    }  # fmt: skip
