"""Load dates of dimensions on the executors: each is judged, settled and written by one task, in DuckDB.

A dimension's load date stands apart from all others, and every task that judges transactions loads all of
them, so none can be larger than what one executor's disk holds.
"""

import json
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pyarrow as pa

from etl.dimension import content, settle
from etl.engine import ParquetFile
from etl.evidence import write_quarantine
from etl.judge import Judgement
from etl.spark import batches
from etl.spark.delivered import Delivered, facts, read
from etl.spark.judge import engine
from etl.store import Store, open_store
from etl.tally import judged_files
from etl.unit import judge
from etl.workload import run_id

TYPES = {"load_date": "string", "said": "string"}


class JudgeDimension:
    """The function that a task runs: batches of unit numbers in, a row of `TYPES` for each unit out."""

    def __init__(
        self, uri: str, prefix: str, judgement: Judgement, work: Sequence[Sequence[Delivered]]
    ) -> None:
        self.uri = uri
        self.prefix = prefix
        self.judgement = judgement
        self.work = work

    def __call__(self, numbers: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Judge the units of the numbers."""
        store = open_store(self.uri)
        for batch in numbers:
            for number in batch.column(0).to_pylist():
                files = self.work[number]
                with tempfile.TemporaryDirectory(prefix="lake-") as folder:
                    said = json.dumps(self._unit(store, files, Path(folder)))
                yield from batches.of_values(TYPES, {"load_date": [files[0].load_date], "said": [said]})

    def _unit(self, store: Store, files: Sequence[Delivered], folder: Path) -> dict[str, object]:
        judgement, load_date = self.judgement, files[0].load_date
        with engine(judgement, files, folder) as connection:
            intake = read(store, judgement, files, folder)
            judge(connection, judgement, intake, load_date)
            standings, silver = settle(connection, judgement.contract, folder / "silver.parquet")
            run = run_id(judgement, load_date, intake, None)
            quarantined = write_quarantine(connection, judgement, run, folder)
            return {
                "files": facts(intake, judged_files(connection)),
                "standings": standings,
                "content": content(connection, judgement.contract),
                "silver": self._put(store, load_date, silver),
                "quarantine": self._put(store, load_date, quarantined.file),
                "reasons": quarantined.reasons,
            }

    def _put(self, store: Store, load_date: str, file: ParquetFile | None) -> list[object] | None:
        if file is None:
            return None
        assert isinstance(file.path, Path)
        key = f"{self.prefix}{load_date}/{file.path.name}"
        store.put(key, file.path)
        return [key, file.rows, file.size, file.sha256]
