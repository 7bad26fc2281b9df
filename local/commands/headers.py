"""What is wrong with the header of a file to be delivered, told before the pipeline reads it."""

from __future__ import annotations

from pathlib import Path

from etl.contract import Contract
from etl.header import HeaderFault, read_header
from etl.scan import binary_kind


def fault(file: Path, contract: Contract) -> str | None:
    """Say why no row of a file can be read by the dataset's contract; None when its header will do."""
    with file.open("rb") as stream:
        head = stream.readline(1 << 20)
    line = head.decode("utf-8-sig", errors="replace").rstrip("\r\n")
    if not line.strip():
        return "it has no header line"
    if "\ufffd" in line or "\0" in line:
        kind = binary_kind(head)
        return f"it is no text but {kind}" if kind else "its header is not UTF-8"
    try:
        read_header(line, contract)
    except HeaderFault as found:
        if found.is_record:
            return "its first line is no header: it names no column of the contract"
        what = "lacks" if found.rule == "file.missing_columns" else "repeats"
        return f"it {what} the column{'s' if len(found.columns) != 1 else ''} {', '.join(found.columns)}"
    return None
