"""What is wrong with the header of a file to be delivered, told before the pipeline reads it."""

from __future__ import annotations

import re
from pathlib import Path

from etl.contract import Contract
from etl.header import HeaderFault, read_header


def fault(file: Path, contract: Contract) -> str | None:
    """Say why no row of a file can be read by the dataset's contract; None when its header will do."""
    with file.open("rb") as stream:
        line = stream.readline(1 << 20).decode("utf-8-sig", errors="replace").rstrip("\r\n")
    if not line.strip():
        return "it has no header line"
    try:
        read_header(line, contract)
    except HeaderFault as found:
        if found.rule != "file.missing_columns":
            return f"its header is faulty ({found.rule})"
        names = set(re.findall(r"\w+", line.lower()))
        missing = [
            field.name for field in contract.source_fields if field.required and field.name not in names
        ]
        return f"it lacks the column{'s' if len(missing) != 1 else ''} {', '.join(missing)}"
    return None
