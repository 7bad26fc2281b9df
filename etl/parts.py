"""What is known of a unit's delivered files after reading them, and where the engine finds their text."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from etl.header import Header
from etl.parallel import each
from etl.store import Entry, Store

PLACEHOLDER = "\x1a"


@dataclass(slots=True)
class SourceFile:
    """What is known of one delivered file after reading it; `records` counts rejected ones too.

    `split` of them were split one by one, `broken` could not be split; `counts` are by rule of records.
    """

    index: int
    key: str
    path: Path
    size: int
    etag: str
    sha256: str = ""
    records: int = 0
    fault: str | None = None
    duplicate_of: str | None = None
    warnings: Counter[str] = field(default_factory=Counter)
    split: int = 0
    broken: int = 0
    counts: Counter[str] = field(default_factory=Counter)


def fetch_files(store: Store, numbered: Iterable[tuple[int, Entry]], folder: Path) -> list[SourceFile]:
    """Fetch delivered files, each with its number, into a folder."""

    def fetch(numbered_entry: tuple[int, Entry]) -> SourceFile:
        number, entry = numbered_entry
        return SourceFile(number, entry.key, store.fetch(entry.key, folder), entry.size, entry.etag)

    return each(fetch, numbered)


@dataclass(frozen=True, slots=True)
class Segment:
    """`rows` rows of a part from row `first_row` on are the lines of a file from line `first_line` on."""

    first_row: int
    rows: int
    file: int
    first_line: int


@dataclass(slots=True)
class Part:
    """Plain lines under one header, which the engine only types; probes (row, key) prove their order.

    A row's number tells file and line, as lines that are not plain are rows that hold a place.
    """

    path: Path
    header: Header
    skip: int
    rows: int = 0
    segments: list[Segment] = field(default_factory=list)
    probes: list[tuple[int, str]] = field(default_factory=list)


@dataclass(slots=True)
class Careful:
    """Whole lines under one header that are judged with care, each after its file's index and line number."""

    path: Path
    header: Header
    rows: int = 0

    def line(self, file: int, number: int, text: bytes) -> bytes:
        """Return a line of the text."""
        return b"%d%b%d%b%b\n" % (file, delimiter := self.header.delimiter.encode(), number, delimiter, text)


@dataclass(slots=True)
class Intake:
    """What the engine needs of a unit: plain and careful lines, split records, and those nobody can split."""

    files: list[SourceFile]
    split_path: Path
    broken_path: Path
    parts: list[Part] = field(default_factory=list)
    careful: list[Careful] = field(default_factory=list)

    @property
    def split(self) -> int:
        """Number of records that were split one by one."""
        return sum(file.split for file in self.files)

    @property
    def broken(self) -> int:
        """Number of records that could not be split."""
        return sum(file.broken for file in self.files)

    @property
    def record_counts(self) -> Counter[str]:
        """How many records broke, or bent, each rule about how records are written."""
        counts: Counter[str] = Counter()
        for file in self.files:
            counts.update(file.counts)
        return counts
