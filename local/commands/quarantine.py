"""What the last runs rejected, where it stands in which file, and why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.table import Table

from local import athena
from local.aws import Cloud
from local.commands import layout
from local.commands.report import rows_table
from local.runner.report import WorkflowReport

LISTED = 20
"""Rejected rows that are listed one by one; the table `quarantine` has all."""


def rows(cloud: Cloud, reports: Sequence[WorkflowReport]) -> Sequence[Sequence[Any]]:
    """Read what these runs put into quarantine: dataset, file, line, reasons; at most `LISTED` + 1 rows."""
    runs = {
        str(unit["run_id"])
        for report in reports
        for node in report.nodes
        for unit in (node.summary or {}).get("units", [])
        if unit.get("rejected")
    }
    if not runs:
        return []
    names = ", ".join(f"'{run}'" for run in sorted(runs))
    sql = f"""
        SELECT dataset, source_object, source_line, array_join(reasons, ', ') AS reasons
        FROM energy_processed_{layout.STACK}.quarantine WHERE run_id IN ({names})
        ORDER BY dataset, source_object, source_line LIMIT {LISTED + 1}"""
    return athena.execute(cloud, "analysts", sql, work=layout.work()).rows


def table(found: Sequence[Sequence[Any]]) -> Table:
    """Make the table of rejected rows."""
    texts = [
        (str(dataset), str(place), str(line), str(reasons))
        for dataset, place, line, reasons in found[:LISTED]
    ]
    more = " (the first ones; energy_processed_local.quarantine has all)" if len(found) > LISTED else ""
    return rows_table(
        f"Quarantined{more}", ["dataset", "object", "line", "reasons"], texts, frozenset({"line"})
    )
