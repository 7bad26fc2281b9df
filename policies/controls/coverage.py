"""What the pack does not look at: types of lake services that no family of controls knows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from policies.controls.control import Category, Control, Judgement, Severity, passes, unverified
from policies.graph.kinds import KIND_OF
from policies.graph.known_types import LAKE_SERVICES, NOTHING_TO_JUDGE, service_of
from policies.graph.model import Graph


def _coverage(graph: Graph) -> Iterator[Judgement]:
    count = Counter(resource.token for resource in graph.resources)
    reported: set[str] = set()
    for resource in sorted(graph.resources, key=lambda r: r.urn):
        token = resource.token
        foreign = token.startswith("aws-native:")
        if token in KIND_OF or token in NOTHING_TO_JUDGE:
            yield passes(resource)
        elif (foreign or service_of(token) in LAKE_SERVICES) and token not in reported:
            reported.add(token)
            reason = (
                "the pack reads the aws provider only"
                if foreign
                else "no control of this pack knows the type"
            )
            many = f"{count[token]} resources" if count[token] > 1 else "1 resource"
            yield unverified(resource, f"{many} of type {token} not judged: {reason}")


CONTROLS = (
    Control(
        id="DL-COV-01",
        name="lake-type-coverage",
        title="Every type of a lake service is known to the pack",
        severity=Severity.LOW,
        category=Category.GOVERNANCE,
        why="A gate that skips what it does not know passes by not looking.",
        fix="Review it by hand, or add a family for it under controls/ and its tokens to graph/kinds.py.",
        judge=_coverage,
        kinds=frozenset(),
        advisory=True,
    ),
)
