"""Stacks as graphs without the protocol, for tests that need many of them."""

from __future__ import annotations

from collections.abc import Sequence

from policies.controls.control import Control, Verdict
from policies.controls.registry import CONTROLS
from policies.evaluation import evaluate
from policies.graph.model import Graph, Resource
from policies.graph.values import properties
from tests.policies.protocol_support import PROJECT, STACK_TOKEN, Res

BY_ID = {control.id: control for control in CONTROLS}


def graph(stack: Sequence[Res], name: str = "dev", *, shown: bool = False) -> Graph:
    """The graph that the protocol would lead to; with `shown`, after the engine has shown the inputs."""
    everything = [Res(STACK_TOKEN, f"{PROJECT}-{name}"), *stack]
    urns = {res.name: res.urn(name) for res in everything}
    return Graph(
        tuple(
            Resource(
                urn=urns[res.name],
                name=res.name,
                token=res.token,
                props=properties(res.props),
                property_dependencies={
                    prop: tuple(urns[target] for target in targets) for prop, targets in res.deps.items()
                },
                parent=urns.get(res.parent),
                protect=res.protect,
                inputs=properties(res.inputs()) if shown else None,
            )
            for res in everything
        )
    )


def lone(res: Res, name: str = "dev") -> Graph:
    """The graph of one resource's inputs before it is created."""
    props = properties(res.inputs())
    return Graph((Resource(res.urn(name), res.name, res.token, props, inputs=props),))


def findings(control: Control, of: Graph) -> frozenset[tuple[str, str]]:
    """Verdict and resource of everything a control does not pass."""
    return frozenset(
        (j.verdict.value, j.resource.name)
        for j in evaluate(control, of).judgements
        if j.verdict in (Verdict.FAIL, Verdict.UNVERIFIED)
    )
