"""What the engine's events say while it works, and what they add up to."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from pulumi.automation.events import DiagnosticEvent, EngineEvent, PolicyEvent, StepEventMetadata

from local.console import Step
from local.engine.errors import Violation

DONE = {
    "create": "created",
    "update": "updated",
    "delete": "deleted",
    "replace": "replaced",
    "read": "read",
    "refresh": "refreshed",
    "import": "imported",
    "same": "unchanged",
}
"""The engine's operations, most telling first, and what is said of a resource on which one was done."""

POLICY_HOST = "using pulumi-analyzer-policy-python from $PATH"
"""The engine's notice that it starts the policy host we gave it."""

_QUIET = {"create-replacement", "delete-replaced", "discard", "discard-replaced", "remove-pending-replace"}
_PLANNED = {"create": "to create", "update": "to update", "delete": "to delete", "replace": "to replace"}


@dataclass
class Feed:
    """The account of one operation, kept from its events; draws onto `step` as they come.

    `changes` counts resources by the engine's operation (`create`, `same`, …), `touched` lists (operation,
    URN) without the unchanged; `errors` and `warnings` are the engine's and the providers' own words, each
    with its resource.
    """

    step: Step | None = None
    planning: bool = False
    changes: Counter[str] = field(default_factory=Counter)
    touched: list[tuple[str, str]] = field(default_factory=list)
    violations: list[Violation] = field(default_factory=list)
    packs: dict[str, str] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def __call__(self, event: EngineEvent) -> None:
        """Take in one event."""
        if event.resource_pre_event is not None:
            metadata = event.resource_pre_event.metadata
            if self.planning:
                self._finished(metadata)
            elif _operation(metadata) != "same":
                self._show(readable(metadata.urn))
        elif event.res_outputs_event is not None and not self.planning:
            self._finished(event.res_outputs_event.metadata)
        elif event.policy_event is not None:
            self._judged(event.policy_event)
        elif event.diagnostic_event is not None:
            self._diagnosed(event.diagnostic_event)
        elif event.summary_event is not None:
            self.packs.update(event.summary_event.policy_packs)

    def summary(self) -> str:
        """Say in a few words what was done or is planned, most telling first."""
        spoken = _PLANNED if self.planning else DONE
        words = [
            f"{self.changes[name]} {spoken.get(name, DONE[name])}" for name in DONE if self.changes[name]
        ]
        return " · ".join(words) or "nothing to do"

    @property
    def changed(self) -> bool:
        """Whether anything was or would be changed."""
        return bool(self.touched)

    def _finished(self, metadata: StepEventMetadata) -> None:
        operation = _operation(metadata)
        if (
            operation in _QUIET
            or metadata.type in ("pulumi:pulumi:Stack",)
            or metadata.type.startswith("pulumi:providers:")
        ):
            return
        self.changes[operation] += 1
        if operation not in ("same", "read", "refresh"):
            self.touched.append((operation, metadata.urn))
            if self.step is not None and not self.planning:
                self.step.log(f"{DONE.get(operation, operation)} {readable(metadata.urn)}")
        self._show(readable(metadata.urn))

    def _judged(self, event: PolicyEvent) -> None:
        violation = Violation(
            policy=event.policy_name,
            urn=event.resource_urn or "",
            message=_finding(_plain(event.message)),
            mandatory=event.enforcement_level == "mandatory",
        )
        if violation not in self.violations:
            self.violations.append(violation)

    def _diagnosed(self, event: DiagnosticEvent) -> None:
        message = _plain(event.message).removeprefix("error: ").removeprefix("warning: ")
        if event.severity not in ("error", "warning") or not message or POLICY_HOST in message:
            return
        subject = readable(event.urn) if event.urn else ""
        text = (
            message if not subject or "pulumi:pulumi:Stack" in (event.urn or "") else f"{subject}: {message}"
        )
        told = self.errors if event.severity == "error" else self.warnings
        if text not in told:
            told.append(text)

    def _show(self, current: str) -> None:
        if self.step is not None:
            self.step.update(f"{self.summary()} — {current}" if self.changes else current)


def readable(urn: str) -> str:
    """Name a resource as people do: the last part of its type and its logical name."""
    parts = urn.split("::")
    return f"{parts[-2].split('$')[-1].split(':')[-1]} {parts[-1]}" if len(parts) >= 4 else urn


def _operation(metadata: StepEventMetadata) -> str:
    return str(getattr(metadata.op, "value", metadata.op))


def _finding(message: str) -> str:
    """Drop the policy's own description, which the engine puts on a line before the finding."""
    head, _, rest = message.partition("\n")
    return rest or head


def _plain(message: str) -> str:
    """Drop the engine's colour marks, such as `<{%fg 1%}>`."""
    while (start := message.find("<{%")) >= 0 and (end := message.find("%}>", start)) >= 0:
        message = message[:start] + message[end + 3 :]
    return message.strip()
