"""Raw → processed: which units are due, in which order, one writer at a time."""

import time
from contextlib import ExitStack, closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from etl import publish
from etl.contract import RAW_DATASETS, load
from etl.dimensions import processed_area
from etl.discover import Delivery, deliveries
from etl.due import Committed, find_due
from etl.engines import Embedded, Engine
from etl.errors import DataLakeError
from etl.lock import hold
from etl.market import Market
from etl.parallel import ahead, each
from etl.progress import say
from etl.publish import Area, read_index
from etl.session import Session, session
from etl.store import Store
from etl.summary import RunSummary

if TYPE_CHECKING:
    from etl.workload import Workload

JOB = "raw-to-processed"
LARGE_BYTES = 256 << 20
"""Deliveries up to this size are published together; a larger one keeps its rows on disk."""


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

    What is due of a dataset is published at once, or in turns where it is large. Unchanged deliveries cost a
    listing and one index read. A breached unit publishes nothing and does not stop the others; the summary's
    exit code tells. A caller that hands a `summary` in has it even where the run ends in an error.
    """
    scope = scope or Scope()
    unknown = [d for d in scope.datasets or () if d not in RAW_DATASETS]
    if unknown:
        raise DataLakeError(
            f"Unknown dataset {unknown[0]!r}.", where="--datasets", fix=f"Use {', '.join(RAW_DATASETS)}."
        )
    started = time.monotonic()
    summary = RunSummary(JOB) if summary is None else summary
    with session(market) as room:
        for dataset in RAW_DATASETS:
            if scope.datasets is None or dataset in scope.datasets:
                _run_dataset(store, room, scope, dataset, summary=summary, engine=engine or Embedded())
                summary.finished.append(dataset)
    summary.seconds = time.monotonic() - started
    return summary


def totals(store: Store) -> dict[str, dict[str, int]]:
    """What the lake holds of each raw dataset by committed indexes: rows_in, good, rejected, duplicates."""
    found = {}
    indexes = each(lambda dataset: read_index(store, processed_area(dataset)), RAW_DATASETS)
    for dataset, index in zip(RAW_DATASETS, indexes, strict=True):
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
    store: Store, room: Session, scope: Scope, dataset: str, *, summary: RunSummary, engine: Engine
) -> None:
    market = room.market
    area = processed_area(dataset)
    found = [d for d in deliveries(store, dataset) if scope.includes(d)]
    known = Committed.read(store, dataset)
    due = find_due(store, market, known, found, force=scope.force)
    evidence = _evidence_left(store, area, found, due)
    if not due and not publish.interrupted(store, area):
        summary.unchanged += len(found)
        return
    with hold(store, area.lock, wait_seconds=scope.lock_wait_seconds) as lock:
        if publish.repair(store, area, lock):
            summary.repaired.append(area.name)
        committed = Committed.read(store, dataset)
        if committed != known:
            due = find_due(store, market, committed, found, force=scope.force)
        summary.unchanged += len(found) - len(due)
        if not due:
            return
        large = any(_size(delivery) > LARGE_BYTES for delivery in due)
        folder = room.folder / dataset
        folder.mkdir()
        with ExitStack() as stack:
            workload = engine.workload()(
                store,
                market,
                load(dataset),
                lock=lock,
                folder=folder,
                connection=room.on_disk() if large else room.connection,
                index=committed.index,
                dimensions=committed.dimensions,
                evidence=evidence,
            )
            all_taken = stack.enter_context(closing(ahead(workload.take_in, due)))
            try:
                for delivery, taken in zip(due, all_taken, strict=True):
                    say(
                        "judging",
                        dataset=dataset,
                        load_date=delivery.load_date,
                        files=len(delivery.entries),
                    )
                    if workload.bytes_judged + _size(delivery) > LARGE_BYTES * workload.width:
                        _publish(workload, summary)
                    workload.judge(delivery, taken)
            except Exception:
                # One delivery that cannot be judged does not hold up those before it.
                _publish(workload, summary)
                raise
            _publish(workload, summary)


def _publish(workload: "Workload", summary: RunSummary) -> None:
    for result in workload.publish():
        summary.units.append(result)
        say(
            result.outcome,
            dataset=result.dataset,
            load_date=result.unit,
            rows_in=result.rows_in,
            good=result.good,
            rejected=result.rejected,
            duplicates=result.duplicates,
            took=round(result.seconds, 3),
        )


def _size(delivery: Delivery) -> int:
    return sum(entry.size for entry in delivery.entries)


def _evidence_left(store: Store, area: Area, found: list[Delivery], due: list[Delivery]) -> list[str]:
    """Return the keys of the evidence of breaches; what is of a delivery that was taken back goes at once.

    What was published before that delivery holds.
    """
    settled = {d.load_date for d in found} - {d.load_date for d in due}
    prefix = f"{area.root}breaches/{area.name}/"
    keys = [e.key for e in store.list(prefix)]
    gone = [key for key in keys if key.removeprefix(prefix).partition("/")[0] in settled]
    store.delete(gone)
    return [key for key in keys if key not in gone]
