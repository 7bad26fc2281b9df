"""The delivered CSV files of one unit: what is wrong with each, and clean text for the engine.

The engine parses without quoting, one physical line a row. A large file of nothing but plain lines is read
where it lies; the lines of all others are gathered, by header, in one text of plain lines and one of lines
that need care.
"""

import codecs
import json
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Generic, TypeVar

from etl.contract import Contract
from etl.header import Header, HeaderFault, read_header
from etl.lines import FileReader
from etl.parts import Careful, Intake, Part, SourceFile
from etl.scan import binary_kind, blocks, first_not_utf8, printable, scan

SMALL_FILE = 8 << 20


def take_in(contract: Contract, files: Sequence[SourceFile], folder: Path) -> Intake:
    """Read files of one unit into `folder`; nothing is raised for bad content, it is recorded."""
    intake = Intake(list(files), folder / "split.ndjson", folder / "broken.ndjson")
    with (
        intake.split_path.open("w", encoding="utf-8") as split,
        intake.broken_path.open("w", encoding="utf-8") as broken,
    ):
        _UnitReader(contract, intake, folder, split, broken).run()
    return intake


def count_once(file: SourceFile, original: SourceFile) -> None:
    """Take note that a file has the content of another, so that its records are duplicates."""
    file.duplicate_of, file.records, file.fault = original.key, original.records, None
    file.warnings = Counter({"file.duplicate_content": 1})


T = TypeVar("T", bound=Part | Careful)


class _Texts(Generic[T]):
    """Open texts of a unit by header, made when first asked for and added to a list."""

    def __init__(self, new: Callable[[Header], T], known: list[T]) -> None:
        self.new = new
        self.known = known
        self.open: dict[tuple[str, tuple[str, ...]], tuple[T, IO[bytes]]] = {}

    def get(self, header: Header) -> tuple[T, IO[bytes]]:
        key = (header.delimiter, header.names)
        if key not in self.open:
            text = self.new(header)
            self.known.append(text)
            self.open[key] = (text, text.path.open("wb"))
        return self.open[key]

    def close(self) -> None:
        for _, stream in self.open.values():
            stream.close()


class _UnitReader:
    def __init__(
        self,
        contract: Contract,
        intake: Intake,
        folder: Path,
        split: IO[str],
        broken: IO[str],
    ) -> None:
        self.contract = contract
        self.intake = intake
        self.folder = folder
        self.split = split
        self.broken = broken
        self.plain = _Texts[Part](
            lambda header: Part(folder / f"plain-{len(intake.parts)}.csv", header, 0), intake.parts
        )
        self.careful = _Texts[Careful](
            lambda header: Careful(folder / f"careful-{len(intake.careful)}.csv", header), intake.careful
        )

    def run(self) -> None:
        try:
            seen: dict[tuple[int, str], SourceFile] = {}
            for file in self.intake.files:
                fault, file.sha256, has_cr = scan(file.path)
                original = seen.setdefault((file.size, file.sha256), file)
                if original is file:
                    self._read(file, fault, has_cr)
                else:
                    count_once(file, original)
        finally:
            self.plain.close()
            self.careful.close()

    def _read(self, file: SourceFile, fault: str | None, has_cr: bool) -> None:
        with file.path.open("rb") as stream:
            start = stream.read(8)
        if fault == "file.encoding":
            self._reject_encoding(
                file, start, f"line {first_not_utf8(file.path)} is the first that is not UTF-8"
            )
            return
        if fault:
            self.reject_file(file, fault)
            return
        if start.startswith(codecs.BOM_UTF8):
            file.warnings["file.bom"] += 1
        if has_cr:
            file.warnings["file.line_endings"] += 1
        text = blocks(file.path)
        first = next(text)
        head, _, rest = first.partition(b"\n")
        if b"\x00" in head:
            # UTF-16 without its mark: every second byte of ASCII text is NUL, which is UTF-8 as well.
            self._reject_encoding(file, start, "NUL characters in the header, as in UTF-16")
            return
        try:
            header = read_header(head.decode().removeprefix("\ufeff"), self.contract)
        except HeaderFault as found:
            detail = "the first line is no header" if found.is_record else ", ".join(found.columns)
            self.reject_file(file, found.rule, first=1 if found.is_record else 2, detail=detail)
            return
        file.warnings.update(header.warnings)
        in_place = not has_cr and "file.bom" not in file.warnings and file.size > SMALL_FILE
        FileReader(self, file, header, head, in_place).read(rest, text)

    def _reject_encoding(self, file: SourceFile, start: bytes, detail: str) -> None:
        if kind := binary_kind(start):
            self.reject_file(file, "file.not_text", detail=kind)
        else:
            self.reject_file(file, "file.encoding", detail=detail)

    def plain_text(self, header: Header) -> tuple[Part, IO[bytes]]:
        """Return the text that the plain lines of small or unclean files with this header are gathered in."""
        return self.plain.get(header)

    def careful_text(self, header: Header) -> tuple[Careful, IO[bytes]]:
        """Return the text that lines with this header that need care are gathered in."""
        return self.careful.get(header)

    def reject(
        self, file: SourceFile, line: int, raw: str, reasons: Sequence[str], *, count: bool = True
    ) -> None:
        """Write one record (or, on line 0, a whole file) to the broken ones."""
        row = {"f": file.index, "l": line, "raw": printable(raw), "fields": None, "reasons": list(reasons)}
        self.broken.write(json.dumps(row, ensure_ascii=False) + "\n")
        if count:
            file.broken += 1
            file.counts.update(reasons)

    def reject_file(self, file: SourceFile, rule: str, *, first: int = 2, detail: str = "") -> None:
        """Reject a whole file and every record in it, from line `first` on; `detail` says what is wrong."""
        if rule == "file.header_only" and self.contract.allow_empty_day:
            file.warnings["file.empty_day"] += 1
            return
        file.fault = rule
        file.warnings.clear()
        name = file.key.rsplit("/", 1)[-1]
        self.reject(file, 0, f"{name}: {detail}" if detail else name, [rule], count=False)
        if rule in {"file.empty", "file.not_text"}:
            return  # nothing in it is a record
        number = 0
        for block in blocks(file.path):
            for text in block.decode("utf-8", "backslashreplace").removesuffix("\n").split("\n"):
                number += 1
                if number >= first and text.replace("\x00", "").strip():
                    file.records += 1
                    self.reject(file, number, text, [rule])
