"""The answer to a resolved query: its tables scanned, its translation run, its columns typed."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.athena import results
from local.athena.engine import Engine
from local.athena.predicates import Demand, demands, used_columns
from local.athena.resolve import Resolved
from local.athena.scan import Scan, plan
from local.athena.storage import Cache
from local.athena.translate import to_sql
from local.athena.zones import zone_of
from local.aws import Cloud


@dataclass(frozen=True)
class Answer:
    """Columns, Athena's types, rows of Python values; `plain` for what Athena gives as a text file."""

    columns: tuple[str, ...]
    types: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    scans: tuple[Scan, ...] = ()
    plain: bool = False

    @property
    def bytes_scanned(self) -> int:
        """What all scans read."""
        return sum(scan.bytes_scanned for scan in self.scans)


def scan(cloud: Cloud, engine: Engine, cache: Cache, folder: Path, resolved: Resolved) -> tuple[Scan, ...]:
    """Plan and stage every scan of a query; what they will read is then known."""
    wanted = demands(resolved.tree, resolved.scans)
    columns = used_columns(resolved.tree, resolved.scans)
    return tuple(
        plan(
            cloud,
            engine,
            cache,
            folder,
            name=name,
            table=table,
            demand=wanted.get(name, Demand(name, ())),
            columns=columns[name],
        )
        for name, table in resolved.scans.items()
    )


def run(engine: Engine, resolved: Resolved, scans: Sequence[Scan], timeout: float) -> Answer:
    """Run a query over its scans, within the time limit.

    Raises:
        QueryError: It fails or takes too long.

    """
    inner = to_sql(resolved.tree)
    kinds = [kind for _, kind in engine.describe(inner)]
    names = ", ".join(f"c{index}" for index in range(len(kinds)))
    fetched = ", ".join(results.fetchable(index, kind) for index, kind in enumerate(kinds))
    zones = [zone_of(select) for select in resolved.tree.selects]
    rows = engine.query(f"SELECT {fetched} FROM ({inner}) AS answer({names})", timeout=timeout)
    return Answer(
        columns=resolved.columns,
        types=tuple(results.athena_type(kind) for kind in kinds),
        rows=[results.restore(row, kinds, zones) for row in rows],
        scans=tuple(scans),
    )


def explain(engine: Engine, resolved: Resolved, scans: Sequence[Scan]) -> Answer:
    """Tell what the query would read; nothing is charged for it."""
    engine.describe(to_sql(resolved.tree))
    lines = [
        f"scan {scan.table}: {len(scan.partitions)} of {scan.partitions_total} partitions, "
        f"{len(scan.objects)} objects, {scan.row_groups} of {scan.row_groups_total} row groups, "
        f"{scan.bytes_scanned} bytes"
        for scan in scans
    ]
    total = f"total: {sum(scan.bytes_scanned for scan in scans)} bytes to scan"
    return Answer(("Query Plan",), ("varchar",), [(line,) for line in [*lines, total]], plain=True)
