"""Where this process of the embedded AWS keeps what does not fit into memory."""

from __future__ import annotations

from pathlib import Path

_home: list[Path] = []


def settle(home: Path) -> None:
    """Say once, at the start, where that is."""
    _home[:] = [home]


def home() -> Path:
    """Return the folder; an error of the program before settle()."""
    return _home[0]
