"""Processed → curated: Gold tables from Silver only, recomputed where Silver changed."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import date, timedelta
from typing import Any

import duckdb

from etl import publish
from etl.client_days import ClientDays
from etl.contract import GOLD_TABLES, Contract, load
from etl.engine import ParquetFile, model, read_parquet, typed_columns, write_parquet
from etl.errors import DataLakeError
from etl.lock import hold
from etl.market import Market
from etl.progress import say
from etl.publish import Output, read_index
from etl.session import session
from etl.slices import MONTHLY, Silver, Slice, curated_area, next_month, plan
from etl.store import Store
from etl.summary import RunSummary, UnitResult
from etl.workshop import Workshop

JOB = "processed-to-curated"


Computed = tuple[dict[str, ParquetFile], int, set[str]]
"""Written partitions by key, the rows read for them, and the months that lack a contracted power."""

Compute = Callable[[Workshop, Silver, Contract, list[Slice]], AbstractContextManager[Computed]]
"""Writes the due partitions, which are there until the context ends."""


def run(
    store: Store,
    market: Market,
    tables: tuple[str, ...] | None = None,
    *,
    force: bool = False,
    lock_wait: float = 60.0,
    summary: RunSummary | None = None,
    compute: Compute | None = None,
) -> RunSummary:
    """Publish every Gold partition whose sources or settings changed; delete those without sources.

    A caller that hands a `summary` in has it even where the run ends in an error.
    """
    unknown = [t for t in tables or () if t not in GOLD_TABLES]
    if unknown:
        raise DataLakeError(
            f"Unknown table {unknown[0]!r}.", where="--datasets", fix=f"Use {', '.join(GOLD_TABLES)}."
        )
    started = time.monotonic()
    summary = RunSummary(JOB) if summary is None else summary
    silver = Silver.read(store)
    with session(market) as room:
        workshop = Workshop(store, room, force)
        for table in GOLD_TABLES:
            if tables is None or table in tables:
                _run_table(
                    workshop,
                    silver,
                    load(table),
                    summary,
                    lock_wait=lock_wait,
                    compute=compute or _compute,
                )
                summary.finished.append(table)
    summary.seconds = time.monotonic() - started
    return summary


def _run_table(
    workshop: Workshop,
    silver: Silver,
    contract: Contract,
    summary: RunSummary,
    *,
    lock_wait: float,
    compute: Compute,
) -> None:
    store, market, force = workshop.store, workshop.session.market, workshop.force
    area = curated_area(contract.name)
    slices, due, gone = plan(silver, read_index(store, area), market, contract, force)
    if not due and not gone and not publish.interrupted(store, area):
        summary.unchanged += len(slices)
        return
    started = time.monotonic()
    with hold(store, area.lock, wait_seconds=lock_wait) as lock:
        if publish.repair(store, area, lock):
            summary.repaired.append(area.name)
        # Silver may have been published anew while this run waited or computed the table before.
        silver, index = Silver.read(store), read_index(store, area)
        slices, due, gone = plan(silver, index, market, contract, force)
        summary.unchanged += len(slices) - len(due)
        if not due and not gone:
            return
        say("computing", table=contract.name, partitions=len(due), deleted=len(gone))
        with compute(workshop, silver, contract, due) as (files, rows_in, powerless):
            surplus = _update(index, due, gone, files, powerless)
            run_id = f"{contract.name}-{publish.digest([s.digest for s in due] + sorted(gone))[:12]}"
            publish.publish(
                store,
                area,
                lock,
                run_id=run_id,
                outputs=[Output(key, f.path, f.sha256, f.size) for key, f in files.items()],
                surplus=surplus,
                manifests={
                    s.day: {
                        "table": s.table,
                        "day": s.day,
                        "run_id": run_id,
                        "inputs": _inputs(silver, s),
                        "outputs": [_output(k, f) for k, f in files.items() if k == s.key],
                    }
                    for s in due
                },
                index=index,
            )
        rows_out = sum(f.rows for f in files.values())
        summary.units.append(
            UnitResult(
                dataset=contract.name,
                unit=f"{len(due)} partition(s)",
                outcome="published",
                run_id=run_id,
                seconds=time.monotonic() - started,
                rows_in=rows_in,
                good=rows_in,
                rows_out=rows_out,
                bytes_out=sum(f.size for f in files.values()),
                partitions=tuple(sorted({s.day for s in due} | gone)),
            )
        )
        say("published", table=contract.name, partitions=len(due), rows=rows_out)


@contextmanager
def _compute(workshop: Workshop, silver: Silver, contract: Contract, due: list[Slice]) -> Iterator[Computed]:
    """See Compute."""
    days = sorted({day for s in due for day in s.sources})
    files: dict[str, ParquetFile] = {}
    powerless: set[str] = set()
    rows_in = sum(silver.transactions[day]["rows"] for day in days)
    connection, market = workshop.session.connection, workshop.session.market
    _calendar(connection, market, days)
    client_days: ClientDays | None = None
    if contract.name == MONTHLY:
        client_days = ClientDays(workshop, silver)
        _client_power(connection, workshop, silver)
    order = ", ".join(contract.sorted_by)
    select = f"SELECT {typed_columns(contract)} FROM ({model(contract.name)}) ORDER BY {order}"
    for part in due:
        if client_days:
            paths = client_days.files(part.sources)
            connection.execute(f"CREATE OR REPLACE VIEW client_days AS FROM {read_parquet(paths)}")
        else:
            workshop.create_deliveries(silver, part.sources)
        path = workshop.session.folder / f"{part.table}-{part.day}.parquet"
        file = write_parquet(connection, select, path)
        if file.rows:
            files[part.key] = file
        if client_days:
            lacking = connection.execute(
                f"SELECT count(*) FROM {read_parquet([path])} WHERE load_factor IS NULL"
            ).fetchone()
            if lacking != (0,):
                powerless.add(part.day)
    yield files, rows_in, powerless


def _calendar(connection: duckdb.DuckDBPyConnection, market: Market, days: list[str]) -> None:
    """Create market_days (periods of each day) and market_months (hours of each month)."""
    connection.execute("CREATE OR REPLACE TABLE market_days (delivery_date DATE, periods_expected INTEGER)")
    connection.execute("CREATE OR REPLACE TABLE market_months (delivery_month DATE, hours INTEGER)")
    periods, hours = calendar(market, days)
    for day in periods:
        connection.execute("INSERT INTO market_days VALUES (?, ?)", day)
    for month in hours:
        connection.execute("INSERT INTO market_months VALUES (?, ?)", month)


def calendar(market: Market, days: list[str]) -> tuple[list[tuple[date, int]], list[tuple[date, int]]]:
    """Periods of each of the days, and hours of each of their months by its first day."""
    dates = [date.fromisoformat(day) for day in days]
    hours = []
    for first in sorted({d.replace(day=1) for d in dates}):
        length = (date.fromisoformat(next_month(first.isoformat())) - first).days
        minutes = sum(market.day_minutes(first + timedelta(days=n)) for n in range(length))
        hours.append((first, minutes // 60))
    return [(d, market.day_minutes(d) // market.period_minutes(d)) for d in dates], hours


def _client_power(connection: duckdb.DuckDBPyConnection, workshop: Workshop, silver: Silver) -> None:
    """Create client_power: of each client the newest delivery up to each month, else the next."""
    paths = workshop.fetch(client_entries(silver))
    rows = (
        f"SELECT client_id, load_date, contracted_power_kw FROM {read_parquet(paths)}"
        if paths
        else "SELECT '' AS client_id, DATE '2000-01-01' AS load_date, 0.0 AS contracted_power_kw WHERE FALSE"
    )
    connection.execute(f"CREATE OR REPLACE VIEW client_deliveries AS {rows}")
    connection.execute(f"CREATE OR REPLACE TABLE client_power AS {model('client_power')}")


def client_entries(silver: Silver) -> list[Mapping[str, Any]]:
    """Index entries of the published deliveries of clients that have rows, oldest first."""
    return [p for _, p in sorted(silver.clients["partitions"].items()) if p["rows"]]


def _update(
    index: dict[str, Any],
    due: list[Slice],
    gone: set[str],
    files: Mapping[str, ParquetFile],
    powerless: set[str],
) -> set[str]:
    surplus = {index["partitions"].pop(day)["key"] for day in gone}
    for part in due:
        file = files.get(part.key)
        if file is None:
            surplus.add(part.key)
        index["partitions"][part.day] = {
            "key": part.key,
            "digest": part.open_digest if part.day in powerless else part.digest,
            "open": part.day in powerless,
            "rows": file.rows if file else 0,
            "sha256": file.sha256 if file else None,
        }
    return surplus


def _inputs(silver: Silver, part: Slice) -> list[dict[str, Any]]:
    entries = (silver.transactions[day] for day in part.sources)
    return [{"key": e["key"], "sha256": e["sha256"], "rows": e["rows"]} for e in entries]


def _output(key: str, file: ParquetFile) -> dict[str, Any]:
    return {"key": key, "rows": file.rows, "size": file.size, "sha256": file.sha256}
