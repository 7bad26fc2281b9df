"""What a person sees while something takes time: one line a step, live on a terminal, plain in a log.

Results go to standard output, progress and messages to standard error, so that output can be piped.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

PLAIN_INTERVAL = 10.0
"""Seconds between two lines of one step where there is no terminal to redraw."""


def output() -> Console:
    """Make the console of results; wide enough for tables also when piped."""
    measured = Console().is_terminal or "COLUMNS" in os.environ
    return Console(width=None if measured else 110, highlight=False)


def messages() -> Console:
    """Make the console of progress and messages."""
    return Console(stderr=True, highlight=False)


class Step:
    """One running step: `update` tells what it is doing and, where known, how much is done."""

    def __init__(self, title: str, console: Console) -> None:
        self.title = title
        self.started = time.monotonic()
        self._console = console
        self._said = self.started
        self._detail = ""
        self._live: Progress | None = None
        self._task: TaskID | None = None

    @property
    def seconds(self) -> float:
        """Seconds since the step began."""
        return time.monotonic() - self.started

    def update(self, detail: str, fraction: float | None = None) -> None:
        """Show what is being done now; `fraction` (0 to 1) draws a bar."""
        self._detail = detail
        if self._live is not None and self._task is not None:
            self._live.update(self._task, detail=escape(detail), total=1.0 if fraction is not None else None)
            self._live.update(self._task, completed=fraction or 0.0)
        elif time.monotonic() - self._said >= PLAIN_INTERVAL:
            self._said = time.monotonic()
            share = f" {fraction:.0%}" if fraction is not None else ""
            self.note(f"    {detail}{share} ({self.seconds:.0f} s)")

    def log(self, line: str) -> None:
        """Show a line of work in detail: what runs now on a terminal, a line of its own in a log."""
        if self._live is not None:
            self.update(line)
        else:
            self._said = time.monotonic()
            self.note(f"    {line}")

    def note(self, line: str) -> None:
        """Print a line that stays, above the running one."""
        console = self._live.console if self._live is not None else self._console
        console.print(escape(line), soft_wrap=True)

    def finish(self, summary: str) -> None:
        """Set what the line says when the step has ended well."""
        self._detail = summary

    @contextlib.contextmanager
    def running(self) -> Iterator[Step]:
        """Draw the step until the block ends, then leaves one line with its result and seconds."""
        if self._console.is_terminal:
            columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(24), TimeElapsedColumn())
            detail = TextColumn("[dim]{task.fields[detail]}", table_column=None)
            self._live = Progress(*columns, detail, console=self._console, transient=True)
            self._task = self._live.add_task(escape(self.title), total=None, detail="")
            self._live.start()
        else:
            self._console.print(f"· {escape(self.title)}", soft_wrap=True)
        try:
            yield self
        except BaseException:
            self._end("[red]✗[/]", "")
            raise
        self._end("[green]✓[/]", self._detail)

    def _end(self, mark: str, summary: str) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None
        tail = f"  [dim]{escape(summary)}[/]" if summary else ""
        self._console.print(f"{mark} {escape(self.title)} [dim]{self.seconds:.1f} s[/]{tail}", soft_wrap=True)


@contextlib.contextmanager
def step(title: str, console: Console | None = None) -> Iterator[Step]:
    """Run a block as one visible step titled `title`."""
    with Step(title, console or messages()).running() as running:
        yield running
