"""The control API: what AWS has no call for, as JSON over HTTP under `/_lake/`.

GET  identity                                → instance, stack, root, started_at
POST warm                                    → {"services": [...]} that are loaded in the background
GET  inventory                               → {"<service>:<kind>": [names]} of all created
GET  events/failures                         → the last deliveries that failed: rule, target, event, error
POST events/flush                            → {"started": [{workflow, run_id, events}]}
GET  workflows/<name>/pending                → {"events": [...]} waiting for the next run
GET  glue/job-runs/<job>/<run_id>            → the run's log and state
PUT  glue/job-runs/<job>/<run_id>            ← {state, error, started_on, completed_on, execution_time_s, log}
PUT  glue/workflow-runs/<workflow>/<run_id>  ← {status, error, statistics, nodes}
PUT  glue/crawlers/<name>                    ← {state, last_crawl: {status, message, tables, partitions}}
PUT  athena/executions/<id>                  ← {state, reason, output_location, bytes_scanned,
                                                engine_time_ms, columns}

A thing that does not exist is 404, a field or state that does not exist 400; either way nothing changes.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from moto.athena.models import athena_backends
from moto.glue.models import GlueBackend, glue_backends

from local.emulator import delivery
from local.emulator.gaps import athena_queries, glue_crawlers, glue_jobs, glue_workflows
from local.emulator.inventory import inventory

PREFIX = "/_lake/"
ACCOUNT = "123456789012"
Body = dict[str, Any]

_JOB_RUN = {"state", "error", "started_on", "completed_on", "execution_time_s", "log"}
_WORKFLOW_RUN = {"status", "error", "statistics", "nodes"}
_CRAWLER = {"state", "last_crawl"}
_EXECUTION = {"state", "reason", "output_location", "bytes_scanned", "engine_time_ms", "columns"}
_STATES = {
    "job-runs": {"STARTING", "RUNNING", "STOPPING", "WAITING", *glue_jobs.ENDED},
    "workflow-runs": {"RUNNING", "COMPLETED", "STOPPING", "STOPPED", "ERROR"},
    "crawlers": {"READY", "RUNNING", "STOPPING"},
    "executions": {"QUEUED", "RUNNING", *athena_queries.ENDED},
}


@dataclass(frozen=True)
class Identity:
    """Who an emulator is: the UUID of its start, its stack and root, when it started (ISO 8601, UTC)."""

    instance: str
    stack: str
    root: str
    started_at: str

    def as_dict(self) -> dict[str, str]:
        """Returns the identity as JSON."""
        return dataclasses.asdict(self)


class _Refused(Exception):
    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Control:
    """Answers control calls."""

    def __init__(self, identity: Identity) -> None:
        self.identity = identity
        self._routes: dict[tuple[str, str, int], Callable[..., Any]] = {
            ("GET", "inventory", 0): lambda _: inventory(ACCOUNT),
            ("GET", "events/failures", 0): lambda _: {"failures": list(delivery.failures)},
            ("POST", "events/flush", 0): lambda _: {"started": delivery.flush(ACCOUNT)},
            ("GET", "workflows", 2): _pending,
            ("GET", "glue/job-runs", 2): _job_run,
            ("PUT", "glue/job-runs", 2): _set_job_run,
            ("PUT", "glue/workflow-runs", 2): _set_workflow_run,
            ("PUT", "glue/crawlers", 1): _set_crawler,
            ("PUT", "athena/executions", 1): _set_execution,
        }

    def call(self, method: str, path: str, content: bytes) -> tuple[int, Any]:
        """Returns status and JSON of one call; `path` is without the prefix."""
        parts = [unquote(part) for part in path.strip("/").split("/")]
        for (verb, route, count), handler in self._routes.items():
            words = route.split("/")
            if verb == method and parts[: len(words)] == words and len(parts) == len(words) + count:
                try:
                    return 200, handler(_parsed(content), *parts[len(words) :])
                except _Refused as refusal:
                    return refusal.status, {"error": str(refusal)}
        return 404, {"error": f"There is no control call {method} {path}"}


def _parsed(content: bytes) -> Body:
    if not content:
        return {}
    try:
        body = json.loads(content)
    except ValueError as error:
        raise _Refused(400, f"The body is not JSON: {error}") from None
    if not isinstance(body, dict):
        raise _Refused(400, "The body is not a JSON object")
    return body


def _check(body: Body, fields: set[str], kind: str) -> None:
    unknown = sorted(set(body) - fields)
    if unknown:
        raise _Refused(400, f"Unknown field {unknown[0]!r}; known are {', '.join(sorted(fields))}")
    state = body.get("state", body.get("status"))
    if state is not None and state not in _STATES[kind]:
        raise _Refused(400, f"Unknown state {state!r}; known are {', '.join(sorted(_STATES[kind]))}")


def _glue_with(store: str, name: str, what: str) -> GlueBackend:
    for backend in glue_backends[ACCOUNT].values():
        if name in getattr(backend, store):
            return backend
    raise _Refused(404, f"There is no {what} {name}")


def _pending(_: Body, name: str, what: str) -> Any:
    events = delivery.pending(ACCOUNT, name)
    if what != "pending" or events is None:
        raise _Refused(404, f"There is no Glue workflow {name}")
    return {"events": events}


def _run_of(job: str, run_id: str) -> Any:
    runs = _glue_with("jobs", job, "Glue job").jobs[job].job_runs
    run = next((run for run in runs if run.job_run_id == run_id), None)
    if run is None:
        raise _Refused(404, f"Glue job {job} has no run {run_id}")
    return run


def _job_run(_: Body, job: str, run_id: str) -> Any:
    run = _run_of(job, run_id)
    return {"state": run.status, "error": getattr(run, "error", None), "log": getattr(run, "log", None)}


def _set_job_run(body: Body, job: str, run_id: str) -> Any:
    run = _run_of(job, run_id)
    _check(body, _JOB_RUN, "job-runs")
    glue_jobs.set_course(run, body)
    return {"state": run.status}


def _set_workflow_run(body: Body, workflow: str, run_id: str) -> Any:
    runs = _glue_with("workflows", workflow, "Glue workflow").workflows[workflow].runs
    if run_id not in runs:
        raise _Refused(404, f"Glue workflow {workflow} has no run {run_id}")
    _check(body, _WORKFLOW_RUN, "workflow-runs")
    glue_workflows.set_course(runs[run_id], body)
    return {"status": runs[run_id].status}


def _set_crawler(body: Body, name: str) -> Any:
    crawler = _glue_with("crawlers", name, "Glue crawler").crawlers[name]
    _check(body, _CRAWLER, "crawlers")
    glue_crawlers.set_course(crawler, body.get("state", crawler.status), body.get("last_crawl"))
    return {"state": crawler.status}


def _set_execution(body: Body, identity: str) -> Any:
    for backend in athena_backends[ACCOUNT].values():
        if identity in backend.executions:
            _check(body, _EXECUTION, "executions")
            athena_queries.set_course(backend.executions[identity], body)
            return {"state": backend.executions[identity].status}
    raise _Refused(404, f"There is no Athena execution {identity}")
