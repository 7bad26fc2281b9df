"""Redshift clusters: audit logs, snapshots and their copies, maintenance, roles."""

from __future__ import annotations

from collections.abc import Iterator

from policies.controls.control import (
    Category,
    Control,
    Judgement,
    Severity,
    fails,
    passes,
    settle,
    unverified,
)
from policies.controls.settings import at_least, both, customer_key, each, given, on, setting, settings
from policies.graph.documents import State, parse
from policies.graph.kinds import Kind
from policies.graph.model import Graph, Join, Resource
from policies.graph.values import Unknown, Value, is_true

_WEEK = 7
_SERVICE = "redshift.amazonaws.com"


def _beside(graph: Graph, cluster: Resource, kind: Kind) -> tuple[list[Resource], bool]:
    """Return what is declared beside a cluster, and whether something may be its that cannot be told yet."""
    found, loose = [], False
    for resource in graph.of(kind):
        reference = graph.follow(resource, "clusterIdentifier", Kind.REDSHIFT_CLUSTER)
        loose = loose or reference.join is Join.UNKNOWN
        if reference.target is not None and reference.target.urn == cluster.urn:
            found.append(resource)
    return found, loose


def _audited(graph: Graph, cluster: Resource) -> Iterator[Judgement]:
    found, loose = _beside(graph, cluster, Kind.REDSHIFT_LOGGING)
    inline = setting(cluster, "logging", "enable")
    if found or is_true(inline):
        return
    if loose or isinstance(inline, Unknown):
        yield unverified(cluster, "whether it keeps an audit log hangs on what is not known yet")
    else:
        yield fails(cluster, "keeps no audit log: neither connections nor queries can be told afterwards")


def _copied(graph: Graph) -> Iterator[Judgement]:
    for copy in graph.of(Kind.REDSHIFT_SNAPSHOT_COPY):
        yield from settle(copy, _copy_problems(graph, copy))


def _copy_problems(graph: Graph, copy: Resource) -> Iterator[Judgement]:
    cluster = graph.follow(copy, "clusterIdentifier", Kind.REDSHIFT_CLUSTER).target
    region = setting(copy, "destinationRegion")
    yield from at_least(_WEEK, "the copy is gone before anybody misses it", "retentionPeriod", default=_WEEK)(
        graph, copy
    )
    if cluster is not None and cluster.at("region") == region and isinstance(region, str):
        yield fails(copy, f"copies into {region}, the cluster's own region")
    reference = graph.follow(copy, "snapshotCopyGrantName", Kind.REDSHIFT_SNAPSHOT_COPY_GRANT)
    if reference.join is Join.ABSENT:
        yield fails(copy, "copies under a key of AWS: snapshotCopyGrantName is not set")
    elif reference.join is Join.UNKNOWN:
        yield unverified(copy, "snapshotCopyGrantName is not known yet and leads to no grant of the stack")
    elif reference.target is not None:
        theirs = reference.target.at("region")
        if isinstance(theirs, str) and isinstance(region, str) and theirs != region:
            text = f"its grant {reference.target.name} is in {theirs}, but the copy goes to {region}"
            yield fails(copy, f"{text}: the grant belongs into the destination's region")


def _roles(graph: Graph) -> Iterator[Judgement]:
    for source, prop in (
        *((c, "iamRoles") for c in graph.of(Kind.REDSHIFT_CLUSTER)),
        *((r, "iamRoleArns") for r in graph.of(Kind.REDSHIFT_CLUSTER_ROLES)),
    ):
        values = settings(source, prop)
        if values:
            yield from settle(source, _role_problems(graph, source, prop, values))


def _role_problems(graph: Graph, source: Resource, prop: str, values: list[Value]) -> Iterator[Judgement]:
    for value in values:
        found = (
            graph.dependencies_of(source, prop, Kind.ROLE)
            if isinstance(value, Unknown)
            else tuple(t for t in [graph.named(Kind.ROLE, str(value))] if t is not None)
        )
        if isinstance(value, Unknown) and not found:
            yield unverified(source, f"{prop} are not known yet and lead to no role of the stack")
        for role in found:
            trust = parse(role.props.get("assumeRolePolicy"))
            if trust.state is not State.KNOWN:
                continue
            names = {
                str(p.value)
                for s in trust.statements
                if s.allows
                for p in s.principals
                if p.type == "Service"
            }
            others = sorted(n for n in names if not n.startswith("redshift"))
            if _SERVICE not in names:
                yield fails(source, f"role {role.name} does not trust {_SERVICE}, so that COPY is refused")
            if others:
                yield fails(source, f"role {role.name} may also be assumed by {', '.join(others)}")


def _final_snapshot(graph: Graph, cluster: Resource) -> Iterator[Judgement]:
    if graph.is_temporary:
        return
    skipped = setting(cluster, "skipFinalSnapshot")
    if isinstance(skipped, Unknown):
        yield unverified(cluster, "skipFinalSnapshot is not known yet")
    elif is_true(skipped):
        yield fails(cluster, f"is gone without a snapshot when stack '{graph.stack}' is destroyed")
    elif setting(cluster, "finalSnapshotIdentifier") in (None, ""):
        yield fails(
            cluster, "cannot be destroyed: a final snapshot is wanted but finalSnapshotIdentifier not set"
        )


def _grant_passes(graph: Graph, grant: Resource) -> Iterator[Judgement]:
    yield from customer_key("copied snapshots are", "kmsKeyId")(graph, grant)


def _survives_zone(graph: Graph) -> Iterator[Judgement]:
    for cluster in graph.of(Kind.REDSHIFT_CLUSTER):
        values = [setting(cluster, name) for name in ("multiAz", "availabilityZoneRelocationEnabled")]
        if any(is_true(value) for value in values) or not graph.is_production:
            yield passes(cluster)
        elif any(isinstance(value, Unknown) for value in values):
            yield unverified(cluster, "multiAz is not known yet")
        else:
            yield fails(cluster, "stops with its zone: neither multiAz nor availabilityZoneRelocationEnabled")


_CLUSTER = frozenset({Kind.REDSHIFT_CLUSTER})
_COPY = frozenset({Kind.REDSHIFT_SNAPSHOT_COPY})
_GRANT = frozenset({Kind.REDSHIFT_SNAPSHOT_COPY_GRANT})

CONTROLS = (
    Control(
        id="DL-RS-14",
        name="redshift-audit-logging",
        title="Clusters keep an audit log",
        severity=Severity.MEDIUM,
        category=Category.AUDIT,
        why="It says who connected from where and, with user activity, asked what.",
        fix="Declare redshift.Logging with clusterIdentifier and a destination.",
        judge=each(_audited, Kind.REDSHIFT_CLUSTER),
        kinds=_CLUSTER | {Kind.REDSHIFT_LOGGING},
        anchors=("CKV_AWS_71", "AwsSolutions-RS5", "Redshift.4"),
    ),
    Control(
        id="DL-RS-15",
        name="redshift-snapshots",
        title="Clusters keep automatic snapshots for a week",
        severity=Severity.MEDIUM,
        category=Category.RESILIENCE,
        why="One day, the default, is over before a wrong load is noticed on Monday.",
        fix="Set automatedSnapshotRetentionPeriod to 7 (days) or more.",
        judge=each(
            at_least(_WEEK, "a wrong load is noticed later", "automatedSnapshotRetentionPeriod", default=1),
            Kind.REDSHIFT_CLUSTER,
        ),
        kinds=_CLUSTER,
        alone=_CLUSTER,
        anchors=("CKV_AWS_343", "AwsSolutions-RS10", "Redshift.3"),
    ),
    Control(
        id="DL-RS-16",
        name="redshift-upgrades",
        title="Clusters take upgrades, in a window of their own",
        severity=Severity.LOW,
        category=Category.GOVERNANCE,
        why="Security fixes come with upgrades; the window decides when they interrupt.",
        fix="Leave allowVersionUpgrade on and set preferredMaintenanceWindow.",
        judge=each(
            both(
                on("no security fixes", "allowVersionUpgrade", default=True),
                given("upgrades come when AWS likes", "preferredMaintenanceWindow"),
            ),
            Kind.REDSHIFT_CLUSTER,
        ),
        kinds=_CLUSTER,
        alone=_CLUSTER,
        anchors=("CKV_AWS_141", "AwsSolutions-RS9", "Redshift.6"),
    ),
    Control(
        id="DL-RS-17",
        name="redshift-final-snapshot",
        title="Clusters of lasting stacks leave a snapshot behind",
        severity=Severity.HIGH,
        category=Category.RESILIENCE,
        why="Automatic snapshots are deleted with their cluster.",
        fix="Set skipFinalSnapshot to false and finalSnapshotIdentifier.",
        judge=each(_final_snapshot, Kind.REDSHIFT_CLUSTER),
        kinds=_CLUSTER,
        alone=_CLUSTER,
    ),
    Control(
        id="DL-RS-18",
        name="redshift-survives-zone",
        title="Clusters in production survive the failure of a zone",
        severity=Severity.MEDIUM,
        category=Category.RESILIENCE,
        why="Without relocation or a second zone the cluster waits for its zone to come back.",
        fix="Set availabilityZoneRelocationEnabled or multiAz to true.",
        judge=_survives_zone,
        kinds=_CLUSTER,
        alone=_CLUSTER,
        anchors=("Redshift.18",),
    ),
    Control(
        id="DL-RS-19",
        name="redshift-copy-grant-cmk",
        title="Copied snapshots are encrypted under a customer key",
        severity=Severity.MEDIUM,
        category=Category.ENCRYPTION,
        why="A grant without a key copies under one of AWS.",
        fix="Set kmsKeyId of the SnapshotCopyGrant to a key in the destination region.",
        judge=each(_grant_passes, Kind.REDSHIFT_SNAPSHOT_COPY_GRANT),
        kinds=_GRANT,
        alone=_GRANT,
        anchors=("CKV_AWS_281",),
    ),
    Control(
        id="DL-RS-20",
        name="redshift-snapshot-copy",
        title="Snapshots are copied to another region under a grant that is there, and kept a week",
        severity=Severity.MEDIUM,
        category=Category.RESILIENCE,
        why="A grant in the wrong region leaves the copies under a key nobody chose, or refuses them.",
        fix="Declare the SnapshotCopyGrant in destinationRegion and name it in the SnapshotCopy.",
        judge=_copied,
        kinds=_COPY | _GRANT | _CLUSTER,
    ),
    Control(
        id="DL-RS-21",
        name="redshift-role-dedicated",
        title="Roles of clusters are assumed by Redshift alone",
        severity=Severity.MEDIUM,
        category=Category.LEAST_PRIVILEGE,
        why="A role that other services share reads for them what COPY may read.",
        fix="Give the cluster a role of its own that trusts redshift.amazonaws.com only.",
        judge=_roles,
        kinds=_CLUSTER | {Kind.ROLE, Kind.REDSHIFT_CLUSTER_ROLES},
    ),
)
