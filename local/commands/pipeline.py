"""The pipeline of the embedded stack: deliver files, walk what they started, tell what came of it."""

from __future__ import annotations

import datetime
import itertools
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from etl.errors import DataLakeError
from local import console, runner
from local.aws import Cloud
from local.commands import layout
from local.commands.errors import Refused
from local.runner.report import NodeKind, NodeReport, WorkflowReport

DRIFTS = 5
"""Differences between catalog and files that are listed for each line of crawlers."""


def deliver(cloud: Cloud, dataset: str, day: datetime.date, file: Path) -> str:
    """Put a file into the raw zone and return its key; S3 tells EventBridge, which wakes the workflow."""
    key = f"raw/{dataset}/{day.isoformat()}/{file.name}"
    with file.open("rb") as body:
        cloud.client("s3").put_object(Bucket=layout.BUCKET, Key=key, Body=body, ContentType="text/csv")
    return key


def run(cloud: Cloud) -> list[WorkflowReport]:
    """Walk every workflow run that deliveries have started; each report tells its crawlers and jobs."""
    with console.step("Pipeline run") as step:
        reports = runner.run_pending(cloud, layout.STACK, layout.work(), lambda line: step.log(brief(line)))
        nodes = [node for report in reports for node in report.nodes]
        done = sum(node.succeeded for node in nodes)
        step.finish(f"{done} of {len(nodes)} crawlers and jobs succeeded" if nodes else "nothing to do")
    return reports


def replay(cloud: Cloud) -> list[WorkflowReport]:
    """Start the deployed workflows by hand: the jobs find for themselves what is to be judged again."""
    with console.step("Replay") as step:
        reports = [
            runner.start(
                cloud,
                name,
                work=layout.work(),
                on_progress=lambda line: step.log(brief(line)),
                stack=layout.STACK,
            )
            for name in sorted(cloud.client("glue").list_workflows()["Workflows"])
        ]
        step.finish("done")
    return reports


def print_report(output: Console, report: WorkflowReport) -> None:
    """Print a workflow run: its crawlers and jobs, their times, and what each says of its work."""
    output.print(f"[bold]{escape(report.workflow)}[/] {report.status.lower()} in {report.seconds:.1f} s")
    for node in merged(report.nodes):
        mark = "[green]✓[/]" if node.succeeded else "[red]✗[/]"
        output.print(
            f"  {mark} {node.kind.value:8}{escape(node.name):26}{node.seconds:6.1f} s"
            f"  [dim]{escape(_facts(node))}[/]",
            soft_wrap=True,
        )
        for drift in node.drift[:DRIFTS]:
            line = f"{drift.table}: {drift.kind}, {drift.detail}"
            output.print(f"      [yellow]drift[/] {escape(line)}", soft_wrap=True)
        if len(node.drift) > DRIFTS:
            output.print(f"      [yellow]drift[/] … and {len(node.drift) - DRIFTS} more")
    if not report.nodes:
        for trigger in report.silent_triggers:
            output.print(f"  [yellow]{escape(trigger.name)}[/] did not fire: {escape(trigger.reason)}")


def merged(nodes: Sequence[NodeReport]) -> list[NodeReport]:
    """Put crawlers that succeeded one after the other on one line, by their shortest name: all they tell."""
    told: list[NodeReport] = []
    for quiet, group in itertools.groupby(
        nodes, lambda node: node.kind is NodeKind.CRAWLER and node.succeeded
    ):
        crawled = list(group)
        if not quiet or len(crawled) == 1:
            told += crawled
            continue
        named = min((node.name for node in crawled), key=len)
        counts: Counter[str] = Counter()
        for node in crawled:
            counts.update(node.summary or {})
        told.append(
            replace(
                crawled[0],
                name=f"{len(crawled)} × {named}",
                seconds=sum(node.seconds for node in crawled),
                summary=counts,
                drift=tuple(drift for node in crawled for drift in node.drift),
            )
        )
    return told


def failure(reports: Sequence[WorkflowReport]) -> DataLakeError:
    """Make the error of runs that did not succeed: Refused when a data-quality threshold was the reason."""
    broken = [node for report in reports for node in report.nodes if not node.succeeded]
    told = [f"{node.name}: {node.error or node.state}" for node in broken]
    told += [f"{report.workflow}: {report.error}" for report in reports if report.error]
    told = told or [f"{report.workflow}: {report.status}" for report in reports if not report.succeeded]
    kind = Refused if any("exit code 3" in (node.error or "") for node in broken) else DataLakeError
    return kind("the pipeline did not succeed:\n" + "\n".join(f"  {line}" for line in told))


def _facts(node: NodeReport) -> str:
    """Say in a few words what a job or crawler did."""
    summary = node.summary or {}
    totals = summary.get("totals")
    if not isinstance(totals, Mapping):
        return " · ".join(f"{value:,} {name}" for name, value in summary.items() if isinstance(value, int))
    if not summary.get("units"):
        return "nothing new"
    names = ("files", "rows_in", "good", "rejected", "duplicates", "rows_out")
    return " · ".join(f"{totals[name]:,} {name.replace('_', ' ')}" for name in names if totals.get(name))


def brief(line: str) -> str:
    """Shorten a line of a job's progress, which ends in a JSON object, to what a person wants to see."""
    head, brace, rest = line.partition("{")
    try:
        facts = json.loads(brace + rest)
    except ValueError:
        return line
    step = facts.pop("step", "")
    told = " ".join(str(value) for name, value in facts.items() if name != "seconds")
    return f"{head}{step} {told}".strip()
