"""Splitting CSV text into records the way RFC 4180 says, and saying why a record cannot be split."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

MAX_RECORD_LINES = 32

RAGGED = "record.ragged"
STRAY_QUOTE = "record.stray_quote"
CONTROL = "record.control_character"
REPEATED_HEADER = "record.repeated_header"
TRUNCATED = "record.truncated"
QUOTED_BREAK = "record.quoted_break"
BLANK_LINE = "record.blank_line"

CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


@dataclass(frozen=True, slots=True)
class Record:
    """A record of `lines` physical lines: its fields, or None and the rule it broke."""

    raw: str
    lines: int
    fields: tuple[str, ...] | None
    reasons: tuple[str, ...] = ()
    quoted_break: bool = False


def split_line(text: str, delimiter: str) -> tuple[str, ...] | None:
    """Split one record; None when a quote is not where RFC 4180 allows it."""
    if '"' not in text:
        return tuple(text.split(delimiter))
    fields: list[str] = []
    at = 0
    while True:
        if text.startswith('"', at):
            parts: list[str] = []
            at += 1
            while True:
                close = text.find('"', at)
                if close < 0:
                    return None
                parts.append(text[at:close])
                at = close + 1
                if not text.startswith('"', at):
                    break
                parts.append('"')
                at += 1
            fields.append("".join(parts))
            if at == len(text):
                return tuple(fields)
            if not text.startswith(delimiter, at):
                return None
            at += len(delimiter)
        else:
            end = text.find(delimiter, at)
            value = text[at:] if end < 0 else text[at:end]
            if '"' in value:
                return None
            fields.append(value)
            if end < 0:
                return tuple(fields)
            at = end + len(delimiter)


def next_record(lines: Sequence[str], at: int, delimiter: str, width: int) -> Record:
    """Read the record that starts at line `at`, which is not blank.

    A quoted field may go on over following lines (at most MAX_RECORD_LINES). It may not when the first line
    already has the delimiters of a whole record or a following line is a whole record by itself: then the
    quote is stray, and swallowing its neighbours would lose them, so only the first line is rejected.
    """
    first = lines[at]
    fields = split_line(first, delimiter)
    if fields is None:
        joined = _continued(lines, at, delimiter, width)
        if joined is None:
            return Record(first, 1, None, _with_control(first, STRAY_QUOTE))
        raw, count, fields = joined
    else:
        raw, count = first, 1
    if CONTROLS.search(raw):
        return Record(raw, count, None, (CONTROL,))
    if len(fields) != width:
        return Record(raw, count, None, (RAGGED,))
    broken = any(delimiter in f or "\n" in f for f in fields)
    return Record(raw, count, fields, quoted_break=broken)


def _continued(
    lines: Sequence[str], at: int, delimiter: str, width: int
) -> tuple[str, int, tuple[str, ...]] | None:
    whole = width - 1
    if whole and lines[at].count(delimiter) >= whole:
        return None
    raw = lines[at]
    for count in range(2, MAX_RECORD_LINES + 1):
        if at + count > len(lines):
            return None
        line = lines[at + count - 1]
        if whole and _is_whole(line, delimiter, width):
            return None
        raw = f"{raw}\n{line}"
        fields = split_line(raw, delimiter)
        if fields is not None:
            return (raw, count, fields) if len(fields) == width else None
    return None


def _is_whole(line: str, delimiter: str, width: int) -> bool:
    fields = split_line(line, delimiter)
    return fields is not None and len(fields) == width


def _with_control(raw: str, reason: str) -> tuple[str, ...]:
    return (reason, CONTROL) if CONTROLS.search(raw) else (reason,)
