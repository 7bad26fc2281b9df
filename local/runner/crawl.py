"""A Glue crawler as deployed: it compares what lies in the bucket with the catalog, and owns nothing.

Only schema-change policies that leave the catalog alone (`LOG`) are carried out: tables are declared by the
program and partitions registered by the jobs, so a crawler that would change either is refused.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
from botocore.exceptions import ClientError

from etl.errors import DataLakeError
from local.athena import serde
from local.athena.catalog import Catalog, Table
from local.athena.partition import Partition, registered
from local.athena.projection import project
from local.aws import Cloud
from local.runner import lending, roles
from local.runner.drift import footer_drift, header_drift
from local.runner.errors import RunnerError
from local.runner.report import CrawlDrift, NodeKind, NodeReport

MAX_OPENED = 500
HEADER_BYTES = 65536
SUFFIXES = {"csv": (".csv", ".csv.gz"), "parquet": (".parquet",)}


@dataclass(frozen=True)
class _Object:
    key: str
    size: int
    modified: datetime


@dataclass(frozen=True)
class _Crawl:
    tables: int
    partitions: int
    objects: int
    opened: int
    drift: tuple[CrawlDrift, ...]

    def message(self) -> str:
        counts: dict[str, int] = {}
        for found in self.drift:
            counts[found.kind] = counts.get(found.kind, 0) + 1
        drift = ", ".join(f"{count} {kind}" for kind, count in sorted(counts.items())) or "no drift"
        return (
            f"{self.tables} tables, {self.partitions} partitions, {self.objects} objects "
            f"({self.opened} opened): {drift}"
        )


def run(cloud: Cloud, name: str, *, run_id: str, on_progress: Callable[[str], None]) -> NodeReport:
    """Crawl to the final state. Never raises; drift alone does not fail a crawl."""
    started = time.monotonic()
    error: str | None = None
    crawl: _Crawl | None = None
    glue = cloud.client("glue")
    try:
        crawler = _crawler(cloud, name)
        roles.assume(cloud, crawler.get("Role"), user=f"crawler {name}", session_name=f"{name}-{run_id[:12]}")
        glue.start_crawler(Name=name)
        cloud.control("PUT", f"glue/crawlers/{name}", {"state": "RUNNING"})
        on_progress(f"crawler {name}: listing")
        crawl = _crawl(cloud, crawler)
        on_progress(f"crawler {name}: {crawl.message()}")
    except (DataLakeError, ClientError, OSError) as failure:
        error = str(failure)
    state = "FAILED" if crawl is None else "SUCCEEDED"
    last = {
        "status": state,
        "message": error or (crawl.message() if crawl else ""),
        "tables": crawl.tables if crawl else 0,
        "partitions": crawl.partitions if crawl else 0,
    }
    try:
        cloud.control("PUT", f"glue/crawlers/{name}", {"state": "READY", "last_crawl": last})
    except DataLakeError as failure:
        error = error or str(failure)
    return NodeReport(
        kind=NodeKind.CRAWLER,
        name=name,
        state=state,
        seconds=time.monotonic() - started,
        summary=None
        if crawl is None
        else {
            "tables": crawl.tables,
            "partitions": crawl.partitions,
            "objects": crawl.objects,
            "opened": crawl.opened,
        },
        drift=crawl.drift if crawl else (),
        error=error,
    )


def _crawler(cloud: Cloud, name: str) -> Mapping[str, Any]:
    glue = cloud.client("glue")
    try:
        crawler: Mapping[str, Any] = glue.get_crawler(Name=name)["Crawler"]
    except glue.exceptions.EntityNotFoundException as error:
        raise RunnerError(
            f"a trigger starts the crawler {name}, which does not exist",
            where=f"glue crawler {name}",
            fix="deploy the crawler or correct the trigger's action",
        ) from error
    policy = crawler.get("SchemaChangePolicy") or {}
    wanted = {
        "UpdateBehavior": policy.get("UpdateBehavior", "UPDATE_IN_DATABASE"),
        "DeleteBehavior": policy.get("DeleteBehavior", "DEPRECATE_IN_DATABASE"),
    }
    for behaviour, value in wanted.items():
        if value != "LOG":
            raise RunnerError(
                f"crawler {name} would change the catalog: {behaviour} is {value}",
                where=f"glue crawler {name}, schema change policy",
                fix="set it to LOG: tables are declared by the program, crawlers only detect drift",
            )
    return crawler


def _crawl(cloud: Cloud, crawler: Mapping[str, Any]) -> _Crawl:
    catalog = Catalog(cloud)
    drift: list[CrawlDrift] = []
    tables = list(_targets(catalog, crawler, drift))
    lending.require(cloud, crawler, tables)
    partitions = objects = opened = 0
    for table in tables:
        listed = [found for found in _list(cloud, table) if not hidden(table, found.key)]
        known = list(_partitions(cloud, table))
        drift += _misplaced(table, listed, known)
        fitting = sorted(
            (found for found in listed if found.key.endswith(SUFFIXES[table.format]) and found.size),
            key=lambda found: (found.modified, found.key),
            reverse=True,
        )[:MAX_OPENED]
        drift += _schemas(cloud, table, fitting)
        partitions += len({partition_of(table, known, found.key) for found in listed} - {None})
        objects += len(listed)
        opened += len(fitting)
    return _Crawl(len(tables), partitions, objects, opened, tuple(drift))


def _targets(catalog: Catalog, crawler: Mapping[str, Any], drift: list[CrawlDrift]) -> Iterator[Table]:
    targets = crawler.get("Targets") or {}
    wanted = [
        (target["DatabaseName"], name)
        for target in targets.get("CatalogTargets") or []
        for name in target.get("Tables") or []
    ]
    paths = [target["Path"].rstrip("/") + "/" for target in targets.get("S3Targets") or []]
    if not wanted and not paths:
        raise RunnerError(
            f"crawler {crawler['Name']} has no target",
            where=f"glue crawler {crawler['Name']}",
            fix="give it one",
        )
    for database, name in wanted:
        table = catalog.table(database, name)
        if table is None:
            raise RunnerError(
                f"crawler {crawler['Name']} targets the table {database}.{name}, which does not exist",
                where=f"glue crawler {crawler['Name']}",
                fix="declare the table or correct the target",
            )
        yield table
    if not paths:
        return
    database = crawler.get("DatabaseName") or ""
    declared = [catalog.table(database, name) for name in catalog.table_names(database)]
    for path in paths:
        under = [table for table in declared if table and table.location.startswith(path)]
        if not under:
            drift.append(
                CrawlDrift(database, "missing-table", f"no table of {database} lies under the target", path)
            )
        yield from under


def _split(uri: str) -> tuple[str, str]:
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return bucket, key


def _list(cloud: Cloud, table: Table) -> Iterator[_Object]:
    bucket, prefix = _split(table.location)
    pages = cloud.client("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    for page in pages:
        for found in page.get("Contents", []):
            yield _Object(found["Key"], found["Size"], found["LastModified"])


def hidden(table: Table, key: str) -> bool:
    """Tell whether readers pass over an object: a folder marker, or a name starting with `_` or `.`."""
    inside = key.removeprefix(_split(table.location)[1])
    return key.endswith("/") or any(part.startswith(("_", ".")) for part in inside.split("/"))


def _partitions(cloud: Cloud, table: Table) -> Iterable[Partition]:
    if table.projected:
        return project(table, {}, datetime.now(UTC))
    return registered(cloud, table) if table.partitions else ()


def partition_of(table: Table, known: Iterable[Partition], key: str) -> str | None:
    """Return the location of the partition that holds a key, or None when no partition does."""
    folder = f"s3://{_split(table.location)[0]}/{key.rsplit('/', 1)[0]}/"
    if not table.partitions:
        return table.location if folder == table.location else None
    return next((partition.location for partition in known if partition.location == folder), None)


def _misplaced(table: Table, listed: list[_Object], known: list[Partition]) -> Iterator[CrawlDrift]:
    bucket = _split(table.location)[0]
    locations = {partition.location for partition in known}
    filled: set[str] = set()
    strangers: dict[str, int] = {}
    for found in listed:
        folder = f"s3://{bucket}/{found.key.rsplit('/', 1)[0]}/"
        uri = f"s3://{bucket}/{found.key}"
        if not found.key.endswith(SUFFIXES[table.format]):
            yield CrawlDrift(str(table), "unexpected-file", f"it is no {table.format} file", uri)
        elif table.partitions and folder not in locations:
            strangers[folder] = strangers.get(folder, 0) + 1
        filled.add(folder)
    for folder, count in strangers.items():
        yield CrawlDrift(str(table), "unregistered-partition", f"{count} objects that no query reads", folder)
    if not table.projected:
        for location in sorted(locations - filled):
            yield CrawlDrift(str(table), "empty-partition", "registered, but holds no object", location)


def _schemas(cloud: Cloud, table: Table, objects: Iterable[_Object]) -> Iterator[CrawlDrift]:
    bucket = _split(table.location)[0]
    s3 = cloud.client("s3")
    with TemporaryDirectory(prefix="crawl-") as folder, duckdb.connect() as engine:
        target = Path(folder) / "object.parquet"
        for found in objects:
            uri = f"s3://{bucket}/{found.key}"
            try:
                if table.serde:
                    yield from header_drift(table, _header(s3, bucket, found.key, table.serde), uri)
                else:
                    s3.download_file(bucket, found.key, str(target))
                    described = engine.execute(
                        "DESCRIBE SELECT * FROM read_parquet(?, hive_partitioning = false)", [str(target)]
                    ).fetchall()
                    yield from footer_drift(table, {row[0]: row[1] for row in described}, uri)
            except (duckdb.Error, OSError, EOFError) as error:
                yield CrawlDrift(str(table), "unreadable-file", str(error).splitlines()[0], uri)


def _header(s3: Any, bucket: str, key: str, declared: serde.CsvSerde) -> list[str]:
    if key.endswith(".gz"):
        content = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    else:
        content = s3.get_object(Bucket=bucket, Key=key, Range=f"bytes=0-{HEADER_BYTES - 1}")["Body"].read()
    first = serde.text_of(content, key).splitlines()[:1]
    return [field or "" for field in serde.split(first[0], declared)] if first else []
