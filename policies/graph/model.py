"""Resources and the graph that joins them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import cached_property
from typing import Any, TypeVar

from policies.graph.arns import local_name, parse_arn
from policies.graph.kinds import IDENTITIES, KIND_OF, Kind
from policies.graph.values import Unknown, Value, at

T = TypeVar("T")

STACK_TOKEN = "pulumi:pulumi:Stack"
TEMPORARY_STACKS = ("dev", "local", "test", "sandbox")
PRODUCTION_STACKS = ("prod", "production")


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource of the stack: identity, plain properties in the provider's camelCase, edges by URN.

    `inputs` are what the program gave, where the engine showed them.
    """

    urn: str
    name: str
    token: str
    props: Mapping[str, Value]
    parent: str | None = None
    dependencies: tuple[str, ...] = ()
    property_dependencies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    protect: bool = False
    inputs: Mapping[str, Value] | None = None

    @property
    def kind(self) -> Kind | None:
        """The canonical kind, or `None` for types the pack has no controls for."""
        return KIND_OF.get(self.token)

    @property
    def region(self) -> str:
        """The region that the program put it in; empty where that is the provider's own."""
        # What the provider reports as the region of everything is no choice of the program's.
        region = (self.props if self.inputs is None else self.inputs).get("region")
        return region if isinstance(region, str) else ""

    def at(self, *path: str) -> Value:
        """Return the value under a path of properties; `None` where absent, `Unknown` where not known yet."""
        return at(dict(self.props), *path)

    def authored(self, prop: str) -> bool:
        """Whether the program is known to have given a property: by inputs, else by dependencies."""
        if self.inputs is not None:
            return self.inputs.get(prop) is not None
        return bool(self.property_dependencies.get(prop))

    def declares(self, prop: str) -> bool:
        """Whether the program, not the provider, gave a property, as far as can be told.

        Where inputs were not shown, a known value counts as given. What a provider computes shows as
        unknown too, but only an unknown that came from the program has resources it depends on beside it.
        """
        value = self.props.get(prop)
        if self.inputs is not None or isinstance(value, Unknown):
            return self.authored(prop) or (isinstance(value, Unknown) and bool(value.text))
        return value is not None

    def __str__(self) -> str:
        return f"{self.name} ({self.token})"


class Join(Enum):
    """How a property leads to another resource."""

    ABSENT = auto()
    FOUND = auto()
    EXTERNAL = auto()
    UNKNOWN = auto()


@dataclass(frozen=True, slots=True)
class Reference:
    """Where a property points: a resource of the stack, something outside it, or not known yet."""

    join: Join
    target: Resource | None = None


@dataclass(frozen=True)
class Graph:
    """All resources of one stack, with indexes that keep every join linear."""

    resources: tuple[Resource, ...]
    _derived: dict[Callable[[Graph], Any], Any] = field(default_factory=dict, compare=False, repr=False)

    def derived(self, derive: Callable[[Graph], T]) -> T:
        """Return what a function makes of the graph, worked out once for all controls that ask."""
        if derive not in self._derived:
            self._derived[derive] = derive(self)
        made: T = self._derived[derive]
        return made

    @cached_property
    def by_urn(self) -> Mapping[str, Resource]:
        """Resources by URN."""
        return {resource.urn: resource for resource in self.resources}

    @cached_property
    def _by_kind(self) -> Mapping[Kind, tuple[Resource, ...]]:
        grouped: defaultdict[Kind, list[Resource]] = defaultdict(list)
        for resource in self.resources:
            if resource.kind is not None:
                grouped[resource.kind].append(resource)
        return {kind: tuple(members) for kind, members in grouped.items()}

    @cached_property
    def _by_identity(self) -> Mapping[tuple[Kind, str], list[Resource]]:
        index: defaultdict[tuple[Kind, str], list[Resource]] = defaultdict(list)
        for kind, names in IDENTITIES.items():
            for resource in self.of(kind):
                values = (resource.props.get(name) for name in names)
                for value in {v: None for v in values if isinstance(v, str) and v}:
                    index[kind, value].append(resource)
        return index

    def of(self, *kinds: Kind) -> tuple[Resource, ...]:
        """Return the resources of some kinds, in the order of the stack within a kind."""
        return tuple(resource for kind in kinds for resource in self._by_kind.get(kind, ()))

    def named(self, kind: Kind, text: str, source: Resource | None = None) -> Resource | None:
        """Return the resource of a kind that a literal name, id or ARN means, if the stack has it.

        A name may be taken once a region: the ARN's own region decides, else the one of the resource
        that refers, else the stack's own (no `region`).
        """
        found = self._by_identity.get((kind, text)) or self._by_identity.get((kind, local_name(text)), [])
        if len(found) < 2:
            return found[0] if found else None
        arn = parse_arn(text)
        region = arn.region if arn is not None else source.region if source is not None else ""
        at_home = [resource for resource in found if not resource.region]
        return next((r for r in found if r.region and r.region == region), (at_home or found)[0])

    def follow(self, source: Resource, prop: str, *kinds: Kind, value: Value = None) -> Reference:
        """Where a property leads: by its literal value, else by the engine's property dependencies.

        Args:
            source: The resource that refers.
            prop: Its top-level property, which is what the engine records dependencies for.
            kinds: What the property may point to.
            value: The value to follow where it lies below `prop` or is one of several.

        """
        value = source.props.get(prop) if value is None else value
        if isinstance(value, str) and value:
            for kind in kinds:
                target = self.named(kind, value, source)
                if target is not None:
                    return Reference(Join.FOUND, target)
            return Reference(Join.EXTERNAL)
        if not isinstance(value, Unknown):
            return Reference(Join.ABSENT)
        targets = self.dependencies_of(source, prop, *kinds)
        return Reference(Join.FOUND, targets[0]) if len(targets) == 1 else Reference(Join.UNKNOWN)

    def dependencies_of(self, source: Resource, prop: str, *kinds: Kind) -> tuple[Resource, ...]:
        """Return the resources of some kinds that the engine recorded as inputs of a property."""
        found = (self.by_urn.get(urn) for urn in source.property_dependencies.get(prop, ()))
        return tuple(resource for resource in found if resource is not None and resource.kind in kinds)

    @property
    def stack(self) -> str:
        """The stack's name, from the URNs (`urn:pulumi:<stack>::<project>::…`); empty for an empty stack."""
        return self.resources[0].urn.split("::", 1)[0].rpartition(":")[2] if self.resources else ""

    @property
    def is_temporary(self) -> bool:
        """Whether the stack is one to be thrown away: dev, local, test or sandbox."""
        return self.stack in TEMPORARY_STACKS

    @property
    def is_production(self) -> bool:
        """Whether the stack is one that people rely on."""
        return self.stack in PRODUCTION_STACKS

    @property
    def project(self) -> str:
        """The project's name, from the URNs; empty for an empty stack."""
        parts = self.resources[0].urn.split("::") if self.resources else []
        return parts[1] if len(parts) > 1 else ""

    @cached_property
    def root_urn(self) -> str | None:
        """The URN of the stack resource itself, where findings without a resource are filed."""
        roots: Iterable[str] = (r.urn for r in self.resources if r.token == STACK_TOKEN)
        return next(iter(roots), self.resources[0].urn if self.resources else None)
