"""Delivered files to judged records on the executors: each file is read once, and judged where it is read.

A row's own rules need nothing but its text, so the engine that judges it is DuckDB, inside the task, with the
SQL that it has everywhere; rows go on to Spark typed. What needs rows of other files is Spark's.
"""

import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice, repeat
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from etl.engine import connect
from etl.intake import take_in
from etl.judge import Judgement
from etl.masks import broken_any
from etl.parts import Careful, Intake, Part, SourceFile
from etl.plain import Z_STYLE, exceptional_sql, typed_sql, warned_sql
from etl.spark.columns import BROKEN, FILE, ROW, arrow_schema
from etl.spark.delivered import Delivered, facts
from etl.store import open_store
from etl.texts import broken_sql, raw_sql, texts
from etl.typed import bronze_sql, disorder

BATCH_ROWS = 16_384

Columns = Mapping[str, pa.Array]


class Judge:
    """The function that a task runs: batches of task numbers in, batches of `arrow_schema` out."""

    def __init__(self, uri: str, judgement: Judgement, work: list[list[Delivered]]) -> None:
        self.uri = uri
        self.judgement = judgement
        self.work = work

    def __call__(self, numbers: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Judge the files of each task number."""
        schema = arrow_schema(self.judgement)
        for batch in numbers:
            for number in batch.column(0).to_pylist():
                work = self.work[number]
                with tempfile.TemporaryDirectory(prefix="lake-") as folder:
                    for kind, columns in self._task(work, Path(folder)):
                        yield _batch(schema, work, kind, columns)

    def _task(self, work: Sequence[Delivered], folder: Path) -> Iterator[tuple[int, Columns]]:
        store = open_store(self.uri)
        files = [
            SourceFile(d.index, d.entry.key, store.fetch(d.entry.key, folder), d.entry.size, d.entry.etag)
            for d in work
        ]
        intake = take_in(self.judgement.contract, files, folder, distinct=False)
        with connect(self.judgement.market, folder) as connection:
            # The other cores have tasks of their own, and rows come in the order of their lines.
            connection.execute("SET threads = 1")
            aside: list[Careful] = []
            for part in intake.parts:
                if part.rows:
                    aside.append(Careful(folder / f"aside-{len(aside)}.csv", part.header))
                    for columns in _typed(connection, self.judgement, part, aside[-1]):
                        yield ROW, columns
            for kind, sql in _careful(self.judgement, intake, aside):
                for batch in _answer(connection, sql):
                    yield kind, _columns(batch)
        yield FILE, {"file": pa.array([f.index for f in files]), "raw": pa.array(map(facts, files))}


def _batch(schema: pa.Schema, work: Sequence[Delivered], kind: int, columns: Columns) -> pa.RecordBatch:
    """Return columns as rows of a kind, with their load date; what is lacking has no value."""
    file = columns["file"].cast(pa.int32())
    place = pc.index_in(file, value_set=pa.array([d.index for d in work], pa.int32()))
    further = {
        "kind": pa.array(repeat(kind, len(file)), pa.int32()),
        "load_date": pa.array([d.load_date for d in work], pa.date32()).take(place),
    }
    known = {**columns, **further}
    arrays = [known[f.name].cast(f.type) if f.name in known else pa.nulls(len(file), f.type) for f in schema]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _typed(
    connection: duckdb.DuckDBPyConnection, judgement: Judgement, part: Part, aside: Careful
) -> Iterator[Columns]:
    """Yield the rows of a part that are as good as they look; write the lines of the others to `aside`.

    Its rows are its lines in their order, which is proved at each probe and by the number of rows.
    """
    contract, market = judgement.contract, judgement.market
    typed = typed_sql(contract, bronze_sql(part), f"{raw_sql(part.header)} AS raw")
    sql = f"""SELECT *, {exceptional_sql(contract, market)} AS exceptional,
      {warned_sql(contract, market)} AS warnings, {Z_STYLE} AS styles FROM ({typed})"""
    places = _places(part)
    probes = dict(part.probes)
    base = 0
    with aside.path.open("wb") as out:
        for batch in _answer(connection, sql):
            columns = _columns(batch)
            for row in probes.keys() & range(base, base + batch.num_rows):
                if columns[contract.key[0]][row - base].as_py() != probes.pop(row):
                    raise disorder(part)
            base += batch.num_rows
            file, line = zip(*islice(places, batch.num_rows), strict=True)
            columns |= {"file": pa.array(file, pa.int32()), "source_line": pa.array(line, pa.int64())}
            kept, odd = columns["kept"], columns["exceptional"]
            for place in _where(columns, pc.and_(kept, odd), "file", "source_line", "raw"):
                out.write(aside.line(*place[:2], place[2].encode()))
                aside.rows += 1
            plain = pc.and_not(kept, odd)
            yield {name: column.filter(plain) for name, column in columns.items()}
    if probes or base != part.rows:
        raise disorder(part)


def _places(part: Part) -> Iterator[tuple[int, int]]:
    """Yield the file and the line of each row of a part."""
    row = 0
    for segment in part.segments:
        yield from repeat((-1, 0), segment.first_row - row)
        lines = range(segment.first_line, segment.first_line + segment.rows)
        yield from zip(repeat(segment.file), lines)
        row = segment.first_row + segment.rows
    yield from repeat((-1, 0), part.rows - row)


def _careful(
    judgement: Judgement, intake: Intake, aside: Iterable[Careful]
) -> Iterator[tuple[int, str]]:
    """Yield kinds and SELECTs of the records that are judged with care, and of those nobody can split."""
    contract = judgement.contract
    columns = ", ".join(f"x_{f.name}" for f in contract.source_fields)
    sources = [
        f"""SELECT {columns}, file, source_line, {text.raw} AS raw,
          {"CAST(NULL AS VARCHAR)" if text.is_line else text.fields} AS fields FROM ({text.bronze})"""
        for text in texts(contract, intake, aside)
    ]
    if sources:
        more = ("raw", "fields", "duration_us") if judgement.referring else ("raw", "fields")
        yield ROW, f"""SELECT *,
          CASE WHEN {broken_any(judgement.reject_masks)}
            THEN {judgement.broken_ids_sql(judgement.rejecting)} END AS reasons,
          CASE WHEN {broken_any(judgement.warn_masks)}
            THEN {judgement.broken_ids_sql(judgement.warning)} END AS warnings
        FROM ({judgement.sql(" UNION ALL ".join(sources), *more)})"""
    if intake.broken_path.stat().st_size:
        yield BROKEN, broken_sql(intake.broken_path)


def _answer(connection: duckdb.DuckDBPyConnection, sql: str) -> Iterable[pa.RecordBatch]:
    return connection.sql(sql).to_arrow_reader(BATCH_ROWS)


def _columns(batch: pa.RecordBatch) -> dict[str, pa.Array]:
    return dict(zip(batch.schema.names, batch.columns, strict=True))


def _where(columns: Columns, mask: pa.Array, *names: str) -> Iterator[tuple[int, int, str]]:
    """Yield values of columns where a mask is true."""
    return zip(*(columns[name].filter(mask).to_pylist() for name in names), strict=True)
