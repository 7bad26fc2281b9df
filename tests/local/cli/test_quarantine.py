"""What `run` and `replay` tell a data steward of the deliveries they judged."""

import json
from pathlib import Path

from etl.summary import RunSummary
from local.commands import quarantine
from local.runner.report import NodeKind, NodeReport, WorkflowReport
from tests.etl.lake_support import DAY, VALID, Lake, changed, lines

PLACE = f"raw/transactions/{DAY}/transactions.csv"


def told(lake: Lake, summary: RunSummary) -> str:
    """Tell of a run whose summary came as the line of JSON that a job ends with."""
    node = NodeReport(
        NodeKind.JOB, "raw-to-processed", "SUCCEEDED", 1.0,
        summary=json.loads(json.dumps(summary.to_dict(), default=str)),
    )  # fmt: skip
    return quarantine.told(lake.store, [WorkflowReport("flow", "wr_1", "COMPLETED", 1.0, (node,), (), {})])


def test_each_finding_says_file_line_column_value_rule_and_what_to_do(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    lake.dimensions()
    lake.deliver("transactions", lines("transactions", changed("transactions", status="DONE")))
    text = told(lake, lake.process())
    assert f"transactions {DAY}: 1 records in = 0 good + 1 rejected + 0 duplicates" in text
    assert "status.code  ×1  status is one of NEW, CONFIRMED" in text
    assert "what to do: Use one of NEW, CONFIRMED" in text
    assert f"{PLACE}:2  status = 'DONE'" in text


def test_a_breach_names_its_rule_and_the_records_though_nothing_was_published(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    lake.dimensions()
    rows = [
        changed("transactions", transaction_id=f"T{n:010d}", side="HOLD" if n % 2 else "BUY")
        for n in range(200)
    ]
    lake.deliver("transactions", lines("transactions", *rows))
    text = told(lake, lake.process())
    assert not list(lake.store.list("processed/transactions/"))
    assert "NOTHING PUBLISHED: 100 of 200 broke reject_ratio (at most 25% may)" in text
    assert "what to do: Open the report, mend the source and deliver the load date again" in text
    assert f"{PLACE}:3  side = 'HOLD'" in text
    assert "… and 97 more in the evidence under processed/_ops/breaches/transactions/" in text


def test_a_run_that_rejected_nothing_needs_no_report(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    lake.dimensions()
    lake.deliver("transactions", lines("transactions", VALID["transactions"]))
    assert told(lake, lake.process()) == ""
    assert told(lake, lake.process()) == ""
