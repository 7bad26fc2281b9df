"""The second step of judging: rows against the dimensions, and the delivered text of those that fail."""

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import duckdb

from etl.engine import quoted
from etl.judge import Judgement
from etl.parts import Part


def refer(
    connection: duckdb.DuckDBPyConnection, judgement: Judgement, parts: list[tuple[int, Part]], path: Path
) -> None:
    """Create the table `referred`: place (rowid in `judged`), masks, raw and fields of each row that fails.

    Joins do not keep the order of rows, so they cannot be part of the pass that line numbers hang on, and
    that pass keeps no text of rows it accepts. The text is fetched from `parts` (first row, part) by row.
    """
    connection.execute(f"CREATE OR REPLACE TABLE failing AS {judgement.references}")
    with path.open("w", encoding="utf-8") as stream:
        for base, part in parts:
            for place, raw in _texts(part, base, _places(connection, base, part.rows)):
                values = dict(zip(part.header.names, raw.split(part.header.delimiter), strict=True))
                fields = json.dumps(values, ensure_ascii=False, separators=(",", ":"))
                stream.write(json.dumps({"place": place, "raw": raw, "fields": fields}) + "\n")
    connection.execute(
        f"""CREATE OR REPLACE TABLE referred AS
        SELECT f.*, t.raw, t.fields FROM failing AS f LEFT JOIN read_json('{quoted(path)}',
          format = 'newline_delimited', columns = {{place: 'BIGINT', raw: 'VARCHAR', fields: 'VARCHAR'}}) AS t
        ON t.place = f.place"""
    )


def _places(connection: duckdb.DuckDBPyConnection, base: int, rows: int) -> Iterator[int]:
    """Yield the failing rows of a part that kept no text, in order."""
    found = connection.cursor().execute(
        """SELECT f.place FROM failing AS f JOIN judged AS j ON j.rowid = f.place
        WHERE f.place >= ? AND f.place < ? AND j.raw IS NULL ORDER BY 1""",
        [base, base + rows],
    )
    while batch := found.fetchmany(10_000):
        yield from (place for (place,) in batch)


def _texts(part: Part, base: int, places: Iterator[int]) -> Iterator[tuple[int, str]]:
    """Yield (place, line) of the wanted rows of a part in one pass over its text."""
    with part.path.open(encoding="utf-8", newline="\n") as stream:
        at = base - part.skip
        for place in places:
            line = next(islice(stream, place - at, None))
            at = place + 1
            yield place, line.removesuffix("\n")
