"""Canonical kinds of resources, and the type tokens of every provider major that mean them."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """What a resource is, whatever token, provider major or sub-resource style declares it."""

    BUCKET = "s3.bucket"
    BUCKET_ENCRYPTION = "s3.bucket-encryption"
    BUCKET_VERSIONING = "s3.bucket-versioning"
    BUCKET_PUBLIC_ACCESS_BLOCK = "s3.bucket-public-access-block"
    BUCKET_OWNERSHIP = "s3.bucket-ownership"
    BUCKET_POLICY = "s3.bucket-policy"
    BUCKET_LOGGING = "s3.bucket-logging"
    KMS_KEY = "kms.key"
    KMS_KEY_POLICY = "kms.key-policy"
    KMS_ALIAS = "kms.alias"
    GLUE_SECURITY_CONFIGURATION = "glue.security-configuration"
    GLUE_JOB = "glue.job"
    GLUE_CRAWLER = "glue.crawler"
    GLUE_DEV_ENDPOINT = "glue.dev-endpoint"
    GLUE_CATALOG_ENCRYPTION = "glue.catalog-encryption"
    LF_SETTINGS = "lakeformation.settings"
    LF_PERMISSIONS = "lakeformation.permissions"
    LF_LOCATION = "lakeformation.location"
    ATHENA_WORKGROUP = "athena.workgroup"
    LOG_GROUP = "logs.log-group"
    ROLE = "iam.role"
    ROLE_POLICY = "iam.role-policy"
    MANAGED_POLICY = "iam.policy"
    ROLE_POLICY_ATTACHMENT = "iam.role-policy-attachment"
    POLICY_ATTACHMENT = "iam.policy-attachment"
    ATTACHMENTS_EXCLUSIVE = "iam.role-policy-attachments-exclusive"
    USER = "iam.user"
    USER_POLICY = "iam.user-policy"
    USER_POLICY_ATTACHMENT = "iam.user-policy-attachment"
    GROUP = "iam.group"
    GROUP_POLICY = "iam.group-policy"
    GROUP_POLICY_ATTACHMENT = "iam.group-policy-attachment"


def _token(module: str, name: str) -> str:
    return f"aws:{module}/{name[0].lower()}{name[1:]}:{name}"


_S3_SIDECARS = {
    "BucketServerSideEncryptionConfiguration": Kind.BUCKET_ENCRYPTION,
    "BucketVersioning": Kind.BUCKET_VERSIONING,
    "BucketLogging": Kind.BUCKET_LOGGING,
}

KIND_OF: dict[str, Kind] = {
    _token("s3", "Bucket"): Kind.BUCKET,
    _token("s3", "BucketV2"): Kind.BUCKET,
    **{_token("s3", name + suffix): kind for name, kind in _S3_SIDECARS.items() for suffix in ("", "V2")},
    _token("s3", "BucketPublicAccessBlock"): Kind.BUCKET_PUBLIC_ACCESS_BLOCK,
    _token("s3", "BucketOwnershipControls"): Kind.BUCKET_OWNERSHIP,
    _token("s3", "BucketPolicy"): Kind.BUCKET_POLICY,
    _token("kms", "Key"): Kind.KMS_KEY,
    _token("kms", "ReplicaKey"): Kind.KMS_KEY,
    _token("kms", "ExternalKey"): Kind.KMS_KEY,
    _token("kms", "ReplicaExternalKey"): Kind.KMS_KEY,
    _token("kms", "KeyPolicy"): Kind.KMS_KEY_POLICY,
    _token("kms", "Alias"): Kind.KMS_ALIAS,
    _token("glue", "SecurityConfiguration"): Kind.GLUE_SECURITY_CONFIGURATION,
    _token("glue", "Job"): Kind.GLUE_JOB,
    _token("glue", "Crawler"): Kind.GLUE_CRAWLER,
    _token("glue", "DevEndpoint"): Kind.GLUE_DEV_ENDPOINT,
    _token("glue", "DataCatalogEncryptionSettings"): Kind.GLUE_CATALOG_ENCRYPTION,
    _token("lakeformation", "DataLakeSettings"): Kind.LF_SETTINGS,
    _token("lakeformation", "Permissions"): Kind.LF_PERMISSIONS,
    _token("lakeformation", "Resource"): Kind.LF_LOCATION,
    _token("athena", "Workgroup"): Kind.ATHENA_WORKGROUP,
    _token("cloudwatch", "LogGroup"): Kind.LOG_GROUP,
    _token("iam", "Role"): Kind.ROLE,
    _token("iam", "RolePolicy"): Kind.ROLE_POLICY,
    _token("iam", "Policy"): Kind.MANAGED_POLICY,
    _token("iam", "RolePolicyAttachment"): Kind.ROLE_POLICY_ATTACHMENT,
    _token("iam", "PolicyAttachment"): Kind.POLICY_ATTACHMENT,
    _token("iam", "RolePolicyAttachmentsExclusive"): Kind.ATTACHMENTS_EXCLUSIVE,
    _token("iam", "User"): Kind.USER,
    _token("iam", "UserPolicy"): Kind.USER_POLICY,
    _token("iam", "UserPolicyAttachment"): Kind.USER_POLICY_ATTACHMENT,
    _token("iam", "Group"): Kind.GROUP,
    _token("iam", "GroupPolicy"): Kind.GROUP_POLICY,
    _token("iam", "GroupPolicyAttachment"): Kind.GROUP_POLICY_ATTACHMENT,
}

# Properties that name a resource of the kind: what other resources, ARNs and documents call it by.
IDENTITIES: dict[Kind, tuple[str, ...]] = {
    Kind.BUCKET: ("bucket", "id", "arn"),
    Kind.KMS_KEY: ("arn", "keyId", "id"),
    Kind.KMS_ALIAS: ("name", "id", "arn"),
    Kind.GLUE_SECURITY_CONFIGURATION: ("name", "id"),
    Kind.ROLE: ("name", "id", "arn"),
    Kind.MANAGED_POLICY: ("arn", "id", "name"),
    Kind.USER: ("name", "id", "arn"),
    Kind.GROUP: ("name", "id", "arn"),
    Kind.LOG_GROUP: ("name", "id", "arn"),
}

# Services whose resources hold, move, open or audit the lake's data: silence about one of them is not a pass.
LAKE_SERVICES = frozenset(
    {
        "athena",
        "budgets",
        "cfg",
        "cloudtrail",
        "cloudwatch",
        "costexplorer",
        "ec2",
        "glue",
        "iam",
        "kinesis",
        "kms",
        "lakeformation",
        "lambda",
        "organizations",
        "quicksight",
        "redshift",
        "redshiftdata",
        "redshiftserverless",
        "s3",
        "s3control",
        "s3tables",
        "scheduler",
        "secretsmanager",
        "sfn",
        "sns",
        "sqs",
        "ssm",
        "vpc",
    }
)

# Read by eye, with nothing in their own inputs that a control could ask for.
NOTHING_TO_JUDGE: dict[str, str] = {
    _token("s3", "BucketObject"): "the bucket that takes the object is judged",
    _token("s3", "BucketObjectv2"): "the bucket that takes the object is judged",
    _token("s3", "BucketNotification"): "routes events; grants and stores nothing",
    _token("s3", "BucketLifecycleConfiguration"): "retention of objects; the bucket is judged",
    _token("s3", "BucketLifecycleConfigurationV2"): "retention of objects; the bucket is judged",
    _token("glue", "CatalogDatabase"): "names and descriptions; access is judged where it is granted",
    _token("glue", "CatalogTable"): "names and columns; the location's bucket is judged",
    _token("glue", "Partition"): "metadata of a table; the location's bucket is judged",
    _token("glue", "PartitionIndex"): "metadata of a table",
    _token("glue", "Workflow"): "an empty container; its jobs and crawlers are judged",
    _token("glue", "Trigger"): "starts jobs and crawlers, which are judged",
    _token("athena", "NamedQuery"): "text of a query; the workgroup that runs it is judged",
    _token("athena", "PreparedStatement"): "text of a query; the workgroup that runs it is judged",
    _token("cloudwatch", "EventRule"): "a pattern or a schedule; what it starts is judged",
    _token("cloudwatch", "EventTarget"): "starts its target under a role, which is judged",
    _token("cloudwatch", "LogStream"): "part of a log group, which is judged",
    _token("iam", "InstanceProfile"): "a handle on a role, which is judged",
    _token("iam", "RolePoliciesExclusive"): "names policies that are judged themselves",
}


def service_of(token: str) -> str:
    """Return the service of a type token (`s3` in `aws:s3/bucket:Bucket`); empty for other providers."""
    provider, _, rest = token.partition(":")
    return rest.partition("/")[0] if provider == "aws" else ""
