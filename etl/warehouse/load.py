"""Loading what changed in the lake into the warehouse: every table's changed units in one transaction.

A transaction copies the units' objects into a stage table, proves that they are the rows the lake's index
tells of, replaces the units' rows and writes the ledger. Repeating it gives the same rows; killing it
anywhere leaves the table as it was.
"""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from etl.progress import say
from etl.store import Store
from etl.summary import RunSummary, UnitResult
from etl.warehouse.data_api import STATEMENTS_AT_ONCE, Warehouse, value
from etl.warehouse.document import LEDGER, WarehouseModel, WarehouseTable, digest

JOB = "processed-to-redshift"
DATASET = "warehouse"
"""What metrics of a load are about: the warehouse as a whole."""

VIEWS = "views"
"""The ledger's name for all views together."""

_AROUND_COPIES = 12
UNITS_AT_ONCE = STATEMENTS_AT_ONCE - _AROUND_COPIES
"""Most units of one transaction; a day's run has few, a first load of years has many."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of the lake: its day, the key of its object, its rows, and the SHA-256 of its content."""

    day: str
    key: str
    rows: int
    content: str


@dataclass(frozen=True, slots=True)
class Work:
    """What is due of a table: units to load, days to empty, and whether the table is made anew before."""

    table: WarehouseTable
    load: tuple[Unit, ...]
    empty: tuple[str, ...]
    anew: bool


Ledger = Mapping[tuple[str, str], str]
"""Content by relation and unit; the unit '' stands for a relation's definition."""


@dataclass(frozen=True, slots=True)
class Load:
    """One load of a warehouse from a lake, which COPY reads with the role of the ARN `copy_role`."""

    store: Store
    warehouse: Warehouse
    copy_role: str
    summary: RunSummary

    def run(self, model: WarehouseModel) -> None:
        """Bring the warehouse in step, table by table; what is in step already costs one statement."""
        started = time.monotonic()
        ledger = self._read(model)
        made = [self._table(table, ledger) for table in model.tables]
        views = digest(*(view.create for view in model.views))
        if any(made) or ledger.get((VIEWS, "")) != views:
            say("defining views", views=len(model.views))
            self.warehouse.transaction(
                [
                    _LOCK,
                    # Replacing a view in place would not let it change its columns.
                    *(f"DROP VIEW IF EXISTS {view.name}" for view in model.views),
                    *(view.create for view in model.views),
                    f"DELETE FROM {LEDGER} WHERE relation = {_text(VIEWS)}",
                    _entries(VIEWS, [Unit("", "", 0, views)]),
                ],
                name="define views",
            )
        self.summary.seconds = time.monotonic() - started

    def _read(self, model: WarehouseModel) -> Ledger:
        rows = self.warehouse.transaction(
            [model.ledger, f"SELECT relation, unit, content FROM {LEDGER}"], name="read the ledger"
        )
        cells = ([value(cell) for cell in row] for row in rows)
        return {(relation, unit): content for relation, unit, content in cells}

    def _table(self, table: WarehouseTable, ledger: Ledger) -> bool:
        """Load what is due of a table; True when it was made anew."""
        units = lake_units(self.store, table)
        work = due(table, units, ledger)
        self.summary.unchanged += len(units) - len(work.load)
        for part in portions(work):
            started = time.monotonic()
            say("loading", relation=table.name, units=len(part.load), emptied=len(part.empty))
            sqls = statements(part, self.store.uri, self.copy_role)
            self.warehouse.transaction(sqls, name=f"load {table.name}")
            self.summary.units.append(_result(part, time.monotonic() - started))
        self.summary.finished.append(table.name)
        return work.anew


def _result(part: Work, seconds: float) -> UnitResult:
    rows = sum(unit.rows for unit in part.load)
    days = tuple(sorted([*(unit.day for unit in part.load), *part.empty]))
    return UnitResult(
        dataset=part.table.name,
        unit=f"{len(days)} unit(s)",
        outcome="published",
        run_id=digest(*(f"{unit.day} {unit.content}" for unit in part.load), *part.empty)[:12],
        seconds=seconds,
        files=len(part.load),
        rows_in=rows,
        good=rows,
        rows_out=rows,
        partitions=days,
    )


def lake_units(store: Store, table: WarehouseTable) -> tuple[Unit, ...]:
    """Return the units that the lake holds of a table, by its committed index; empty ones left out."""
    body = store.get(table.index)
    if body is None:
        return ()
    partitions: dict[str, dict[str, Any]] = json.loads(body)["partitions"]
    return tuple(
        Unit(day, entry["key"], entry["rows"], entry["sha256"])
        for day, entry in sorted(partitions.items())
        if entry["rows"]
    )


def due(table: WarehouseTable, units: Sequence[Unit], ledger: Ledger) -> Work:
    """Compare the lake's units with the ledger; a table whose definition changed is loaded whole."""
    anew = ledger.get((table.name, "")) != digest(table.create)
    held = {} if anew else {unit: content for (name, unit), content in ledger.items() if name == table.name}
    held.pop("", None)
    changed = tuple(unit for unit in units if held.get(unit.day) != unit.content)
    return Work(table, changed, tuple(sorted(set(held) - {unit.day for unit in units})), anew)


def portions(work: Work) -> Iterator[Work]:
    """Split what is due so that each part fits into one transaction."""
    if not (work.load or work.empty or work.anew):
        return
    for number, start in enumerate(range(0, len(work.load) or 1, UNITS_AT_ONCE)):
        chunk = work.load[start : start + UNITS_AT_ONCE]
        yield Work(work.table, chunk, () if number else work.empty, work.anew and not number)


def statements(work: Work, lake_uri: str, copy_role: str) -> list[str]:
    """Return the statements of one transaction, at most as many as one takes.

    The ledger is locked first, so that two loads of one warehouse follow each other.
    """
    table, days = work.table, [*(unit.day for unit in work.load), *work.empty]
    name, stage = table.name, f"stage_{table.name.rpartition('.')[2]}"
    listed = ", ".join(_text(day) for day in days)
    found = [_LOCK]
    if work.anew:
        # Views on the table go with it; should this run end here, the next one defines them.
        found += [f"DROP TABLE IF EXISTS {name} CASCADE", table.create]
        found += [f"DELETE FROM {LEDGER} WHERE relation IN ({_text(name)}, {_text(VIEWS)})"]
        found.append(_entries(name, [Unit("", "", 0, digest(table.create))]))
    if work.load:
        found.append(f"CREATE TEMP TABLE {stage} (LIKE {name})")
        found += [
            f"COPY {stage} FROM {_text(lake_uri + unit.key)} IAM_ROLE {_text(copy_role)} FORMAT AS PARQUET"
            for unit in work.load
        ]
        rows = sum(unit.rows for unit in work.load)
        loaded = ", ".join(_text(unit.day) for unit in work.load)
        # A division by zero is the one way to end a transaction of plain statements by what they find.
        found.append(
            f"SELECT 1 / CASE WHEN COUNT(*) = {rows} AND COUNT(CASE WHEN {table.unit_column} IN ({loaded}) "
            f"THEN 1 END) = {rows} THEN 1 ELSE 0 END AS complete FROM {stage}"
        )
    if days:
        found.append(f"DELETE FROM {name} WHERE {table.unit_column} IN ({listed})")
        found.append(f"DELETE FROM {LEDGER} WHERE relation = {_text(name)} AND unit IN ({listed})")
    if work.load:
        found.append(f"INSERT INTO {name} SELECT * FROM {stage}")
        found.append(_entries(name, work.load))
    return found


def _entries(relation: str, units: Sequence[Unit]) -> str:
    values = ", ".join(
        f"({_text(relation)}, {_text(unit.day)}, {_text(unit.content)}, {unit.rows}, CURRENT_TIMESTAMP)"
        for unit in units
    )
    return f"INSERT INTO {LEDGER} (relation, unit, content, row_count, loaded_at) VALUES {values}"


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


_LOCK = f"LOCK {LEDGER}"
