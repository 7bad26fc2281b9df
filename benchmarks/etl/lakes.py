"""What is measured on a lake of the pipeline alone: growth, re-runs, late files, bytes read, curated days."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import duckdb

from benchmarks.etl import inputs
from benchmarks.etl.contest import PIPELINE, Arena
from benchmarks.etl.process import Run, log_log_slope
from etl import curated
from etl.contract import GOLD_TABLES, load
from etl.market import Market
from etl.store import FolderStore

_DAY, _CLIENT = "2026-03-29", "C000001"
QUERIES = {
    "one day, all clients": (f"delivery_date = '{_DAY}'", ("client_id", "quantity_mwh", "amount_eur")),
    "one client's history": (f"client_id = '{_CLIENT}'", ("delivery_start", "quantity_mwh", "price_eur_mwh")),
    "provider ranking of a day": (f"delivery_date = '{_DAY}'", ("provider_id", "quantity_mwh", "amount_eur")),
    "client's month": (f"client_id = '{_CLIENT}'", ("delivery_start", "quantity_mwh", "amount_eur")),
}


def growth(arena: Arena, sizes: list[int]) -> tuple[dict[int, Run], float]:
    """E4: one run a size, and the log-log slope of CPU seconds over rows by least squares."""
    runs = {}
    for rows in sizes:
        out = arena.work / "out" / "growth"
        shutil.rmtree(out, ignore_errors=True)
        runs[rows] = arena.run(PIPELINE, inputs.raw(arena.work, rows), out)
    return runs, log_log_slope([(rows, run.cpu) for rows, run in runs.items()])


@dataclass(frozen=True)
class Again:
    """E5 and E7: first run, unchanged run, run after one late line; CPU seconds of Gold's tables in full and after it.

    `touched` is the share of Silver's bytes that the late line had rewritten, `by_hand` what a hand-written
    full recomputation of Gold costs, in CPU seconds.
    """

    first: Run
    unchanged: Run
    late: Run
    touched: float
    gold_full: dict[str, float]
    gold_late: dict[str, float]
    by_hand: float


def fresh(arena: Arena, rows: int) -> tuple[Path, Run]:
    """Return a lake of its own that was just filled, and the run that filled it."""
    out = arena.work / "out" / "lake"
    shutil.rmtree(out, ignore_errors=True)
    return out, arena.run(PIPELINE, inputs.raw(arena.work, rows), out)


def again(arena: Arena, rows: int, out: Path, first: Run) -> Again:
    """E5 and E7 over a lake that `first` filled."""
    raw = inputs.raw(arena.work, rows)
    store, market = FolderStore(out), Market()
    unchanged = arena.run(PIPELINE, raw, out)
    gold_full = {table: _cpu(partial(curated.run, store, market, (table,))) for table in GOLD_TABLES}
    silver = sorted((out / "processed" / "transactions").rglob("*.parquet"))
    before = {path: path.stat().st_mtime_ns for path in silver}
    with (raw / "transactions" / "2026-03-28" / "transactions.csv").open() as lines:
        header, line = next(lines), next(lines)
    late = out / "raw" / "transactions" / "2026-03-31" / "late.csv"
    late.parent.mkdir(parents=True)
    late.write_text(header + line.replace(line.split(",")[0], "T9999999999"))
    late_run = arena.run(PIPELINE, raw, out)
    rewritten = sum(p.stat().st_size for p in silver if p.stat().st_mtime_ns != before[p])
    gold_late = {table: _cpu(partial(curated.run, store, market, (table,))) for table in GOLD_TABLES}
    by_hand = _cpu(lambda: _gold_by_hand(out))
    touched = rewritten / sum(p.stat().st_size for p in silver)
    return Again(first, unchanged, late_run, touched, gold_full, gold_late, by_hand)


def bytes_read(lake: Path, raw: Path, plain: Path) -> dict[str, tuple[int, int, int]]:
    """E6: bytes a query must read from the lake, from plain unsorted Parquet, and from CSV, by query.

    Of Parquet these are the column chunks of the row groups that partition and min/max statistics leave.
    """
    csv = inputs.size(raw / "transactions")
    found = {}
    for query, (where, columns) in QUERIES.items():
        ours = _scanned(sorted((lake / "processed" / "transactions").rglob("*.parquet")), where, columns)
        theirs = _scanned(sorted(plain.rglob("*.parquet")), where, columns)
        found[query] = (ours, theirs, csv)
    return found


def plain_parquet(raw: Path, out: Path) -> Path:
    """Write the transactions as one Parquet file, in the order they were delivered in."""
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    texts = ", ".join(f"'{field.name}': 'VARCHAR'" for field in load("transactions").source_fields)
    with duckdb.connect() as db:
        db.execute("SET TimeZone = 'UTC'")
        db.execute(
            f"""COPY (
              SELECT *, CAST(timezone('Europe/Madrid', delivery_start AT TIME ZONE 'UTC') AS DATE) AS delivery_date,
                try_cast(quantity_mwh * price_eur_mwh AS DECIMAL(18,6)) AS amount_eur
              FROM (SELECT * REPLACE (
                  try_cast(delivery_start AS TIMESTAMP) AS delivery_start,
                  try_cast(quantity_mwh AS DECIMAL(18,6)) AS quantity_mwh,
                  try_cast(price_eur_mwh AS DECIMAL(18,6)) AS price_eur_mwh)
                FROM read_csv('{raw}/transactions/*/*.csv', header = true, auto_detect = false, delim = ',',
                columns = {{{texts}}}, ignore_errors = true)))
            TO '{out / "plain.parquet"}' (FORMAT parquet, COMPRESSION snappy)"""
        )
    return out


def _scanned(files: list[Path], where: str, columns: tuple[str, ...]) -> int:
    column, _, value = where.partition(" = ")
    value = value.strip("'")
    needed = {*columns, column}
    total = 0
    with duckdb.connect() as db:
        for path in files:
            parts = dict(p.split("=") for p in path.parts if "=" in p)
            if column == "delivery_date" and parts:
                day = f"{parts['year']}-{int(parts['month']):02d}-{int(parts['day']):02d}"
                if day != value:
                    continue
            chunks = db.execute(
                """SELECT row_group_id, path_in_schema, total_compressed_size, coalesce(stats_min_value, stats_min),
                  coalesce(stats_max_value, stats_max) FROM parquet_metadata(?)""",
                [str(path)],
            ).fetchall()
            pruned = {
                group for group, name, _, low, high in chunks
                if name == column and low is not None and not low <= value <= high
            }  # fmt: skip
            total += sum(size for group, name, size, _, _ in chunks if group not in pruned and name in needed)
    return total


def _gold_by_hand(lake: Path) -> None:
    """Recompute all days of the three Gold tables the way a single script would."""
    silver = f"read_parquet('{lake}/processed/transactions/**/*.parquet')"
    buy, sell = "FILTER (side = 'BUY')", "FILTER (side = 'SELL')"
    local = "timezone('Europe/Madrid', delivery_start AT TIME ZONE 'UTC')"
    peak = f"isodow({local}) <= 5 AND hour({local}) IN (10, 11, 12, 13, 18, 19, 20, 21)"
    tables = {
        "daily": f"""SELECT delivery_date, client_id, bidding_zone, sum(quantity_mwh) {buy} AS bought_mwh,
            sum(quantity_mwh) {sell} AS sold_mwh, sum(amount_eur) {buy} AS cost_eur,
            sum(amount_eur) {sell} AS revenue_eur, count(DISTINCT delivery_start) AS periods_present
          FROM {silver} WHERE status <> 'CANCELLED' GROUP BY ALL ORDER BY ALL""",
        "providers": f"""SELECT *, delivered_mwh / sum(delivered_mwh) OVER (PARTITION BY delivery_date) AS share
          FROM (SELECT delivery_date, provider_id, sum(quantity_mwh) {buy} AS delivered_mwh,
            sum(amount_eur) {buy} AS revenue_eur, count(*) AS transactions,
            count(*) FILTER (executed_at > delivery_start) AS late,
            count(*) FILTER (status = 'CANCELLED') AS cancelled, count(*) FILTER (status = 'AMENDED') AS amended
          FROM {silver} GROUP BY ALL) ORDER BY ALL""",
        "clients": f"""SELECT *, rank() OVER (ORDER BY consumption_mwh DESC) AS place FROM (
          SELECT client_id, sum(mwh) AS consumption_mwh, sum(eur) AS cost_eur, sum(peak_mwh) AS peak_mwh,
            max(mwh * 60 / duration_minutes) AS max_quarter_mw
          FROM (SELECT client_id, delivery_start, duration_minutes, sum(quantity_mwh) AS mwh, sum(amount_eur) AS eur,
              sum(quantity_mwh) FILTER ({peak}) AS peak_mwh
            FROM {silver} WHERE status <> 'CANCELLED' AND side = 'BUY' GROUP BY ALL)
          GROUP BY ALL) ORDER BY ALL""",
    }
    with duckdb.connect() as db:
        for name, select in tables.items():
            db.execute(f"COPY ({select}) TO '{lake / name}.parquet' (FORMAT parquet, COMPRESSION snappy)")


def _cpu(work: Callable[[], object]) -> float:
    before = os.times()
    work()
    after = os.times()
    return after.user + after.system - before.user - before.system
