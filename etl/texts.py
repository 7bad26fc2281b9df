"""Text that is judged with care, as relations of the engine: whole lines, and records split before."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from etl.checks import identifier, literal
from etl.contract import Contract
from etl.engine import quoted
from etl.parts import Careful, Intake

_SHORT_JSON, _LONGEST_JSON = 1 << 20, 256 << 20
_JSON_COLUMNS = "f: 'INTEGER', l: 'BIGINT', raw: 'VARCHAR', fields: 'VARCHAR'"


@dataclass(frozen=True, slots=True)
class Text:
    """Text to judge with care, as SQL.

    `bronze` selects x_<column>, file and source_line; over it, `raw` is the record as delivered and `fields`
    the record by name as a JSON object.
    """

    bronze: str
    raw: str
    fields: str


def texts(contract: Contract, intake: Intake, further: Iterable[Careful] = ()) -> list[Text]:
    """Return all texts of an intake that need care, and further lines that do."""
    found = [_lines(contract, text) for text in (*intake.careful, *further) if text.rows]
    if intake.split:
        found.append(_split_records(contract, intake.split_path))
    return found


def broken_sql(path: Path) -> str:
    """SELECT file, source_line, raw, fields, reasons of the records that nobody could split."""
    return f"""SELECT f AS file, l AS source_line, raw, fields, reasons
        FROM read_json('{quoted(path)}', format = 'newline_delimited',
          maximum_object_size = {_longest(path)}, columns = {{{_JSON_COLUMNS}, reasons: 'VARCHAR[]'}})"""


def _lines(contract: Contract, text: Careful) -> Text:
    names = text.header.names
    columns = ", ".join(f"{literal('x_' + n)}: 'VARCHAR'" for n in names)
    missing = "".join(f", CAST('' AS VARCHAR) AS x_{n}" for n in text.header.missing(contract))
    bronze = f"""SELECT *{missing} FROM read_csv('{quoted(text.path)}',
        columns = {{file: 'INTEGER', source_line: 'BIGINT', {columns}}}, header = false,
        delim = {literal(text.header.delimiter)}, quote = '', escape = '', nullstr = '\x1e', new_line = '\\n',
        auto_detect = false)"""
    columns_of_text = [identifier("x_" + n) for n in names]
    raw = f"concat_ws({literal(text.header.delimiter)}, {', '.join(columns_of_text)})"
    pairs = ", ".join(f"{literal(n)}, {column}" for n, column in zip(names, columns_of_text, strict=True))
    return Text(bronze, raw, f"CAST(json_object({pairs}) AS VARCHAR)")


def _split_records(contract: Contract, path: Path) -> Text:
    names = [f"x_{f.name}" for f in contract.source_fields]
    columns = ", ".join(f"{name}: 'VARCHAR'" for name in names)
    bronze = f"""SELECT {", ".join(names)}, f AS file, l AS source_line, raw AS raw_text,
        fields AS fields_text
      FROM read_json('{quoted(path)}', format = 'newline_delimited',
        maximum_object_size = {_longest(path)}, columns = {{{_JSON_COLUMNS}, {columns}}})"""
    return Text(bronze, "raw_text", "fields_text")


def _longest(path: Path) -> int:
    """Bytes that an object of a JSON file may have; the engine sets twice that aside before it reads."""
    return max(_SHORT_JSON, min(path.stat().st_size, _LONGEST_JSON))
