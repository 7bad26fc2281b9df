"""QuickSight: how data sources log in, where they connect from, who may change them."""

from __future__ import annotations

from collections.abc import Iterator

from policies.controls.control import Category, Control, Judgement, Severity, fails, unverified
from policies.controls.settings import both, each, given, off, setting, settings
from policies.graph.kinds import Kind
from policies.graph.model import Graph, Join, Resource
from policies.graph.values import Unknown, at, items

_DATABASES = ("redshift", "rds", "auroraPostgresql", "aurora", "postgresql", "mysql", "sqlServer", "oracle")
_CHANGING = ("quicksight:*", "*")


def _is_database(source: Resource) -> bool:
    parameters = setting(source, "parameters")
    return isinstance(parameters, dict) and any(parameters.get(name) is not None for name in _DATABASES)


def _no_credentials(graph: Graph, source: Resource) -> Iterator[Judgement]:
    del graph
    pair = setting(source, "credentials", "credentialPair")
    if isinstance(pair, Unknown):
        yield unverified(source, "credentials are not known yet")
    elif pair is not None:
        yield fails(source, "logs in with a password of its own: credentials.credentialPair")


def _in_vpc(graph: Graph, source: Resource) -> Iterator[Judgement]:
    if not _is_database(source):
        return
    arn = setting(source, "vpcConnectionProperties", "vpcConnectionArn")
    reference = graph.follow(source, "vpcConnectionProperties", Kind.QUICKSIGHT_VPC_CONNECTION, value=arn)
    if reference.join is Join.ABSENT:
        yield fails(source, "reaches its database over the internet: no vpcConnectionProperties")
    elif reference.join is Join.UNKNOWN:
        yield unverified(source, "vpcConnectionArn is not known yet and leads to no connection of the stack")


def _permissions(graph: Graph, source: Resource) -> Iterator[Judgement]:
    del graph
    for entry in settings(source, "permissions"):
        if isinstance(entry, Unknown):
            yield unverified(source, "permissions are not known yet")
            continue
        principal, actions = at(entry, "principal"), [str(a) for a in items(at(entry, "actions"))]
        if isinstance(principal, Unknown):
            continue
        if principal is not None and ":namespace/" in str(principal):
            yield fails(source, f"everyone in QuickSight may use it: {principal} is a whole namespace")
        wide = [action for action in actions if action in _CHANGING]
        if wide:
            yield fails(source, f"{principal} may do {wide[0]} with it")


def _account(graph: Graph, account: Resource) -> Iterator[Judgement]:
    del graph
    method = setting(account, "authenticationMethod")
    if isinstance(method, Unknown):
        yield unverified(account, "authenticationMethod is not known yet")
    elif method not in ("IAM_IDENTITY_CENTER", "IAM_ONLY"):
        yield fails(account, f"users have passwords in QuickSight itself: authenticationMethod is {method}")


_SOURCE = frozenset({Kind.QUICKSIGHT_DATA_SOURCE})
_ACCOUNT = frozenset({Kind.QUICKSIGHT_ACCOUNT})

CONTROLS = (
    Control(
        id="DL-QS-01",
        name="quicksight-ssl",
        title="Data sources connect over TLS",
        severity=Severity.HIGH,
        category=Category.TLS,
        why="With TLS disabled rows and logins cross the network in clear.",
        fix="Remove sslProperties.disableSsl.",
        judge=each(off("rows cross in clear", "sslProperties", "disableSsl"), Kind.QUICKSIGHT_DATA_SOURCE),
        kinds=_SOURCE,
        alone=_SOURCE,
        anchors=("AwsSolutions-QS1",),
    ),
    Control(
        id="DL-QS-02",
        name="quicksight-no-inline-creds",
        title="Data sources log in with a secret, not a password of their own",
        severity=Severity.HIGH,
        category=Category.ENCRYPTION,
        why="A credential pair lies in the stack's state and is never rotated.",
        fix="Set credentials.secretArn and drop credentialPair.",
        judge=each(_no_credentials, Kind.QUICKSIGHT_DATA_SOURCE),
        kinds=_SOURCE,
        alone=_SOURCE,
    ),
    Control(
        id="DL-QS-03",
        name="quicksight-vpc-connection",
        title="Data sources reach databases through the VPC",
        severity=Severity.HIGH,
        category=Category.NETWORK,
        why="Without a VPC connection the database must be open to QuickSight's public addresses.",
        fix="Set vpcConnectionProperties.vpcConnectionArn.",
        judge=each(_in_vpc, Kind.QUICKSIGHT_DATA_SOURCE),
        kinds=_SOURCE | {Kind.QUICKSIGHT_VPC_CONNECTION},
    ),
    Control(
        id="DL-QS-04",
        name="quicksight-permissions",
        title="Data sources, data sets and dashboards are for named users and groups, and named actions",
        severity=Severity.MEDIUM,
        category=Category.LEAST_PRIVILEGE,
        why="A namespace is everybody with a login; quicksight:* lets them pass it on.",
        fix="Name user or group ARNs as principals and list the actions.",
        judge=each(_permissions, Kind.QUICKSIGHT_DATA_SOURCE, Kind.QUICKSIGHT_ASSET),
        kinds=_SOURCE | {Kind.QUICKSIGHT_ASSET},
        alone=_SOURCE | {Kind.QUICKSIGHT_ASSET},
    ),
    Control(
        id="DL-QS-05",
        name="quicksight-account",
        title="The QuickSight account signs users in through IAM and tells somebody what happens",
        severity=Severity.MEDIUM,
        category=Category.GOVERNANCE,
        why="Passwords in QuickSight itself outlive the people who leave.",
        fix="Set authenticationMethod to IAM_IDENTITY_CENTER or IAM_ONLY, and notificationEmail.",
        judge=each(
            both(_account, given("nobody hears of changes", "notificationEmail")), Kind.QUICKSIGHT_ACCOUNT
        ),
        kinds=_ACCOUNT,
        alone=_ACCOUNT,
    ),
)
