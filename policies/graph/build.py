"""From what the SDK hands to a policy to resources of the graph."""

from __future__ import annotations

from collections.abc import Sequence

from pulumi_policy import PolicyResource, ResourceValidationArgs

from policies.graph.inputs import SeenInputs, merged
from policies.graph.model import Graph, Resource
from policies.graph.values import properties


def resources_of(stack: Sequence[PolicyResource], seen: SeenInputs) -> tuple[Resource, ...]:
    """Return the resources of a whole stack, with their edges and the inputs seen before."""
    return tuple(
        Resource(
            urn=raw.urn,
            name=raw.name,
            token=raw.resource_type,
            props=merged(properties(raw.props), seen.of(raw.urn)),
            parent=raw.parent.urn if raw.parent is not None else raw.opts.parent,
            dependencies=tuple(target.urn for target in raw.dependencies),
            property_dependencies={
                prop: tuple(target.urn for target in targets)
                for prop, targets in raw.property_dependencies.items()
            },
            protect=bool(raw.opts.protect),
            inputs=seen.of(raw.urn),
        )
        for raw in stack
    )


def lone_graph(args: ResourceValidationArgs) -> Graph:
    """Return a graph of the one resource that is about to be created or updated, from its inputs."""
    inputs = properties(args.props)
    resource = Resource(
        urn=args.urn,
        name=args.name,
        token=args.resource_type,
        props=inputs,
        parent=args.opts.parent,
        protect=bool(args.opts.protect),
        inputs=inputs,
    )
    return Graph((resource,))
