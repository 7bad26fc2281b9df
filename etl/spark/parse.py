"""Delivered files to records on the executors, each file read once, by the one definition of a record.

A file is the smallest piece of work: where a record starts depends on all quotes before it, its line number
on all lines before it, and whether it counts at all on the encoding of the whole file. So a task takes whole
files, many small ones or one large one, through etl.intake, and hands Arrow batches to Spark.
"""

import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from etl.contract import Contract
from etl.discover import Delivery
from etl.intake import count_once, take_in
from etl.parts import Careful, Intake, SourceFile
from etl.spark.columns import BROKEN, FILE, ROW
from etl.store import Entry, open_store

BLOCK = 8 << 20
BATCH_ROWS = 5_000
BATCH_BYTES = 4 << 20
NAMES_SEPARATOR = "\x1f"


@dataclass(frozen=True, slots=True)
class Delivered:
    """A raw object to parse: its number among all that are judged together, and its load date."""

    index: int
    load_date: date
    entry: Entry


def number(deliveries: Iterable[Delivery]) -> list[Delivered]:
    """Number the files of deliveries, in their order."""
    dated = ((date.fromisoformat(d.load_date), entry) for d in deliveries for entry in d.entries)
    return [Delivered(index, day, entry) for index, (day, entry) in enumerate(dated)]


def tasks(delivered: Iterable[Delivered], parallelism: int) -> list[list[Delivered]]:
    """Share files out to tasks of about equal bytes, in their order; a large file is a task of its own."""
    files = list(delivered)
    total = sum(f.entry.size for f in files)
    share = max(BLOCK, -(-total // max(1, 4 * parallelism)))
    shared: list[list[Delivered]] = []
    filled = share
    for file in files:
        if filled + file.entry.size > share:
            shared.append([])
            filled = 0
        shared[-1].append(file)
        filled += max(file.entry.size, 1 << 16)
    return shared


class Parser:
    """The function that a task runs: batches of task numbers in, batches of `parsed_schema` out."""

    def __init__(self, uri: str, contract: Contract, work: list[list[Delivered]]) -> None:
        self.uri = uri
        self.contract = contract
        self.work = work
        self.schema = pa.schema(
            [
                ("kind", pa.int32()), ("file", pa.int32()), ("source_line", pa.int64()),
                ("load_date", pa.date32()), ("raw", pa.string()), ("head", pa.string()),
                ("fields", pa.string()), ("reasons", pa.list_(pa.string())),
                *((f"x_{f.name}", pa.string()) for f in contract.source_fields),
            ]
        )  # fmt: skip

    def __call__(self, numbers: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Parse the files of each task number."""
        for batch in numbers:
            for number in batch.column(0).to_pylist():
                for delivered in self.work[number]:
                    yield from self._file(delivered)

    def _file(self, delivered: Delivered) -> Iterator[pa.RecordBatch]:
        with tempfile.TemporaryDirectory(prefix="lake-") as name:
            folder = Path(name)
            entry, day = delivered.entry, delivered.load_date
            path = open_store(self.uri).fetch(entry.key, folder)
            file = SourceFile(delivered.index, entry.key, path, entry.size, entry.etag)
            intake = take_in(self.contract, [file], folder, plain=False)
            for text in intake.careful:
                if text.rows:
                    yield from self._lines(text, day)
            yield from self._objects(intake.split_path, ROW, day)
            yield from self._objects(intake.broken_path, BROKEN, day)
            yield self._batch([{**self._known(file, intake), "load_date": day}])

    def _lines(self, text: Careful, day: date) -> Iterator[pa.RecordBatch]:
        """Yield lines without quotes, which the CSV reader of Arrow splits."""
        names = text.header.names
        positions = [f"c{n}" for n in range(len(names))]
        reader = pyarrow.csv.open_csv(
            text.path,
            pyarrow.csv.ReadOptions(
                use_threads=False, block_size=BLOCK, column_names=["file", "source_line", *positions]
            ),
            pyarrow.csv.ParseOptions(
                delimiter=text.header.delimiter, quote_char=False, double_quote=False,
                ignore_empty_lines=False,
            ),
            pyarrow.csv.ConvertOptions(
                check_utf8=False,
                column_types={
                    "file": pa.int32(), "source_line": pa.int64(), **dict.fromkeys(positions, pa.string())
                },
                null_values=[],
                strings_can_be_null=False,
            ),
        )  # fmt: skip
        head = text.header.delimiter + NAMES_SEPARATOR.join(names)
        at = {name: position + 2 for position, name in enumerate(names)}
        for batch in reader:
            rows = batch.num_rows
            raw = pc.binary_join_element_wise(*batch.columns[2:], text.header.delimiter)
            columns = [
                pa.repeat(pa.scalar(ROW, pa.int32()), rows), batch.column(0), batch.column(1),
                pa.repeat(pa.scalar(day), rows), raw, pa.repeat(head, rows),
                pa.nulls(rows, pa.string()), pa.nulls(rows, pa.list_(pa.string())),
                *(batch.column(at[f.name]) if f.name in at else pa.repeat("", rows)
                  for f in self.contract.source_fields),
            ]  # fmt: skip
            yield pa.RecordBatch.from_arrays(columns, schema=self.schema)

    def _objects(self, path: Path, kind: int, day: date) -> Iterator[pa.RecordBatch]:
        """Yield records that the reader wrote as JSON objects."""
        rows: list[dict[str, object]] = []
        size = 0
        with path.open(encoding="utf-8") as stream:
            for line in stream:
                record = json.loads(line)
                place = {"kind": kind, "file": record["f"], "source_line": record["l"], "load_date": day}
                rows.append({**record, **place})
                size += len(line)
                if len(rows) >= BATCH_ROWS or size >= BATCH_BYTES:
                    yield self._batch(rows)
                    rows, size = [], 0
        if rows:
            yield self._batch(rows)

    def _known(self, file: SourceFile, intake: Intake) -> dict[str, object]:
        known = {
            "sha256": file.sha256, "records": file.records, "fault": file.fault, "warnings": file.warnings,
            "broken": intake.broken, "split": intake.split, "counts": intake.record_counts,
        }  # fmt: skip
        return {"kind": FILE, "file": file.index, "source_line": 0, "raw": json.dumps(known)}

    def _batch(self, rows: list[dict[str, object]]) -> pa.RecordBatch:
        columns = [pa.array([row.get(f.name) for row in rows], f.type) for f in self.schema]
        return pa.RecordBatch.from_arrays(columns, schema=self.schema)


def gather(known: Mapping[int, str], delivered: Iterable[Delivered]) -> Intake:
    """What is known of a unit from what is known of its files, a JSON object each by their number.

    Of files with equal content the first counts.
    """
    nowhere = Path()
    intake = Intake([], nowhere, nowhere)
    seen: dict[tuple[int, str], SourceFile] = {}
    for place in delivered:
        entry, facts = place.entry, json.loads(known[place.index])
        file = SourceFile(place.index, entry.key, nowhere, entry.size, entry.etag, facts["sha256"])
        intake.files.append(file)
        original = seen.setdefault((file.size, file.sha256), file)
        if original is not file:
            count_once(file, original)
            continue
        file.records, file.fault = facts["records"], facts["fault"]
        file.warnings.update(facts["warnings"])
        intake.broken += facts["broken"]
        intake.split += facts["split"]
        intake.record_counts.update(facts["counts"])
    return intake
