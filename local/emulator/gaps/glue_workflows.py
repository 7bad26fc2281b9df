"""AWS Glue workflows: graphs, concurrency, and runs whose course the runner states."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.glue.exceptions import (
    ConcurrentRunsExceededException,
    EntityNotFoundException,
    IllegalWorkflowStateException,
)
from moto.glue.models import FakeWorkflow, FakeWorkflowRun, GlueBackend
from moto.glue.responses import GlueResponse

from local.emulator.gaps.extend import replace
from local.emulator.gaps.glue_catalog import already_exists
from local.emulator.gaps.glue_jobs import instant

_STATISTICS = ("Total", "Timeout", "Failed", "Stopped", "Succeeded", "Running", "Errored", "Waiting")


def set_course(run: Any, course: dict[str, Any]) -> None:
    """States a run's course: status, error, statistics (AWS's names), and nodes.

    A node is {type: TRIGGER|JOB|CRAWLER, name, state, run_id?, started_on?, completed_on?, error?}; what is
    walked so far shows in the run's graph.
    """
    if "status" in course:
        run.status = course["status"]
        if run.status in ("COMPLETED", "STOPPED", "ERROR"):
            run.completed_on = utcnow()
    run.error = course.get("error", getattr(run, "error", None))
    run.statistics = course.get("statistics", getattr(run, "statistics", {}))
    run.nodes = course.get("nodes", getattr(run, "nodes", []))


def graph(backend: GlueBackend, workflow: str, run: Any = None) -> dict[str, Any]:
    """Returns nodes and edges of a workflow as deployed, with what a run did at each node."""
    triggers = [t for t in backend.triggers.values() if t.workflow_name == workflow]
    nodes: dict[tuple[str, str], dict[str, Any]] = {}
    edges: list[dict[str, str]] = []
    walked = getattr(run, "nodes", [])

    def identity(kind: str, name: str) -> str:
        key = (kind, name)
        if key not in nodes:
            unique = f"wnode_{len(nodes):04d}"
            nodes[key] = {
                "Type": kind,
                "Name": name,
                "UniqueId": unique,
                **_details(backend, kind, name, walked),
            }
        return str(nodes[key]["UniqueId"])

    for trigger in triggers:
        own = identity("TRIGGER", trigger.name)
        edges += [{"SourceId": own, "DestinationId": identity(*node)} for node in _acted_on(trigger)]
        edges += [{"SourceId": identity(*node), "DestinationId": own} for node in _watched(trigger)]
    return {"Nodes": list(nodes.values()), "Edges": edges}


def _acted_on(trigger: Any) -> Iterator[tuple[str, str]]:
    for action in trigger.actions:
        yield ("JOB", action.job_name) if action.job_name else ("CRAWLER", action.crawler_name)


def _watched(trigger: Any) -> Iterator[tuple[str, str]]:
    for condition in trigger.predicate.conditions if trigger.predicate else ():
        yield ("JOB", condition.job_name) if condition.job_name else ("CRAWLER", condition.crawler_name)


def _details(backend: Any, kind: str, name: str, walked: list[dict[str, Any]]) -> dict[str, Any]:
    mine = [node for node in walked if node.get("type") == kind and node.get("name") == name]
    if kind == "TRIGGER":
        return {"TriggerDetails": {"Trigger": backend.triggers[name].as_dict()}}
    if kind == "JOB":
        job = backend.jobs.get(name)
        ids = {node.get("run_id") for node in mine}
        runs = [run.as_dict() for run in job.job_runs if run.job_run_id in ids] if job else []
        return {"JobDetails": {"JobRuns": runs}} if runs else {}
    crawls = [
        {
            "State": node.get("state"),
            "ErrorMessage": node.get("error"),
            "StartedOn": instant(node["started_on"]) if node.get("started_on") else None,
            "CompletedOn": instant(node["completed_on"]) if node.get("completed_on") else None,
        }
        for node in mine
    ]
    return {"CrawlerDetails": {"Crawls": crawls}} if crawls else {}


def stop_run(self: Any, run_id: str) -> None:
    """Stops a run that is not over yet."""
    run = self.get_run(run_id)
    if run.status != "RUNNING":
        raise IllegalWorkflowStateException(f"Workflow run {run_id} is in state {run.status}")
    set_course(run, {"status": "STOPPED"})


def update_workflow(
    self: Any,
    name: str,
    default_run_properties: dict[str, str] | None,
    description: str | None,
    max_concurrent_runs: int | None,
) -> str:
    """Replaces a workflow's settings; what is not given is taken away."""
    workflow = self.workflows.get(name)
    if not workflow:
        raise EntityNotFoundException("Entity not found")
    workflow.default_run_properties = default_run_properties
    workflow.description = description
    workflow.max_concurrent_runs = max_concurrent_runs
    workflow.last_modified_on = utcnow()
    return name


def install() -> None:
    """Extends moto's Glue."""

    def create_workflow(self: Any, name: str, *args: Any) -> str:
        if name in self.workflows:
            raise already_exists("Workflow", name)
        created: str = create(self, name, *args)
        return created

    def start_run(self: Any, properties: dict[str, str] | None) -> str:
        running = [run for run in self.runs.values() if run.status == "RUNNING"]
        if self.max_concurrent_runs and len(running) >= self.max_concurrent_runs:
            raise ConcurrentRunsExceededException(f"Concurrent runs exceeded for workflow {self.name}")
        run_id: str = start(self, properties)
        set_course(self.runs[run_id], {})
        return run_id

    def run_as_dict(self: Any) -> dict[str, Any]:
        answer: dict[str, Any] = as_dict(self)
        answer["Statistics"] = {f"{name}Actions": 0 for name in _STATISTICS} | self.statistics
        if self.error:
            answer["ErrorMessage"] = self.error
        if getattr(self, "starting_batch", None):
            answer["StartingEventBatchCondition"] = self.starting_batch
        return answer

    def get_workflow(self: Any) -> ActionResult:
        name = self._get_param("Name")
        workflow = self.glue_backend.get_workflow(name)
        if self._get_param("IncludeGraph"):
            workflow["Graph"] = graph(self.glue_backend, name)
        return ActionResult({"Workflow": workflow})

    def get_workflow_run(self: Any) -> ActionResult:
        name, run_id = self._get_param("Name"), self._get_param("RunId")
        run = self.glue_backend.get_workflow_run(name, run_id)
        if self._get_param("IncludeGraph"):
            run["Graph"] = graph(self.glue_backend, name, self.glue_backend.workflows[name].runs[run_id])
        return ActionResult({"Run": run})

    create = replace(GlueBackend, "create_workflow", create_workflow)
    start = replace(FakeWorkflow, "start_run", start_run)
    as_dict = replace(FakeWorkflowRun, "as_dict", run_as_dict)
    replace(FakeWorkflow, "stop_run", stop_run)
    replace(GlueBackend, "update_workflow", update_workflow)
    replace(GlueResponse, "get_workflow", get_workflow)
    replace(GlueResponse, "get_workflow_run", get_workflow_run)
