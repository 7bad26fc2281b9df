"""Generated input of a size, kept in the working folder."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from etl.generate import generate

SEED = 7


def raw(work: Path, rows: int) -> Path:
    """Return a raw zone of about `rows` transactions over three load dates, one with a clock change.

    1 % of the rows are bad, 1 % come twice, 0.5 % a load date late, 0.5 % are amended or cancelled later.
    """
    folder = work / f"input-{rows}"
    manifest = folder / "manifest.json"
    if not manifest.exists():
        made = generate(folder / "raw", seed=SEED, rows=rows, cases=False)
        manifest.write_text(json.dumps(asdict(made)))
    return folder / "raw"


def size(folder: Path) -> int:
    """Return the bytes of all CSV files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*.csv"))
