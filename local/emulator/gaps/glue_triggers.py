"""AWS Glue triggers: updates, the life cycle that AWS allows, and one starting trigger a workflow."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.glue.exceptions import EntityNotFoundException, InvalidInputException
from moto.glue.models import FakeTrigger, GlueBackend
from moto.glue.responses import GlueResponse
from moto.glue.utils import Action, Predicate

from local.emulator.gaps.extend import add, replace
from local.emulator.gaps.glue_catalog import already_exists, forget_tags

DEFAULT_WINDOW_SECONDS = 900


def update_trigger(self: Any) -> ActionResult:
    """Replaces a trigger's whole definition; type, workflow and state stay."""
    name, definition = self._get_param("Name"), self._get_param("TriggerUpdate")
    trigger = self.glue_backend.get_trigger(name)
    predicate = definition.get("Predicate")
    if trigger.trigger_type == "CONDITIONAL" and not predicate:
        raise InvalidInputException("UpdateTrigger", "Predicate cannot be null or empty")
    trigger.description = definition.get("Description")
    trigger.schedule = definition.get("Schedule")
    trigger.actions = [Action(inputs) for inputs in definition.get("Actions", [])]
    trigger.predicate = Predicate(predicate) if predicate else None
    trigger.event_batching_condition = definition.get("EventBatchingCondition")
    return ActionResult({"Trigger": trigger.as_dict()})


def start_trigger(self: Any) -> None:
    """Activates a SCHEDULED or CONDITIONAL trigger, or fires an ON_DEMAND one."""
    if self.trigger_type == "EVENT":
        raise InvalidInputException("StartTrigger", "Trigger Type EVENT cannot be started")
    if self.trigger_type != "ON_DEMAND":
        self.state = "ACTIVATED"
    elif self.workflow_name:
        self.backend.start_workflow_run(self.workflow_name, None)
    else:
        for action in self.actions:
            if action.job_name:
                self.backend.get_job(action.job_name).start_job_run(**_options(action))
            else:
                self.backend.start_crawler(action.crawler_name)


def stop_trigger(self: Any) -> None:
    """Deactivates a trigger that was activated."""
    if self.state == "CREATED":
        raise InvalidInputException(
            "StopTrigger", "The operation is not allowed when trigger is in state: CREATED"
        )
    self.state = "DEACTIVATED"


def _options(action: Action) -> dict[str, Any]:
    names = ("allocated_capacity", "max_capacity", "worker_type", "number_of_workers", "previous_run_id")
    return dict.fromkeys(names) | {
        "timeout": action.timeout,
        "security_configuration": action.security_configuration,
        "notification_property": action.notification_property,
        "arguments": action.arguments,
    }


def install() -> None:
    """Extends moto's Glue."""

    def create_trigger(self: Any) -> ActionResult:
        name, kind = self._get_param("Name"), self._get_param("Type")
        backend = self.glue_backend
        if name in backend.triggers:
            raise already_exists("Trigger", name)
        if self._get_param("StartOnCreation") and kind in ("ON_DEMAND", "EVENT"):
            raise InvalidInputException("CreateTrigger", f"Trigger Type {kind} cannot be started")
        workflow = self._get_param("WorkflowName")
        if workflow:
            if workflow not in backend.workflows:
                raise EntityNotFoundException(f"Workflow {workflow} not found")
            starts = [t.name for t in backend.triggers.values() if _begins(t, workflow)]
            if kind != "CONDITIONAL" and starts:
                said = f"Workflow {workflow} already has a starting trigger {starts[0]}"
                raise InvalidInputException("CreateTrigger", said)
        if kind == "EVENT" and not workflow:
            raise InvalidInputException(
                "CreateTrigger", "WorkflowName is required for a trigger of Type EVENT"
            )
        answer: ActionResult = create(self)
        return answer

    def read_predicate(self: Any, inputs: dict[str, Any]) -> None:
        if not inputs.get("Logical") and len(inputs.get("Conditions", [])) > 1:
            raise InvalidInputException("CreateTrigger", "Logical cannot be null or empty")
        read(self, {"Logical": "AND", **inputs})

    def trigger_as_dict(self: Any) -> dict[str, Any]:
        answer: dict[str, Any] = as_dict(self)
        if self.event_batching_condition:
            answer["EventBatchingCondition"] = {
                "BatchWindow": DEFAULT_WINDOW_SECONDS,
                **self.event_batching_condition,
            }
        return answer

    def delete_trigger(self: Any, name: str) -> None:
        trigger = self.triggers.get(name)
        delete(self, name)
        if trigger:
            forget_tags(self, trigger.arn)

    add(GlueResponse, update_trigger)
    create = replace(GlueResponse, "create_trigger", create_trigger)
    read = replace(Predicate, "__init__", read_predicate)
    as_dict = replace(FakeTrigger, "as_dict", trigger_as_dict)
    replace(FakeTrigger, "start_trigger", start_trigger)
    replace(FakeTrigger, "stop_trigger", stop_trigger)
    delete = replace(GlueBackend, "delete_trigger", delete_trigger)


def _begins(trigger: Any, workflow: str) -> bool:
    return bool(trigger.workflow_name == workflow and trigger.trigger_type != "CONDITIONAL")
