"""Loads what the program imports while the engine and the embedded AWS start, which wait for nothing here."""

from __future__ import annotations

import ast
import contextlib
import importlib
import threading
from pathlib import Path

from local.engine.workspace import CODE

_loading: dict[Path, threading.Thread] = {}


def begin(program: Path) -> None:
    """Begin to import the modules that a program's `__main__.py` names, once.

    Only this project's own program has its modules where this process finds them. What fails to import does
    so again where the program imports it, and is told there.
    """
    if program.resolve() == CODE and program not in _loading:
        file = program / "__main__.py"
        _loading[program] = threading.Thread(target=_load, args=(file,), name="preload", daemon=True)
        _loading[program].start()


def wait(program: Path) -> None:
    """Wait until that has ended: two threads that import what imports each other get half of it."""
    if program in _loading:
        _loading[program].join()


def _load(file: Path) -> None:
    with contextlib.suppress(Exception):
        for statement in ast.parse(file.read_bytes()).body:
            if isinstance(statement, ast.ImportFrom) and statement.module and not statement.level:
                importlib.import_module(statement.module)
