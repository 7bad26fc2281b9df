"""A delivered file as bytes: digest, encoding, line ends, and its text in blocks of whole lines."""

import codecs
import hashlib
from collections.abc import Iterator
from pathlib import Path

from etl.records import CONTROLS

CHUNK = 4 << 20

# How files begin that are no text, whatever they are called: https://www.iana.org/assignments/media-types
BINARY = {
    b"\x1f\x8b": "gzip",
    b"PK\x03\x04": "zip or an Excel workbook",
    b"PK\x05\x06": "an empty zip",
    b"BZh": "bzip2",
    b"\x28\xb5\x2f\xfd": "zstandard",
    b"\xfd7zXZ\x00": "xz",
    b"7z\xbc\xaf\x27\x1c": "7-Zip",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": "an old Excel workbook",
    b"PAR1": "Parquet",
    b"%PDF-": "PDF",
}


def scan(path: Path) -> tuple[str | None, str, bool]:
    """Digest a file and say whether it is empty or not UTF-8, and whether it holds carriage returns."""
    digest, decoder = hashlib.sha256(), codecs.getincrementaldecoder("utf-8")()
    pending = has_cr = empty = False
    fault: str | None = None
    size = 0
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            size += len(chunk)
            digest.update(chunk)
            has_cr = has_cr or b"\r" in chunk
            if fault is None and (pending or not chunk.isascii()):
                try:
                    decoder.decode(chunk)
                    pending = decoder.getstate()[0] != b""
                except UnicodeDecodeError:
                    fault = "file.encoding"
    empty = size == 0
    if pending and fault is None:
        fault = "file.encoding"
    return ("file.empty" if empty else fault), digest.hexdigest(), has_cr


def binary_kind(head: bytes) -> str | None:
    """Name the binary format of a file that is no clean text by how it begins; None when none is known."""
    return next((kind for magic, kind in BINARY.items() if head.startswith(magic)), None)


def first_not_utf8(path: Path) -> int:
    """Number of the first line that is not UTF-8, from 1; 0 when all are."""
    number = 0
    for block in blocks(path):
        try:
            block.decode()
            number += block.count(b"\n")
        except UnicodeDecodeError as error:
            return number + block.count(b"\n", 0, error.start) + 1
    return 0


def blocks(path: Path) -> Iterator[bytes]:
    """Yield the text in blocks of whole lines without BOM, every CRLF and lone CR turned into LF."""
    with path.open("rb") as stream:
        tail, first = b"", True
        while chunk := stream.read(CHUNK):
            if first:
                chunk, first = chunk.removeprefix(codecs.BOM_UTF8), False
            if b"\r" in chunk:
                while chunk.endswith(b"\r") and (more := stream.read(1)):
                    chunk += more
                chunk = chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
            chunk = tail + chunk if tail else chunk
            cut = chunk.rfind(b"\n") + 1
            tail = chunk[cut:]
            if cut:
                yield chunk[:cut]
        if tail:
            yield tail


def has_c1(block: bytes) -> bool:
    """Whether a block holds a control character above ASCII."""
    return CONTROLS.search(block.decode()) is not None


def printable(raw: str) -> str:
    """Return a raw record without NUL characters, which no engine stores."""
    return raw.replace("\x00", "\\x00")


def sha256(path: Path) -> str:
    """SHA-256 of a file as hexadecimal digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
