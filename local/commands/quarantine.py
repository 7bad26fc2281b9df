"""What the last runs rejected: where it stands in which file, why, and what a data steward does about it."""

from __future__ import annotations

from collections.abc import Sequence

from etl.contract import RAW_DATASETS
from etl.report import render
from etl.store import Store
from etl.summary import RunSummary, UnitResult
from local.runner.report import WorkflowReport

EXAMPLES = 3
"""Records that are shown of each broken rule; the table `quarantine` has all."""


def told(store: Store, reports: Sequence[WorkflowReport]) -> str:
    """Tell what these runs rejected or did not publish, by delivery and rule; empty when that is nothing."""
    units = [
        UnitResult.from_dict(unit)
        for report in reports
        for node in report.nodes
        for unit in (node.summary or {}).get("units", [])
        if unit["dataset"] in RAW_DATASETS and (unit["rejected"] or unit["files_rejected"])
    ]
    return render(store, RunSummary("report", units), examples=EXAMPLES) if units else ""
