"""CSV as Athena's two text SerDes read it: line by line, columns by position.

Both split the file into lines first, so a quoted field never spans two lines. `LazySimpleSerDe` knows no
quotes; `OpenCSVSerde` knows quote and escape characters. Missing fields are NULL, surplus ones dropped.
Source: Athena user guide, "LazySimpleSerDe for CSV, TSV, and custom-delimited files" and "OpenCSVSerDe".
"""

import csv
import gzip
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

LAZY_SIMPLE = "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"
OPEN_CSV = "org.apache.hadoop.hive.serde2.OpenCSVSerde"


@dataclass(frozen=True)
class CsvSerde:
    """How a table's text becomes fields; `quote` is None for LazySimpleSerDe, `null` its text for NULL."""

    delimiter: str
    quote: str | None
    escape: str | None
    null: str | None
    header_lines: int


def csv_serde(
    library: str, parameters: Mapping[str, str], table_parameters: Mapping[str, str]
) -> CsvSerde | None:
    """Return the SerDe that a table declares, or None when it is no CSV SerDe."""
    header = int(table_parameters.get("skip.header.line.count", "0"))
    if library == OPEN_CSV:
        return CsvSerde(
            delimiter=parameters.get("separatorChar", ","),
            quote=parameters.get("quoteChar", '"'),
            escape=parameters.get("escapeChar", "\\"),
            null=None,
            header_lines=header,
        )
    if library == LAZY_SIMPLE:
        delimiter = parameters.get("field.delim") or parameters.get("serialization.format") or "\x01"
        return CsvSerde(
            delimiter=chr(int(delimiter)) if delimiter.isdigit() else delimiter,
            quote=None,
            escape=parameters.get("escape.delim"),
            null=parameters.get("serialization.null.format", "\\N"),
            header_lines=header,
        )
    return None


def text_of(content: bytes, key: str) -> str:
    """Return an object's text: gzip by suffix, UTF-8 with U+FFFD for what is none, no byte-order mark."""
    raw = gzip.decompress(content) if key.endswith(".gz") else content
    return raw.decode("utf-8-sig", errors="replace")


def rows(text: str, serde: CsvSerde, width: int) -> Iterator[list[str | None]]:
    """Return the rows of a text after its header lines, each of exactly `width` fields."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if lines and not lines[-1]:
        lines.pop()
    for line in lines[serde.header_lines :]:
        fields = split(line, serde)[:width]
        yield fields + [None] * (width - len(fields))


def split(line: str, serde: CsvSerde) -> list[str | None]:
    """Return the fields of one line."""
    if serde.quote is not None:
        if serde.quote not in line and (serde.escape is None or serde.escape not in line):
            return list(line.split(serde.delimiter))
        parsed = next(
            csv.reader(
                [line], delimiter=serde.delimiter, quotechar=serde.quote, escapechar=serde.escape or None
            ),
            [""],
        )
        return list(parsed)
    fields = _unescaped(line, serde.delimiter, serde.escape) if serde.escape else line.split(serde.delimiter)
    return [None if field == serde.null else field for field in fields]


def _unescaped(line: str, delimiter: str, escape: str) -> list[str]:
    fields = [""]
    characters = iter(line)
    for character in characters:
        if character == escape:
            fields[-1] += next(characters, "")
        elif character == delimiter:
            fields.append("")
        else:
            fields[-1] += character
    return fields
