"""Plain lines that are not as good as they look: found by their values, and set aside with their text."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import duckdb

from etl.judge import Judgement
from etl.parts import Careful, Part
from etl.plain import exceptional_sql


def set_aside(
    connection: duckdb.DuckDBPyConnection, judgement: Judgement, parts: list[Part], folder: Path
) -> list[Careful]:
    """Take the plain rows that no value could be read of, or that break a rule, out of `plain`.

    Returns their lines, to be judged with care: typing keeps no text, so it is fetched from the parts.
    """
    contract, market = judgement.contract, judgement.market
    selects = [f"SELECT rowid AS place FROM typed WHERE kept AND ({exceptional_sql(contract, market)})"]
    if judgement.referring:
        kept = "(SELECT rowid AS place, * FROM typed WHERE kept)"
        selects.append(f"SELECT place FROM ({judgement.references_sql(kept)})")
    connection.execute(f"CREATE OR REPLACE TABLE aside AS {' UNION '.join(selects)}")
    texts: list[Careful] = []
    base = 0
    for part in parts:
        text = Careful(folder / f"aside-{len(texts)}.csv", part.header)
        with text.path.open("wb") as out:
            for file, number, line in _lines(connection, part, base):
                out.write(text.line(file, number, line))
                text.rows += 1
        base += part.rows
        if text.rows:
            texts.append(text)
    connection.execute("UPDATE typed SET kept = FALSE WHERE rowid IN (SELECT place FROM aside)")
    return texts


def _lines(connection: duckdb.DuckDBPyConnection, part: Part, base: int) -> Iterator[tuple[int, int, bytes]]:
    """Yield (file, line number, line) of the rows of a part that were set aside, reading it once."""
    found = connection.execute(
        "SELECT place - ? FROM aside WHERE place >= ? AND place < ? ORDER BY 1",
        [base, base, base + part.rows],
    )
    segments = iter(part.segments)
    segment = next(segments, None)
    with part.path.open("rb") as stream:
        at = -part.skip
        while batch := found.fetchmany(10_000):
            for (row,) in batch:
                line = next(islice(stream, row - at, None))
                at = row + 1
                while segment is not None and row >= segment.first_row + segment.rows:
                    segment = next(segments, None)
                assert segment is not None
                yield segment.file, segment.first_line + row - segment.first_row, line.removesuffix(b"\n")
