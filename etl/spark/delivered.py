"""The delivered files as tasks, and what is known of each of them once a task has judged it.

A file is the smallest piece of work: where a record starts depends on all quotes before it, its line number
on all lines before it, and whether it counts at all on the encoding of the whole file. So a task takes whole
files, many small ones or one large one.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from etl.discover import Delivery
from etl.intake import count_once, take_in
from etl.judge import Judgement
from etl.parts import Intake, SourceFile, fetch_files
from etl.store import Entry, Store
from etl.tally import Judged, total

LEAST_SHARE = 8 << 20


@dataclass(frozen=True, slots=True)
class Delivered:
    """A raw object to judge: its number among all that are judged together, and its load date."""

    index: int
    load_date: str
    entry: Entry


@dataclass(frozen=True, slots=True)
class JudgedFile:
    """What a task found in a file."""

    file: SourceFile
    judged: Judged


def number(deliveries: Iterable[Delivery]) -> list[Delivered]:
    """Number the files of deliveries, in their order."""
    dated = ((d.load_date, entry) for d in deliveries for entry in d.entries)
    return [Delivered(index, day, entry) for index, (day, entry) in enumerate(dated)]


def tasks(delivered: Iterable[Delivered], parallelism: int) -> list[list[Delivered]]:
    """Share files out to tasks of about equal bytes, in their order; a large file is a task of its own."""
    files = list(delivered)
    size = sum(f.entry.size for f in files)
    share = max(LEAST_SHARE, -(-size // max(1, 4 * parallelism)))
    shared: list[list[Delivered]] = []
    filled = share
    for file in files:
        if filled + file.entry.size > share:
            shared.append([])
            filled = 0
        shared[-1].append(file)
        filled += max(file.entry.size, 1 << 16)
    return shared


def by_load_date(files: Iterable[Delivered]) -> dict[str, list[Delivered]]:
    """Group files that are in the order of their load dates."""
    return {day: list(group) for day, group in groupby(files, lambda file: file.load_date)}


def read(store: Store, judgement: Judgement, files: Iterable[Delivered], folder: Path) -> Intake:
    """Fetch files of one load date into a folder and take them in."""
    fetched = fetch_files(store, ((file.index, file.entry) for file in files), folder)
    return take_in(judgement.contract, fetched, folder)


def reported(intake: Intake, judged: Mapping[int, Judged]) -> dict[int, JudgedFile]:
    """Return what `gather` needs to know of the judged files of a task, by their number."""
    return {f.index: JudgedFile(f, judged.get(f.index, Judged())) for f in intake.files}


def gather(known: Mapping[int, JudgedFile], delivered: Iterable[Delivered]) -> tuple[Intake, Judged]:
    """What is known of a unit from what is known of its files, by their number.

    Of files with equal content the first counts, whichever task another one was judged by.
    """
    nowhere = Path()
    intake = Intake([], nowhere, nowhere)
    seen: dict[tuple[int, str], SourceFile] = {}
    judged: list[Judged] = []
    for place in delivered:
        said = known[place.index]
        file = said.file
        original = seen.setdefault((file.size, file.sha256), file)
        if original is file:
            judged.append(said.judged)
        else:
            file = SourceFile(file.index, file.key, nowhere, file.size, file.etag, file.sha256)
            count_once(file, original)
        intake.files.append(file)
    return intake, total(judged)
