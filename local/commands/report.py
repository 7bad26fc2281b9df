"""Tables and lines that commands print as their result."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from local.engine.driver import Outcome
from local.engine.progress import DONE, readable

LISTED = 40
"""Resources named one by one; beyond, the rest is counted."""

_COLOURS = {"create": "green", "update": "yellow", "replace": "magenta", "delete": "red"}


def print_outcome(console: Console, outcome: Outcome, *, done: bool) -> None:
    """Print what an operation did, or with `done` false would do: counts, then the resources that change."""
    if not outcome.changed:
        console.print(f"[green]No changes[/]: {outcome.summary}.")
    # In a log every finished resource has had its line already.
    listed = outcome.touched if not done or console.is_terminal else ()
    for operation, urn in listed[:LISTED]:
        mark = DONE.get(operation, operation) if done else operation
        console.print(f"  [{_COLOURS.get(operation, 'cyan')}]{mark:8}[/] {escape(readable(urn))}")
    if len(listed) > LISTED:
        console.print(f"  … and {len(listed) - LISTED} more")
    for violation in outcome.advice:
        console.print(f"  [yellow]advice[/]   {escape(violation.message)}")
    if outcome.changed:
        console.print(
            f"{outcome.summary}{'' if not outcome.packs else '; the policy pack found nothing to stop it'}."
        )


def rows_table(
    title: str, columns: list[str], rows: Sequence[tuple[str, ...]], numeric: frozenset[str] = frozenset()
) -> Table:
    """Make a table of texts; the `numeric` columns are aligned to the right."""
    table = Table(
        title=title, title_justify="left", title_style="bold", header_style="dim", box=None, pad_edge=False
    )
    for column in columns:
        table.add_column(
            column, justify="right" if column in numeric else "left", overflow="ellipsis", no_wrap=True
        )
    for row in rows:
        table.add_row(*map(escape, row))
    return table
