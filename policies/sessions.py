"""One graph and one set of outcomes for each analysis of a stack, shared by the policies that report them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from threading import local
from typing import Any

from pulumi_policy import PolicyResource

from policies.controls.control import Control
from policies.evaluation import Outcome, evaluate
from policies.graph.build import resources_of
from policies.graph.inputs import SeenInputs
from policies.graph.model import Graph, Resource
from policies.levels import Level, Setting

_PRODUCTION = ("prod", "production")


class Session:
    """The analysis of one state of one stack.

    `bindings` are how the engine was told that policies bind, by policy name: `enforcementLevel` and
    `unverified`; a policy nobody spoke of binds as its control says.
    """

    def __init__(self, resources: tuple[Resource, ...], bindings: Mapping[str, Mapping[str, Any]]) -> None:
        self.graph = Graph(resources)
        self.outcomes: dict[str, Outcome] = {}
        self._bindings = bindings

    def outcome(self, control: Control) -> Outcome:
        """Say what a control says of the stack; worked out once."""
        known = self.outcomes.get(control.id)
        if known is None:
            owner = self._bindings.get(control.name, {}).get("accountSettingsOf", "")
            known = self.outcomes[control.id] = evaluate(control, self.graph, str(owner))
        return known

    def setting(self, control: Control, config: Mapping[str, Any] | None = None) -> Setting:
        """Say how a control binds in this analysis; `config` is what the engine told its policy."""
        binding = {**self._bindings.get(control.name, {}), **(config or {})}
        level = Level.ADVISORY if control.advisory else Level.MANDATORY
        unverified = binding.get("unverified", "")
        production = self.graph.stack in _PRODUCTION and not control.advisory
        return Setting(
            Level(binding.get("enforcementLevel", level)),
            unverified_fails=unverified == "fail" if unverified in ("fail", "warn") else production,
        )


class Sessions(local):
    """The analysis that each of the SDK's threads is in the middle of."""

    def __init__(self, seen: SeenInputs) -> None:
        self.seen = seen
        self._current: Session | None = None
        self.lone: Graph | None = None
        """The one resource that is about to be created, while its policies are asked about it."""

    @contextmanager
    def analysis(
        self, resources: tuple[Resource, ...], bindings: Mapping[str, Mapping[str, Any]]
    ) -> Iterator[Session]:
        """Hold one analysis open for the policies that this thread calls inside the block."""
        self._current = Session(resources, bindings)
        try:
            yield self._current
        finally:
            self._current = None

    @contextmanager
    def before_creation(self, graph: Graph) -> Iterator[None]:
        """Hold one resource ready for the policies that this thread calls inside the block."""
        self.lone = graph
        try:
            yield
        finally:
            self.lone = None

    def of(self, stack: Sequence[PolicyResource]) -> Session:
        """Return the session that a policy was called in; one of its own where no analysis is open."""
        return self._current or Session(resources_of(stack, self.seen), {})
