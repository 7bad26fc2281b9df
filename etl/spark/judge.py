"""Delivered transactions to judged records on the executors: each file is judged where it is read, once.

A row's verdict needs its text and the dimensions, so the engine that judges it is DuckDB, inside the task, as
in every other run; rows go on to Spark typed. What needs rows of other files is Spark's.
"""

import json
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa

from etl.dimensions import Dimensions
from etl.engine import connect
from etl.evidence import rejected_sql
from etl.judge import Judgement
from etl.reference import References, pending_keys
from etl.spark.columns import arrow_schema
from etl.spark.delivered import Delivered, by_load_date, facts, read
from etl.store import Store, open_store
from etl.tally import Judged, judged_files
from etl.unit import judge

BATCH_ROWS = 16_384
LARGE_BYTES = 64 << 20
"""Files of more bytes have their rows on the disk of the executor, whose cores all have tasks."""


class Judge:
    """The function that a task runs: batches of task numbers in, batches of `arrow_schema` out.

    What is known of the files, and which keys of dimensions they wait for, is left as JSON objects below
    `prefix`.
    """

    def __init__(
        self,
        uri: str,
        prefix: str,
        judgement: Judgement,
        dimensions: Dimensions,
        work: Sequence[Sequence[Delivered]],
    ) -> None:
        self.uri = uri
        self.prefix = prefix
        self.judgement = judgement
        self.dimensions = dimensions
        self.work = work

    def __call__(self, numbers: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Judge the files of each task number."""
        store = open_store(self.uri)
        for batch in numbers:
            for number in batch.column(0).to_pylist():
                with tempfile.TemporaryDirectory(prefix="lake-") as folder:
                    yield from self._task(store, number, Path(folder))

    def _task(self, store: Store, number: int, folder: Path) -> Iterator[pa.RecordBatch]:
        judgement, work = self.judgement, self.work[number]
        known: dict[int, object] = {}
        pending: dict[str, dict[str, list[str]]] = {}
        on_disk = sum(file.entry.size for file in work) > LARGE_BYTES
        with engine(judgement, folder, on_disk=on_disk) as connection:
            references = References(store, self.dimensions, folder)
            for load_date, files in by_load_date(work).items():
                place = folder / load_date
                place.mkdir()
                intake = read(store, judgement, files, place)
                references.prepare(connection, load_date)
                judge(connection, judgement, intake, load_date)
                counts = judged_files(connection)
                known |= {f.index: facts(f, counts.get(f.index, Judged())) for f in intake.files}
                pending[load_date] = pending_keys(connection, judgement)
                yield from self._rows(connection, load_date)
        store.put(known_key(self.prefix, number), json.dumps({"files": known, "pending": pending}).encode())

    def _rows(self, connection: duckdb.DuckDBPyConnection, load_date: str) -> Iterator[pa.RecordBatch]:
        schema = arrow_schema(self.judgement)
        day = pa.scalar(date.fromisoformat(load_date))
        for select in ("FROM passed", rejected_sql(self.judgement)):
            for batch in connection.sql(select).to_arrow_reader(BATCH_ROWS):
                rows = batch.num_rows
                found = dict(zip(batch.schema.names, batch.columns, strict=True))
                found["load_date"] = pa.repeat(day, rows)
                columns = [
                    found[f.name].cast(f.type) if f.name in found else pa.nulls(rows, f.type) for f in schema
                ]
                yield pa.RecordBatch.from_arrays(columns, schema=schema)


def engine(
    judgement: Judgement, folder: Path, *, on_disk: bool
) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
    """Open a session of the engine for a task, which has one core."""
    return connect(judgement.market, folder, on_disk=on_disk, threads=1)


def known_key(prefix: str, number: int) -> str:
    """Key of what a task says of its files."""
    return f"{prefix}known/{number}.json"
