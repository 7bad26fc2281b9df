"""What the roles of a stack are needed for, read off the resources that run under them.

Sources: the page of each service on the role that it asks for. A need is an action on one resource, on none
in particular (empty), or on `*` where the action knows no resources.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from policies.graph.arns import local_name, parse_arn
from policies.graph.kinds import Kind
from policies.graph.model import Graph, Resource
from policies.graph.values import at, is_true, items

_S3 = "arn:aws:s3:::"
_UNIVERSAL = ":aws-sdk:"


class Need(NamedTuple):
    """One action that a role is needed for: whose role by which resource, on what, what for."""

    role: Resource
    source: Resource
    action: str
    resource: str
    purpose: str


# Kind of what runs under a role → the property that names the role.
RUNNERS: dict[Kind, str] = {
    Kind.GLUE_JOB: "roleArn",
    Kind.GLUE_CRAWLER: "role",
    Kind.EVENT_TARGET: "roleArn",
    Kind.SCHEDULE: "target",
    Kind.FLOW_LOG: "iamRoleArn",
    Kind.TRAIL: "cloudWatchLogsRoleArn",
    Kind.LF_LOCATION: "roleArn",
    Kind.BUCKET_REPLICATION: "role",
}


def role_of(graph: Graph, runner: Resource) -> Resource | None:
    """Return the role of the stack that a resource runs under."""
    if runner.kind not in RUNNERS:
        return None
    prop = RUNNERS[runner.kind]
    value = runner.at("target", "roleArn") if runner.kind is Kind.SCHEDULE else None
    return graph.follow(runner, prop, Kind.ROLE, value=value).target


def needs(graph: Graph) -> tuple[Need, ...]:
    """Return every need of every role that something of the stack runs under."""
    found = []
    for runner in graph.of(*RUNNERS):
        role = role_of(graph, runner)
        if role is not None:
            found += [Need(role, runner, *need) for need in _of(graph, runner)]
    return tuple(found)


def _of(graph: Graph, runner: Resource) -> Iterator[tuple[str, str, str]]:
    match runner.kind:
        case Kind.GLUE_JOB:
            yield from _job(runner)
        case Kind.GLUE_CRAWLER:
            yield from _crawler(graph, runner)
        case Kind.EVENT_TARGET:
            yield from _target(runner)
        case Kind.SCHEDULE:
            yield from _schedule(runner)
        case Kind.FLOW_LOG | Kind.TRAIL:
            yield from _log_writer(runner)
        case Kind.LF_LOCATION:
            arn = parse_arn(str(runner.at("arn")))
            if arn is not None:
                yield "s3:GetObject", f"{_S3}{arn.resource.rstrip('/')}/q7/object", "lend what lies there"
        case Kind.BUCKET_REPLICATION:
            yield from _replication(runner)
        case _:
            return


def _job(job: Resource) -> Iterator[tuple[str, str, str]]:
    arguments = job.at("defaultArguments")
    for package in _addresses(at(arguments, "--extra-py-files")):
        yield "s3:GetObject", _S3 + package, "load its packages"
    for place in _addresses(at(arguments, "--TempDir")):
        yield "s3:PutObject", f"{_S3}{place.rstrip('/')}/q7", "spill into its temporary directory"
        yield "s3:GetObject", f"{_S3}{place.rstrip('/')}/q7", "read back what it spilled"
    if job.at("securityConfiguration"):
        yield "glue:GetSecurityConfiguration", "*", "read how it must encrypt"
    if is_true(at(arguments, "--enable-continuous-cloudwatch-log")):
        yield "logs:PutLogEvents", "", "log"
    if at(arguments, "--enable-metrics") not in (None, "false"):
        yield "cloudwatch:PutMetricData", "*", "publish its metrics"
    for connection in items(job.at("connections")):
        if isinstance(connection, str):
            yield "glue:GetConnection", "", f"open connection {connection}"


def _addresses(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield from (uri.removeprefix("s3://") for uri in value.split(",") if uri.startswith("s3://"))


def _crawler(graph: Graph, crawler: Resource) -> Iterator[tuple[str, str, str]]:
    governed = is_true(crawler.at("lakeFormationConfiguration", "useLakeFormationCredentials"))
    if governed:
        yield "lakeformation:GetDataAccess", "*", "borrow access to what it crawls"
    for path in () if governed else crawled(graph, crawler):
        if isinstance(path, str) and path.startswith("s3://"):
            yield "s3:GetObject", f"{_S3}{path.removeprefix('s3://').rstrip('/')}/q7", "read what it crawls"
    if crawler.at("securityConfiguration"):
        yield "glue:GetSecurityConfiguration", "*", "read how it must encrypt"
    yield "glue:GetDatabase", "", "compare what it finds with the catalog"
    yield "logs:PutLogEvents", "", "log"


def crawled(graph: Graph, crawler: Resource) -> Iterator[object]:
    """Yield where a crawler's targets lie: paths, and the locations of the stack's tables."""
    for target in items(crawler.at("s3Targets")):
        yield at(target, "path")
    wanted = {
        (at(target, "databaseName"), table)
        for target in items(crawler.at("catalogTargets"))
        for table in items(at(target, "tables"))
        if isinstance(table, str)
    }
    for table in graph.of(Kind.GLUE_TABLE):
        if (table.at("databaseName"), table.at("name")) in wanted:
            yield table.at("storageDescriptor", "location")


_DELIVERED_BY = {
    ("glue", "workflow"): "glue:NotifyEvent",
    ("kinesis", "stream"): "kinesis:PutRecord",
    ("states", "stateMachine"): "states:StartExecution",
    ("events", "event-bus"): "events:PutEvents",
    ("firehose", "deliverystream"): "firehose:PutRecord",
}


def _target(target: Resource) -> Iterator[tuple[str, str, str]]:
    literal = target.at("arn")
    arn = parse_arn(literal) if isinstance(literal, str) else None
    if arn is None:
        return
    kind = arn.resource.replace(":", "/").partition("/")[0]
    action = _DELIVERED_BY.get((arn.service, kind))
    if action is not None:
        yield action, str(literal), "hand the event on"


def wants_role(target: Resource) -> bool:
    """Whether EventBridge reaches an event's target only under a role."""
    return any(True for _ in _target(target))


def _schedule(schedule: Resource) -> Iterator[tuple[str, str, str]]:
    action = called_by(schedule)
    if action is not None:
        yield action, "", "do what it is for"
    if schedule.declares("kmsKeyArn"):
        yield "kms:Decrypt", "", "read its own input"


def called_by(schedule: Resource) -> str | None:
    """Return the action that a schedule's target calls, as IAM writes it; `None` where it is not known."""
    literal = schedule.at("target", "arn")
    if not isinstance(literal, str):
        return None
    if _UNIVERSAL in literal:
        service, _, call = literal.partition(_UNIVERSAL)[2].partition(":")
        return f"{service}:{call[:1].upper()}{call[1:]}"
    arn = parse_arn(literal)
    templated = {"lambda": "lambda:InvokeFunction", "sqs": "sqs:SendMessage", "sns": "sns:Publish"}
    return templated.get(arn.service) if arn is not None else None


def _log_writer(source: Resource) -> Iterator[tuple[str, str, str]]:
    prop = "logDestination" if source.kind is Kind.FLOW_LOG else "cloudWatchLogsGroupArn"
    group = source.at(prop)
    arn = parse_arn(group) if isinstance(group, str) else None
    if arn is not None and arn.service == "logs":
        # CloudTrail names its streams; flow logs have one an interface.
        stream = f"{arn.account}_CloudTrail_{arn.region}" if source.kind is Kind.TRAIL else "q7"
        place = f"{str(group).removesuffix(':*')}:log-stream:{stream}"
        for action in ("logs:CreateLogStream", "logs:PutLogEvents"):
            yield action, place, "deliver its records"


def _replication(replication: Resource) -> Iterator[tuple[str, str, str]]:
    source = replication.at("bucket")
    if not isinstance(source, str):
        return
    yield "s3:GetReplicationConfiguration", _S3 + source, "read its own rules"
    for rule in items(replication.at("rules")):
        prefix, bucket = at(rule, "filter", "prefix"), at(rule, "destination", "bucket")
        key = f"{prefix if isinstance(prefix, str) else ''}q7"
        yield "s3:GetObjectVersionForReplication", f"{_S3}{source}/{key}", "read what it copies"
        if isinstance(bucket, str):
            yield "s3:ReplicateObject", f"{_S3}{local_name(bucket)}/{key}", "write the replica"


_LOGGING = frozenset({"logs:CreateLogStream", "logs:PutLogEvents"})
_USES_KEY = frozenset({"kms:Decrypt", "kms:GenerateDataKey", "kms:Encrypt"})
_PARTITIONS = frozenset(
    f"glue:{verb}Partition"
    for verb in ("BatchCreate", "BatchUpdate", "BatchDelete", "Create", "Update", "Delete")
)
# Kind of what runs → what it may change besides reading. An event's target and a schedule change nothing
# but by the one action that they are for.
MAY_CHANGE: dict[Kind, frozenset[str]] = {
    Kind.GLUE_JOB: _LOGGING
    | _USES_KEY
    | _PARTITIONS
    | {
        "s3:PutObject",
        "s3:DeleteObject",
        "s3:AbortMultipartUpload",
        "glue:CreateTable",
        "glue:UpdateTable",
        "logs:CreateLogGroup",
        "logs:AssociateKmsKey",
        "cloudwatch:PutMetricData",
        "lakeformation:GetDataAccess",
        "redshift-data:ExecuteStatement",
        "redshift-data:BatchExecuteStatement",
    },
    Kind.GLUE_CRAWLER: _LOGGING
    | _USES_KEY
    | _PARTITIONS
    | {
        "glue:CreateTable",
        "glue:UpdateTable",
        "logs:CreateLogGroup",
        "logs:AssociateKmsKey",
        "cloudwatch:PutMetricData",
        "lakeformation:GetDataAccess",
    },
    Kind.EVENT_TARGET: frozenset(),
    Kind.SCHEDULE: frozenset({"kms:Decrypt"}),
    Kind.FLOW_LOG: _LOGGING,
    Kind.TRAIL: _LOGGING,
    Kind.LF_LOCATION: _USES_KEY | {"s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"},
    Kind.BUCKET_REPLICATION: _USES_KEY
    | {"s3:ReplicateObject", "s3:ReplicateDelete", "s3:ReplicateTags", "s3:ObjectOwnerOverrideToBucketOwner"},
}

# What Glue does under the role of a job to put it into the network that one of its connections is in.
_ENTERS_NETWORK = frozenset(
    {"ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface", "ec2:CreateTags", "ec2:DeleteTags"}
)


def may_change(runner: Resource) -> frozenset[str]:
    """Return the actions that change things which what runs under a role may be for."""
    enters = runner.kind is Kind.GLUE_JOB and runner.at("connections") not in (None, [])
    return MAY_CHANGE[Kind(str(runner.kind))] | (_ENTERS_NETWORK if enters else frozenset())
