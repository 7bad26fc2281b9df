"""Workflow runs that wait in the emulator, walked one after the other to their end."""

import fcntl
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from local.aws import Cloud
from local.runner import crawl, deployed, jobs
from local.runner.deployed import Action
from local.runner.errors import RunnerError
from local.runner.process import end_abandoned
from local.runner.report import NodeKind, NodeReport, WorkflowReport
from local.runner.walk import walk

Progress = Callable[[str], None]


def run_pending(cloud: Cloud, stack: str, work: Path, on_progress: Progress) -> list[WorkflowReport]:
    """Walk every workflow run that is RUNNING in the emulator, after ending all open event windows.

    A run that a killed runner left behind is walked again from its start: what it left RUNNING is set
    STOPPED first, and jobs are idempotent.

    Args:
        cloud: The emulator.
        stack: The stack's name, for messages.
        work: A folder for job files and the runner's lock; made when missing.
        on_progress: Gets one line at a time, also from jobs while they run.

    Returns:
        One report a run, in the order in which the runs were started.

    Raises:
        RunnerError: Another runner works on this stack, or a workflow is not deployed as Glue demands.

    """
    with _alone(work, stack):
        _recover(cloud, work, on_progress)
        flushed = cloud.control("POST", "events/flush").get("started", [])
        for started in flushed:
            on_progress(f"workflow {started['workflow']}: {len(started['events'])} events started a run")
        reports: list[WorkflowReport] = []
        walked: set[str] = set()
        while pending := [run for run in _running(cloud) if run[1] not in walked]:
            for workflow, run_id, properties in pending:
                walked.add(run_id)
                reports.append(_walk(cloud, jobs.RunContext(workflow, run_id, work, on_progress), properties))
        return reports


def start(
    cloud: Cloud, workflow: str, *, work: Path, on_progress: Progress, stack: str = "local"
) -> WorkflowReport:
    """Start a workflow by hand, as `StartWorkflowRun` does, and walk it.

    Raises:
        RunnerError: There is no such workflow, or another runner works on this stack.

    """
    with _alone(work, stack):
        _recover(cloud, work, on_progress)
        deployed.load(cloud, workflow)
        run_id = cloud.client("glue").start_workflow_run(Name=workflow)["RunId"]
        return _walk(cloud, jobs.RunContext(workflow, run_id, work, on_progress), {})


@contextmanager
def _alone(work: Path, stack: str) -> Iterator[None]:
    work.mkdir(parents=True, exist_ok=True)
    with (work / "runner.lock").open("w", encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise RunnerError(
                f"another run of the stack {stack} is in progress",
                where=str(work.name),
                fix="wait for it to end, or stop it",
            ) from error
        yield


def _running(cloud: Cloud) -> list[tuple[str, str, dict[str, str]]]:
    """(workflow, run id, run properties) of every RUNNING run, oldest first."""
    found: list[tuple[datetime, str, str, dict[str, str]]] = []
    for name in deployed.names(cloud):
        found += [
            (run["StartedOn"], name, run["WorkflowRunId"], run.get("WorkflowRunProperties") or {})
            for run in _workflow_runs(cloud, name)
            if run["Status"] == "RUNNING"
        ]
    return [
        (name, run_id, properties) for _, name, run_id, properties in sorted(found, key=lambda run: run[:3])
    ]


def _workflow_runs(cloud: Cloud, name: str) -> Iterator[dict[str, Any]]:
    token: str | None = None
    while True:
        page = cloud.client("glue").get_workflow_runs(Name=name, **({"NextToken": token} if token else {}))
        yield from page.get("Runs", [])
        token = page.get("NextToken")
        if not token:
            return


def _walk(cloud: Cloud, context: jobs.RunContext, properties: dict[str, str]) -> WorkflowReport:
    started = time.monotonic()
    name, run_id, on_progress = context.workflow, context.workflow_run_id, context.on_progress
    on_progress(f"workflow {name}: run {run_id[:11]} starts")
    try:
        workflow = deployed.load(cloud, name)

        def run(action: Action) -> NodeReport:
            report = _run_node(cloud, action, context)
            took = f"{report.seconds:.1f} s"
            problem = f": {report.error.splitlines()[0]}" if report.error else ""
            on_progress(f"{action.node} {report.state} after {took}{problem}")
            return report

        nodes, triggers = walk(workflow, run)
    except RunnerError as error:
        report = WorkflowReport(
            name, run_id, "ERROR", time.monotonic() - started, (), (), properties, error=str(error)
        )
    else:
        report = WorkflowReport(
            name, run_id, "COMPLETED", time.monotonic() - started, nodes, triggers, properties
        )
    cloud.control(
        "PUT",
        f"glue/workflow-runs/{name}/{run_id}",
        {
            "status": report.status,
            "error": report.error,
            "statistics": report.statistics(),
            "nodes": [
                {
                    "type": node.kind.upper(),
                    "name": node.name,
                    "state": node.state,
                    "run_id": node.run_id,
                    "error": node.error,
                }
                for node in report.nodes
            ],
        },
    )
    return report


def _run_node(cloud: Cloud, action: Action, context: jobs.RunContext) -> NodeReport:
    if action.node.kind is NodeKind.CRAWLER:
        return crawl.run(
            cloud, action.node.name, run_id=context.workflow_run_id, on_progress=context.on_progress
        )
    return jobs.run(cloud, action, context)


def _recover(cloud: Cloud, work: Path, on_progress: Progress) -> None:
    """Close what a killed runner left: end its job processes, set their runs STOPPED, free its crawlers."""
    for folder in sorted((work / "jobs").glob("*")):
        ended = end_abandoned(folder)
        marker = folder / "job"
        if marker.exists():
            name = marker.read_text(encoding="utf-8")
            _stop_job_run(cloud, name, folder.name)
            still = " (it was still running)" if ended else ""
            on_progress(f"job {name}: run {folder.name[:11]} of an interrupted runner stopped{still}")
        shutil.rmtree(folder, ignore_errors=True)
    glue = cloud.client("glue")
    names = [node for workflow in deployed.names(cloud) for node in _crawlers(cloud, workflow)]
    for name in dict.fromkeys(names):
        try:
            state = glue.get_crawler(Name=name)["Crawler"]["State"]
        except glue.exceptions.EntityNotFoundException:
            continue
        if state != "READY":
            last = {
                "status": "CANCELLED",
                "message": "the runner was interrupted",
                "tables": 0,
                "partitions": 0,
            }
            cloud.control("PUT", f"glue/crawlers/{name}", {"state": "READY", "last_crawl": last})


def _crawlers(cloud: Cloud, workflow: str) -> list[str]:
    try:
        nodes = deployed.load(cloud, workflow).nodes
    except RunnerError:
        return []
    return [node.name for node in nodes if node.kind is NodeKind.CRAWLER]


def _stop_job_run(cloud: Cloud, job: str, run_id: str) -> None:
    """Set a stale job run STOPPED; one that the emulator no longer knows needs no more."""
    now = datetime.now(UTC).isoformat()
    try:
        cloud.client("glue").get_job_run(JobName=job, RunId=run_id)
    except ClientError:
        return
    cloud.control(
        "PUT",
        f"glue/job-runs/{job}/{run_id}",
        {"state": "STOPPED", "error": "the runner was interrupted", "completed_on": now},
    )
