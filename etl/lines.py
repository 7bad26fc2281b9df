"""The lines of one delivered file: plain ones to type, whole ones to judge with care, others to split.

A line that is not plain leaves a placeholder among the plain ones, so that row numbers stay line numbers.
"""

import json
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import IO, Protocol

from etl.contract import Contract
from etl.header import Header
from etl.parts import PLACEHOLDER, Careful, Intake, Part, Segment, SourceFile
from etl.plain import DIGITS, shapes
from etl.records import (
    BLANK_LINE,
    CONTROLS,
    MAX_RECORD_LINES,
    QUOTED_BREAK,
    RAGGED,
    REPEATED_HEADER,
    TRUNCATED,
    Record,
    next_record,
)
from etl.scan import CHUNK

PROBE_EVERY = 50_000
LONG_LINE = 1 << 20


class Unit(Protocol):
    """What the reader of one file needs of the reader of its unit."""

    contract: Contract
    intake: Intake
    split: IO[str]

    def plain_text(self, header: Header) -> tuple[Part, IO[bytes]]:
        """Return the text that plain lines with this header are gathered in."""

    def careful_text(self, header: Header) -> tuple[Careful, IO[bytes]]:
        """Return the text that lines with this header that need care are gathered in."""

    def reject(
        self, file: SourceFile, line: int, raw: str, reasons: Sequence[str], *, count: bool = True
    ) -> None:
        """Take note of a record that cannot be split."""

    def reject_file(self, file: SourceFile, rule: str, *, first: int = 2) -> None:
        """Reject a whole file."""


class _Lines:
    """The lines of a text by their ends; `closed` says whether the last one had an end as delivered."""

    def __init__(self, text: bytes, ends: list[int], closed: bool) -> None:
        self.text = text
        self.ends = ends
        self.closed = closed

    def __len__(self) -> int:
        return len(self.ends) - 1

    def __getitem__(self, at: int) -> bytes:
        return self.text[self.ends[at] : self.ends[at + 1] - 1]


class FileReader:
    """Reads one file whose header is understood; `in_place` if the engine may read it where it lies."""

    def __init__(self, unit: Unit, file: SourceFile, header: Header, head: bytes, in_place: bool) -> None:
        self.unit = unit
        self.file = file
        self.header = header
        self.head = head
        self.delimiter = header.delimiter.encode()
        self.width = len(header.names)
        self.shapes = shapes(unit.contract, header)
        self.plain: set[bytes] = set()
        self.key = header.names.index(unit.contract.key[0])
        before, after = self.delimiter * self.key, self.delimiter * (self.width - 1 - self.key)
        self.placeholder = before + PLACEHOLDER.encode() + after + b"\n"
        self.part: Part | None = None
        self.out: IO[bytes] | None = None
        if in_place and self.shapes:
            self.part = Part(file.path, header, 1)
        self.passed = 0
        self.line = 2
        self.segment: tuple[int, int] | None = None
        self.newest: tuple[int, bytes] | None = None

    def read(self, rest: bytes, text: Iterator[bytes]) -> None:
        """Read all lines after the header; `rest` is what follows it in the first block of `text`."""
        block: bytes | None = rest
        last = rest if rest else self.head + b"\n"
        while block is not None:
            following = next(text, None)
            if block:
                last = block
                block, following = self._take(block, following)
            block = following
        if not last.endswith(b"\n"):
            self.file.warnings["file.final_newline"] += 1
        self._end_segment()
        if self.part and self.out is None:
            self.unit.intake.parts.append(self.part)
        if self.file.records == 0 and self.file.fault is None:
            self.unit.reject_file(self.file, "file.header_only")

    def _take(self, block: bytes, following: bytes | None) -> tuple[bytes, bytes | None]:
        closed = block.endswith(b"\n")
        text = block if closed else block + b"\n"
        ends, odd = self._ends(text)
        if odd:
            return block, self._sort_out(text, ends, odd, closed, following)
        self._pass(text, ends, 0, len(ends) - 1)
        return block, following

    def _ends(self, text: bytes) -> tuple[list[int], Sequence[int]]:
        """Return where the lines of a text begin (and the last ends), and the places of those not plain."""
        found = text.translate(DIGITS).split(b"\n")
        found.pop()
        ends = list(accumulate((len(shape) + 1 for shape in found), initial=0))
        if self.shapes is None:
            return ends, range(len(found))
        odd = set(found) - self.plain
        self.plain.update(filter(self.shapes.fullmatch, odd))
        odd -= self.plain
        return ends, [at for at, shape in enumerate(found) if shape in odd] if odd else ()

    def _sort_out(
        self, text: bytes, ends: list[int], odd: Sequence[int], closed: bool, following: bytes | None
    ) -> bytes | None:
        """Judge the odd lines one by one; a record that goes on in the next block pulls that block in."""
        self._own_copy()
        lines = _Lines(text, ends, closed)
        mostly_plain = len(odd) * 2 < len(lines)
        if not mostly_plain:
            # Placeholders for all of them would be a text of their own: leave the rows out instead.
            self._end_segment()
            odd = range(len(lines))
        at = 0
        for place in odd:
            if place < at:
                continue
            self._pass(text, ends, at, place)
            taken = self._take_odd(lines, place, following)
            if taken == 0:
                return text[ends[place] :] + (following or b"")
            if mostly_plain:
                self._hold(taken)
            self.line += taken
            at = place + taken
        self._pass(text, ends, at, len(lines))
        return following

    def _take_odd(self, lines: "_Lines", at: int, following: bytes | None) -> int:
        """Judge the record that starts at a line; return its number of lines, 0 if it may go on."""
        line = lines[at]
        text = line.decode()
        if not text.strip():
            self.file.counts[BLANK_LINE] += 1
            return 1
        if line == self.head:
            self._reject(Record(text, 1, None, (REPEATED_HEADER,)))
            return 1
        if (
            b'"' not in line
            and line.count(self.delimiter) == self.width - 1
            and len(line) <= LONG_LINE
            and not CONTROLS.search(text)
        ):
            careful, out = self.unit.careful_text(self.header)
            out.write(careful.line(self.file.index, self.line, line))
            careful.rows += 1
            self.file.records += 1
            return 1
        window = [lines[n].decode() for n in range(at, min(at + MAX_RECORD_LINES, len(lines)))]
        record = next_record(window, 0, self.header.delimiter, self.width)
        near_end = at + MAX_RECORD_LINES > len(lines)
        if record.fields is None and following is not None and near_end and '"' in text:
            return 0
        cut = following is None and not lines.closed and at + record.lines == len(lines)
        if cut and record.reasons == (RAGGED,):
            record = Record(record.raw, record.lines, None, (TRUNCATED,))
        if record.fields is None:
            self._reject(record)
        else:
            self._split(record, record.fields)
        return record.lines

    def _pass(self, text: bytes, ends: list[int], first: int, end: int) -> None:
        """Leave the plain lines from `first` on to the engine."""
        if first == end:
            return
        part, rows = self._plain_part(), end - first
        if self.out is None:
            self.passed += ends[end] - ends[first]
        else:
            self.out.write(text[ends[first] : ends[end]])
        for at in range(first + -part.rows % PROBE_EVERY, end, PROBE_EVERY):
            self._probe(part.rows + at - first, text[ends[at] : ends[at + 1] - 1])
        part.rows += rows
        self.newest = (part.rows - 1, text[ends[end - 1] : ends[end] - 1])
        self.file.records += rows
        self.line += rows

    def _hold(self, lines: int) -> None:
        """Hold the places of lines that are not plain."""
        part = self._plain_part()
        assert self.out is not None
        self.out.write(self.placeholder * lines)
        part.rows += lines

    def _plain_part(self) -> Part:
        """Return where plain lines go, with a segment open at the line that is read."""
        if self.part is None:
            self.part, self.out = self.unit.plain_text(self.header)
        if self.segment is None:
            self.segment = (self.part.rows, self.line)
        return self.part

    def _end_segment(self) -> None:
        if self.part is None or self.segment is None:
            return
        first_row, first_line = self.segment
        self.part.segments.append(Segment(first_row, self.part.rows - first_row, self.file.index, first_line))
        self.segment = None
        if self.newest is not None:
            self._probe(*self.newest)

    def _probe(self, row: int, line: bytes) -> None:
        assert self.part is not None
        self.part.probes.append((row, line.split(self.delimiter)[self.key].decode()))

    def _own_copy(self) -> None:
        """Copy what was passed of a file that cannot be read where it lies, as not all of it is plain."""
        if self.part is None or self.out is not None:
            return
        before, passed, segment = self.part, self.passed, self.segment
        self.part, self.out = self.unit.plain_text(self.header)
        base = self.part.rows
        with self.file.path.open("rb") as source:
            source.readline()
            while passed and (text := source.read(min(passed, CHUNK))):
                self.out.write(text)
                passed -= len(text)
        self.part.probes += [(base + row, key) for row, key in before.probes]
        self.part.rows += before.rows
        self.segment = (base, segment[1]) if segment else None
        self.newest = (base + self.newest[0], self.newest[1]) if self.newest else None

    def _reject(self, record: Record) -> None:
        self.unit.reject(self.file, self.line, record.raw, record.reasons)
        self.file.records += 1

    def _split(self, record: Record, fields: Sequence[str]) -> None:
        values = dict(zip(self.header.names, fields, strict=True))
        row = {
            "f": self.file.index,
            "l": self.line,
            "raw": record.raw,
            "fields": json.dumps(values, ensure_ascii=False, separators=(",", ":")),
            **{f"x_{f.name}": values.get(f.name, "") for f in self.unit.contract.source_fields},
        }
        self.unit.split.write(json.dumps(row, ensure_ascii=False) + "\n")
        self.file.split += 1
        if record.quoted_break:
            self.file.counts[QUOTED_BREAK] += 1
        self.file.records += 1
