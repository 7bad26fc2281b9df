"""What the pack does not look at: types of lake services that no family of controls knows."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator

from policies.controls.control import Category, Control, Judgement, Severity, fails, passes, unverified
from policies.controls.settings import each, setting
from policies.graph.kinds import KIND_OF, Kind
from policies.graph.known_types import LAKE_SERVICES, NOTHING_TO_JUDGE, OTHER_CLOUDS, service_of
from policies.graph.model import Graph, Resource
from policies.graph.values import Unknown

# What a template may make though nobody sees it: it shows data that is judged where it comes from.
_SHOWS = frozenset(
    f"AWS::{name}"
    for name in (
        "CloudWatch::Dashboard",
        "QuickSight::Analysis",
        "QuickSight::Dashboard",
        "QuickSight::Theme",
    )
)


def _coverage(graph: Graph) -> Iterator[Judgement]:
    count = Counter(resource.token for resource in graph.resources)
    reported: set[str] = set()
    for resource in sorted(graph.resources, key=lambda r: r.urn):
        token = resource.token
        foreign = token.partition(":")[0] in OTHER_CLOUDS
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


def _templates(graph: Graph, stack: Resource) -> Iterator[Judgement]:
    del graph
    body = setting(stack, "templateBody")
    if isinstance(body, Unknown) or not isinstance(body, str):
        why = "is not known yet" if isinstance(body, Unknown) else "lies elsewhere (templateUrl)"
        yield unverified(stack, f"what its template makes is not judged: it {why}")
        return
    try:
        made = json.loads(body)["Resources"].values()
        types = Counter(str(resource["Type"]) for resource in made)
    except (ValueError, KeyError, TypeError, AttributeError):
        yield unverified(stack, "what its template makes is not judged: the pack reads templates in JSON")
        return
    past = ", ".join(sorted(kind for kind in types if kind not in _SHOWS))
    if past:
        yield fails(stack, f"its template makes {past}, which no control of this pack gets to see")


_STACK = frozenset({Kind.CLOUDFORMATION_STACK})

CONTROLS = (
    Control(
        id="DL-COV-02",
        name="template-coverage",
        title="CloudFormation templates make nothing that the pack judges elsewhere",
        severity=Severity.HIGH,
        category=Category.GOVERNANCE,
        why="A public bucket in a template passes every control that looks at buckets.",
        fix="Declare what it makes as resources of the program; dashboards may stay in it, as JSON.",
        judge=each(_templates, Kind.CLOUDFORMATION_STACK),
        kinds=_STACK,
        alone=_STACK,
    ),
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
