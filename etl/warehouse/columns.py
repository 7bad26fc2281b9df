"""A contract's columns as Redshift has them: type, width, encoding."""

import re
from collections.abc import Iterator
from functools import cache

from etl.contract import RAW_DATASETS, Contract, Field, load

TEXT_BYTES = 65_535
"""Most that a VARCHAR takes: texts that no rule bounds must never stop a load."""

_TYPES = {
    "int": "INTEGER",
    "bigint": "BIGINT",
    "boolean": "BOOLEAN",
    "double": "DOUBLE PRECISION",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
}
_AZ64 = ("INTEGER", "BIGINT", "DATE", "TIMESTAMP", "DECIMAL")
_FORMS = {"tax_id": 9, "cups": 22, "eic": 16}
"""Characters of what these checks let through, all of them ASCII."""

_OBJECT_KEY_BYTES = 1024  # https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
_STEP = re.compile(r"(\[[^\]]+\]|[A-Za-z0-9-])(?:\{(\d+)\})?")


def column_type(field: Field) -> str:
    """Return a column's type in Redshift, such as `DECIMAL(18,6)`."""
    if field.type == "string":
        return f"VARCHAR({width(field)})"
    if field.type.startswith("decimal"):
        return field.type.upper()
    return _TYPES[field.type]


def encoding(kind: str, *, leads_sort: bool) -> str:
    """Return the compression of a column: none where zone maps of the first sort column are all that counts.

    https://docs.aws.amazon.com/redshift/latest/dg/c_Compression_encodings.html
    """
    if leads_sort:
        return "RAW"
    return "AZ64" if kind.startswith(_AZ64) else "ZSTD"


def width(field: Field) -> int:
    """Return the bytes a text column takes at most, from the rules that bound it here or where it comes from.

    A column of an aggregated table has no rules of its own; the delivered column of its name has.
    """
    if field.name == "source_object":
        return _OBJECT_KEY_BYTES
    bounds = [bound for origin in (field, *_delivered(field.name)) for bound in _bounds(origin)]
    return min(bounds, default=TEXT_BYTES)


@cache
def _delivered(name: str) -> tuple[Field, ...]:
    contracts: list[Contract] = [load(dataset) for dataset in RAW_DATASETS]
    return tuple(
        f for c in contracts for f in c.source_fields if f.name == name and name.endswith(("_id", "_zone"))
    )


def _bounds(field: Field) -> Iterator[int]:
    for rule in field.rules:
        if rule.severity != "reject":
            continue
        if rule.check == "values":
            yield max(len(str(value).encode()) for value in rule.arguments["values"])
        elif rule.check == "pattern":
            yield from _pattern_width(str(rule.arguments["pattern"]))
        elif rule.check in _FORMS:
            yield _FORMS[rule.check]


def _pattern_width(pattern: str) -> Iterator[int]:
    """Yield the length of a pattern that is letters and classes of ASCII, each a fixed number of times."""
    at = total = 0
    while at < len(pattern):
        step = _STEP.match(pattern, at)
        if step is None or step[1].startswith("[^"):
            return
        at = step.end()
        total += int(step[2] or 1)
    yield total
