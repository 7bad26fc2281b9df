"""`test`: the whole check of the clone, as CI runs it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from local import console
from local.commands import layout
from local.engine import binary

PACKAGES = ("components", "policies", "etl", "local")

MOST_WORKERS = 4
"""Pytest's processes at the most: each may have an engine and an embedded AWS beside it."""


def check(
    context: typer.Context,
    fast: Annotated[bool, typer.Option("--fast", help="Leave out the tests marked slow.")] = False,
) -> None:
    """Run all tests, the linter, the formatter's check and the type checker; stop at none, fail if one fails.

    Other arguments go to pytest: `./lake test -k quarantine`, `./lake test tests/etl`. With such arguments
    only pytest runs. The Pulumi engine is built first where there is none.
    """
    engine = binary.ensure()
    console.messages().print(f"[dim]Pulumi {engine.text} from {engine.executable}[/]", soft_wrap=True)
    chosen = list(context.args)
    selection = ["-m", "not slow"] if fast else []
    if chosen:
        checks = [("pytest", [*selection, *chosen])]
    else:
        # Files in their own order, each to one process: its fixtures are made once.
        workers = str(min(os.cpu_count() or 1, MOST_WORKERS))
        shared = [
            "-n",
            workers,
            "--dist",
            "loadfile",
            "--no-loadscope-reorder",
            "--durations=25",
            "--durations-min=5",
        ]
        checks = [
            ("ruff", ["check", "."]),
            ("ruff", ["format", "--check", "--quiet", "."]),
            ("mypy", ["--cache-dir", str(layout.ROOT / ".lake" / "mypy"), *_packages()]),
            ("pytest", [*selection, *shared]),
        ]
    failed = [title for title, arguments in checks if not _check(title, arguments)]
    if failed:
        console.messages().print(f"[red]✗[/] failed: {', '.join(failed)}")
        raise typer.Exit(1)


def _check(tool: str, arguments: list[str]) -> bool:
    title = " ".join([tool, *arguments[:1]]) if tool == "ruff" else tool
    console.messages().print(f"· {title}")
    start = time.monotonic()
    status = subprocess.run([sys.executable, "-m", tool, *arguments], cwd=layout.ROOT, check=False).returncode
    mark = "[green]✓[/]" if status == 0 else "[red]✗[/]"
    console.messages().print(f"{mark} {title} [dim]{time.monotonic() - start:.1f} s[/]")
    return status == 0


def _packages() -> list[str]:
    there = [name for name in PACKAGES if (Path(layout.ROOT) / name).is_dir()]
    return [argument for name in there for argument in ("-p", name)]
