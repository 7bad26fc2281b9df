"""What the warehouse may do and be asked: its roles' documents and the services its network guests call."""

from components.iam import (
    Conditions,
    Document,
    Statement,
    allow,
    assumed_by,
    document,
    list_bucket,
    put_metrics,
    read_objects,
    tell_absence,
    use_catalog_key,
    use_key,
    write_logs,
    write_objects,
)
from components.key_policies import CLUSTER
from components.names import KeyPurpose, Names, Store
from components.settings import PROJECT
from components.vpc_endpoints import Call
from etl.contract import GOLD_TABLES, RAW_DATASETS

COPY_ROLE = "warehouse-copy"
COPIED = (*(f"processed/{name}/" for name in RAW_DATASETS), *(f"curated/{name}/" for name in GOLD_TABLES))
"""Prefixes of the tables that the warehouse copies; rejected rows are not among them."""

_INDEXES = ("processed/_ops/manifests/", "curated/_ops/manifests/")


def copy_trust(names: Names) -> Document:
    """Trust Redshift, working for this account only."""
    return document(assumed_by("redshift", {"StringEquals": {"aws:SourceAccount": names.account}}))


def copy_policy(names: Names) -> Document:
    """Allow what COPY of the lake's Parquet takes, and no UNLOAD.

    https://docs.aws.amazon.com/redshift/latest/dg/copy-usage_notes-access-permissions.html
    """
    return document(
        *list_bucket(names, Store.DATA, COPIED),
        read_objects(names, Store.DATA, COPIED),
        use_key(names, KeyPurpose.DATA, ["s3"], write=False),
    )


def loader_policy(names: Names, job: str) -> Document:
    """Tell what the lake holds, run statements in this one cluster, and read the results of its own only.

    The job signs in with the secret that Redshift keeps; it reads none of the data itself.
    https://docs.aws.amazon.com/redshift/latest/mgmt/data-api-access.html
    """
    temporary = [names.temporary_prefix(job)]
    own = {"StringEquals": {"redshift-data:statement-owner-iam-userid": "${aws:userid}"}}
    return document(
        tell_absence(names, Store.DATA),
        read_objects(names, Store.DATA, _INDEXES),
        *list_bucket(names, Store.ARTIFACTS, ["jobs/", "packages/", *temporary]),
        read_objects(names, Store.ARTIFACTS, ["jobs/", "packages/", *temporary]),
        write_objects(names, Store.ARTIFACTS, temporary),
        use_key(names, KeyPurpose.DATA, ["s3"], write=True),
        allow("RunStatements", ["redshift-data:BatchExecuteStatement"], [names.cluster_arn]),
        allow(
            "ReadOwnStatements",
            ["redshift-data:DescribeStatement", "redshift-data:GetStatementResult"],
            ["*"],
            own,
        ),
        allow("SeeCluster", ["redshift:DescribeClusters"], [names.cluster_arn]),
        allow("ReadPassword", ["secretsmanager:GetSecretValue"], [names.warehouse_secret_arn]),
        *_use_clusters_key(names),
        allow("FindConnection", ["glue:GetConnection"], _connection(names)),
        use_catalog_key(names),
        *_inside(names),
        *write_logs(names, names.job_log_groups(job)),
        allow("ReadEncryptionSettings", ["glue:GetSecurityConfiguration"], ["*"]),
        put_metrics(names),
    )


def _use_clusters_key(names: Names) -> list[Statement]:
    """Read the password, and lend the cluster's key to the Data API, which encrypts statements with it.

    Redshift asks for the grant in the caller's name.
    https://docs.aws.amazon.com/redshift/latest/mgmt/data-api-kms.html
    """
    use = use_key(names, KeyPurpose.WAREHOUSE, [*CLUSTER, "secretsmanager"], write=True)
    lend = use_key(names, KeyPurpose.WAREHOUSE, CLUSTER, write=False)
    return [
        use | {"Action": [*use["Action"], "kms:DescribeKey", "kms:Encrypt"]},
        lend
        | {
            "Sid": "LendWarehouseKey",
            "Action": ["kms:CreateGrant"],
            "Condition": lend["Condition"] | {"Bool": {"kms:GrantIsForAWSResource": "true"}},
        },
    ]


def _inside(names: Names) -> list[Statement]:
    """Let Glue put a job's network interfaces into this project's subnets and take them away.

    An interface that is being made has no tags yet, hence "if it has any" on the interfaces themselves.
    https://docs.aws.amazon.com/glue/latest/dg/setup-vpc-for-glue-access.html
    """
    own = {"aws:ResourceTag/project": PROJECT}
    interfaces = [names.arn("ec2", "network-interface/*")]
    places = [names.arn("ec2", "subnet/*"), names.arn("ec2", "security-group/*")]
    glue_tag: Conditions = {
        "ForAllValues:StringEquals": {"aws:TagKeys": ["aws-glue-service-resource"]},
        "Null": {"aws:TagKeys": "false"},
    }
    return [
        allow("EnterSubnets", ["ec2:CreateNetworkInterface"], places, {"StringEquals": own}),
        allow("MakeInterfaces", ["ec2:CreateNetworkInterface"], interfaces, {"StringEqualsIfExists": own}),
        allow("RemoveInterfaces", ["ec2:DeleteNetworkInterface"], interfaces, {"StringEqualsIfExists": own}),
        allow(
            "LookAtNetwork", ["ec2:DescribeVpcAttribute"], [names.arn("ec2", "vpc/*")], {"StringEquals": own}
        ),
        allow("MarkInterfaces", ["ec2:CreateTags", "ec2:DeleteTags"], interfaces, glue_tag),
        allow(
            "FindNetwork",
            [
                "ec2:DescribeNetworkInterfaces",
                "ec2:DescribeRouteTables",
                "ec2:DescribeSecurityGroups",
                "ec2:DescribeSubnets",
                "ec2:DescribeVpcEndpoints",
            ],
            ["*"],
        ),
    ]


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


def _connection(names: Names) -> list[str]:
    return [names.arn("glue", "catalog"), names.arn("glue", f"connection/{names.warehouse_connection}")]


def _job_logs(names: Names) -> list[str]:
    return [names.log_group_arn("/aws-glue/*"), f"{names.log_group_arn('/aws-glue/*')}:log-stream:*"]


LOADER_CALLS: tuple[Call, ...] = (
    Call("cloudwatch", ("cloudwatch:PutMetricData",), lambda _: ["*"]),
    Call("glue", ("glue:GetConnection",), _connection),
    Call("glue", ("glue:GetSecurityConfiguration",), lambda _: ["*"]),
    Call("kms", ("kms:Decrypt", "kms:GenerateDataKey"), lambda names: [names.arn("kms", "key/*")]),
    Call(
        "logs",
        ("logs:AssociateKmsKey", "logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"),
        _job_logs,
    ),
    Call("redshift", ("redshift:DescribeClusters",), lambda names: [names.cluster_arn]),
    Call("redshift-data", ("redshift-data:BatchExecuteStatement",), lambda names: [names.cluster_arn]),
    Call(
        "redshift-data",
        ("redshift-data:DescribeStatement", "redshift-data:GetStatementResult"),
        lambda _: ["*"],
    ),
    Call("secretsmanager", ("secretsmanager:GetSecretValue",), lambda names: [names.warehouse_secret_arn]),
    Call("sts", ("sts:GetCallerIdentity",), lambda _: ["*"]),
)
"""What a Glue job with the warehouse's connection calls from inside the network, beside S3."""
