"""What a walked workflow run tells: nodes, states, seconds, job summaries and triggers that stayed silent."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class NodeKind(StrEnum):
    """The two kinds of work a Glue trigger can start."""

    JOB = "job"
    CRAWLER = "crawler"


@dataclass(frozen=True)
class CrawlDrift:
    """One difference between the catalog and what lies in the bucket.

    `kind` is one of `missing-column`, `new-column`, `column-order`, `type-change`, `unexpected-file`,
    `unreadable-file`, `unregistered-partition`, `empty-partition`, `missing-table`.
    """

    table: str
    kind: str
    detail: str
    location: str


@dataclass(frozen=True)
class NodeReport:
    """One crawler or job of a run, as it ended.

    `state` is Glue's own word (`SUCCEEDED`, `FAILED`, `TIMEOUT`, `STOPPED`); `seconds` is wall time over all
    attempts; `summary` is the object under `run` in the job's last JSON line, or the crawl's counts.
    """

    kind: NodeKind
    name: str
    state: str
    seconds: float
    run_id: str | None = None
    attempts: int = 1
    summary: Mapping[str, Any] | None = None
    drift: tuple[CrawlDrift, ...] = ()
    error: str | None = None
    notes: tuple[str, ...] = ()

    @property
    def succeeded(self) -> bool:
        """Whether the node reached `SUCCEEDED`."""
        return self.state == "SUCCEEDED"


@dataclass(frozen=True)
class TriggerReport:
    """One trigger of the workflow: whether it fired in this run and, if not, why."""

    name: str
    type: str
    fired: bool
    reason: str


@dataclass(frozen=True)
class WorkflowReport:
    """One workflow run from its first trigger to the last node that anything started.

    `status` is Glue's: `COMPLETED` also when nodes failed (its statistics say so), `ERROR` when the run could
    not be walked at all.
    """

    workflow: str
    run_id: str
    status: str
    seconds: float
    nodes: tuple[NodeReport, ...]
    triggers: tuple[TriggerReport, ...]
    properties: Mapping[str, str]
    error: str | None = None

    @property
    def succeeded(self) -> bool:
        """Whether the run completed and every node that ran succeeded."""
        return self.status == "COMPLETED" and bool(self.nodes) and all(node.succeeded for node in self.nodes)

    @property
    def silent_triggers(self) -> tuple[TriggerReport, ...]:
        """Triggers that did not fire in this run."""
        return tuple(trigger for trigger in self.triggers if not trigger.fired)

    def node(self, name: str) -> NodeReport | None:
        """Return the report of the named node, or None when nothing started it."""
        return next((node for node in self.nodes if node.name == name), None)

    def statistics(self) -> dict[str, int]:
        """Glue's `WorkflowRunStatistics` of this run."""
        states = [node.state for node in self.nodes]
        return {
            "TotalActions": len(states),
            "SucceededActions": states.count("SUCCEEDED"),
            "FailedActions": states.count("FAILED"),
            "TimeoutActions": states.count("TIMEOUT"),
            "StoppedActions": states.count("STOPPED"),
            "RunningActions": 0,
            "ErroredActions": states.count("ERROR"),
        }
