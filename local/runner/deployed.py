"""The workflow as it was deployed: triggers, predicates and actions read back through Glue's API.

Source: AWS Glue API reference, pages Trigger, Predicate, Condition and Action.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from local.aws import Cloud
from local.runner.errors import RunnerError
from local.runner.report import NodeKind

STARTING_TYPES = ("EVENT", "ON_DEMAND", "SCHEDULED")
JOB_STATES = ("SUCCEEDED", "STOPPED", "FAILED", "TIMEOUT")
CRAWL_STATES = ("SUCCEEDED", "CANCELLED", "FAILED")
CRAWLERS_A_TRIGGER = 2
"""How many crawlers AWS lets one trigger start. https://docs.aws.amazon.com/glue/latest/dg/about-triggers.html"""


@dataclass(frozen=True)
class Node:
    """A job or a crawler, by name."""

    kind: NodeKind
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


@dataclass(frozen=True)
class Action:
    """What a trigger starts: the node, the arguments it overlays and the timeout (minutes) it imposes."""

    node: Node
    arguments: Mapping[str, str] = field(default_factory=dict)
    timeout_minutes: int | None = None


@dataclass(frozen=True)
class Condition:
    """A node that must have reached a state in this run."""

    node: Node
    state: str

    def __str__(self) -> str:
        return f"{self.node} {self.state}"


@dataclass(frozen=True)
class Trigger:
    """A trigger of the workflow; `conditions` is empty for the one that starts it."""

    name: str
    type: str
    state: str
    actions: tuple[Action, ...]
    logical: Literal["AND", "ANY"]
    conditions: tuple[Condition, ...]

    @property
    def starts(self) -> bool:
        """Whether this trigger starts the workflow."""
        return self.type in STARTING_TYPES

    @property
    def active(self) -> bool:
        """Whether Glue would let it fire: a conditional trigger must have been activated.

        EVENT and ON_DEMAND triggers cannot be activated (they stay `CREATED`) and fire nevertheless.
        """
        return self.starts or self.state == "ACTIVATED"


@dataclass(frozen=True)
class Workflow:
    """A deployed workflow with its triggers in name order."""

    name: str
    triggers: tuple[Trigger, ...]
    max_concurrent_runs: int | None

    @property
    def nodes(self) -> tuple[Node, ...]:
        """Every node that some action of the workflow can start."""
        return tuple(dict.fromkeys(action.node for trigger in self.triggers for action in trigger.actions))


def load(cloud: Cloud, name: str) -> Workflow:
    """Read one workflow back.

    Raises:
        RunnerError: The workflow does not exist, has no starting trigger or more than one, or a trigger is
            of a form that Glue rejects (a condition without operator, a state that does not exist).

    """
    glue = cloud.client("glue")
    try:
        found = glue.get_workflow(Name=name)["Workflow"]
    except glue.exceptions.EntityNotFoundException as error:
        raise RunnerError(
            f"no workflow {name} in the emulator", where=f"glue workflow {name}", fix="deploy the stack first"
        ) from error
    triggers = tuple(
        sorted(
            (parse_trigger(raw) for raw in _triggers(cloud) if raw.get("WorkflowName") == name),
            key=lambda trigger: trigger.name,
        )
    )
    starting = [trigger.name for trigger in triggers if trigger.starts]
    if len(starting) != 1:
        have = ", ".join(starting) or "none"
        raise RunnerError(
            f"workflow {name} has {len(starting)} starting triggers ({have}); Glue wants exactly one",
            where=f"glue workflow {name}",
            fix="give the workflow one trigger of type EVENT, ON_DEMAND or SCHEDULED",
        )
    return Workflow(name, triggers, found.get("MaxConcurrentRuns"))


def names(cloud: Cloud) -> tuple[str, ...]:
    """Return the names of all deployed workflows, sorted."""
    found: list[str] = []
    token: str | None = None
    glue = cloud.client("glue")
    while True:
        page = glue.list_workflows(**({"NextToken": token} if token else {}))
        found += page.get("Workflows", [])
        token = page.get("NextToken")
        if not token:
            return tuple(sorted(found))


def _triggers(cloud: Cloud) -> Iterable[Mapping[str, Any]]:
    pages = cloud.client("glue").get_paginator("get_triggers").paginate()
    return (trigger for page in pages for trigger in page["Triggers"])


def parse_trigger(raw: Mapping[str, Any]) -> Trigger:
    """One trigger from the shape of `get_trigger`.

    Raises:
        RunnerError: It has no action or too many crawlers, or its predicate is incomplete.

    """
    name = raw["Name"]
    where = f"glue trigger {name}"
    actions = tuple(_action(action, where) for action in raw.get("Actions", []))
    if not actions:
        raise RunnerError(f"trigger {name} starts nothing", where=where, fix="give it an action")
    crawlers = sum(action.node.kind is NodeKind.CRAWLER for action in actions)
    if crawlers > CRAWLERS_A_TRIGGER:
        raise RunnerError(
            f"trigger {name} starts {crawlers} crawlers; Glue lets a trigger start {CRAWLERS_A_TRIGGER}",
            where=where,
            fix="give the others a trigger of their own",
        )
    predicate = raw.get("Predicate") or {}
    conditions = tuple(_condition(condition, where) for condition in predicate.get("Conditions", []))
    if raw["Type"] == "CONDITIONAL" and not conditions:
        raise RunnerError(
            f"conditional trigger {name} has no condition", where=where, fix="give its predicate a condition"
        )
    logical = predicate.get("Logical") or "AND"
    if logical not in ("AND", "ANY"):
        raise RunnerError(f"trigger {name}: Logical is {logical!r}", where=where, fix="use AND or ANY")
    return Trigger(
        name,
        raw["Type"],
        raw.get("State", "CREATED"),
        actions,
        "ANY" if logical == "ANY" else "AND",
        conditions,
    )


def _action(raw: Mapping[str, Any], where: str) -> Action:
    if bool(raw.get("JobName")) == bool(raw.get("CrawlerName")):
        raise RunnerError(
            "an action names a job or a crawler, exactly one of both", where=where, fix="correct the action"
        )
    if raw.get("CrawlerName"):
        return Action(Node(NodeKind.CRAWLER, raw["CrawlerName"]), timeout_minutes=raw.get("Timeout"))
    return Action(
        Node(NodeKind.JOB, raw["JobName"]), dict(raw.get("Arguments") or {}), raw.get("Timeout") or None
    )


def _condition(raw: Mapping[str, Any], where: str) -> Condition:
    if raw.get("LogicalOperator") != "EQUALS":
        raise RunnerError(
            f"a condition's LogicalOperator is {raw.get('LogicalOperator')!r}",
            where=where,
            fix="set it to EQUALS: Glue demands it also for one condition",
        )
    allowed: tuple[str, ...]
    if raw.get("JobName"):
        node, state, allowed = Node(NodeKind.JOB, raw["JobName"]), raw.get("State"), JOB_STATES
    elif raw.get("CrawlerName"):
        node, state, allowed = Node(NodeKind.CRAWLER, raw["CrawlerName"]), raw.get("CrawlState"), CRAWL_STATES
    else:
        raise RunnerError("a condition names neither job nor crawler", where=where, fix="name one")
    if state not in allowed:
        raise RunnerError(
            f"a condition waits for {node} to be {state!r}, which never happens",
            where=where,
            fix=f"use one of {', '.join(allowed)}",
        )
    return Condition(node, str(state))
