"""One delivered unit (dataset and load date) in the engine: judged rows, and where each came from."""

from dataclasses import dataclass

import duckdb

from etl.checks import identifier, literal
from etl.engine import quoted, sql_type
from etl.errors import DataLakeError
from etl.judge import Judgement
from etl.parts import PLACEHOLDER, Intake, Part
from etl.referral import refer

_FEW_SEGMENTS = 24
_LONGEST_JSON = 256 << 20
_JSON_COLUMNS = "f: 'INTEGER', l: 'BIGINT', raw: 'VARCHAR', fields: 'VARCHAR'"
_SPACES = str.maketrans("\u00a0\u2007\u202f", "   ")


@dataclass(frozen=True, slots=True)
class Judged:
    """Counts of a judged unit, by rule id; `rows` leaves out the records nobody could split."""

    rows: int
    failed: dict[str, int]
    mixed_offset_files: int


def judge(
    connection: duckdb.DuckDBPyConnection, judgement: Judgement, intake: Intake, load_date: str
) -> Judged:
    """Fill the tables `judged` (every row, typed and marked), `accepted` (view) and `broken`.

    `accepted` has the contract's columns of the CSV, the derived ones, load_date, source_object and
    source_line.
    """
    connection.execute("CREATE OR REPLACE TABLE files (file INTEGER, source_object VARCHAR)")
    connection.executemany("INSERT INTO files VALUES (?, ?)", [(f.index, f.key) for f in intake.files])
    _create_judged(connection, judgement)
    segments: list[tuple[int, int, int]] = []
    bases: list[tuple[int, Part]] = []
    expected = 0
    for part in intake.parts:
        if part.rows == 0:
            continue
        segments += [(expected + s.first_row, s.file, s.first_line) for s in part.segments]
        connection.execute(f"INSERT INTO judged {_part_sql(judgement, part)}")
        _check_order(connection, judgement, part, expected)
        expected += part.rows
        bases.append((expected - part.rows, part))
    if intake.split:
        connection.execute(f"INSERT INTO judged {_split_sql(judgement, intake)}")
    if judgement.references:
        refer(connection, judgement, bases, intake.split_path.with_name("referred.ndjson"))
    _create_views(connection, judgement, segments, load_date)
    connection.execute(
        f"""CREATE OR REPLACE TABLE broken AS SELECT f AS file, l AS source_line, raw, fields, reasons
        FROM read_json('{quoted(intake.broken_path)}', format = 'newline_delimited',
          maximum_object_size = {_LONGEST_JSON}, columns = {{{_JSON_COLUMNS}, reasons: 'VARCHAR[]'}})"""
    )
    return _count(connection, judgement)


def _create_judged(connection: duckdb.DuckDBPyConnection, judgement: Judgement) -> None:
    columns = [
        f"{f.name} {sql_type(f.type)}" for f in judgement.contract.fields if f.name in judgement.columns
    ]
    masks = [f"{m} BIGINT" for m in (*judgement.reject_masks, *judgement.warn_masks)]
    connection.execute(
        f"""CREATE OR REPLACE TABLE judged ({", ".join(columns + masks)}, styles TINYINT, source_file INTEGER,
        source_line BIGINT, raw VARCHAR, fields VARCHAR)"""
    )


def _part_sql(judgement: Judgement, part: Part) -> str:
    names = part.header.names
    columns = ", ".join(f"{literal('x_' + n)}: 'VARCHAR'" for n in names)
    missing = "".join(f"CAST('' AS VARCHAR) AS x_{n}, " for n in part.header.missing(judgement.contract))
    bronze = f"""SELECT *, {missing}
      CAST(NULL AS INTEGER) AS source_file, CAST(NULL AS BIGINT) AS source_line
      FROM read_csv('{quoted(part.path)}', columns = {{{columns}}}, header = false, skip = {part.skip},
        delim = {literal(part.header.delimiter)}, quote = '', escape = '', nullstr = '\x1e', new_line = '\\n',
        auto_detect = false)"""
    texts = [identifier("x_" + n) for n in names]
    raw = f"concat_ws({literal(part.header.delimiter)}, {', '.join(texts)})"
    pairs = ", ".join(f"{literal(n)}, {text}" for n, text in zip(names, texts, strict=True))
    return judgement.sql(bronze, raw, f"CAST(json_object({pairs}) AS VARCHAR)")


def _split_sql(judgement: Judgement, intake: Intake) -> str:
    texts = [f"x_{f.name}" for f in judgement.contract.source_fields]
    columns = ", ".join(f"{t}: 'VARCHAR'" for t in texts)
    bronze = f"""SELECT {", ".join(texts)}, f AS source_file, l AS source_line, raw AS raw_text,
        fields AS fields_text
      FROM read_json('{quoted(intake.split_path)}', format = 'newline_delimited',
        maximum_object_size = {_LONGEST_JSON}, columns = {{{_JSON_COLUMNS}, {columns}}})"""
    return judgement.sql(bronze, "raw_text", "fields_text", keep=True)


def _check_order(connection: duckdb.DuckDBPyConnection, judgement: Judgement, part: Part, base: int) -> None:
    """Line numbers hang on the order of the rows, so it is proved at each probe and at the last row."""
    found = connection.execute("SELECT count(*) FROM judged").fetchone()
    key = judgement.contract.key[0]
    probes = {
        base + row: text.translate(_SPACES).strip(" \t\n\r").upper() or None for row, text in part.probes
    }
    rows = connection.execute(
        f"SELECT rowid, {key} FROM judged WHERE rowid IN (SELECT unnest(?))", [list(probes)]
    ).fetchall()
    if found != (base + part.rows,) or dict(rows) != probes:
        raise DataLakeError(
            "The engine did not keep the order of the delivered rows, so line numbers would be wrong.",
            where=part.path.name,
            fix="This is a fault of the program, not of the data; nothing was published.",
        )


def _create_views(
    connection: duckdb.DuckDBPyConnection,
    judgement: Judgement,
    segments: list[tuple[int, int, int]],
    load_date: str,
) -> None:
    connection.execute("CREATE OR REPLACE TABLE segments (first_row BIGINT, file INTEGER, first_line BIGINT)")
    if segments:
        connection.executemany("INSERT INTO segments VALUES (?, ?, ?)", segments)
    key, held = judgement.contract.key[0], literal(PLACEHOLDER)
    if len(segments) <= _FEW_SEGMENTS:
        file = _by_segment([(first, str(f)) for first, f, _ in segments])
        line = _by_segment([(first, f"j.rowid + {line - first}") for first, _, line in segments])
        source = "judged AS j"
    else:
        file, line = "s.file", "s.first_line + j.rowid - s.first_row"
        source = "judged AS j ASOF LEFT JOIN segments AS s ON j.rowid >= s.first_row"
    texts, masks = "j.raw, j.fields", ""
    if judgement.references:
        source += " LEFT JOIN referred AS v ON v.place = j.rowid"
        texts = "coalesce(j.raw, v.raw) AS raw, coalesce(j.fields, v.fields) AS fields"
        masks = "".join(f", coalesce(v.{m}, 0) AS {m}" for m in judgement.reference_masks)
    connection.execute(
        f"""CREATE OR REPLACE VIEW located AS
        SELECT j.* EXCLUDE (source_file, source_line, raw, fields), {texts}{masks},
          CAST(coalesce(j.source_file, {file}) AS INTEGER) AS file,
          CAST(coalesce(j.source_line, {line}) AS BIGINT) AS source_line
        FROM {source} WHERE j.{key} IS DISTINCT FROM {held}"""
    )
    connection.execute(
        f"""CREATE OR REPLACE VIEW accepted AS
        SELECT {", ".join(judgement.columns)}, DATE {literal(load_date)} AS load_date,
          source_object, source_line
        FROM located JOIN files USING (file) WHERE NOT {judgement.rejected_sql}"""
    )


def _by_segment(branches: list[tuple[int, str]]) -> str:
    if not branches:
        return "NULL"
    if len(branches) == 1:
        return branches[0][1]
    newest_first = sorted(branches, reverse=True)
    whens = " ".join(f"WHEN j.rowid >= {first} THEN {value}" for first, value in newest_first)
    return f"CASE {whens} END"


def _count(connection: duckdb.DuckDBPyConnection, judgement: Judgement) -> Judged:
    rows = connection.execute("SELECT count(*) FROM located").fetchone()
    sums = connection.execute(judgement.counts_sql("located")).fetchone()
    mixed = connection.execute(
        "SELECT count(*) FROM (SELECT file FROM located GROUP BY file HAVING bit_or(styles) IN (3, 5, 6, 7))"
    ).fetchone()
    assert rows is not None
    assert sums is not None
    assert mixed is not None
    rules = (*judgement.rejections, *judgement.warning)
    failed = {rule.id: int(n) for rule, n in zip(rules, sums, strict=True)}
    return Judged(int(rows[0]), failed, int(mixed[0]))
