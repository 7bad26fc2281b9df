"""One query from text to result file, as a workgroup of the deployed stack runs it."""

import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.athena import results, show, workgroup
from local.athena.access import Access, OnAccess, everything, ignore, told
from local.athena.answer import Answer, explain, run, scan
from local.athena.catalog import Catalog
from local.athena.engine import TIMEOUT_SECONDS, Engine
from local.athena.errors import QueryError
from local.athena.resolve import resolve
from local.athena.scan import Scan
from local.athena.statement import Command, Query, parse
from local.athena.storage import Cache, sweep
from local.athena.workgroup import WorkGroup
from local.athena.zones import annotate_zones
from local.aws import Cloud

CUTOFF_REASON = "Query cancelled! : Bytes scanned limit was exceeded"


@dataclass(frozen=True)
class QueryResult:
    """The answer to a query.

    `columns` are names and `types` Athena's types; `rows` hold Python values (instants as datetimes in their
    zone); `bytes_scanned` is what Athena would count before rounding up to its 10 MB billing minimum.
    """

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    bytes_scanned: int
    output_location: str
    execution_id: str
    seconds: float
    types: tuple[str, ...]
    scans: tuple[Scan, ...] = ()


@dataclass(frozen=True)
class _Request:
    sql: str
    work: Path
    database: str | None
    access: Access
    on_access: OnAccess
    timeout: float


def execute(
    cloud: Cloud,
    workgroup_name: str,
    sql: str,
    *,
    work: Path,
    database: str | None = None,
    access: Access = everything,
    on_access: OnAccess = ignore,
    timeout: float = TIMEOUT_SECONDS,
) -> QueryResult:
    """Run one statement of Athena's SQL in a workgroup.

    Args:
        cloud: The emulator.
        workgroup_name: The workgroup; its settings are enforced.
        sql: The statement.
        work: A folder for the object cache and temporary files; made when missing.
        database: The database of unqualified table names; without it they are refused.
        access: What the reader may see of each table.
        on_access: Told each table that the query reads or is refused.
        timeout: The most seconds that the query may run.

    Raises:
        QueryError: Workgroup or statement are refused, or the query fails or is cancelled. The execution,
            once registered, is in the same state in the emulator, and its id is on the error.

    """
    started = time.monotonic()
    group = workgroup.load(cloud, workgroup_name)
    execution_id = _register(cloud, group, sql, database)
    try:
        answer = _answer(
            cloud, group, _Request(sql, work, database, access, on_access, timeout), execution_id
        )
        location = _deliver(cloud, group, answer, execution_id)
    except QueryError as error:
        error.execution_id = execution_id
        _tell(cloud, execution_id, started, state=error.state, reason=error.reason)
        raise
    except BaseException as error:
        _tell(cloud, execution_id, started, state="FAILED", reason=f"INTERNAL_ERROR: {type(error).__name__}")
        raise
    named = zip(answer.columns, answer.types, strict=True)
    _tell(
        cloud,
        execution_id,
        started,
        state="SUCCEEDED",
        output_location=location,
        bytes_scanned=answer.bytes_scanned,
        columns=[{"name": name, "type": kind} for name, kind in named],
    )
    return QueryResult(
        columns=answer.columns,
        rows=answer.rows,
        bytes_scanned=answer.bytes_scanned,
        output_location=location,
        execution_id=execution_id,
        seconds=time.monotonic() - started,
        types=answer.types,
        scans=answer.scans,
    )


def _register(cloud: Cloud, group: WorkGroup, sql: str, database: str | None) -> str:
    context = {"QueryExecutionContext": {"Database": database}} if database else {}
    answer = cloud.client("athena").start_query_execution(QueryString=sql, WorkGroup=group.name, **context)
    return str(answer["QueryExecutionId"])


def _tell(cloud: Cloud, execution_id: str, started: float, **course: Any) -> None:
    course["engine_time_ms"] = round((time.monotonic() - started) * 1000)
    cloud.control("PUT", f"athena/executions/{execution_id}", course)


def _deliver(cloud: Cloud, group: WorkGroup, answer: Answer, execution_id: str) -> str:
    if answer.plain:
        return results.write(cloud, group, f"{execution_id}.txt", results.text(answer.rows))
    return results.write(cloud, group, f"{execution_id}.csv", results.csv(answer.columns, answer.rows))


def _answer(cloud: Cloud, group: WorkGroup, request: _Request, execution_id: str) -> Answer:
    statement = parse(request.sql)
    catalog = Catalog(cloud)
    if isinstance(statement, Command):
        columns, rows = show.answer(cloud, catalog, statement, request.database, request.access)
        return Answer(columns, ("string",) * len(columns), list(rows), plain=True)
    folder = (request.work / "queries" / execution_id).resolve()
    sweep(folder.parent)
    cache = Cache(request.work / "cache")
    try:
        return _queried(cloud, group, request, statement, catalog=catalog, cache=cache, folder=folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        cache.trim()


def _queried(
    cloud: Cloud,
    group: WorkGroup,
    request: _Request,
    query: Query,
    *,
    catalog: Catalog,
    cache: Cache,
    folder: Path,
) -> Answer:
    resolved = resolve(query, catalog, request.database, told(request.access, request.on_access))
    annotate_zones(resolved.tree, query.sql)
    folder.mkdir(parents=True)
    with Engine(folder) as engine:
        scans = scan(cloud, engine, cache, folder, resolved)
        if query.explain:
            return explain(engine, resolved, scans)
        scanned = sum(each.bytes_scanned for each in scans)
        if group.cutoff_bytes is not None and scanned > group.cutoff_bytes:
            raise QueryError(
                "CANCELLED",
                CUTOFF_REASON,
                where=f"workgroup {group.name}: limit {group.cutoff_bytes:,} bytes, query {scanned:,}",
                fix="select fewer columns or narrow the partitions",
                state="CANCELLED",
            )
        return run(engine, resolved, scans, request.timeout)
