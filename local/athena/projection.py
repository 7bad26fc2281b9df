"""Partition projection: partitions computed from table properties instead of kept in the catalog.

Source: Athena user guide, "Set up partition projection" and "Supported types for partition projection".
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import product

from local.athena.catalog import Table
from local.athena.errors import QueryError
from local.athena.partition import Partition

MAX_PROJECTED = 1_000_000
JAVA_DATE = {
    "yyyy": "%Y", "MM": "%m", "dd": "%d", "HH": "%H", "mm": "%M", "ss": "%S",
}  # fmt: skip
RELATIVE = re.compile(r"^NOW\s*(?:([+-])\s*(\d+)\s*(YEAR|MONTH|WEEK|DAY|HOUR|MINUTE|SECOND)S?)?$", re.I)
UNIT_DAYS = {
    "YEAR": 365.0, "MONTH": 30.0, "WEEK": 7.0, "DAY": 1.0,
    "HOUR": 1 / 24, "MINUTE": 1 / 1440, "SECOND": 1 / 86400,
}  # fmt: skip


def project(table: Table, injected: Mapping[str, Sequence[str]], now: datetime) -> Iterator[Partition]:
    """Every partition that the table's properties describe.

    Args:
        table: A table with `projection.enabled`.
        injected: For columns of type `injected`: the values that the query compares them with.
        now: What `NOW` in a range means, in UTC.

    Raises:
        QueryError: A property is missing or malformed, an injected column has no literal, or the ranges
            describe more than a million partitions.

    """
    choices = [_values(table, column.name, injected, now) for column in table.partitions]
    total = 1
    for values in choices:
        total *= len(values)
    if total > MAX_PROJECTED:
        raise _invalid(table, "projection.*.range", f"describes {total} partitions")
    template = table.parameters.get("storage.location.template")
    for combination in product(*choices):
        by_name = dict(zip((column.name for column in table.partitions), combination, strict=True))
        yield Partition(combination, _location(table, template, by_name))


def _location(table: Table, template: str | None, values: Mapping[str, str]) -> str:
    if template is None:
        return table.location + "".join(f"{name}={value}/" for name, value in values.items())
    located = re.sub(r"\$\{(\w+)\}", lambda found: values.get(found[1].lower(), found[0]), template)
    if "${" in located:
        raise _invalid(table, "storage.location.template", f"names an unknown column: {template}")
    return located.rstrip("/") + "/"


def _values(table: Table, column: str, injected: Mapping[str, Sequence[str]], now: datetime) -> Sequence[str]:
    prefix = f"projection.{column}."
    kind = table.parameters.get(prefix + "type", "").lower()
    if kind == "enum":
        return [value.strip() for value in _property(table, prefix + "values").split(",")]
    if kind == "integer":
        return _integers(table, prefix)
    if kind == "date":
        return _dates(table, prefix, now)
    if kind == "injected":
        if not injected.get(column):
            raise QueryError(
                "CONSTRAINT_VIOLATION",
                f"For the injected projected partition column {column}, the WHERE clause must contain only "
                "static equality conditions, and at least one such condition must be present.",
                where=f"table {table}",
            )
        return list(dict.fromkeys(injected[column]))
    raise _invalid(table, prefix + "type", f"is {kind!r}; use enum, integer, date or injected")


def _integers(table: Table, prefix: str) -> Sequence[str]:
    bounds = _property(table, prefix + "range").split(",")
    step = int(table.parameters.get(prefix + "interval", "1"))
    digits = int(table.parameters.get(prefix + "digits", "0"))
    try:
        first, last = (int(bound) for bound in bounds)
    except ValueError as error:
        raise _invalid(table, prefix + "range", f"is {bounds!r}; want first,last") from error
    return [str(value).zfill(digits) for value in range(first, last + 1, step)]


def _dates(table: Table, prefix: str, now: datetime) -> Sequence[str]:
    pattern = _property(table, prefix + "format")
    python = re.sub("|".join(JAVA_DATE), lambda found: JAVA_DATE[found[0]], pattern).replace("'", "")
    bounds = _property(table, prefix + "range").split(",")
    if len(bounds) != 2:
        raise _invalid(table, prefix + "range", f"is {','.join(bounds)!r}; want first,last")
    first, last = (_bound(table, prefix, bound.strip(), python, now) for bound in bounds)
    unit = table.parameters.get(prefix + "interval.unit", "DAYS").upper().rstrip("S")
    if unit not in UNIT_DAYS:
        raise _invalid(table, prefix + "interval.unit", f"is {unit!r}")
    step = int(table.parameters.get(prefix + "interval", "1"))
    found: dict[str, None] = {}
    current = first
    while current <= last:
        found[current.strftime(python)] = None
        current = _advance(current, unit, step)
    return list(found)


def _advance(moment: datetime, unit: str, step: int) -> datetime:
    if unit in ("YEAR", "MONTH"):
        months = moment.year * 12 + moment.month - 1 + step * (12 if unit == "YEAR" else 1)
        return moment.replace(year=months // 12, month=months % 12 + 1, day=1)
    return moment + timedelta(days=UNIT_DAYS[unit] * step)


def _bound(table: Table, prefix: str, text: str, python: str, now: datetime) -> datetime:
    relative = RELATIVE.match(text)
    if relative:
        sign, count, unit = relative.groups()
        days = UNIT_DAYS[unit.upper()] * int(count) if count else 0.0
        moment = now + timedelta(days=-days if sign == "-" else days)
        return datetime.strptime(moment.strftime(python), python).replace(tzinfo=UTC)
    try:
        return datetime.strptime(text, python).replace(tzinfo=UTC)
    except ValueError as error:
        raise _invalid(table, prefix + "range", f"holds {text!r}, which the format does not read") from error


def _property(table: Table, name: str) -> str:
    value = table.parameters.get(name)
    if value is None:
        raise _invalid(table, name, "is missing")
    return value


def _invalid(table: Table, name: str, problem: str) -> QueryError:
    return QueryError(
        "INVALID_TABLE_PROPERTY",
        f"{name} {problem}",
        where=f"table {table}",
        fix="correct the table's properties",
    )
