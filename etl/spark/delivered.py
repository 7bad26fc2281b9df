"""The delivered files as tasks, and what is known of each of them once a task has read it.

A file is the smallest piece of work: where a record starts depends on all quotes before it, its line number
on all lines before it, and whether it counts at all on the encoding of the whole file. So a task takes whole
files, many small ones or one large one.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from etl.discover import Delivery
from etl.header import Header
from etl.intake import count_once
from etl.parts import Intake, SourceFile
from etl.store import Entry

LEAST_SHARE = 8 << 20


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
    share = max(LEAST_SHARE, -(-total // max(1, 4 * parallelism)))
    shared: list[list[Delivered]] = []
    filled = share
    for file in files:
        if filled + file.entry.size > share:
            shared.append([])
            filled = 0
        shared[-1].append(file)
        filled += max(file.entry.size, 1 << 16)
    return shared


def facts(file: SourceFile) -> str:
    """Return what `gather` needs to know of a file that was read, as a JSON object."""
    header = file.header and [file.header.delimiter, file.header.names]
    known = {
        "sha256": file.sha256, "records": file.records, "fault": file.fault, "warnings": file.warnings,
        "broken": file.broken, "split": file.split, "counts": file.counts, "header": header,
    }  # fmt: skip
    return json.dumps(known)


def gather(known: Mapping[int, str], delivered: Iterable[Delivered]) -> Intake:
    """What is known of a unit from what is known of its files, a JSON object each by their number.

    Of files with equal content the first counts.
    """
    nowhere = Path()
    intake = Intake([], nowhere, nowhere)
    seen: dict[tuple[int, str], SourceFile] = {}
    for place in delivered:
        entry, said = place.entry, json.loads(known[place.index])
        file = SourceFile(place.index, entry.key, nowhere, entry.size, entry.etag, said["sha256"])
        intake.files.append(file)
        original = seen.setdefault((file.size, file.sha256), file)
        if original is not file:
            count_once(file, original)
            continue
        file.records, file.fault = said["records"], said["fault"]
        file.broken, file.split = said["broken"], said["split"]
        file.warnings.update(said["warnings"])
        file.counts.update(said["counts"])
        if said["header"]:
            delimiter, names = said["header"]
            file.header = Header(delimiter, tuple(names), Counter())
    return intake
