"""Results as Athena gives them: column types, values as text, the CSV file in the workgroup's location."""

import math
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from botocore.exceptions import ClientError

from local.athena.errors import QueryError
from local.athena.storage import split
from local.athena.workgroup import WorkGroup
from local.aws import Cloud

TYPES = {
    "VARCHAR": "varchar", "INTEGER": "integer", "BIGINT": "bigint", "SMALLINT": "smallint",
    "TINYINT": "tinyint", "HUGEINT": "bigint", "UBIGINT": "bigint", "UINTEGER": "bigint",
    "DOUBLE": "double", "FLOAT": "float",
    "BOOLEAN": "boolean", "DATE": "date", "TIMESTAMP": "timestamp", "BLOB": "varbinary", "JSON": "json",
    "TIMESTAMP WITH TIME ZONE": "timestamp with time zone", "INTERVAL": "interval day to second",
    '"NULL"': "unknown", "UUID": "uuid",
}  # fmt: skip
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def athena_type(duckdb_type: str) -> str:
    """Return the type that Athena's result metadata names."""
    if duckdb_type.endswith("]"):
        return "array"
    if duckdb_type.startswith("DECIMAL"):
        return duckdb_type.lower()
    for start, name in (("MAP(", "map"), ("STRUCT(", "row"), ("TUPLE(", "row")):
        if duckdb_type.startswith(start):
            return name
    return TYPES.get(duckdb_type, duckdb_type.lower())


def fetchable(index: int, duckdb_type: str) -> str:
    """Return the SQL that fetches column `c<index>`: instants as microseconds, what Python lacks as text."""
    name = f"c{index}"
    if duckdb_type == "TIMESTAMP WITH TIME ZONE":
        return f"epoch_us({name})"
    if duckdb_type == "FLOAT":
        return f"CAST(CAST({name} AS VARCHAR) AS DOUBLE)"
    if "TIME ZONE" in duckdb_type or duckdb_type.startswith(("JSON", '"NULL"')):
        return f"CAST({name} AS VARCHAR)"
    return name


def restore(row: Sequence[Any], types: Sequence[str], zones: Sequence[str | None]) -> tuple[Any, ...]:
    """Python values of a fetched row: an instant becomes a datetime in its zone."""
    return tuple(
        (EPOCH + timedelta(microseconds=value)).astimezone(ZoneInfo(zone or "UTC"))
        if kind == "TIMESTAMP WITH TIME ZONE" and value is not None
        else value
        for value, kind, zone in zip(row, types, zones, strict=True)
    )


def spell(value: Any) -> str:
    """Return a value as text in Athena's results (of a NULL inside an array: `null`)."""
    for kind, write_out in SPELLINGS:
        if isinstance(value, kind):
            return write_out(value)
    return str(value)


def _moment(value: datetime) -> str:
    text = value.strftime("%Y-%m-%d %H:%M:%S.") + f"{value.microsecond // 1000:03d}"
    return f"{text} {value.tzinfo}" if value.tzinfo else text


def _interval(value: timedelta) -> str:
    size = abs(value)
    hours, minutes, seconds = size.seconds // 3600, size.seconds // 60 % 60, size.seconds % 60
    clock = f"{hours:02d}:{minutes:02d}:{seconds:02d}.{size.microseconds // 1000:03d}"
    return f"{'-' if value < timedelta(0) else ''}{size.days} {clock}"


def _fields(pairs: Iterable[tuple[Any, Any]]) -> str:
    return "{" + ", ".join(f"{key}={spell(item)}" for key, item in pairs) + "}"


def spell_double(value: float) -> str:
    """Return a double as Java's `Double.toString` writes it: plain from 10⁻³ to 10⁷, else `1.5E10`."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        plain = format(Decimal(repr(value)), "f")
        return plain if "." in plain else plain + ".0"
    sign, digits, exponent = Decimal(repr(value)).as_tuple()
    text = "".join(str(digit) for digit in digits).rstrip("0") or "0"
    power = len(digits) + int(exponent) - 1
    return f"{'-' if sign else ''}{text[0]}.{text[1:] or '0'}E{power}"


SPELLINGS: tuple[tuple[type | tuple[type, ...], Callable[[Any], str]], ...] = (
    (type(None), lambda _: "null"),
    (bool, lambda value: "true" if value else "false"),
    (float, spell_double),
    (Decimal, lambda value: format(value, "f")),
    (datetime, _moment),
    (date, lambda value: str(value.isoformat())),
    (timedelta, _interval),
    ((bytes, bytearray), lambda value: " ".join(f"{byte:02x}" for byte in value)),
    (dict, lambda value: _fields(value.items())),
    (tuple, lambda value: _fields((f"field{index}", item) for index, item in enumerate(value))),
    (list, lambda value: "[" + ", ".join(spell(item) for item in value) + "]"),
)


def csv(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Athena's CSV: every field quoted, NULL as nothing at all."""

    def line(cells: Iterable[str | None]) -> str:
        return ",".join("" if cell is None else '"' + cell.replace('"', '""') + '"' for cell in cells) + "\n"

    spelled = (line(None if value is None else spell(value) for value in row) for row in rows)
    return line(columns) + "".join(spelled)


def text(rows: Iterable[Sequence[Any]]) -> str:
    """Return the text file of a catalog command: one line a row, fields separated by tabs."""
    return "".join("\t".join("" if value is None else str(value) for value in row) + "\n" for row in rows)


def write(cloud: Cloud, group: WorkGroup, name: str, content: str) -> str:
    """Put a result file into the workgroup's location, encrypted as the workgroup says; return its address.

    Raises:
        QueryError: The location cannot be written.

    """
    bucket, prefix = split(group.output_location)
    options: dict[str, Any] = {}
    if group.encryption == "SSE_KMS":
        options = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": group.kms_key}
    elif group.encryption == "SSE_S3":
        options = {"ServerSideEncryption": "AES256"}
    if group.expected_bucket_owner:
        options["ExpectedBucketOwner"] = group.expected_bucket_owner
    try:
        cloud.client("s3").put_object(Bucket=bucket, Key=prefix + name, Body=content.encode(), **options)
    except ClientError as error:
        problem = error.response["Error"]
        raise QueryError(
            "INVALID_INPUT",
            f"Unable to write the result to {group.output_location}: {problem['Code']}",
            where=f"workgroup {group.name}",
            fix="correct its output location, key or expected bucket owner",
        ) from error
    return f"s3://{bucket}/{prefix}{name}"
