"""IAM documents as pure functions of names: trust policies and what each role may do, nothing more.

Keys are named by alias (`kms:ResourceAliases`), because AWS invents their ids: the documents are whole and
literal before anything exists. https://docs.aws.amazon.com/kms/latest/developerguide/alias-authorization.html
"""

from collections.abc import Mapping, Sequence
from typing import Any

from components.names import KeyPurpose, Names, Store

Statement = dict[str, Any]
Document = dict[str, Any]
Conditions = Mapping[str, Mapping[str, str | Sequence[str]]]


def document(*statements: Statement) -> Document:
    """Make a policy document of these statements."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(
    sid: str, actions: Sequence[str], resources: Sequence[str], conditions: Conditions | None = None
) -> Statement:
    """Make a statement of an identity's policy that allows actions on resources."""
    statement: Statement = {
        "Sid": sid,
        "Effect": "Allow",
        "Action": list(actions),
        "Resource": list(resources),
    }
    if conditions:
        statement["Condition"] = {operator: dict(keys) for operator, keys in conditions.items()}
    return statement


def assumed_by(service: str, conditions: Conditions) -> Statement:
    """Make a statement of a trust policy that admits a service, under conditions where it meets any."""
    words = service.replace("-", ".").split(".")
    statement: Statement = {
        "Sid": "AssumedBy" + "".join(word.title() for word in words),
        "Effect": "Allow",
        "Principal": {"Service": f"{service}.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    if conditions:
        statement["Condition"] = {operator: dict(keys) for operator, keys in conditions.items()}
    return statement


def glue_trust(names: Names) -> Document:
    """Trust Glue, working for this account only."""
    return document(_by_glue(names))


def _by_glue(names: Names) -> Statement:
    return assumed_by("glue", {"StringEquals": {"aws:SourceAccount": names.account}})


def lake_formation_trust(names: Names) -> Document:
    """Trust Lake Formation and Glue, which lends on its behalf, working for this account only.

    https://docs.aws.amazon.com/lake-formation/latest/dg/registration-role.html
    """
    conditions = {
        "StringEquals": {"aws:SourceAccount": names.account},
        "ArnLike": {"aws:SourceArn": names.arn("lakeformation", "*")},
    }
    return document(assumed_by("lakeformation", conditions), _by_glue(names))


def events_trust(names: Names, rules: Sequence[str]) -> Document:
    """Trust EventBridge, on behalf of named rules only."""
    conditions: Conditions = {
        "StringEquals": {"aws:SourceAccount": names.account},
        "ArnEquals": {"aws:SourceArn": [names.rule_arn(rule) for rule in rules]},
    }
    return document(assumed_by("events", conditions))


def list_bucket(names: Names, store: Store, prefixes: Sequence[str]) -> list[Statement]:
    """Find a bucket and list the keys under prefixes such as `raw/`."""
    bucket = [names.bucket_arn(store)]
    wanted = [f"{prefix}*" for prefix in prefixes]
    return [
        allow(f"List{store.title()}", ["s3:ListBucket"], bucket, {"StringLike": {"s3:prefix": wanted}}),
        allow(f"Locate{store.title()}", ["s3:GetBucketLocation"], bucket),
    ]


def tell_absence(names: Names, store: Store) -> Statement:
    """Let S3 say 404 of an absent key, not 403: it asks for the right to list, and that check has no prefix.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
    """
    return allow(
        f"TellAbsence{store.title()}",
        ["s3:ListBucket"],
        [names.bucket_arn(store)],
        {"Null": {"s3:prefix": "true"}},
    )


def read_objects(names: Names, store: Store, prefixes: Sequence[str]) -> Statement:
    """Read the objects under prefixes."""
    objects = [names.objects_arn(store, prefix) for prefix in prefixes]
    return allow(f"Read{store.title()}", ["s3:GetObject"], objects)


def write_objects(names: Names, store: Store, prefixes: Sequence[str]) -> Statement:
    """Write and delete the objects under prefixes, in parts where they are large."""
    actions = ["s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"]
    place = store.title() if names.at_home else f"Replica{store.title()}"
    return allow(f"Write{place}", actions, [names.objects_arn(store, prefix) for prefix in prefixes])


def use_key(names: Names, purpose: KeyPurpose, services: Sequence[str], *, write: bool) -> Statement:
    """Use a key through services only: decrypt, and make data keys where something is written."""
    return allow(
        f"Use{purpose.title()}Key",
        ["kms:Decrypt", "kms:GenerateDataKey"] if write else ["kms:Decrypt"],
        [names.arn("kms", "key/*")],
        {
            "ForAnyValue:StringEquals": {"kms:ResourceAliases": [names.key_alias(purpose)]},
            "StringEquals": {"kms:ViaService": names.via(*services)},
        },
    )


def use_catalog_key(names: Names) -> Statement:
    """Use the catalog's key through Glue: whoever reads or writes an encrypted catalog needs all three.

    https://docs.aws.amazon.com/glue/latest/dg/set-up-encryption.html
    """
    statement = use_key(names, KeyPurpose.CATALOG, ["glue"], write=True)
    return statement | {"Action": [*statement["Action"], "kms:Encrypt"]}


def write_logs(names: Names, groups: Sequence[str]) -> list[Statement]:
    """Write to log groups; Glue asks to create them and to set their key even where both are done.

    A policy names a log group with a trailing `:*`, whatever is done to it but tagging.
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/iam-access-control-overview-cwl.html
    """
    arns = [names.log_group_arn(group) for group in groups]
    return [
        allow("PrepareLogs", ["logs:CreateLogGroup", "logs:AssociateKmsKey"], [f"{arn}:*" for arn in arns]),
        allow(
            "WriteLogs",
            ["logs:CreateLogStream", "logs:PutLogEvents"],
            [f"{arn}:log-stream:*" for arn in arns],
        ),
    ]


def put_metrics(names: Names) -> Statement:
    """Put a job's metrics: Glue's own and those of runs; the action knows no resources but the namespace."""
    return allow(
        "PutMetrics",
        ["cloudwatch:PutMetricData"],
        ["*"],
        {"StringEquals": {"cloudwatch:namespace": ["Glue", names.run_metric_namespace]}},
    )


def start_workflow_policy(names: Names) -> Document:
    """Allow what EventBridge needs to hand an event to the workflow."""
    return document(allow("NotifyWorkflow", ["glue:NotifyEvent"], [names.workflow_arn]))


def location_policy(names: Names, zones: Sequence[str]) -> Document:
    """Allow what Lake Formation needs to lend readers access to the zones; nobody writes through it."""
    prefixes = [f"{zone}/" for zone in zones]
    return document(
        *list_bucket(names, Store.DATA, prefixes),
        read_objects(names, Store.DATA, prefixes),
        use_key(names, KeyPurpose.DATA, ["s3"], write=False),
    )


def flow_log_trust(names: Names) -> Document:
    """Trust the flow logs of this account and region.

    https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-iam-role.html
    """
    conditions = {
        "StringEquals": {"aws:SourceAccount": names.account},
        "ArnLike": {"aws:SourceArn": names.arn("ec2", "vpc-flow-log/*")},
    }
    return document(assumed_by("vpc-flow-logs", conditions))


def flow_log_policy(names: Names) -> Document:
    """Write to the flow logs' group; the group is there already, so none is ever made."""
    group = names.log_group_arn(names.flow_log_group)
    return document(
        allow("WriteFlowLogs", ["logs:CreateLogStream", "logs:PutLogEvents"], [f"{group}:log-stream:*"]),
        allow("FindStreams", ["logs:DescribeLogStreams"], [f"{group}:*"]),
        allow("FindGroups", ["logs:DescribeLogGroups"], ["*"]),
    )
