"""Names by which resources call one another: they lead somewhere, and to the same region."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from policies.controls.control import (
    Category,
    Control,
    Judgement,
    Severity,
    fails,
    not_applicable,
    passes,
    settle,
    unverified,
)
from policies.graph.accounts import home_account, home_region
from policies.graph.arns import local_name, parse_arn
from policies.graph.kinds import IDENTITIES, Kind
from policies.graph.model import Graph, Join, Resource
from policies.graph.references import (
    REFERENCES,
    SAME_REGION,
    Named,
    bucket_of,
    is_invented,
    names_in,
    values_at,
)
from policies.graph.values import Unknown

_ALIKE, _TELLING = 0.8, 4
_BY_ID = (
    Kind.VPC,
    Kind.SUBNET,
    Kind.SECURITY_GROUP,
    Kind.ROUTE_TABLE,
    Kind.VPC_ENDPOINT,
    Kind.KMS_KEY,
    Kind.QUICKSIGHT_VPC_CONNECTION,
)
# What is nothing but part of the stack's own tables and places.
_OWN_ONLY = (Kind.LF_CELLS_FILTER, Kind.LF_LOCATION)
# Where code comes from, and where results and what spills go.
_PLACES: dict[Kind, tuple[str, ...]] = {
    Kind.ATHENA_WORKGROUP: ("configuration.resultConfiguration.outputLocation",),
    Kind.GLUE_JOB: ("command.scriptLocation", "defaultArguments.*"),
}


def _resolve(graph: Graph) -> Iterator[Judgement]:
    for resource in graph.of(*REFERENCES):
        problems = (_problem(graph, resource, named) for named in names_in(graph, resource))
        yield from settle(resource, (problem for problem in problems if problem is not None))


def _problem(graph: Graph, resource: Resource, named: Named) -> Judgement | None:
    if named.reference.join is Join.FOUND:
        return None
    own = graph.of(*named.kinds)
    what = named.kinds[0].value.partition(".")[2]
    if isinstance(named.value, Unknown):
        # A stack that has none of its own leaves them to others.
        text = f"{named.path} is not known yet and leads to no {what} of the stack"
        return unverified(resource, text) if own else None
    return _misnamed(graph, resource, named, str(named.value), what)


def _misnamed(graph: Graph, resource: Resource, named: Named, value: str, what: str) -> Judgement | None:
    own = graph.of(*named.kinds)
    if named.kinds[0] in _BY_ID and not is_invented(value) and parse_arn(value) is None:
        return fails(resource, f"{named.path} is '{value}', which is no id of a {what}")
    if named.kinds[0] in _OWN_ONLY:
        text = f"{named.path} names {value}, a {what} that the stack does not have"
        return fails(resource, text) if own else None
    name = bucket_of(value) if value.startswith("s3://") else local_name(value)
    near = None if _is_foreign(graph, value) else _nearest(name, _names(own))
    if near is None:
        return None
    text = f"{named.path} names {value}: the stack has no such {what}, but it has {near}"
    return fails(resource, text, f"Correct {named.path}: {near} is what the stack has.")


def _nearest(name: str, known: list[str]) -> str | None:
    """Return the name of the stack that another is a misspelling of, or goes on from."""
    near = get_close_matches(name, known, n=1, cutoff=_ALIKE)
    longer = (k for k in known if len(k) >= _TELLING and (name.startswith(k) or k.startswith(name)))
    return near[0] if near else next(longer, None)


def _is_foreign(graph: Graph, value: str) -> bool:
    """Whether a name says itself that it is not of this stack: of another account, AWS's own, an id."""
    arn = parse_arn(value)
    if arn is None:
        return is_invented(value)
    home = graph.derived(home_account)
    foreign = arn.account not in ("", home)
    return foreign or is_invented(local_name(value)) or "aws-service-role/" in arn.resource


def _names(resources: tuple[Resource, ...]) -> list[str]:
    """Return what some resources are called, without the rest of their ARNs."""
    values = (
        resource.props.get(prop)
        for resource in resources
        for prop in (IDENTITIES.get(resource.kind, ()) if resource.kind is not None else ())
    )
    return list(dict.fromkeys(local_name(value) for value in values if isinstance(value, str)))


def _places_own(graph: Graph) -> Iterator[Judgement]:
    for resource in graph.of(*_PLACES):
        if not graph.of(Kind.BUCKET):
            yield not_applicable(resource, "the stack has no bucket")
            continue
        paths = _PLACES[Kind(str(resource.kind))]
        named = [n for n in names_in(graph, resource) if n.path in paths]
        strange = [n for n in named if n.reference.join is Join.EXTERNAL]
        text = "{} lies in {}, a bucket that this stack does not have"
        yield from settle(resource, (fails(resource, text.format(n.path, n.value)) for n in strange))


def _regions(graph: Graph) -> Iterator[Judgement]:
    for resource in graph.of(*SAME_REGION):
        if resource.kind is not None:
            yield from settle(resource, _apart(graph, resource, SAME_REGION[resource.kind]))
    yield from _grant_away(graph)


def _place(graph: Graph, resource: Resource) -> str:
    """Return the region of a resource; empty also where its program names the stack's own."""
    return "" if resource.region == graph.derived(home_region) else resource.region


def _grant_away(graph: Graph) -> Iterator[Judgement]:
    """Judge whether grants for copies of snapshots lie where the copies go."""
    for copies in graph.of(Kind.REDSHIFT_SNAPSHOT_COPY):
        grant = graph.follow(copies, "snapshotCopyGrantName", Kind.REDSHIFT_SNAPSHOT_COPY_GRANT).target
        where = copies.at("destinationRegion")
        if grant is None or not isinstance(where, str) or grant.region == where:
            yield passes(copies)
        else:
            here = grant.region or "the stack's own region"
            text = f"copies go to {where}, but {grant.name}, the grant of their key, lies in {here}"
            yield fails(copies, text, f"Set region of {grant.name} to {where}.")


def _apart(graph: Graph, resource: Resource, prop: str) -> Iterator[Judgement]:
    kinds = next(kinds for path, kinds in REFERENCES[Kind(str(resource.kind))] if path == prop)
    for value in values_at(resource.props.get(prop), []):
        target = graph.follow(resource, prop, *kinds, value=value).target
        if target is None:
            continue
        regions = [r.props.get("region") for r in (resource, target) if r.declares("region")]
        if any(isinstance(region, Unknown) for region in regions):
            yield unverified(resource, f"whether it lies in the region of {target.name} is not known yet")
        elif _place(graph, resource) != _place(graph, target):
            here, there = resource.region or "the stack's own region", target.region or "the stack's own"
            yield fails(
                resource, f"lies in {here}, but {target.name}, which {prop} names, in {there}",
                f"Set region as {target.name} does.",
            )  # fmt: skip


CONTROLS = (
    Control(
        id="DL-REF-01",
        name="references-resolve",
        title="Names by which resources call others are names that the stack has",
        severity=Severity.MEDIUM,
        category=Category.RESILIENCE,
        why="A misspelt name fails at run time, or leads to what a stranger took: bucket names are global.",
        fix="Correct the name.",
        judge=_resolve,
        kinds=frozenset(REFERENCES),
    ),
    Control(
        id="DL-REF-04",
        name="places-in-stack",
        title="Code of jobs and results of queries lie in buckets of the stack",
        severity=Severity.HIGH,
        category=Category.LEAST_PRIVILEGE,
        why="Whoever owns the bucket reads the results and what spills, and writes the code.",
        fix="Name a bucket of the stack; waive it where another stack of yours has the bucket.",
        judge=_places_own,
        kinds=frozenset(_PLACES) | {Kind.BUCKET},
    ),
    Control(
        id="DL-REF-02",
        name="references-same-region",
        title="Parts of a resource lie in its region",
        severity=Severity.MEDIUM,
        category=Category.RESILIENCE,
        why="A policy, an alias or an alarm in another region belongs to nothing there, or to a namesake.",
        fix="Give both the same region.",
        judge=_regions,
        kinds=frozenset(SAME_REGION)
        | {Kind.BUCKET, Kind.KMS_KEY, Kind.TOPIC}
        | {Kind.REDSHIFT_SNAPSHOT_COPY, Kind.REDSHIFT_SNAPSHOT_COPY_GRANT},
    ),
)
