"""What is known of a unit's delivered files after reading them, and where the engine finds their text."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from etl.header import Header

PLACEHOLDER = "\x1a"


@dataclass(slots=True)
class SourceFile:
    """What is known of one delivered file after reading it; `records` counts rejected ones too."""

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


@dataclass(frozen=True, slots=True)
class Segment:
    """`rows` rows of a part from row `first_row` on are the lines of a file from line `first_line` on."""

    first_row: int
    rows: int
    file: int
    first_line: int


@dataclass(slots=True)
class Part:
    """One text the engine reads with one header; probes (row, key) prove the order of its rows."""

    path: Path
    header: Header
    skip: int
    rows: int = 0
    segments: list[Segment] = field(default_factory=list)
    probes: list[tuple[int, str]] = field(default_factory=list)


@dataclass(slots=True)
class Intake:
    """What the engine needs of a unit: plain parts, split records, and records nobody can split."""

    files: list[SourceFile]
    parts: list[Part]
    split_path: Path
    broken_path: Path
    split: int = 0
    broken: int = 0
    record_counts: Counter[str] = field(default_factory=Counter)
