"""What can go wrong around the engine, told apart where a caller acts on it."""

from __future__ import annotations

from dataclasses import dataclass

from etl.errors import DataLakeError


class EngineError(DataLakeError):
    """The engine could not do what it was asked to."""


class StackBusy(EngineError):
    """Another operation is at work on the same stack."""


@dataclass(frozen=True)
class Violation:
    """A finding of the policy pack: which resource breaks which control, and how to repair it.

    `message` is the pack's own text; `mandatory` findings stop the operation, others inform.
    """

    policy: str
    urn: str
    message: str
    mandatory: bool

    @property
    def resource(self) -> str:
        """The resource as people name it: its type and logical name; empty for the stack as a whole."""
        return f"{self.urn.split('::')[-2].split('$')[-1]} {self.urn.split('::')[-1]}" if self.urn else ""


class PolicyViolation(EngineError):
    """The policy pack stopped the operation; nothing of it was carried out."""

    def __init__(self, stack: str, violations: tuple[Violation, ...]) -> None:
        self.violations = violations
        count = len(violations)
        lines = "\n".join(f"  ✗ {violation.message}" for violation in violations)
        super().__init__(
            f"the policy pack stopped stack {stack}: {count} finding{'s' if count != 1 else ''}\n{lines}",
            fix="change the program or the settings as each finding says",
        )
