"""Which properties of which resources name other resources, and what the name in them means."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from policies.graph.kinds import Kind
from policies.graph.model import Graph, Join, Reference, Resource
from policies.graph.values import Unknown, Value

# Ids that AWS invents: one that the stack does not have is somebody else's, not a misspelling.
_INVENTED = re.compile(r"(?:vpc|subnet|sg|rtb|vpce|igw|pl)-[0-9a-f]+|[0-9a-f]{8}-[0-9a-f-]{27}|mrk-[0-9a-f]+")
_EVERY = "*"

_BUCKET_PARTS = (
    Kind.BUCKET_ENCRYPTION,
    Kind.BUCKET_VERSIONING,
    Kind.BUCKET_PUBLIC_ACCESS_BLOCK,
    Kind.BUCKET_OWNERSHIP,
    Kind.BUCKET_POLICY,
    Kind.BUCKET_LOGGING,
    Kind.BUCKET_LIFECYCLE,
    Kind.BUCKET_REPLICATION,
    Kind.BUCKET_WEBSITE,
    Kind.BUCKET_ACL,
    Kind.BUCKET_OBJECT_LOCK,
    Kind.BUCKET_NOTIFICATION,
    Kind.BUCKET_OBJECT,
)
_TARGETS = (Kind.QUEUE, Kind.TOPIC, Kind.FUNCTION, Kind.GLUE_WORKFLOW, Kind.LOG_GROUP, Kind.EVENT_BUS)

# Kind → properties (dotted; lists are entered) and what each may name.
REFERENCES: dict[Kind, tuple[tuple[str, tuple[Kind, ...]], ...]] = {
    **dict.fromkeys(_BUCKET_PARTS, (("bucket", (Kind.BUCKET,)),)),
    Kind.BUCKET_LOGGING: (("bucket", (Kind.BUCKET,)), ("targetBucket", (Kind.BUCKET,))),
    Kind.BUCKET: tuple(
        (f"{block}.{path}", kinds)
        for block, path, kinds in (
            ("logging", "targetBucket", (Kind.BUCKET,)),
            ("loggings", "targetBucket", (Kind.BUCKET,)),
            ("replicationConfiguration", "role", (Kind.ROLE,)),
            ("replicationConfiguration", "rules.destination.bucket", (Kind.BUCKET,)),
        )
    ),
    Kind.BUCKET_REPLICATION: (
        ("bucket", (Kind.BUCKET,)),
        ("role", (Kind.ROLE,)),
        ("rules.destination.bucket", (Kind.BUCKET,)),
    ),
    Kind.KMS_ALIAS: (("targetKeyId", (Kind.KMS_KEY,)),),
    Kind.KMS_KEY_POLICY: (("keyId", (Kind.KMS_KEY,)),),
    Kind.ROLE_POLICY: (("role", (Kind.ROLE,)),),
    Kind.ROLE_POLICY_ATTACHMENT: (("role", (Kind.ROLE,)),),
    Kind.GLUE_JOB: (
        ("roleArn", (Kind.ROLE,)),
        ("command.scriptLocation", (Kind.BUCKET,)),
        (f"defaultArguments.{_EVERY}", (Kind.BUCKET,)),
        ("connections", (Kind.GLUE_CONNECTION,)),
    ),
    Kind.GLUE_CRAWLER: (
        ("role", (Kind.ROLE,)),
        ("databaseName", (Kind.GLUE_DATABASE,)),
        ("catalogTargets.databaseName", (Kind.GLUE_DATABASE,)),
        ("s3Targets.path", (Kind.BUCKET,)),
    ),
    Kind.GLUE_TRIGGER: (
        ("workflowName", (Kind.GLUE_WORKFLOW,)),
        ("actions.jobName", (Kind.GLUE_JOB,)),
        ("actions.crawlerName", (Kind.GLUE_CRAWLER,)),
        ("predicate.conditions.jobName", (Kind.GLUE_JOB,)),
        ("predicate.conditions.crawlerName", (Kind.GLUE_CRAWLER,)),
    ),
    Kind.GLUE_TABLE: (
        ("databaseName", (Kind.GLUE_DATABASE,)),
        ("storageDescriptor.location", (Kind.BUCKET,)),
    ),
    Kind.GLUE_DATABASE: (("locationUri", (Kind.BUCKET,)),),
    Kind.GLUE_CONNECTION: (
        ("physicalConnectionRequirements.subnetId", (Kind.SUBNET,)),
        ("physicalConnectionRequirements.securityGroupIdLists", (Kind.SECURITY_GROUP,)),
    ),
    Kind.LF_LOCATION: (("arn", (Kind.BUCKET,)), ("roleArn", (Kind.ROLE,))),
    Kind.LF_PERMISSIONS: (
        ("principal", (Kind.ROLE,)),
        ("database.name", (Kind.GLUE_DATABASE,)),
        ("table.databaseName", (Kind.GLUE_DATABASE,)),
        ("table.name", (Kind.GLUE_TABLE,)),
        ("tableWithColumns.databaseName", (Kind.GLUE_DATABASE,)),
        ("dataCellsFilter.databaseName", (Kind.GLUE_DATABASE,)),
        ("dataCellsFilter.name", (Kind.LF_CELLS_FILTER,)),
        ("dataLocation.arn", (Kind.LF_LOCATION,)),
    ),
    Kind.LF_CELLS_FILTER: (
        ("tableData.databaseName", (Kind.GLUE_DATABASE,)),
        ("tableData.tableName", (Kind.GLUE_TABLE,)),
    ),
    Kind.ATHENA_WORKGROUP: (("configuration.resultConfiguration.outputLocation", (Kind.BUCKET,)),),
    Kind.EVENT_TARGET: (
        ("rule", (Kind.EVENT_RULE,)),
        ("arn", _TARGETS),
        ("roleArn", (Kind.ROLE,)),
        ("deadLetterConfig.arn", (Kind.QUEUE,)),
    ),
    Kind.SCHEDULE: (("target.roleArn", (Kind.ROLE,)), ("target.deadLetterConfig.arn", (Kind.QUEUE,))),
    Kind.METRIC_ALARM: (("alarmActions", (Kind.TOPIC,)),),
    Kind.ANOMALY_SUBSCRIPTION: (("subscribers.address", (Kind.TOPIC,)),),
    Kind.TOPIC_POLICY: (("arn", (Kind.TOPIC,)),),
    Kind.TOPIC_SUBSCRIPTION: (("topic", (Kind.TOPIC,)),),
    Kind.QUEUE_POLICY: (("queueUrl", (Kind.QUEUE,)),),
    Kind.TRAIL: (
        ("s3BucketName", (Kind.BUCKET,)),
        ("cloudWatchLogsGroupArn", (Kind.LOG_GROUP,)),
        ("cloudWatchLogsRoleArn", (Kind.ROLE,)),
    ),
    Kind.FLOW_LOG: (
        ("vpcId", (Kind.VPC, Kind.DEFAULT_VPC)),
        ("logDestination", (Kind.LOG_GROUP, Kind.BUCKET)),
        ("iamRoleArn", (Kind.ROLE,)),
    ),
    Kind.SUBNET: (("vpcId", (Kind.VPC, Kind.DEFAULT_VPC)),),
    Kind.SECURITY_GROUP: (
        ("vpcId", (Kind.VPC, Kind.DEFAULT_VPC)),
        ("ingress.securityGroups", (Kind.SECURITY_GROUP,)),
        ("egress.securityGroups", (Kind.SECURITY_GROUP,)),
    ),
    **dict.fromkeys(
        (Kind.SECURITY_GROUP_INGRESS, Kind.SECURITY_GROUP_EGRESS),
        (
            ("securityGroupId", (Kind.SECURITY_GROUP,)),
            ("referencedSecurityGroupId", (Kind.SECURITY_GROUP,)),
            ("prefixListId", (Kind.VPC_ENDPOINT,)),
        ),
    ),
    Kind.ROUTE_TABLE_ASSOCIATION: (("routeTableId", (Kind.ROUTE_TABLE,)), ("subnetId", (Kind.SUBNET,))),
    Kind.VPC_ENDPOINT: (
        ("vpcId", (Kind.VPC, Kind.DEFAULT_VPC)),
        ("subnetIds", (Kind.SUBNET,)),
        ("securityGroupIds", (Kind.SECURITY_GROUP,)),
        ("routeTableIds", (Kind.ROUTE_TABLE,)),
    ),
    Kind.REDSHIFT_CLUSTER: (
        ("clusterSubnetGroupName", (Kind.REDSHIFT_SUBNET_GROUP,)),
        ("iamRoles", (Kind.ROLE,)),
    ),
    Kind.REDSHIFT_SUBNET_GROUP: (("subnetIds", (Kind.SUBNET,)),),
    Kind.REDSHIFT_SNAPSHOT_COPY: (
        ("clusterIdentifier", (Kind.REDSHIFT_CLUSTER,)),
        ("snapshotCopyGrantName", (Kind.REDSHIFT_SNAPSHOT_COPY_GRANT,)),
    ),
    Kind.REDSHIFT_LOGGING: (("clusterIdentifier", (Kind.REDSHIFT_CLUSTER,)),),
    Kind.QUICKSIGHT_DATA_SOURCE: (
        ("vpcConnectionProperties.vpcConnectionArn", (Kind.QUICKSIGHT_VPC_CONNECTION,)),
        ("parameters.redshift.clusterId", (Kind.REDSHIFT_CLUSTER,)),
        ("parameters.athena.workGroup", (Kind.ATHENA_WORKGROUP,)),
        ("permissions.principal", (Kind.QUICKSIGHT_GROUP,)),
    ),
    Kind.QUICKSIGHT_ASSET: (("permissions.principal", (Kind.QUICKSIGHT_GROUP,)),),
    Kind.QUICKSIGHT_VPC_CONNECTION: (
        ("roleArn", (Kind.ROLE,)),
        ("subnetIds", (Kind.SUBNET,)),
        ("securityGroupIds", (Kind.SECURITY_GROUP,)),
    ),
    Kind.FUNCTION: (("role", (Kind.ROLE,)),),
}

# Which of them lead to something that must lie in the region of what names it.
SAME_REGION: dict[Kind, str] = {
    **dict.fromkeys(_BUCKET_PARTS, "bucket"),
    Kind.KMS_ALIAS: "targetKeyId",
    Kind.TOPIC_POLICY: "arn",
    Kind.TOPIC_SUBSCRIPTION: "topic",
    Kind.METRIC_ALARM: "alarmActions",
}


class Named(NamedTuple):
    """One name that a resource calls another by: where it stands, what it says, where it leads."""

    path: str
    value: Value
    kinds: tuple[Kind, ...]
    reference: Reference


def names_in(graph: Graph, source: Resource) -> Iterator[Named]:
    """Return every name in a resource's references that its program gave."""
    for path, kinds in REFERENCES.get(source.kind, ()) if source.kind is not None else ():
        prop, *rest = path.split(".")
        if not source.declares(prop):
            continue
        for value in values_at(source.props.get(prop), rest):
            if isinstance(value, Unknown):
                yield Named(path, value, kinds, _unknown(graph, source, prop, kinds))
            elif isinstance(value, str) and value and (Kind.BUCKET not in kinds or _is_place(prop, value)):
                name = bucket_of(value) if value.startswith("s3://") else value
                find = _SPECIAL.get(kinds[0])
                found = find(graph, source, value) if find else graph.follow(source, prop, *kinds, value=name)
                yield Named(path, value, kinds, found)


def _cells_filter(graph: Graph, grant: Resource, name: str) -> Reference:
    """Return the filter of a table that a grant names: its name is one only within the table."""
    wanted = (name, *(grant.at("dataCellsFilter", prop) for prop in ("databaseName", "tableName")))
    for cells in graph.of(Kind.LF_CELLS_FILTER):
        own = tuple(cells.at("tableData", prop) for prop in ("name", "databaseName", "tableName"))
        if own == wanted:
            return Reference(Join.FOUND, cells)
    return Reference(Join.EXTERNAL)


def _location(graph: Graph, grant: Resource, arn: str) -> Reference:
    """Return the registered location that a grant on a place in S3 is about."""
    del grant
    for location in graph.of(Kind.LF_LOCATION):
        place = location.at("arn")
        if isinstance(place, Unknown):
            return Reference(Join.UNKNOWN)
        if f"{arn.rstrip('/')}/".startswith(f"{str(place).rstrip('/')}/"):
            return Reference(Join.FOUND, location)
    return Reference(Join.EXTERNAL)


_SPECIAL = {Kind.LF_CELLS_FILTER: _cells_filter, Kind.LF_LOCATION: _location}


def values_at(value: Value, path: list[str]) -> Iterator[Value]:
    """Return the scalars under a path; lists are entered, `*` means every name."""
    if isinstance(value, list):
        for item in value:
            yield from values_at(item, path)
    elif isinstance(value, Unknown) or not path:
        yield value
    elif isinstance(value, dict):
        for name in list(value) if path[0] == _EVERY else [path[0]]:
            if name in value:
                yield from values_at(value[name], path[1:])


def bucket_of(uri: str) -> str:
    """Return the bucket of an `s3://` address."""
    return uri.partition("://")[2].partition("/")[0]


def is_invented(value: str) -> bool:
    """Whether a name is an id of AWS's making."""
    return _INVENTED.fullmatch(value) is not None


def _is_place(prop: str, value: str) -> bool:
    # Arguments of a job are of any meaning; an address says what it is.
    return prop != "defaultArguments" or value.startswith("s3://")


def _unknown(graph: Graph, source: Resource, prop: str, kinds: tuple[Kind, ...]) -> Reference:
    found = graph.dependencies_of(source, prop, *kinds)
    return Reference(Join.FOUND, found[0]) if found else Reference(Join.UNKNOWN)
