"""Raw → processed: which units are due, in which order, one writer at a time."""

import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from etl import publish
from etl.contract import RAW_DATASETS, Contract, load
from etl.discover import Delivery, deliveries, is_expired, rules_digest
from etl.engines import Embedded, Engine
from etl.errors import DataLakeError
from etl.lock import hold
from etl.market import Market
from etl.progress import say
from etl.publish import Area, read_index
from etl.reference import DIMENSIONS, References, processed_area
from etl.store import Store
from etl.summary import RunSummary

JOB = "raw-to-processed"
LARGE_UNIT_BYTES = 256 << 20


@dataclass(frozen=True, slots=True)
class Scope:
    """What a run may touch (None for all); `force` judges again what is unchanged."""

    datasets: tuple[str, ...] | None = None
    load_dates: tuple[str, ...] | None = None
    force: bool = False
    lock_wait_seconds: float = 60.0

    def includes(self, delivery: Delivery) -> bool:
        """Whether a delivery is within the scope."""
        return self.load_dates is None or delivery.load_date in self.load_dates


def run(
    store: Store,
    market: Market,
    scope: Scope | None = None,
    *,
    summary: RunSummary | None = None,
    engine: Engine | None = None,
) -> RunSummary:
    """Judge and publish every due unit: dimensions first, then transactions, each by load date.

    Unchanged deliveries cost a listing and one index read. A breached unit publishes nothing and does not
    stop the others; the summary's exit code tells. A caller that hands a `summary` in has it even where the
    run ends in an error.
    """
    scope = scope or Scope()
    unknown = [d for d in scope.datasets or () if d not in RAW_DATASETS]
    if unknown:
        raise DataLakeError(
            f"Unknown dataset {unknown[0]!r}.", where="--datasets", fix=f"Use {', '.join(RAW_DATASETS)}."
        )
    started = time.monotonic()
    summary = RunSummary(JOB) if summary is None else summary
    for dataset in RAW_DATASETS:
        if scope.datasets is None or dataset in scope.datasets:
            _run_dataset(store, market, scope, load(dataset), summary=summary, engine=engine or Embedded())
            summary.finished.append(dataset)
    summary.seconds = time.monotonic() - started
    return summary


def totals(store: Store) -> dict[str, dict[str, int]]:
    """What the lake holds of each raw dataset by committed indexes: rows_in, good, rejected, duplicates."""
    found = {}
    for dataset in RAW_DATASETS:
        index = read_index(store, processed_area(dataset))
        total = {"rows_in": 0, "good": 0, "rejected": 0, "duplicates": 0}
        for unit in index["units"].values():
            total["rows_in"] += unit["rows_in"]
            total["rejected"] += unit["rejected_alone"]
            total["duplicates"] += unit["duplicates_alone"]
        for partition in index["partitions"].values():
            for counts in partition["loads"].values():
                total["good"] += counts.get("current", 0)
                total["duplicates"] += counts.get("duplicate", 0) + counts.get("superseded", 0)
                total["rejected"] += counts.get("conflict", 0) + counts.get("unknown_cancellation", 0)
        found[dataset] = total
    return found


def _run_dataset(
    store: Store, market: Market, scope: Scope, contract: Contract, *, summary: RunSummary, engine: Engine
) -> None:
    area = processed_area(contract.name)
    found = [d for d in deliveries(store, contract.name) if scope.includes(d)]
    due = _due(store, market, scope, contract, found)
    _forget_breaches(store, area, found, due)
    if not due and not publish.interrupted(store, area):
        summary.unchanged += len(found)
        return
    with hold(store, area.lock, wait_seconds=scope.lock_wait_seconds) as lock:
        if publish.repair(store, area, lock):
            summary.repaired.append(area.name)
        due = _due(store, market, scope, contract, found)
        summary.unchanged += len(found) - len(due)
        if not due:
            return
        large = any(sum(e.size for e in d.entries) > LARGE_UNIT_BYTES for d in due)
        with engine.workload(store, market, contract, lock, large=large) as workload:
            for delivery in due:
                say(
                    "judging",
                    dataset=contract.name,
                    load_date=delivery.load_date,
                    files=len(delivery.entries),
                )
                result = workload.run(delivery)
                summary.units.append(result)
                say(
                    result.outcome,
                    dataset=contract.name,
                    load_date=delivery.load_date,
                    rows_in=result.rows_in,
                    good=result.good,
                    rejected=result.rejected,
                    duplicates=result.duplicates,
                    took=round(result.seconds, 3),
                )


def _forget_breaches(store: Store, area: Area, found: list[Delivery], due: list[Delivery]) -> None:
    """Delete the evidence of breaches whose delivery was taken back: what is published holds."""
    settled = {d.load_date for d in found} - {d.load_date for d in due}
    prefix = f"{area.root}breaches/{area.name}/"
    store.delete(e.key for e in store.list(prefix) if e.key.removeprefix(prefix).partition("/")[0] in settled)


def _due(
    store: Store, market: Market, scope: Scope, contract: Contract, found: list[Delivery]
) -> list[Delivery]:
    index = read_index(store, processed_area(contract.name))
    rules = rules_digest(contract.name, market)
    with tempfile.TemporaryDirectory(prefix="lake-") as folder:
        references = References(store, Path(folder)) if contract.name == "transactions" else None
        return [
            d
            for d in found
            if scope.force
            or _is_due(
                store, contract.name, index["units"].get(d.load_date), d, rules=rules, references=references
            )
        ]


def _is_due(
    store: Store,
    dataset: str,
    unit: Mapping[str, Any] | None,
    delivery: Delivery,
    *,
    rules: str,
    references: References | None,
) -> bool:
    if unit is None:
        return True
    if unit["listing"] != delivery.listing:
        return not is_expired(store, processed_area(dataset), delivery)
    if unit["rules"] != rules:
        return True
    if references is None:
        return False
    if unit["references"] != references.digests(delivery.load_date):
        return True
    return any(
        unit["pending"][name]
        and unit["later"][name] != publish.digest(references.later(delivery.load_date)[name])
        and references.any_later(name, unit["pending"][name], delivery.load_date)
        for name in DIMENSIONS
    )
