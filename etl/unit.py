"""One delivered unit (dataset and load date) in the engine: which rows are accepted, what others broke.

Plain lines are only typed; the few that turn out to break a rule are set aside and judged from their text,
together with the lines that were not plain, so that there is one way to a verdict and its reasons.
"""

import duckdb

from etl.aside import set_aside
from etl.checks import literal
from etl.engine import sql_type
from etl.judge import Judgement
from etl.parts import Careful, Intake
from etl.tally import create_counts
from etl.texts import Text, broken_sql, texts
from etl.typed import type_parts


def judge(
    connection: duckdb.DuckDBPyConnection, judgement: Judgement, intake: Intake, load_date: str
) -> None:
    """Judge a unit into the view `accepted` and the tables `judged`, `texts` and `broken`.

    `accepted` has the contract's columns of the CSV, the derived ones, load_date, source_object and
    source_line; `judged` the rows that were judged with care, with their masks, file and source_line; `texts`
    what the rejected ones of them were delivered as; `broken` the records that nobody could split. They are
    counted, see etl.tally.
    """
    execute = connection.execute
    execute(
        """CREATE OR REPLACE TABLE files AS
        SELECT unnest(CAST(? AS INTEGER[])) AS file, unnest(CAST(? AS VARCHAR[])) AS source_object""",
        [[f.index for f in intake.files], [f.key for f in intake.files]],
    )
    again: list[Careful] = []
    if has_plain := any(part.rows for part in intake.parts):
        type_parts(connection, judgement.contract, intake.parts)
        again = set_aside(connection, judgement, intake.parts, intake.split_path.parent)
    sources = texts(judgement.contract, intake, again)
    _create_judged(connection, judgement)
    if sources:
        columns = ", ".join(f"x_{f.name}" for f in judgement.contract.source_fields)
        bronze = (f"SELECT {columns}, file, source_line FROM ({source.bronze})" for source in sources)
        execute(f"INSERT INTO judged BY NAME {judgement.sql(' UNION ALL '.join(bronze))}")
        if judgement.referring:
            _refer(connection, judgement)
    _keep_texts(connection, judgement, sources)
    _create_accepted(connection, judgement, load_date, has_plain)
    execute(f"CREATE OR REPLACE TABLE broken AS {broken_sql(intake.broken_path)}")
    create_counts(connection, judgement, has_plain=has_plain)


def _create_judged(connection: duckdb.DuckDBPyConnection, judgement: Judgement) -> None:
    columns = [
        f"{f.name} {sql_type(f.type)}" for f in judgement.contract.fields if f.name in judgement.columns
    ]
    masks = [f"{m} BIGINT" for m in (*judgement.reject_masks, *judgement.warn_masks)]
    masks += [f"{m} BIGINT DEFAULT 0" for m in judgement.reference_masks]
    connection.execute(
        f"CREATE OR REPLACE TABLE judged ({', '.join(columns)}, styles TINYINT, "
        f"file INTEGER, source_line BIGINT, {', '.join(masks)})"
    )


def _refer(connection: duckdb.DuckDBPyConnection, judgement: Judgement) -> None:
    masks = ", ".join(f"{m} = found.{m}" for m in judgement.reference_masks)
    found = judgement.references_sql("(SELECT rowid AS place, * FROM judged)")
    connection.execute(f"UPDATE judged SET {masks} FROM ({found}) AS found WHERE judged.rowid = found.place")


def _keep_texts(connection: duckdb.DuckDBPyConnection, judgement: Judgement, sources: list[Text]) -> None:
    connection.execute(
        "CREATE OR REPLACE TABLE texts (file INTEGER, source_line BIGINT, raw VARCHAR, fields VARCHAR)"
    )
    for source in sources:
        connection.execute(
            f"""INSERT INTO texts SELECT file, source_line, {source.raw}, {source.fields}
            FROM (SELECT * FROM ({source.bronze}) SEMI JOIN (
              SELECT file, source_line FROM judged WHERE {judgement.rejected_sql}
            ) USING (file, source_line))"""
        )


def _create_accepted(
    connection: duckdb.DuckDBPyConnection, judgement: Judgement, load_date: str, has_plain: bool
) -> None:
    columns = ", ".join((*judgement.columns, "file", "source_line"))
    rows = f"SELECT {columns} FROM judged WHERE NOT {judgement.rejected_sql}"
    if has_plain:
        rows = f"SELECT {columns} FROM plain UNION ALL {rows}"
    connection.execute(
        f"""CREATE OR REPLACE VIEW accepted AS
        SELECT * EXCLUDE (file, source_object, source_line), DATE {literal(load_date)} AS load_date,
          source_object, source_line
        FROM ({rows}) JOIN files USING (file)"""
    )
