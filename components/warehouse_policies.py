"""What the warehouse may do and be asked: its roles' documents and the services its network guests call."""

from components.iam import (
    Document,
    allow,
    assumed_by,
    document,
    list_bucket,
    read_objects,
    use_key,
)
from components.names import KeyPurpose, Names, Store
from components.vpc_endpoints import Call

COPIED_ZONE = "processed"


def copy_trust(names: Names) -> Document:
    """Trust Redshift, working for this account only."""
    return document(assumed_by("redshift", {"StringEquals": {"aws:SourceAccount": names.account}}))


def copy_policy(names: Names) -> Document:
    """Allow what COPY of the processed zone's Parquet takes, and no UNLOAD.

    https://docs.aws.amazon.com/redshift/latest/dg/copy-usage_notes-access-permissions.html
    """
    prefixes = [f"{COPIED_ZONE}/"]
    return document(
        *list_bucket(names, Store.DATA, prefixes),
        read_objects(names, Store.DATA, prefixes),
        use_key(names, KeyPurpose.DATA, ["s3"], write=False),
    )


def pause_trust() -> Document:
    """Trust Redshift's own scheduler, which does not say for which account it calls.

    https://docs.aws.amazon.com/redshift/latest/mgmt/managing-cluster-operations.html
    """
    return document(assumed_by("scheduler.redshift", {}))


def pause_policy(names: Names) -> Document:
    """Allow pausing and resuming this one cluster."""
    return document(
        allow("PauseAndResume", ["redshift:PauseCluster", "redshift:ResumeCluster"], [names.cluster_arn])
    )


def _catalog(names: Names) -> list[str]:
    database = names.database(COPIED_ZONE)
    return [
        *names.catalog_arns(database, ("*",)),
        names.arn("glue", f"connection/{names.warehouse_connection}"),
    ]


def _job_logs(names: Names) -> list[str]:
    return [names.log_group_arn("/aws-glue/*"), f"{names.log_group_arn('/aws-glue/*')}:log-stream:*"]


LOADER_CALLS: tuple[Call, ...] = (
    Call("cloudwatch", ("cloudwatch:PutMetricData",), lambda _: ["*"]),
    Call(
        "glue",
        ("glue:GetConnection", "glue:GetDatabase", "glue:GetPartitions", "glue:GetTable", "glue:GetTables"),
        _catalog,
    ),
    Call("glue", ("glue:GetSecurityConfiguration",), lambda _: ["*"]),
    Call("kms", ("kms:Decrypt", "kms:GenerateDataKey"), lambda names: [names.arn("kms", "key/*")]),
    Call("lakeformation", ("lakeformation:GetDataAccess",), lambda _: ["*"]),
    Call(
        "logs",
        ("logs:AssociateKmsKey", "logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"),
        _job_logs,
    ),
    Call(
        "redshift-data",
        ("redshift-data:BatchExecuteStatement", "redshift-data:ExecuteStatement"),
        lambda names: [names.cluster_arn],
    ),
    Call(
        "redshift-data",
        ("redshift-data:DescribeStatement", "redshift-data:GetStatementResult"),
        lambda _: ["*"],
    ),
    Call("secretsmanager", ("secretsmanager:GetSecretValue",), lambda names: [names.warehouse_secret_arn]),
    Call("sts", ("sts:GetCallerIdentity",), lambda _: ["*"]),
)
"""What a Glue job with the warehouse's connection calls from inside the network, beside S3."""
