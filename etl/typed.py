"""Plain lines in the engine: typed in one pass that keeps their order, which their line numbers hang on."""

import duckdb

from etl.checks import literal
from etl.contract import Contract
from etl.engine import quoted
from etl.errors import DataLakeError
from etl.parts import Part
from etl.plain import typed_sql

_FEW_SEGMENTS = 24


def type_parts(connection: duckdb.DuckDBPyConnection, contract: Contract, parts: list[Part]) -> None:
    """Fill the table `typed` with the rows of all parts, one after the other, and create the view `plain`.

    `typed` has the contract's columns of the CSV, the derived ones and `kept`; `plain` the kept rows of it
    with their file and source_line, and `place`, the number of the row.
    """
    made = False
    expected = 0
    segments: list[tuple[int, int, int]] = []
    for part in parts:
        if part.rows == 0:
            continue
        select = typed_sql(contract, _bronze(part))
        connection.execute(
            f"INSERT INTO typed {select}" if made else f"CREATE OR REPLACE TABLE typed AS {select}"
        )
        made = True
        _check_order(connection, contract, part, expected)
        segments += [(expected + s.first_row, s.file, s.first_line) for s in part.segments]
        expected += part.rows
    _locate(connection, segments)


def _bronze(part: Part) -> str:
    columns = ", ".join(f"{literal('x_' + n)}: 'VARCHAR'" for n in part.header.names)
    return f"""SELECT * FROM read_csv('{quoted(part.path)}', columns = {{{columns}}}, header = false,
        skip = {part.skip}, delim = {literal(part.header.delimiter)}, quote = '', escape = '',
        nullstr = '\x1e', new_line = '\\n', auto_detect = false)"""


def _check_order(connection: duckdb.DuckDBPyConnection, contract: Contract, part: Part, base: int) -> None:
    """Line numbers hang on the order of the rows, so it is proved at each probe and by the number of rows."""
    found = connection.execute("SELECT count(*) FROM typed").fetchone()
    probes = {base + row: key for row, key in part.probes}
    rows = connection.execute(
        f"SELECT rowid, {contract.key[0]} FROM typed WHERE rowid IN (SELECT unnest(?))", [list(probes)]
    ).fetchall()
    if found != (base + part.rows,) or dict(rows) != probes:
        raise DataLakeError(
            "The engine did not keep the order of the delivered rows, so line numbers would be wrong.",
            where=part.path.name,
            fix="This is a fault of the program, not of the data; nothing was published.",
        )


def _locate(connection: duckdb.DuckDBPyConnection, segments: list[tuple[int, int, int]]) -> None:
    if len(segments) <= _FEW_SEGMENTS:
        file = _by_segment([(first, str(f)) for first, f, _ in segments])
        line = _by_segment([(first, f"t.rowid + {line - first}") for first, _, line in segments])
        source = "typed AS t"
    else:
        connection.execute(
            """CREATE OR REPLACE TABLE segments AS SELECT unnest(CAST(? AS BIGINT[])) AS first_row,
              unnest(CAST(? AS INTEGER[])) AS file, unnest(CAST(? AS BIGINT[])) AS first_line""",
            [list(column) for column in zip(*segments, strict=True)],
        )
        file, line = "s.file", "s.first_line + t.rowid - s.first_row"
        source = "typed AS t ASOF JOIN segments AS s ON t.rowid >= s.first_row"
    connection.execute(
        f"""CREATE OR REPLACE VIEW plain AS
        SELECT t.*, t.rowid AS place, CAST({file} AS INTEGER) AS file, CAST({line} AS BIGINT) AS source_line
        FROM {source} WHERE kept"""
    )


def _by_segment(branches: list[tuple[int, str]]) -> str:
    if len(branches) == 1:
        return branches[0][1]
    newest_first = sorted(branches, reverse=True)
    whens = " ".join(f"WHEN t.rowid >= {first} THEN {value}" for first, value in newest_first)
    return f"CASE {whens} END"
