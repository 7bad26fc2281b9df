"""The lines of one delivered file: plain ones for the engine, the others judged or split here.

Lines that need care (quotes, ragged, control characters, repeated header) are taken out of the engine's
text and replaced by a placeholder row, so that its row numbers stay line numbers.
"""

import json
from collections.abc import Iterator, Sequence
from typing import IO, Protocol

from etl.contract import Contract
from etl.header import Header
from etl.parts import PLACEHOLDER, Intake, Part, Segment, SourceFile
from etl.records import (
    BLANK_LINE,
    CONTROLS,
    QUOTED_BREAK,
    RAGGED,
    REPEATED_HEADER,
    TRUNCATED,
    Record,
    next_record,
)
from etl.scan import CHUNK, has_c1

PROBE_EVERY = 50_000
LONG_LINE = 1 << 20
_CONTROL_BYTES = bytes(c for c in (*range(0x20), 0x7F) if c not in b"\t\n\r")


class Unit(Protocol):
    """What the reader of one file needs of the reader of its unit."""

    contract: Contract
    intake: Intake
    split: IO[str]

    def shared_part(self, header: Header) -> tuple[Part, IO[bytes]]:
        """Return the text that files with this header are gathered in."""

    def reject(
        self, file: SourceFile, line: int, raw: str, reasons: Sequence[str], *, count: bool = True
    ) -> None:
        """Take note of a record that cannot be split."""

    def reject_file(self, file: SourceFile, rule: str, *, first: int = 2) -> None:
        """Reject a whole file."""


class FileReader:
    """Reads one file whose header is understood."""

    def __init__(self, unit: Unit, file: SourceFile, header: Header, head: bytes, plain: bool) -> None:
        self.unit = unit
        self.file = file
        self.header = header
        self.head = head
        self.delimiter = header.delimiter.encode()
        self.width = len(header.names)
        self.placeholder = PLACEHOLDER.encode() + self.delimiter * (self.width - 1) + b"\n"
        self.line = 2
        if plain:
            self.part, self.out = Part(file.path, header, 1), None
        else:
            self.part, self.out = unit.shared_part(header)
        self.base = self.part.rows
        self.passed = 0
        self.key = header.names.index(unit.contract.key[0])

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
        rows = self.part.rows - self.base
        if rows:
            self.part.segments.append(Segment(self.base, rows, self.file.index, 2))
        if self.out is None:
            self.unit.intake.parts.append(self.part)
        if self.file.records == 0 and self.file.fault is None:
            self.unit.reject_file(self.file, "file.header_only")

    def _take(self, block: bytes, following: bytes | None) -> tuple[bytes, bytes | None]:
        lines = block.split(b"\n")
        closed = lines[-1] == b""
        if closed:
            lines.pop()
        if self._is_plain(block, lines):
            self._pass(block if closed else block + b"\n", lines)
            return block, following
        return block, self._sort_out(lines, closed, following)

    def _is_plain(self, block: bytes, lines: list[bytes]) -> bool:
        return (
            b'"' not in block
            and len(block.translate(None, _CONTROL_BYTES)) == len(block)
            and (block.isascii() or b"\xc2" not in block or not has_c1(block))
            and self.head not in block
            and set(map(bytes.count, lines, [self.delimiter] * len(lines))) == {self.width - 1}
            and all(lines)
            and max(map(len, lines)) <= LONG_LINE
        )

    def _pass(self, text: bytes, lines: list[bytes]) -> None:
        if self.out is None:
            self.passed += len(text)
        else:
            self.out.write(text)
        start = -self.part.rows % PROBE_EVERY
        for at in range(start, len(lines), PROBE_EVERY):
            self._probe(at, lines[at])
        self._probe(len(lines) - 1, lines[-1])
        self.part.rows += len(lines)
        self.file.records += len(lines)
        self.line += len(lines)

    def _probe(self, at: int, line: bytes) -> None:
        self.part.probes.append((self.part.rows + at, line.split(self.delimiter)[self.key].decode()))

    def _sort_out(self, lines: list[bytes], closed: bool, following: bytes | None) -> bytes | None:
        """Judge lines one by one; a record that goes on in the next block pulls that block in."""
        out = self._own_copy()
        texts = [line.decode() for line in lines]
        at = 0
        while at < len(texts):
            line, text = lines[at], texts[at]
            if not text.strip():
                self._hold(out, 1)
                self.unit.intake.record_counts[BLANK_LINE] += 1
                at += 1
            elif line == self.head:
                self._reject(out, Record(text, 1, None, (REPEATED_HEADER,)))
                at += 1
            elif (
                b'"' not in line
                and line.count(self.delimiter) == self.width - 1
                and len(line) <= LONG_LINE
                and not CONTROLS.search(text)
            ):
                if self.part.rows % PROBE_EVERY == 0:
                    self._probe(0, line)
                out.write(line + b"\n")
                self.part.rows += 1
                self.file.records += 1
                self.line += 1
                at += 1
            else:
                record = next_record(texts, at, self.header.delimiter, self.width)
                if record.fields is None and following is not None and at + 32 > len(texts) and '"' in text:
                    # The quoted field may end in the next block: carry the unread lines over.
                    return b"\n".join(lines[at:]) + b"\n" + following
                cut = following is None and not closed and at + record.lines == len(texts)
                if cut and record.reasons == (RAGGED,):
                    record = Record(record.raw, record.lines, None, (TRUNCATED,))
                if record.fields is None:
                    self._reject(out, record)
                else:
                    self._split(out, record)
                at += record.lines
        return following

    def _own_copy(self) -> IO[bytes]:
        """Return the text that lines are written to, copying what has been read so far of a plain file."""
        if self.out is None:
            rows, probes = self.part.rows, self.part.probes
            self.part, self.out = self.unit.shared_part(self.header)
            self.base = self.part.rows
            with self.file.path.open("rb") as source:
                source.readline()
                while self.passed and (text := source.read(min(self.passed, CHUNK))):
                    self.out.write(text)
                    self.passed -= len(text)
            self.part.probes += [(self.base + row, key) for row, key in probes]
            self.part.rows += rows
        return self.out

    def _hold(self, out: IO[bytes], lines: int) -> None:
        out.write(self.placeholder * lines)
        self.part.rows += lines
        self.line += lines

    def _reject(self, out: IO[bytes], record: Record) -> None:
        self.unit.reject(self.file, self.line, record.raw, record.reasons)
        self.file.records += 1
        self._hold(out, record.lines)

    def _split(self, out: IO[bytes], record: Record) -> None:
        assert record.fields is not None
        values = dict(zip(self.header.names, record.fields, strict=True))
        row = {
            "f": self.file.index,
            "l": self.line,
            "raw": record.raw,
            "fields": json.dumps(values, ensure_ascii=False, separators=(",", ":")),
            **{f"x_{f.name}": values.get(f.name, "") for f in self.unit.contract.source_fields},
        }
        self.unit.split.write(json.dumps(row, ensure_ascii=False) + "\n")
        self.unit.intake.split += 1
        if record.quoted_break:
            self.unit.intake.record_counts[QUOTED_BREAK] += 1
        self.file.records += 1
        self._hold(out, record.lines)
