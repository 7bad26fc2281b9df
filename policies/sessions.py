"""One graph and one set of outcomes for each analysis of a stack.

The SDK deserialises the stack anew for every policy, so that policies of one analysis never see the same
objects, and comparing them by value each time would cost as much again. But it calls the policies of an
analysis on one thread, in the order of the pack: a place in that order that does not rise starts another.
"""

from __future__ import annotations

from collections.abc import Sequence
from threading import local

from pulumi_policy import PolicyResource

from policies.controls.control import Control
from policies.evaluation import Outcome, evaluate
from policies.graph.build import resources_of
from policies.graph.inputs import SeenInputs
from policies.graph.model import Graph, Resource


class Session:
    """The analysis of one state of one stack."""

    def __init__(self, resources: tuple[Resource, ...]) -> None:
        self.graph = Graph(resources)
        self.outcomes: dict[str, Outcome] = {}
        self.escalated: set[str] = set()
        self._urns = tuple(resource.urn for resource in resources)

    def is_of(self, stack: Sequence[PolicyResource]) -> bool:
        """Whether a stack has the same resources, whatever their properties."""
        return self._urns == tuple(resource.urn for resource in stack)

    def outcome(self, control: Control) -> Outcome:
        """Say what a control says of the stack; worked out once."""
        known = self.outcomes.get(control.id)
        if known is None:
            known = self.outcomes[control.id] = evaluate(control, self.graph)
        return known


class Sessions(local):
    """The analysis that each of the SDK's threads is in the middle of."""

    def __init__(self, seen: SeenInputs) -> None:
        self._seen = seen
        self._current: Session | None = None
        self._position = -1

    def of(self, stack: Sequence[PolicyResource], position: int) -> Session:
        """Return the session of the analysis that a policy was called in.

        Args:
            stack: The stack as the policy was given it.
            position: The policy's place in the pack.

        """
        session = self._current
        if session is None or position <= self._position or not session.is_of(stack):
            session = self._current = Session(resources_of(stack, self._seen))
        self._position = position
        return session

    def close(self) -> None:
        """End the analysis: whatever comes next on this thread is another one."""
        self._current = None
