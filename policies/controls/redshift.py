"""Redshift clusters: encryption, TLS, network, passwords, names."""

from __future__ import annotations

from collections.abc import Iterator

from policies.controls.control import Category, Control, Judgement, Severity, fails, settle, unverified
from policies.controls.settings import (
    Problems,
    customer_key,
    each,
    given,
    none_of,
    off,
    on,
    setting,
    settings,
)
from policies.graph.kinds import Kind
from policies.graph.model import Graph, Join, Resource
from policies.graph.network import is_open_to_world, rules_of
from policies.graph.values import Unknown, at, is_true

_CLUSTER = frozenset({Kind.REDSHIFT_CLUSTER})
_GROUPED = _CLUSTER | {Kind.REDSHIFT_PARAMETER_GROUP}


def _parameter(name: str, harm: str) -> Problems:
    """Return problems of a cluster whose own parameter group does not set a parameter to true."""

    def problems(graph: Graph, cluster: Resource) -> Iterator[Judgement]:
        value = setting(cluster, "clusterParameterGroupName")
        reference = graph.follow(cluster, "clusterParameterGroupName", Kind.REDSHIFT_PARAMETER_GROUP)
        if value is None or (isinstance(value, str) and value.startswith("default.")):
            yield fails(cluster, f"{harm}: it has the default parameter group, which sets {name} to false")
        elif reference.join is Join.UNKNOWN:
            yield unverified(
                cluster, "clusterParameterGroupName is not known yet and leads to no group of the stack"
            )
        elif reference.target is None:
            yield fails(
                cluster, f"parameter group '{value}' is not in the stack, so nobody can vouch for {name}"
            )
        else:
            yield from _parameter_problems(cluster, reference.target, name, harm)

    return problems


def _parameter_problems(cluster: Resource, group: Resource, name: str, harm: str) -> Iterator[Judgement]:
    entries = settings(group, "parameters")
    if any(isinstance(entry, Unknown) for entry in entries):
        yield unverified(group, "parameters are not known yet")
        return
    values = [at(entry, "value") for entry in entries if at(entry, "name") == name]
    if any(isinstance(value, Unknown) for value in values):
        yield unverified(group, f"{name} is not known yet")
    elif not any(is_true(value) for value in values):
        said = str(values[0]) if values else "not set"
        yield fails(group, f"{harm}: {name} is {said} in the parameter group of {cluster.name}")


def _closed(graph: Graph, cluster: Resource) -> Iterator[Judgement]:
    for value in settings(cluster, "vpcSecurityGroupIds"):
        found = (
            graph.dependencies_of(cluster, "vpcSecurityGroupIds", Kind.SECURITY_GROUP)
            if isinstance(value, Unknown)
            else [t for t in [graph.named(Kind.SECURITY_GROUP, str(value))] if t is not None]
        )
        if not found:
            yield unverified(cluster, "one of its security groups is not in the stack, or not known yet")
        for group in found:
            for rule in rules_of(graph, group):
                if rule.inward and is_open_to_world(rule):
                    yield fails(cluster, f"its security group {group.name} lets the world in: {rule.label}")
    if not settings(cluster, "vpcSecurityGroupIds"):
        yield fails(cluster, "has no security group of its own: it gets the default one of the VPC")


def _password(graph: Graph, cluster: Resource) -> Iterator[Judgement]:
    del graph
    managed = setting(cluster, "manageMasterPassword")
    if setting(cluster, "masterPassword") is not None:
        yield fails(cluster, "masterPassword stands in the stack's state: let Redshift manage it")
    elif isinstance(managed, Unknown):
        yield unverified(cluster, "manageMasterPassword is not known yet")
    elif not is_true(managed) and setting(cluster, "masterPasswordWo") is None:
        yield fails(cluster, "nobody manages its password: manageMasterPassword is not true")


def _several_zones(graph: Graph, group: Resource) -> Iterator[Judgement]:
    ids = settings(group, "subnetIds")
    subnets = [
        s
        for value in ids
        for s in (
            graph.dependencies_of(group, "subnetIds", Kind.SUBNET)
            if isinstance(value, Unknown)
            else [t for t in [graph.named(Kind.SUBNET, str(value))] if t is not None]
        )
    ]
    unique = {s.urn: s for s in subnets}
    zones = {str(s.at("availabilityZone") or s.at("availabilityZoneId")) for s in unique.values()}
    if not unique:
        yield unverified(group, "its subnets are not in the stack, or not known yet")
    elif len(zones) < 2:
        yield fails(group, f"all its subnets are in {zones.pop()}: one zone's failure stops the cluster")


def _encrypted_master_secret(graph: Graph) -> Iterator[Judgement]:
    for cluster in graph.of(Kind.REDSHIFT_CLUSTER):
        if is_true(cluster.at("manageMasterPassword")):
            judge = customer_key("the managed password is", "masterPasswordSecretKmsKeyId")
            yield from settle(cluster, judge(graph, cluster))


CONTROLS = (
    Control(
        id="DL-RS-01",
        name="redshift-encrypted",
        title="Clusters are encrypted",
        severity=Severity.HIGH,
        category=Category.ENCRYPTION,
        why="A snapshot of a clear cluster is the warehouse on somebody else's disk.",
        fix="Set encrypted to true.",
        judge=each(on("blocks and snapshots lie in clear", "encrypted"), Kind.REDSHIFT_CLUSTER),
        kinds=_CLUSTER,
        alone=_CLUSTER,
        anchors=("CKV_AWS_64", "AwsSolutions-RS6", "Redshift.10"),
    ),
    Control(
        id="DL-RS-02",
        name="redshift-cmk",
        title="Clusters are encrypted under a customer key",
        severity=Severity.MEDIUM,
        category=Category.ENCRYPTION,
        why="Only a key of your own has a policy that says who may open a snapshot.",
        fix="Set kmsKeyId to the ARN of a key.",
        judge=each(customer_key("the cluster is", "kmsKeyId"), Kind.REDSHIFT_CLUSTER),
        kinds=_CLUSTER,
        alone=_CLUSTER,
        anchors=("CKV_AWS_142",),
    ),
    Control(
        id="DL-RS-03",
        name="redshift-tls",
        title="Clusters refuse connections without TLS, by a parameter group of their own that says so",
        severity=Severity.HIGH,
        category=Category.TLS,
        why="Clusters take plain connections by default, and the default group cannot be changed.",
        fix="Declare a ParameterGroup with require_ssl true and name it in clusterParameterGroupName.",
        judge=each(_parameter("require_ssl", "takes connections in clear"), Kind.REDSHIFT_CLUSTER),
        kinds=_GROUPED,
        anchors=("CKV_AWS_105", "AwsSolutions-RS1", "Redshift.2"),
    ),
    Control(
        id="DL-RS-04",
        name="redshift-not-public",
        title="Clusters are not reachable from the internet",
        severity=Severity.CRITICAL,
        category=Category.NETWORK,
        why="A public cluster is a login page for everybody.",
        fix="Set publiclyAccessible to false.",
        judge=each(
            # Providers before their sixth major took true where the program said nothing.
            off("it gets a public address", "publiclyAccessible", default=True),
            Kind.REDSHIFT_CLUSTER,
        ),
        kinds=_CLUSTER,
        alone=_CLUSTER,
        anchors=("CKV_AWS_87", "AwsSolutions-RS8", "Redshift.1"),
    ),
    Control(
        id="DL-RS-05",
        name="redshift-in-vpc",
        title="Clusters name the subnets they run in",
        severity=Severity.MEDIUM,
        category=Category.NETWORK,
        why="Without a subnet group the cluster lands in the default network.",
        fix="Set clusterSubnetGroupName.",
        judge=each(given("it lands in the default network", "clusterSubnetGroupName"), Kind.REDSHIFT_CLUSTER),
        kinds=_CLUSTER,
        alone=_CLUSTER,
        anchors=("CKV_AWS_154", "AwsSolutions-RS2"),
    ),
    Control(
        id="DL-RS-06",
        name="redshift-enhanced-vpc",
        title="Clusters load and unload through the VPC",
        severity=Severity.MEDIUM,
        category=Category.NETWORK,
        why="Otherwise COPY and UNLOAD leave over the internet, past endpoint policies and flow logs.",
        fix="Set enhancedVpcRouting to true.",
        judge=each(on("COPY and UNLOAD leave the VPC", "enhancedVpcRouting"), Kind.REDSHIFT_CLUSTER),
        kinds=_CLUSTER,
        alone=_CLUSTER,
        anchors=("CKV_AWS_321", "Redshift.7"),
    ),
    Control(
        id="DL-RS-07",
        name="redshift-sg-restricted",
        title="Security groups of clusters do not let the world in",
        severity=Severity.CRITICAL,
        category=Category.NETWORK,
        why="The group is what stands between the port and whoever reaches the network.",
        fix="Allow the groups of the clients only, by referencedSecurityGroupId.",
        judge=each(_closed, Kind.REDSHIFT_CLUSTER),
        kinds=_CLUSTER
        | {
            Kind.SECURITY_GROUP,
            Kind.SECURITY_GROUP_RULE,
            Kind.SECURITY_GROUP_INGRESS,
            Kind.SECURITY_GROUP_EGRESS,
        },
        anchors=("Redshift.15",),
    ),
    Control(
        id="DL-RS-08",
        name="redshift-managed-password",
        title="Passwords of clusters are managed by Redshift",
        severity=Severity.HIGH,
        category=Category.ENCRYPTION,
        why="A password given by the program lies in its state and is never changed.",
        fix="Set manageMasterPassword to true and drop masterPassword.",
        judge=each(_password, Kind.REDSHIFT_CLUSTER),
        kinds=_CLUSTER,
        alone=_CLUSTER,
    ),
    Control(
        id="DL-RS-09",
        name="redshift-managed-password-cmk",
        title="Managed passwords are encrypted under a customer key",
        severity=Severity.LOW,
        category=Category.ENCRYPTION,
        why="Whoever may use aws/secretsmanager reads the password.",
        fix="Set masterPasswordSecretKmsKeyId to the ARN of a key.",
        judge=_encrypted_master_secret,
        kinds=_CLUSTER,
        alone=_CLUSTER,
    ),
    Control(
        id="DL-RS-10",
        name="redshift-non-default-user",
        title="Administrators of clusters do not have the default name",
        severity=Severity.LOW,
        category=Category.GOVERNANCE,
        why="The first half of a guessed login.",
        fix="Set masterUsername to a name of your own.",
        judge=each(
            none_of(("awsuser", "admin", "root"), "a guessed name", "masterUsername"), Kind.REDSHIFT_CLUSTER
        ),
        kinds=_CLUSTER,
        alone=_CLUSTER,
        anchors=("AwsSolutions-RS3", "Redshift.8"),
    ),
    Control(
        id="DL-RS-11",
        name="redshift-non-default-db",
        title="Databases of clusters do not have the default name",
        severity=Severity.LOW,
        category=Category.GOVERNANCE,
        why="Scripts try dev first; and what is called dev is treated as such.",
        fix="Set databaseName to a name of your own.",
        judge=each(none_of(("dev", "default"), "the default", "databaseName"), Kind.REDSHIFT_CLUSTER),
        kinds=_CLUSTER,
        alone=_CLUSTER,
        anchors=("CKV_AWS_320", "Redshift.9"),
    ),
    Control(
        id="DL-RS-12",
        name="redshift-user-activity",
        title="Clusters log what their users ask",
        severity=Severity.MEDIUM,
        category=Category.AUDIT,
        why="Without the user activity log the audit log shows connections, not queries.",
        fix="Set enable_user_activity_logging to true in the cluster's ParameterGroup.",
        judge=each(_parameter("enable_user_activity_logging", "logs no queries"), Kind.REDSHIFT_CLUSTER),
        kinds=_GROUPED,
        anchors=("AwsSolutions-RS11",),
    ),
    Control(
        id="DL-RS-13",
        name="redshift-subnet-multi-az",
        title="Subnet groups span two zones",
        severity=Severity.MEDIUM,
        category=Category.RESILIENCE,
        why="A cluster can only be moved out of a failed zone into another subnet of its group.",
        fix="Give the group subnets in two or more availability zones.",
        judge=each(_several_zones, Kind.REDSHIFT_SUBNET_GROUP),
        kinds=frozenset({Kind.REDSHIFT_SUBNET_GROUP, Kind.SUBNET}),
        anchors=("Redshift.16",),
    ),
)
