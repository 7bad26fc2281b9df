"""Glue connections and the catalog's policy: TLS, secrets, networks, strangers."""

from __future__ import annotations

from collections.abc import Iterator

from policies.controls.control import Category, Control, Judgement, Severity, fails, unverified
from policies.controls.resource_documents import deputies, each_document, other_accounts, strangers
from policies.controls.secrets import has_secret_shape
from policies.controls.settings import each, setting
from policies.graph.kinds import Kind
from policies.graph.model import Graph, Resource
from policies.graph.values import Unknown, Value, at, is_true

_PROPERTIES = "connectionProperties"
_DATABASES = ("JDBC", "MONGODB", "KAFKA", None)
_TLS_SWITCHES = {"KAFKA": "KAFKA_SSL_ENABLED", "MONGODB": "ssl"}


def _kind(connection: Resource) -> Value:
    return setting(connection, "connectionType")


def _tls(graph: Graph, connection: Resource) -> Iterator[Judgement]:
    del graph
    kind = _kind(connection)
    if isinstance(kind, str) and kind not in _DATABASES:
        return
    name = _TLS_SWITCHES.get(str(kind), "JDBC_ENFORCE_SSL")
    value = at(setting(connection, _PROPERTIES), name)
    if isinstance(value, Unknown) or isinstance(kind, Unknown):
        yield unverified(connection, f"{name} is not known yet")
    elif not is_true(value):
        yield fails(connection, f"talks to its database in clear: {name} is {value or 'not set'}")


def _no_secret(graph: Graph, connection: Resource) -> Iterator[Judgement]:
    del graph
    properties = setting(connection, _PROPERTIES)
    if isinstance(properties, Unknown):
        yield unverified(connection, f"{_PROPERTIES} are not known yet")
        return
    for name in ("PASSWORD", "ENCRYPTED_PASSWORD"):
        if at(properties, name) is not None:
            yield fails(connection, f"holds a {name} of its own: whoever reads the connection has it")
    url = at(properties, "JDBC_CONNECTION_URL")
    if isinstance(url, str) and has_secret_shape(url):
        yield fails(connection, "JDBC_CONNECTION_URL carries a password")


def _in_vpc(graph: Graph, connection: Resource) -> Iterator[Judgement]:
    del graph
    if isinstance(_kind(connection), str) and _kind(connection) not in (*_DATABASES, "NETWORK"):
        return
    where = setting(connection, "physicalConnectionRequirements")
    if isinstance(where, Unknown):
        return
    for name in ("subnetId", "securityGroupIdLists"):
        if at(where, name) in (None, "", []):
            yield fails(connection, f"leaves the VPC: physicalConnectionRequirements.{name} is not set")


_CONNECTION = frozenset({Kind.GLUE_CONNECTION})
_POLICY = frozenset({Kind.GLUE_RESOURCE_POLICY})

CONTROLS = (
    Control(
        id="DL-GLUE-17",
        name="glue-connection-ssl",
        title="Connections to databases insist on TLS",
        severity=Severity.HIGH,
        category=Category.TLS,
        why="Without it rows and passwords travel in clear whenever the server lets them.",
        fix='Set connectionProperties.JDBC_ENFORCE_SSL (KAFKA_SSL_ENABLED, ssl) to "true".',
        judge=each(_tls, Kind.GLUE_CONNECTION),
        kinds=_CONNECTION,
        alone=_CONNECTION,
    ),
    Control(
        id="DL-GLUE-18",
        name="glue-connection-no-secret",
        title="Connections hold no password",
        severity=Severity.CRITICAL,
        category=Category.ENCRYPTION,
        why="glue:GetConnection hands it out, and so does the stack's state.",
        fix="Set connectionProperties.SECRET_ID to a secret, and drop USERNAME and PASSWORD.",
        judge=each(_no_secret, Kind.GLUE_CONNECTION),
        kinds=_CONNECTION,
        alone=_CONNECTION,
    ),
    Control(
        id="DL-GLUE-19",
        name="glue-connection-vpc",
        title="Connections to databases stay in the VPC",
        severity=Severity.MEDIUM,
        category=Category.NETWORK,
        why="Without a subnet and a security group the job reaches its database over the internet, "
        "if at all.",
        fix="Set physicalConnectionRequirements with subnetId and securityGroupIdLists.",
        judge=each(_in_vpc, Kind.GLUE_CONNECTION),
        kinds=_CONNECTION,
        alone=_CONNECTION,
    ),
    Control(
        id="DL-GLUE-20",
        name="glue-resource-policy-not-public",
        title="The catalog's policy grants nothing to anyone",
        severity=Severity.CRITICAL,
        category=Category.LEAST_PRIVILEGE,
        why="A catalog for everybody tells every AWS customer what the lake holds and where.",
        fix="Name the principals, or add a condition such as aws:PrincipalOrgID.",
        judge=each_document(strangers, Kind.GLUE_RESOURCE_POLICY),
        kinds=_POLICY,
        alone=_POLICY,
    ),
    Control(
        id="DL-GLUE-21",
        name="glue-resource-policy-cross-account",
        title="The catalog's policy admits no other account",
        severity=Severity.HIGH,
        category=Category.LEAST_PRIVILEGE,
        why="Sharing past Lake Formation is a share that nobody can see there, or revoke.",
        fix="Share through Lake Formation, or pin aws:PrincipalOrgID.",
        judge=each_document(other_accounts, Kind.GLUE_RESOURCE_POLICY),
        kinds=_POLICY,
    ),
    Control(
        id="DL-GLUE-22",
        name="glue-resource-policy-confused-deputy",
        title="The catalog's policy admits services only on this account's behalf",
        severity=Severity.HIGH,
        category=Category.LEAST_PRIVILEGE,
        why="A service calls for all its customers: unpinned, any of them reads the catalog.",
        fix="Add aws:SourceAccount to statements with a Service principal.",
        judge=each_document(deputies, Kind.GLUE_RESOURCE_POLICY),
        kinds=_POLICY,
        alone=_POLICY,
    ),
)
