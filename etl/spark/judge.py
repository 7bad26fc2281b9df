"""Delivered transactions to judged records on the executors: each file is judged where it is read, once.

A row's verdict needs its text and the dimensions, so the engine that judges it is DuckDB, inside the task, as
in every other run; rows go on to Spark typed. What needs rows of other files is Spark's.
"""

import json
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict
from pathlib import Path

import duckdb
import pyarrow as pa

from etl.counts import PeriodGroups, period_groups_sql
from etl.dimensions import Dimensions
from etl.engine import connect
from etl.evidence import rejected_sql
from etl.judge import Judgement
from etl.reference import References, pending_keys
from etl.spark import batches
from etl.spark.columns import judged_types
from etl.spark.delivered import Delivered, Facts, by_load_date, facts, read
from etl.store import Store, open_store
from etl.tally import judged_files
from etl.unit import judge

LARGE_BYTES = 64 << 20
"""Files of more bytes have their rows on the disk of the executor, whose cores all have tasks."""


class Judge:
    """The function that a task runs: batches of task numbers in, batches of `judged_types` out.

    What is known of the files, which keys of dimensions they wait for, and the period groups of load dates
    whose files are all in one task, is left as a JSON object for each task below `prefix`.
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
        self.files = Counter(file.load_date for files in work for file in files)

    def __call__(self, numbers: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Judge the files of each task number."""
        store = open_store(self.uri)
        for batch in numbers:
            for number in batch.column(0).to_pylist():
                with tempfile.TemporaryDirectory(prefix="lake-") as folder:
                    yield from self._task(store, number, Path(folder))

    def _task(self, store: Store, number: int, folder: Path) -> Iterator[pa.RecordBatch]:
        judgement, work = self.judgement, self.work[number]
        known: dict[int, Facts] = {}
        pending: dict[str, dict[str, list[str]]] = {}
        periods: dict[str, PeriodGroups] = {}
        with engine(judgement, work, folder) as connection:
            references = References(store, self.dimensions, folder)
            for load_date, files in by_load_date(work).items():
                place = folder / load_date
                place.mkdir()
                intake = read(store, judgement, files, place)
                references.prepare(connection, load_date)
                judge(connection, judgement, intake, load_date)
                known |= facts(intake, judged_files(connection))
                pending[load_date] = pending_keys(connection, judgement)
                if len(files) == self.files[load_date]:
                    groups = connection.execute(period_groups_sql(judgement.market)).fetchall()
                    periods[load_date] = PeriodGroups.of(groups)
                rejected = f"SELECT *, DATE '{load_date}' AS load_date FROM ({rejected_sql(judgement)})"
                rows = f"(FROM accepted UNION ALL BY NAME {rejected})"
                yield from batches.of_query(connection, judged_types(judgement), rows)
        said = {"files": known, "pending": pending, "periods": {d: asdict(g) for d, g in periods.items()}}
        store.put(known_key(self.prefix, number), json.dumps(said).encode())


def engine(
    judgement: Judgement, files: Sequence[Delivered], folder: Path
) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
    """Open a session of the engine for the files of a task, which has one core."""
    on_disk = sum(file.entry.size for file in files) > LARGE_BYTES
    return connect(judgement.market, folder, on_disk=on_disk, threads=1)


def known_key(prefix: str, number: int) -> str:
    """Key of what a task says of its files."""
    return f"{prefix}known/{number}.json"
