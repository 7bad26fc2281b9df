"""Ways to break a sound stack, one property or one statement at a time."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from policies.graph.kinds import IDENTITIES, Kind
from policies.graph.model import Graph, Resource
from policies.graph.values import Opaque, Unknown, items
from tests.policies.reads_support import Looked, Path

DOCUMENTS = ("policy", "assumeRolePolicy")
ELSEWHERE = "elsewhere"
WHOLE = "(resource)"
FOREIGN = "arn:aws:iam::999999999999:root"

_WEAKER: dict[str, str] = {
    "Enabled": "Disabled",
    "ENABLED": "DISABLED",
    "aws:kms": "AES256",
    "AES256": "none",
    "SSE-KMS": "DISABLED",
    "CSE-KMS": "DISABLED",
    "SSE_KMS": "SSE_S3",
    "BucketOwnerEnforced": "ObjectWriter",
    "true": "false",
}

# Settings that make a resource of the kind something else, where they are taken away or added.
_SIDECARS = frozenset(
    {
        Kind.BUCKET_ENCRYPTION,
        Kind.BUCKET_VERSIONING,
        Kind.BUCKET_PUBLIC_ACCESS_BLOCK,
        Kind.BUCKET_OWNERSHIP,
        Kind.BUCKET_POLICY,
        Kind.BUCKET_LOGGING,
        Kind.GLUE_SECURITY_CONFIGURATION,
        Kind.GLUE_CATALOG_ENCRYPTION,
        Kind.LF_SETTINGS,
    }
)
_EVERYBODY_LF = [{"principal": "IAM_ALLOWED_PRINCIPALS", "permissions": ["ALL"]}]
_STAR = json.dumps({"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}})
_ADDED: dict[Kind, dict[str, Any]] = {
    Kind.ROLE: {
        "managedPolicyArns": ["arn:aws:iam::aws:policy/AdministratorAccess"],
        "inlinePolicies": [{"name": "star", "policy": _STAR}],
    },
    Kind.LF_SETTINGS: {
        "createTableDefaultPermissions": _EVERYBODY_LF,
        "createDatabaseDefaultPermissions": _EVERYBODY_LF,
    },
    Kind.LF_PERMISSIONS: {
        "principal": "IAM_ALLOWED_PRINCIPALS",
        "permissions": ["ALL"],
        "permissionsWithGrantOptions": ["ALL"],
    },
    Kind.LF_LOCATION: {"useServiceLinkedRole": True},
    Kind.BUCKET: {"acl": "public-read", "website": {"indexDocument": "index.html"}},
}

Statement = dict[str, Any]


@dataclass(frozen=True)
class Mutant:
    """A stack with one thing broken: where, by which operator, what the thing is."""

    urn: str
    kind: str
    place: str
    operator: str
    resources: tuple[Resource, ...]

    @property
    def removes(self) -> bool:
        """Whether a whole resource is gone."""
        return self.place == WHOLE

    @property
    def group(self) -> tuple[str, str, str]:
        """What its line of the table is about."""
        return self.kind, self.place, self.operator


def mutants(graph: Graph, looked: Looked) -> Iterator[Mutant]:
    """Every mutant of a stack: of the properties that are read, of all documents, of whole resources."""
    names = frozenset(
        str(resource.props.get(prop))
        for resource in graph.resources
        if resource.kind is not None
        for prop in IDENTITIES.get(resource.kind, ())
    )
    for resource in graph.resources:
        kind = resource.kind
        if kind is None:
            continue
        paths = sorted((path for urn, path in looked.reads if urn == resource.urn), key=str)
        for path in paths:
            if path[0] in DOCUMENTS:
                continue
            for operator, value in _changes(resource, path, names):
                yield _mutant(graph, resource, _dotted(path), operator, _with(resource, path, value))
        for prop in DOCUMENTS:
            if isinstance(resource.props.get(prop), str):
                yield from _document(graph, resource, prop)
        for prop, value in _ADDED.get(kind, {}).items():
            if resource.props.get(prop) != value:
                yield _mutant(graph, resource, prop, "opened", _with(resource, (prop,), value))
        if kind in _SIDECARS:
            others = tuple(r for r in graph.resources if r.urn != resource.urn)
            yield Mutant(resource.urn, kind.value, WHOLE, "removed", others)


def _mutant(graph: Graph, old: Resource, place: str, operator: str, new: Resource) -> Mutant:
    resources = tuple(new if resource.urn == old.urn else resource for resource in graph.resources)
    return Mutant(old.urn, str(old.kind), place, operator, resources)


def _dotted(path: Path) -> str:
    return ".".join("[]" if isinstance(step, int) else step for step in path)


def _changes(resource: Resource, path: Path, names: frozenset[str]) -> Iterator[tuple[str, Any]]:
    """What to put in place of a property's value; `None` removes it."""
    value = _at(resource, path)
    identity = resource.kind is not None and path[0] in IDENTITIES.get(resource.kind, ()) and len(path) == 1
    authored = bool(resource.property_dependencies.get(str(path[0])))
    if isinstance(value, Opaque) or identity or (isinstance(value, Unknown) and not authored):
        # Names others call it by, and what AWS invents, are no settings: changing one makes another stack.
        return
    yield "removed", None
    if isinstance(value, Unknown):
        yield "pointed elsewhere", "alias/aws/s3"
    elif isinstance(value, bool):
        yield "flipped", not value
    elif isinstance(value, str):
        if value in _WEAKER:
            yield "weakened", _WEAKER[value]
        elif value.startswith(("arn:", "s3://")) or value in names:
            yield "pointed elsewhere", _elsewhere(value)


def _elsewhere(value: str) -> str:
    return value + ELSEWHERE if not value.startswith("s3://") else f"s3://{ELSEWHERE}/"


def _at(resource: Resource, path: Path) -> Any:
    value: Any = resource.props
    for step in path:
        value = value[step]
    return value


def _with(resource: Resource, path: Path, value: Any) -> Resource:
    props: Any = copy.deepcopy(dict(resource.props))
    holder = props
    for step in path[:-1]:
        holder = holder[step]
    if value is None and isinstance(holder, dict):
        del holder[path[-1]]
    else:
        holder[path[-1]] = value
    dependencies = resource.property_dependencies
    if isinstance(_at(resource, path) if path[-1] in _holder(resource, path) else None, Unknown):
        # The edge belonged to the value that is gone, unless a neighbour of it is unknown as well.
        dependencies = (
            dict(dependencies)
            if _unknowns(props.get(path[0]))
            else {prop: urns for prop, urns in dependencies.items() if prop != path[0]}
        )
    return replace(resource, props=props, property_dependencies=dependencies)


def _holder(resource: Resource, path: Path) -> Any:
    holder: Any = resource.props
    for step in path[:-1]:
        holder = holder[step]
    return holder if isinstance(holder, dict) else range(len(holder))


def _unknowns(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_unknowns(item) for item in value.values())
    return any(_unknowns(item) for item in value) if isinstance(value, list) else isinstance(value, Unknown)


def _document(graph: Graph, resource: Resource, prop: str) -> Iterator[Mutant]:
    document = json.loads(str(resource.props[prop]))
    statements: list[Statement] = items(document["Statement"])
    for index, statement in enumerate(statements):
        ways = {**_WAYS[statement["Effect"]], **_each_condition(statement)}
        for operator, change in ways.items():
            changed = change(copy.deepcopy(statement), prop)
            if _plain(changed) == _plain(statement):
                continue
            kept = [changed] if changed else []
            widened = [*statements[:index], *kept, *statements[index + 1 :]]
            text = json.dumps({**document, "Statement": widened}) if widened else None
            new = _with(resource, (prop,), text)
            place = f"{prop} {statement['Effect']} {statement.get('Sid', index)}"
            yield _mutant(graph, resource, place, operator, new)


def _plain(statement: Statement) -> dict[str, str]:
    return {key: json.dumps(items(value), sort_keys=True) for key, value in statement.items()}


def _widened(field: str, value: Any) -> Callable[[Statement, str], Statement]:
    def change(statement: Statement, prop: str) -> Statement:
        del prop
        return {**statement, field: value} if field in statement else statement

    return change


def _whole_service(statement: Statement, prop: str) -> Statement:
    if prop == "assumeRolePolicy":
        return statement
    services = sorted({str(action).partition(":")[0] for action in items(statement["Action"])})
    return {**statement, "Action": [f"{service}:*" for service in services]}


def _without_conditions(statement: Statement, prop: str) -> Statement:
    del prop
    return {key: value for key, value in statement.items() if key != "Condition"}


def _each_condition(statement: Statement) -> dict[str, Callable[[Statement, str], Statement]]:
    """Ways to drop one of several conditions, of an Allow: a Deny without one denies more."""
    condition = statement.get("Condition", {})
    pairs = [(operator, key) for operator, block in condition.items() for key in block]
    if statement["Effect"] == "Deny" or len(pairs) < 2:
        return {}

    def without(operator: str, key: str) -> Callable[[Statement, str], Statement]:
        def change(old: Statement, prop: str) -> Statement:
            del prop
            blocks = {
                op: {k: v for k, v in b.items() if (op, k) != (operator, key)} for op, b in condition.items()
            }
            return {**old, "Condition": {op: block for op, block in blocks.items() if block}}

        return change

    return {f"{key} dropped": without(operator, key) for operator, key in pairs}


def _with_condition(statement: Statement, prop: str) -> Statement:
    del prop
    condition = {**statement.get("Condition", {}), "StringEquals": {"aws:PrincipalTag/team": "x"}}
    return {**statement, "Condition": condition}


def _removed(statement: Statement, prop: str) -> Statement:
    del statement, prop
    return {}


_WAYS: dict[str, dict[str, Callable[[Statement, str], Statement]]] = {
    "Allow": {
        "action to *": _widened("Action", "*"),
        "action to service:*": _whole_service,
        "resource to *": _widened("Resource", "*"),
        "conditions dropped": _without_conditions,
        "principal to *": _widened("Principal", "*"),
        "principal to another account": _widened("Principal", {"AWS": FOREIGN}),
    },
    "Deny": {
        "statement removed": _removed,
        "action narrowed": _widened("Action", "s3:ListBucket"),
        "resource narrowed": _widened("Resource", "arn:aws:s3:::elsewhere/*"),
        "principal narrowed": _widened("Principal", {"AWS": FOREIGN}),
        "condition added": _with_condition,
    },
}
