"""What Spark writes of the units that are judged together: one file a folder, checked against the counts."""

from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Self

from pyspark.sql import SparkSession

from etl.contract import Contract, rule_version
from etl.engine import ParquetFile
from etl.errors import DataLakeError
from etl.merge import HELD_REJECTS, by_load, conflict_columns, conflicts_key, held_key, silver_key
from etl.spark.dialect import Dialect
from etl.spark.place import Place

_FOLDER = "folder"
_QUARANTINE = "source_object, source_line, raw, fields, reasons, rule_version, run_id"
_HELD_ORDER = ("transaction_id", "version", "load_date", "source_object", "source_line")


@dataclass(frozen=True, slots=True)
class Target:
    """Where a folder's one file is published, and how many rows it has."""

    key: str
    rows: int


class Outputs:
    """Writes what is added, at once and at the same time; leaving it waits for what is being written.

    `runs` maps load dates to run ids.
    """

    def __init__(
        self,
        spark: SparkSession,
        dialect: Dialect,
        contract: Contract,
        place: Place,
        runs: Mapping[str, str],
    ) -> None:
        self.spark = spark
        self.dialect = dialect
        self.contract = contract
        self.place = place
        self.run_id = _run(runs)
        self.columns = ", ".join(f.name for f in contract.stored_fields)
        self.pool = ThreadPoolExecutor()
        self.writing: dict[str, Future[None]] = {}
        self.targets: dict[str, Target] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.pool.shutdown(cancel_futures=True)

    def add_partitions(self, tally: Mapping[str, Sequence[tuple[str, str, int, str, str]]]) -> None:
        """Add the view `merged`, as tallied by delivery date."""
        current: dict[str, Target] = {}
        held: dict[str, Target] = {}
        lost: dict[str, Target] = {}
        for day, counted in tally.items():
            loads = by_load(counted)
            rows = sum(counts.get("current", 0) for counts in loads.values())
            current[day] = Target(silver_key("transactions", day), rows)
            held[day] = Target(held_key(day), sum(sum(counts.values()) for counts in loads.values()) - rows)
            for load, counts in loads.items():
                rejected = sum(counts.get(standing, 0) for standing in HELD_REJECTS)
                lost[f"{load}.{day}"] = Target(conflicts_key(load, day), rejected)
        day_folder = "CAST(delivery_date AS STRING)"
        self._add(
            "silver",
            f"SELECT {self.columns}, {day_folder} AS {_FOLDER} FROM merged WHERE standing = 'current'",
            self.contract.sorted_by,
            current,
        )
        self._add(
            "held",
            f"""SELECT {self.columns}, standing, {day_folder} AS {_FOLDER} FROM merged
            WHERE standing <> 'current'""",
            _HELD_ORDER,
            held,
        )
        select = conflict_columns(self.contract, rule_version(self.contract.name))
        relation = self.dialect.sql(
            f"SELECT {select}, {self.run_id} AS run_id, delivery_date, load_date, standing FROM merged"
        )
        self._add(
            "conflicts",
            f"""SELECT {_QUARANTINE}, concat(load_date, '.', delivery_date) AS {_FOLDER} FROM ({relation})
            WHERE standing IN {tuple(HELD_REJECTS)}""",
            ("source_object", "source_line"),
            lost,
        )

    def add_quarantine(self, targets: Mapping[str, Target]) -> None:
        """Add the view `rejected`, by load date."""
        version = rule_version(self.contract.name)
        self._add(
            "quarantine",
            f"""SELECT {_QUARANTINE}, CAST(load_date AS STRING) AS {_FOLDER} FROM (
              SELECT *, '{version}' AS rule_version, {self.run_id} AS run_id FROM rejected)""",
            ("source_object", "source_line"),
            targets,
        )

    def files(self) -> dict[str, ParquetFile]:
        """Return the files, once they are written, by the keys they are published under."""
        for writing in self.writing.values():
            writing.result()
        written = self.place.files([key for name in self.writing for key in self.place.keys(name)])
        found: dict[str, list[ParquetFile]] = {}
        for key, file in written.items():
            found.setdefault(key.removeprefix(self.place.prefix).rpartition("/")[0], []).append(file)
        for folder in found.keys() | self.targets.keys():
            rows = [file.rows for file in found.get(folder, [])]
            expected = self.targets.get(folder)
            if expected is None or rows != [expected.rows]:
                raise DataLakeError(
                    f"Spark wrote {rows} rows where {expected.rows if expected else 0} were counted.",
                    where=expected.key if expected else folder,
                    fix="Run again; nothing was published.",
                )
        return {self.targets[folder].key: files[0] for folder, files in found.items()}

    def _add(self, name: str, select: str, order: Sequence[str], targets: Mapping[str, Target]) -> None:
        """Begin to write rows so that each folder's are in one task, and so in one file, in order."""
        expected = {f"{name}/{_FOLDER}={folder}": target for folder, target in targets.items() if target.rows}
        if not expected:
            return
        frame = self.spark.sql(select).repartition(_FOLDER).sortWithinPartitions(_FOLDER, *order)
        self.writing[name] = self.pool.submit(self.place.write, frame, name, by=_FOLDER)
        self.targets |= expected


def _run(runs: Mapping[str, str]) -> str:
    """SQL of the run id of a row's load date."""
    cases = " ".join(f"WHEN DATE '{load}' THEN '{run}'" for load, run in sorted(runs.items()))
    return f"CASE load_date {cases} END"
