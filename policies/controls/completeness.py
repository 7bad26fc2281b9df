"""Resources that lack what they cannot work without."""

from __future__ import annotations

from collections.abc import Iterator

from policies.controls.control import Category, Control, Judgement, Severity, fails, settle
from policies.controls.settings import setting
from policies.graph.kinds import Kind, token
from policies.graph.model import Graph, Resource
from policies.graph.needs import wants_role
from policies.graph.references import values_at
from policies.graph.requirements import EACH, REQUIRED, WHERE
from policies.graph.values import Unknown, Value, at, is_true, items

_SUBNET_BESIDE = token("ec2", "VpcEndpointSubnetAssociation")
_ROUTE_BESIDE = token("ec2", "VpcEndpointRouteTableAssociation")
_KINDS = frozenset({*REQUIRED, *EACH, *WHERE, Kind.REDSHIFT_CLUSTER})


def _complete(graph: Graph) -> Iterator[Judgement]:
    beside = frozenset(resource.token for resource in graph.resources) & {_SUBNET_BESIDE, _ROUTE_BESIDE}
    grouped = any(setting(trigger, "workflowName") for trigger in graph.of(Kind.GLUE_TRIGGER))
    for resource in graph.of(*sorted(_KINDS)):
        texts = (*_gaps(resource, beside), *_alone(resource, grouped))
        yield from settle(resource, (fails(resource, text) for text in texts))


def _gaps(resource: Resource, beside: frozenset[str]) -> Iterator[str]:
    if resource.kind is None:
        return
    for group in REQUIRED.get(resource.kind, ()):
        if not any(_is_set(resource, path) for path in group):
            yield f"has no {' or '.join(group)}: AWS refuses it, or it does nothing"
    for path, groups in EACH.get(resource.kind, ()):
        for block in _blocks(resource, path):
            yield from (
                f"one of its {path} has no {' or '.join(group)}: AWS refuses it, or it does nothing"
                for group in groups
                if not any(_holds(block, name) for name in group)
            )
    for prop, values, wanted in WHERE.get(resource.kind, ()):
        given = setting(resource, prop)
        if given in values:
            missing = (path for path in wanted if not _is_set(resource, path))
            yield from (f"has no {path}, which {prop} {given or 'by default'} needs" for path in missing)
    if resource.kind is Kind.VPC_ENDPOINT:
        yield from _endpoint_gaps(resource, beside)
    elif resource.kind is Kind.EVENT_TARGET and wants_role(resource) and not _is_set(resource, "roleArn"):
        yield "has no roleArn, without which EventBridge may not reach its target"
    elif resource.kind is Kind.REDSHIFT_CLUSTER:
        yield from _log_gaps(resource)
    elif resource.kind is Kind.GLUE_CONNECTION:
        yield from _connection_gaps(resource)
    elif resource.kind is Kind.QUICKSIGHT_DATA_SOURCE and not _logs_in(resource):
        yield "has no credentials to log in to its database with: credentials is not set"


def _alone(trigger: Resource, grouped: bool) -> Iterator[str]:
    """Say which triggers belong to no workflow, where the others of the stack do."""
    if trigger.kind is Kind.GLUE_TRIGGER and grouped and not _is_set(trigger, "workflowName"):
        yield "belongs to no workflow, though other triggers do: nothing that the workflow runs reaches it"


def _log_gaps(cluster: Resource) -> Iterator[str]:
    """Say what the audit log in a cluster's own block lacks."""
    to_bucket = setting(cluster, "logging", "logDestinationType") in ("s3", None)
    is_on = is_true(setting(cluster, "logging", "enable"))
    if is_on and to_bucket and not _is_set(cluster, "logging.bucketName"):
        yield "has no logging.bucketName, which a log in S3 needs"


def _connection_gaps(connection: Resource) -> Iterator[str]:
    url = at(setting(connection, "connectionProperties"), "JDBC_CONNECTION_URL")
    if isinstance(url, str) and not url.startswith("jdbc:"):
        yield "has a JDBC_CONNECTION_URL that does not start with jdbc:"


def _logs_in(source: Resource) -> bool:
    """Whether a data source needs no login, has one, or gets one by IAM."""
    warehouse = at(setting(source, "parameters"), "redshift")
    needs = isinstance(warehouse, dict) and warehouse.get("iamParameters") is None
    return not needs or _is_set(source, "credentials")


def _endpoint_gaps(endpoint: Resource, beside: frozenset[str]) -> Iterator[str]:
    kind = setting(endpoint, "vpcEndpointType")
    if kind == "Interface" and not _is_set(endpoint, "subnetIds") and _SUBNET_BESIDE not in beside:
        yield "is an interface in no subnet: subnetIds is not set, and nothing reaches it"
    if kind in (None, "Gateway"):
        interface = [name for name in ("subnetIds", "securityGroupIds") if _is_set(endpoint, name)]
        if interface:
            yield f"has {interface[0]}, which a gateway refuses: set vpcEndpointType to Interface"
        elif not _is_set(endpoint, "routeTableIds") and _ROUTE_BESIDE not in beside:
            yield "is a gateway that no route leads to: routeTableIds is not set"


def _is_set(resource: Resource, path: str) -> bool:
    prop, *rest = path.split(".")
    value = setting(resource, prop)
    return _given(value, rest)


def _holds(block: Value, path: str) -> bool:
    return _given(block, path.split("."))


def _given(value: Value, path: list[str]) -> bool:
    if isinstance(value, Unknown):
        return True
    if path:
        return any(found not in (None, "") for found in values_at(value, path)) or _has_block(value, path)
    return value not in (None, "", [], {})


def _has_block(value: Value, path: list[str]) -> bool:
    """Whether a block (not a scalar) is given under a path."""
    for item in items(value):
        if isinstance(item, dict) and item.get(path[0]) not in (None, "", [], {}):
            inner = item[path[0]]
            if len(path) == 1 or isinstance(inner, Unknown) or _has_block(inner, path[1:]):
                return True
    return False


def _blocks(resource: Resource, path: str) -> Iterator[dict[str, Value]]:
    prop, *rest = path.split(".")
    yield from _elements(setting(resource, prop), rest)


def _elements(value: Value, path: list[str]) -> Iterator[dict[str, Value]]:
    for item in items(value):
        if not isinstance(item, dict):
            continue
        if path:
            yield from _elements(item.get(path[0]), path[1:])
        else:
            yield item


CONTROLS = (
    Control(
        id="DL-REF-03",
        name="resources-complete",
        title="Resources have what they cannot work without",
        severity=Severity.MEDIUM,
        category=Category.RESILIENCE,
        why="A rule without a pattern, a job without a script, an endpoint without a subnet: some fail "
        "halfway through a deployment, others do nothing, silently.",
        fix="Set the property that the message names.",
        judge=_complete,
        kinds=_KINDS,
        # Subnets of an endpoint may be given beside it.
        alone=_KINDS - {Kind.VPC_ENDPOINT},
    ),
)
