"""Processed → curated: Gold tables from Silver only, recomputed where Silver changed."""

import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb

from etl import publish
from etl.contract import GOLD_TABLES, Contract, load
from etl.engine import ParquetFile, connect, model, read_parquet, typed_columns, write_parquet
from etl.errors import DataLakeError
from etl.lock import hold
from etl.market import Market
from etl.progress import say
from etl.publish import Area, Output, read_index
from etl.reference import processed_area
from etl.store import Store
from etl.summary import RunSummary, UnitResult

JOB = "processed-to-curated"
MONTHLY = "client_analytics"


@dataclass(frozen=True, slots=True)
class Slice:
    """One Gold partition: its day (a month by its first day) and the Silver days it is made of.

    `open_digest` also covers client deliveries after the month; it counts while a client lacks a contracted
    power.
    """

    table: str
    day: str
    sources: tuple[str, ...]
    digest: str
    open_digest: str

    def is_due(self, published: Mapping[str, Any] | None) -> bool:
        """Whether what was published before is out of date."""
        if published is None:
            return True
        return bool(published["digest"] != (self.open_digest if published["open"] else self.digest))

    @property
    def key(self) -> str:
        """Key of its one Parquet object."""
        year, month, number = self.day.split("-")
        tail = "" if self.table == MONTHLY else f"day={number}/"
        return f"curated/{self.table}/year={year}/month={month}/{tail}part-00000.parquet"


Compute = Callable[[Store, Market, Contract, list[Slice], Path], tuple[dict[str, ParquetFile], int, set[str]]]
"""Writes the due partitions; also returns the rows read and the months that lack a contracted power."""


def curated_area(table: str) -> Area:
    """Operations area of a Gold table."""
    return Area("curated/_ops/", table)


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
    for table in GOLD_TABLES:
        if tables is None or table in tables:
            _run_table(
                store,
                market,
                load(table),
                summary,
                force=force,
                lock_wait=lock_wait,
                compute=compute or _compute,
            )
            summary.finished.append(table)
    summary.seconds = time.monotonic() - started
    return summary


def _run_table(
    store: Store,
    market: Market,
    contract: Contract,
    summary: RunSummary,
    *,
    force: bool,
    lock_wait: float,
    compute: Compute,
) -> None:
    area = curated_area(contract.name)
    slices, due, gone = _plan(store, market, contract, force)
    if not due and not gone and not publish.interrupted(store, area):
        summary.unchanged += len(slices)
        return
    started = time.monotonic()
    with hold(store, area.lock, wait_seconds=lock_wait) as lock:
        if publish.repair(store, area, lock):
            summary.repaired.append(area.name)
        slices, due, gone = _plan(store, market, contract, force)
        summary.unchanged += len(slices) - len(due)
        if not due and not gone:
            return
        say("computing", table=contract.name, partitions=len(due), deleted=len(gone))
        with tempfile.TemporaryDirectory(prefix="lake-") as name:
            folder = Path(name)
            files, rows_in, powerless = compute(store, market, contract, due, folder)
            index = read_index(store, area)
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
                        "inputs": _inputs(store, s),
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


def _plan(
    store: Store, market: Market, contract: Contract, force: bool
) -> tuple[list[Slice], list[Slice], set[str]]:
    """Return all slices, those that are due, and the days published before that have no sources any more."""
    silver = read_index(store, processed_area("transactions"))["partitions"]
    clients = read_index(store, processed_area("clients"))
    published = read_index(store, curated_area(contract.name))["partitions"]
    settings = [market.timezone, market.peak_hours, market.holidays, contract.digest, model(contract.name)]
    days = [day for day, entry in sorted(silver.items()) if entry["rows"]]
    grouped: dict[str, list[str]] = {}
    for day in days:
        grouped.setdefault(day[:8] + "01" if contract.name == MONTHLY else day, []).append(day)
    slices = []
    for day, sources in grouped.items():
        inputs: list[Any] = [settings, [[s, silver[s]["sha256"]] for s in sources]]
        closed = opened = publish.digest(inputs)
        if contract.name == MONTHLY:
            closed = publish.digest([*inputs, _power_contents(clients, _next_month(day))])
            opened = publish.digest([*inputs, _power_contents(clients, "9999")])
        slices.append(Slice(contract.name, day, tuple(sources), closed, opened))
    due = [s for s in slices if force or s.is_due(published.get(s.day))]
    return slices, due, set(published) - {s.day for s in slices}


def _power_contents(clients: Mapping[str, Any], end: str) -> list[str]:
    """Contents of the client deliveries before a day, without those that repeat the one before."""
    contents: list[str] = []
    for day, unit in sorted(clients["units"].items()):
        if day < end and (not contents or contents[-1] != unit["content"]):
            contents.append(unit["content"])
    return contents


def _compute(
    store: Store, market: Market, contract: Contract, due: list[Slice], folder: Path
) -> tuple[dict[str, ParquetFile], int, set[str]]:
    """Write the due partitions; also return the rows read and the months lacking a power."""
    silver = read_index(store, processed_area("transactions"))["partitions"]
    days = sorted({day for s in due for day in s.sources})
    files: dict[str, ParquetFile] = {}
    powerless: set[str] = set()
    rows_in = sum(silver[day]["rows"] for day in days)
    with connect(market, folder) as connection:
        _calendar(connection, market, days)
        if contract.name == MONTHLY:
            _client_power(connection, store, folder)
        for part in due:
            paths = [store.fetch(silver[day]["key"], folder) for day in part.sources]
            _deliveries(connection, paths)
            order = ", ".join(contract.sorted_by)
            select = f"SELECT {typed_columns(contract)} FROM ({model(contract.name)}) ORDER BY {order}"
            path = folder / f"{part.table}-{part.day}.parquet"
            file = write_parquet(connection, select, path)
            if file.rows:
                files[part.key] = file
            if contract.name == MONTHLY:
                lacking = connection.execute(
                    f"SELECT count(*) FROM {read_parquet([path])} WHERE load_factor IS NULL"
                ).fetchone()
                if lacking != (0,):
                    powerless.add(part.day)
    return files, rows_in, powerless


def _calendar(connection: duckdb.DuckDBPyConnection, market: Market, days: list[str]) -> None:
    """Create market_days (periods of each day) and market_months (hours of each month)."""
    connection.execute("CREATE TABLE market_days (delivery_date DATE, periods_expected INTEGER)")
    connection.execute("CREATE TABLE market_months (delivery_month DATE, hours INTEGER)")
    periods, hours = calendar(market, days)
    connection.executemany("INSERT INTO market_days VALUES (?, ?)", periods)
    connection.executemany("INSERT INTO market_months VALUES (?, ?)", hours)


def calendar(market: Market, days: list[str]) -> tuple[list[tuple[date, int]], list[tuple[date, int]]]:
    """Periods of each of the days, and hours of each of their months by its first day."""
    dates = [date.fromisoformat(day) for day in days]
    hours = []
    for first in sorted({d.replace(day=1) for d in dates}):
        length = (date.fromisoformat(_next_month(first.isoformat())) - first).days
        minutes = sum(market.day_minutes(first + timedelta(days=n)) for n in range(length))
        hours.append((first, minutes // 60))
    return [(d, market.day_minutes(d) // market.period_minutes(d)) for d in dates], hours


def _deliveries(connection: duckdb.DuckDBPyConnection, paths: list[Path]) -> None:
    connection.execute(f"CREATE OR REPLACE VIEW deliveries AS {deliveries_sql(read_parquet(paths))}")


def deliveries_sql(relation: str) -> str:
    """SELECT of Silver transactions with what the models of Gold need besides."""
    return f"""SELECT *, CAST(date_trunc('month', delivery_date) AS DATE) AS delivery_month,
      market_peak(market_local(delivery_start)) AS is_peak
    FROM {relation}"""


def _client_power(connection: duckdb.DuckDBPyConnection, store: Store, folder: Path) -> None:
    """Create client_power: of each client the newest delivery up to each month, else the next."""
    paths = [store.fetch(key, folder) for key in client_keys(store)]
    rows = (
        f"SELECT client_id, load_date, contracted_power_kw FROM {read_parquet(paths)}"
        if paths
        else "SELECT '' AS client_id, DATE '2000-01-01' AS load_date, 0.0 AS contracted_power_kw WHERE FALSE"
    )
    connection.execute(f"CREATE VIEW client_deliveries AS {rows}")
    connection.execute(f"CREATE TABLE client_power AS {model('client_power')}")


def client_keys(store: Store) -> list[str]:
    """Keys of the published deliveries of clients, oldest first."""
    partitions = read_index(store, processed_area("clients"))["partitions"]
    return [p["key"] for _, p in sorted(partitions.items()) if p["rows"]]


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


def _inputs(store: Store, part: Slice) -> list[dict[str, Any]]:
    silver = read_index(store, processed_area("transactions"))["partitions"]
    return [
        {"key": silver[d]["key"], "sha256": silver[d]["sha256"], "rows": silver[d]["rows"]}
        for d in part.sources
    ]


def _output(key: str, file: ParquetFile) -> dict[str, Any]:
    return {"key": key, "rows": file.rows, "size": file.size, "sha256": file.sha256}


def _next_month(day: str) -> str:
    first = date.fromisoformat(day).replace(day=1)
    return (first + timedelta(days=32)).replace(day=1).isoformat()
