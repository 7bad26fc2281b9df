"""Delivered transactions to judged records on the executors: each file is judged where it is read, once.

A row's verdict needs its text and the dimensions, so the engine that judges it is DuckDB, inside the task, as
in every other run; it leaves the rows typed, for Spark. What needs rows of other files is Spark's.
"""

import tempfile
from collections import Counter
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from etl.counts import PeriodGroups, period_groups_sql
from etl.dimensions import Dimensions
from etl.engine import connect, sql_type, write_parquet
from etl.evidence import rejected_sql
from etl.judge import Judgement
from etl.reference import References, pending_keys
from etl.spark.columns import judged_types
from etl.spark.delivered import Delivered, JudgedFile, by_load_date, read, reported
from etl.store import Store, open_store
from etl.tally import judged_files
from etl.unit import judge

LARGE_BYTES = 64 << 20
"""Files of more bytes have their rows on the disk of the executor, whose cores all have tasks."""


@dataclass(slots=True)
class Report:
    """What a task found: in its files, by their number, and by load date the keys that rows wait for.

    `periods` has the period groups of load dates whose files are all in the task.
    """

    files: dict[int, JudgedFile] = field(default_factory=dict)
    pending: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    periods: dict[str, PeriodGroups] = field(default_factory=dict)


class Judge:
    """The work of a task: judges files and leaves rows of `judged_types` as Parquet below `prefix`."""

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
        self.files = Counter(file.load_date for files in work for file in files)

    def __call__(self, files: Sequence[Delivered]) -> Report:
        """Judge files that follow each other in the order of their load dates."""
        store, report = open_store(self.uri), Report()
        with tempfile.TemporaryDirectory(prefix="lake-") as folder:
            place = Path(folder)
            with engine(self.judgement, files, place) as connection:
                references = References(store, self.dimensions, place)
                for load_date, dated in by_load_date(files).items():
                    within = place / load_date
                    within.mkdir()
                    references.prepare(connection, load_date)
                    self._judge(connection, store, dated, within, report)
        return report

    def _judge(
        self,
        connection: duckdb.DuckDBPyConnection,
        store: Store,
        files: Sequence[Delivered],
        folder: Path,
        report: Report,
    ) -> None:
        judgement, load_date = self.judgement, files[0].load_date
        intake = read(store, judgement, files, folder)
        judge(connection, judgement, intake, load_date)
        report.files |= reported(intake, judged_files(connection))
        report.pending[load_date] = pending_keys(connection, judgement)
        if len(files) == self.files[load_date]:
            groups = connection.execute(period_groups_sql(judgement.market)).fetchall()
            report.periods[load_date] = PeriodGroups.of(groups)
        rejected = f"SELECT *, DATE '{load_date}' AS load_date FROM ({rejected_sql(judgement)})"
        columns = ", ".join(
            f"CAST({name} AS {sql_type(kind)}) AS {name}" for name, kind in judged_types(judgement).items()
        )
        rows = f"SELECT {columns} FROM (FROM accepted UNION ALL BY NAME {rejected})"
        file = write_parquet(connection, rows, folder / "judged.parquet")
        store.put(f"{self.prefix}{files[0].index:06}.parquet", Path(file.path))


def engine(
    judgement: Judgement, files: Sequence[Delivered], folder: Path
) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
    """Open a session of the engine for the files of a task, which has one core."""
    on_disk = sum(file.entry.size for file in files) > LARGE_BYTES
    return connect(judgement.market, folder, on_disk=on_disk, threads=1)
