"""Events for Glue workflows: collected by the workflow's EVENT trigger and turned into workflow runs.

As on AWS, EventBridge assumes the target's role and calls `glue:NotifyEvent`; a role that may not is a
failed delivery. The trigger's EventBatchingCondition decides when a run starts: at BatchSize events at
once, or at the end of the batch window, which here is the moment the control API is told to flush.
https://docs.aws.amazon.com/glue/latest/dg/starting-workflow-eventbridge.html
"""

from __future__ import annotations

import datetime
import re
import time
from collections import deque
from typing import Any

from moto.glue.exceptions import ConcurrentRunsExceededException
from moto.glue.models import GlueBackend, glue_backends
from moto.iam.models import iam_backends
from moto.utilities.utils import get_partition

from etl.errors import DataLakeError
from local.emulator.policy_documents import Caller, Request, decide, parse

FAILURES_KEPT = 100
failures: deque[dict[str, Any]] = deque(maxlen=FAILURES_KEPT)
_WORKFLOW = re.compile(r"arn:[^:]+:glue:([^:]+):(\d{12}):workflow/(.+)")


class DeliveryError(DataLakeError):
    """An event reached a rule but could not reach the rule's target."""


def is_workflow(arn: str) -> bool:
    """Tells whether a target is a Glue workflow."""
    return _WORKFLOW.fullmatch(arn) is not None


def failed(rule: Any, target: dict[str, Any], event: dict[str, Any], failure: Exception) -> None:
    """Notes a failed delivery for the control API."""
    failures.append(
        {"rule": rule.name, "target": target["Arn"], "event": event.get("id"), "error": str(failure)}
    )


def to_workflow(rule: Any, target: dict[str, Any], event: dict[str, Any]) -> None:
    """Hands an event to the target workflow's EVENT trigger; a full batch starts a run."""
    found = _WORKFLOW.fullmatch(target["Arn"])
    assert found is not None
    region, account, name = found.groups()
    _check_role(rule, target, account, region)
    backend = glue_backends[account][region]
    if name not in backend.workflows:
        raise DeliveryError(f"There is no Glue workflow {name}")
    trigger = _starting(backend, name)
    if trigger is None:
        raise DeliveryError(
            f"Glue workflow {name} has no EVENT trigger to receive events",
            fix="give the workflow's first trigger type EVENT",
        )
    waiting(trigger).append(event)
    size = (trigger.event_batching_condition or {}).get("BatchSize", 1)
    if len(waiting(trigger)) >= size:
        _start(backend, trigger)


def waiting(trigger: Any) -> list[dict[str, Any]]:
    """Returns the events of a trigger's open batch, oldest first."""
    return trigger.__dict__.setdefault("waiting_events", [])  # type: ignore[no-any-return]


def pending(account: str, workflow: str) -> list[dict[str, Any]] | None:
    """Returns the events that wait for a workflow's next run, or None if no region has such a workflow."""
    for backend in glue_backends[account].values():
        if workflow in backend.workflows:
            trigger = _starting(backend, workflow)
            return list(waiting(trigger)) if trigger else []
    return None


def flush(account: str) -> list[dict[str, Any]]:
    """Ends every open batch window; returns the runs that started: workflow, run_id, events."""
    started = []
    for backend in glue_backends[account].values():
        for trigger in backend.triggers.values():
            if (
                trigger.trigger_type == "EVENT"
                and waiting(trigger)
                and trigger.workflow_name in backend.workflows
            ):
                started += _start(backend, trigger)
    return started


def _starting(backend: GlueBackend, workflow: str) -> Any:
    of_workflow = (
        t for t in backend.triggers.values() if t.workflow_name == workflow and t.trigger_type == "EVENT"
    )
    return next(of_workflow, None)


def _start(backend: GlueBackend, trigger: Any) -> list[dict[str, Any]]:
    events = list(waiting(trigger))
    ids = ", ".join(str(event["id"]) for event in events)
    try:
        run_id = backend.start_workflow_run(trigger.workflow_name, {"aws:eventIds": f"[{ids}]"})
    except ConcurrentRunsExceededException:
        return []  # the events wait for the runs to end
    waiting(trigger).clear()
    run: Any = backend.workflows[trigger.workflow_name].runs[run_id]
    open_for = time.time() - datetime.datetime.fromisoformat(events[0]["time"]).timestamp()
    run.starting_batch = {"BatchSize": len(events), "BatchWindow": max(0, int(open_for))}
    return [{"workflow": trigger.workflow_name, "run_id": run_id, "events": events}]


def _check_role(rule: Any, target: dict[str, Any], account: str, region: str) -> None:
    arn = target.get("RoleArn", "")
    roles = iam_backends[account][get_partition(region)].roles.values()
    role = next((role for role in roles if role.arn == arn), None)
    if role is None:
        raise DeliveryError(f"The role {arn or '(none)'} of the target does not exist")
    context = {"aws:SourceArn": rule.arn, "aws:SourceAccount": account}
    service = Caller(account, "events.amazonaws.com", service=True)
    assume = Request("sts:AssumeRole", arn, service, context)
    if decide(parse(role.assume_role_policy_document), assume) != "Allow":
        raise DeliveryError(f"The role {arn} does not trust events.amazonaws.com")
    notify = Request("glue:NotifyEvent", target["Arn"], Caller(account, arn, arn), context)
    if decide([s for document in _documents(role) for s in parse(document)], notify) != "Allow":
        raise DeliveryError(
            f"The role {arn} may not notify {target['Arn']}", fix="allow it glue:NotifyEvent on the workflow"
        )


def _documents(role: Any) -> list[str]:
    inline = [
        document if isinstance(document, str) else document["policy_document"]
        for document in role.policies.values()
    ]
    return inline + [policy.document for policy in role.managed_policies.values()]
