"""Load dates of dimensions on the executors: each is judged, settled and written by one task, in DuckDB.

A dimension's load date stands apart from all others, and every task that judges transactions loads all of
them, so none can be larger than what one executor's disk holds.
"""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from etl.dimension import content, settle
from etl.engine import ParquetFile
from etl.evidence import Quarantined, write_quarantine
from etl.judge import Judgement
from etl.spark.delivered import Delivered, JudgedFile, read, reported
from etl.spark.judge import engine
from etl.store import Store, open_store
from etl.tally import judged_files
from etl.unit import judge
from etl.workload import run_id


@dataclass(frozen=True, slots=True)
class DimensionReport:
    """What a load date came to: its files by their number, standings, content, and what was written."""

    files: dict[int, JudgedFile]
    standings: Mapping[str, int]
    content: str
    silver: ParquetFile | None
    quarantined: Quarantined


class JudgeDimension:
    """The work of a task: judges a load date and leaves its files below `prefix`."""

    def __init__(self, uri: str, prefix: str, judgement: Judgement) -> None:
        self.uri = uri
        self.prefix = prefix
        self.judgement = judgement

    def __call__(self, files: Sequence[Delivered]) -> DimensionReport:
        """Judge the files of a load date."""
        store, judgement, load_date = open_store(self.uri), self.judgement, files[0].load_date
        with tempfile.TemporaryDirectory(prefix="lake-") as temporary:
            folder = Path(temporary)
            with engine(judgement, files, folder) as connection:
                intake = read(store, judgement, files, folder)
                judge(connection, judgement, intake, load_date)
                standings, silver = settle(connection, judgement.contract, folder / "silver.parquet")
                run = run_id(judgement, load_date, intake, None)
                quarantined = write_quarantine(connection, judgement, run, folder)
                return DimensionReport(
                    reported(intake, judged_files(connection)),
                    standings,
                    content(connection, judgement.contract),
                    self._put(store, load_date, silver) if silver else None,
                    replace(quarantined, file=self._put(store, load_date, quarantined.file)),
                )

    def _put(self, store: Store, load_date: str, file: ParquetFile) -> ParquetFile:
        path = Path(file.path)
        key = f"{self.prefix}{load_date}/{path.name}"
        store.put(key, path)
        return replace(file, path=key)
