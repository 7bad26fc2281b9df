"""The header of a delivered CSV file: its delimiter, its columns, and what is unusual about it."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from etl.contract import Contract
from etl.records import split_line

DELIMITERS = (",", ";", "\t", "|")
_SPACES = str.maketrans("\u00a0\u2007\u202f\ufeff", "    ")


class HeaderFault(Exception):
    """The file cannot be read by this header; `rule` is the identifier of the broken rule.

    `columns` are the ones that are missing or repeated. `is_record` says that the first line has no column
    name at all, so it must be a record.
    """

    def __init__(self, rule: str, columns: Iterable[str], *, is_record: bool = False) -> None:
        self.rule = rule
        self.columns = tuple(columns)
        self.is_record = is_record
        super().__init__(rule)


@dataclass(frozen=True, slots=True)
class Header:
    """Delimiter and normalised column names in the order of the file, and the rules it bends."""

    delimiter: str
    names: tuple[str, ...]
    warnings: Counter[str]

    def missing(self, contract: Contract) -> tuple[str, ...]:
        """Optional columns of the contract that the file does not have."""
        return tuple(f.name for f in contract.source_fields if f.name not in self.names)


def read_header(line: str, contract: Contract) -> Header:
    """Understand a header line; HeaderFault when columns are repeated or a required one is missing."""
    expected = tuple(f.name for f in contract.source_fields)
    delimiter, names = max(
        ((d, _names(line, d)) for d in DELIMITERS),
        key=lambda found: (len(set(found[1]) & set(expected)), -DELIMITERS.index(found[0])),
    )
    required = [f.name for f in contract.source_fields if f.required]
    if not set(names) & set(expected):
        raise HeaderFault("file.missing_columns", required, is_record=True)
    repeated = [name for name, times in Counter(names).items() if times > 1]
    if repeated:
        raise HeaderFault("file.duplicate_columns", repeated)
    if missing := [name for name in required if name not in names]:
        raise HeaderFault("file.missing_columns", missing)
    warnings: Counter[str] = Counter()
    if delimiter != ",":
        warnings["file.delimiter"] += 1
    delivered = split_line(line, delimiter) or ()
    if any(name in expected and name != text for name, text in zip(names, delivered, strict=True)):
        warnings["file.column_names"] += 1
    if not set(expected) <= set(names):
        warnings["file.absent_columns"] += 1
    known = tuple(name for name in names if name in expected)
    if known != tuple(name for name in expected if name in names):
        warnings["file.column_order"] += 1
    if len(known) != len(names):
        warnings["file.extra_columns"] += 1
    return Header(delimiter, names, warnings)


def _names(line: str, delimiter: str) -> tuple[str, ...]:
    parts = split_line(line, delimiter)
    return tuple(p.translate(_SPACES).strip().lower() for p in parts) if parts else ()
