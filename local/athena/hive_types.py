"""Hive column types (as the Glue catalog holds them) as Trino types (as Athena's SQL knows them).

Source: Athena user guide, "Data types in Amazon Athena".
"""

import re
from collections.abc import Iterator

from local.athena.errors import QueryError

SIMPLE = {
    "string": "varchar",
    "int": "integer",
    "integer": "integer",
    "bigint": "bigint",
    "smallint": "smallint",
    "tinyint": "tinyint",
    "boolean": "boolean",
    "double": "double",
    "float": "real",
    "date": "date",
    "timestamp": "timestamp(3)",
    "binary": "varbinary",
}
PARAMETRIC = re.compile(r"^(decimal\(\d+\s*,\s*\d+\)|(?:var)?char\(\d+\))$")


def to_trino(hive: str) -> str:
    """Return the Trino type of a Hive type: `array<string>` → `array(varchar)`.

    Raises:
        QueryError: The type is none that Athena has.

    """
    text = hive.strip().lower()
    if text in SIMPLE:
        return SIMPLE[text]
    if PARAMETRIC.match(text):
        return text
    if text == "decimal":
        return "decimal(10,0)"
    inner = text[text.find("<") + 1 : -1] if text.endswith(">") else ""
    if text.startswith("array<") and inner:
        return f"array({to_trino(inner)})"
    if text.startswith("map<") and inner:
        key, value = split_top(inner)
        return f"map({to_trino(key)}, {to_trino(value)})"
    if text.startswith("struct<") and inner:
        fields = (field.split(":", 1) for field in split_top(inner))
        return f"row({', '.join(f'{name.strip()} {to_trino(kind)}' for name, kind in fields)})"
    raise QueryError("HIVE_METASTORE_ERROR", f"the catalog has a column of the unknown type {hive!r}")


def split_top(text: str) -> Iterator[str]:
    """Split at the commas that are in no bracket."""
    depth = start = 0
    for index, character in enumerate(text):
        depth += (character in "<(") - (character in ">)")
        if character == "," and depth == 0:
            yield text[start:index]
            start = index + 1
    yield text[start:]
