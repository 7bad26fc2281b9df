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
    BUCKET_LIFECYCLE = "s3.bucket-lifecycle"
    BUCKET_REPLICATION = "s3.bucket-replication"
    BUCKET_WEBSITE = "s3.bucket-website"
    BUCKET_ACL = "s3.bucket-acl"
    BUCKET_OBJECT_LOCK = "s3.bucket-object-lock"
    BUCKET_NOTIFICATION = "s3.bucket-notification"
    BUCKET_OBJECT = "s3.object"
    ACCOUNT_PUBLIC_ACCESS_BLOCK = "s3.account-public-access-block"
    ACCESS_POINT = "s3.access-point"
    KMS_GRANT = "kms.grant"
    GLUE_CONNECTION = "glue.connection"
    GLUE_TRIGGER = "glue.trigger"
    GLUE_WORKFLOW = "glue.workflow"
    GLUE_RESOURCE_POLICY = "glue.resource-policy"
    GLUE_DATABASE = "glue.database"
    GLUE_TABLE = "glue.table"
    LF_CELLS_FILTER = "lakeformation.cells-filter"
    ATHENA_DATABASE = "athena.database"
    REDSHIFT_CLUSTER = "redshift.cluster"
    REDSHIFT_PARAMETER_GROUP = "redshift.parameter-group"
    REDSHIFT_SUBNET_GROUP = "redshift.subnet-group"
    REDSHIFT_LOGGING = "redshift.logging"
    REDSHIFT_SNAPSHOT_COPY = "redshift.snapshot-copy"
    REDSHIFT_SNAPSHOT_COPY_GRANT = "redshift.snapshot-copy-grant"
    REDSHIFT_CLUSTER_ROLES = "redshift.cluster-roles"
    QUICKSIGHT_DATA_SOURCE = "quicksight.data-source"
    QUICKSIGHT_ASSET = "quicksight.asset"
    QUICKSIGHT_VPC_CONNECTION = "quicksight.vpc-connection"
    QUICKSIGHT_ACCOUNT = "quicksight.account"
    QUICKSIGHT_GROUP = "quicksight.group"
    CLOUDFORMATION_STACK = "cloudformation.stack"
    VPC = "ec2.vpc"
    DEFAULT_VPC = "ec2.default-vpc"
    SUBNET = "ec2.subnet"
    FLOW_LOG = "ec2.flow-log"
    SECURITY_GROUP = "ec2.security-group"
    DEFAULT_SECURITY_GROUP = "ec2.default-security-group"
    SECURITY_GROUP_RULE = "ec2.security-group-rule"
    SECURITY_GROUP_INGRESS = "ec2.security-group-ingress"
    SECURITY_GROUP_EGRESS = "ec2.security-group-egress"
    NETWORK_ACL = "ec2.network-acl"
    NETWORK_ACL_RULE = "ec2.network-acl-rule"
    ROUTE = "ec2.route"
    ROUTE_TABLE = "ec2.route-table"
    ROUTE_TABLE_ASSOCIATION = "ec2.route-table-association"
    INTERNET_GATEWAY = "ec2.internet-gateway"
    VPC_ENDPOINT = "ec2.vpc-endpoint"
    VPC_ENDPOINT_POLICY = "ec2.vpc-endpoint-policy"
    VPC_ENDPOINT_SERVICE = "ec2.vpc-endpoint-service"
    TRAIL = "cloudtrail.trail"
    EVENT_DATA_STORE = "cloudtrail.event-data-store"
    METRIC_ALARM = "cloudwatch.metric-alarm"
    METRIC_FILTER = "logs.metric-filter"
    LOG_RESOURCE_POLICY = "logs.resource-policy"
    EVENT_RULE = "events.rule"
    EVENT_TARGET = "events.target"
    EVENT_BUS = "events.bus"
    EVENT_BUS_POLICY = "events.bus-policy"
    SCHEDULE = "scheduler.schedule"
    TOPIC = "sns.topic"
    TOPIC_POLICY = "sns.topic-policy"
    TOPIC_SUBSCRIPTION = "sns.subscription"
    QUEUE = "sqs.queue"
    QUEUE_POLICY = "sqs.queue-policy"
    QUEUE_REDRIVE = "sqs.redrive-policy"
    SECRET = "secretsmanager.secret"
    SECRET_ROTATION = "secretsmanager.rotation"
    SECRET_POLICY = "secretsmanager.policy"
    SECRET_VERSION = "secretsmanager.version"
    BUDGET = "budgets.budget"
    ANOMALY_MONITOR = "ce.anomaly-monitor"
    ANOMALY_SUBSCRIPTION = "ce.anomaly-subscription"
    FUNCTION = "lambda.function"
    FUNCTION_PERMISSION = "lambda.permission"
    FUNCTION_URL = "lambda.url"
    ACCESS_KEY = "iam.access-key"
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


def token(module: str, name: str) -> str:
    """Return the type token of the aws provider for a module and a class name."""
    return f"aws:{module}/{name[0].lower()}{name[1:]}:{name}"


_S3_SIDECARS = {
    "BucketServerSideEncryptionConfiguration": Kind.BUCKET_ENCRYPTION,
    "BucketVersioning": Kind.BUCKET_VERSIONING,
    "BucketLogging": Kind.BUCKET_LOGGING,
    "BucketLifecycleConfiguration": Kind.BUCKET_LIFECYCLE,
    "BucketWebsiteConfiguration": Kind.BUCKET_WEBSITE,
    "BucketAcl": Kind.BUCKET_ACL,
    "BucketObjectLockConfiguration": Kind.BUCKET_OBJECT_LOCK,
}

KIND_OF: dict[str, Kind] = {
    token("s3", "Bucket"): Kind.BUCKET,
    token("s3", "BucketV2"): Kind.BUCKET,
    **{token("s3", name + suffix): kind for name, kind in _S3_SIDECARS.items() for suffix in ("", "V2")},
    token("s3", "BucketPublicAccessBlock"): Kind.BUCKET_PUBLIC_ACCESS_BLOCK,
    token("s3", "BucketOwnershipControls"): Kind.BUCKET_OWNERSHIP,
    token("s3", "BucketPolicy"): Kind.BUCKET_POLICY,
    token("s3", "BucketReplicationConfig"): Kind.BUCKET_REPLICATION,
    token("s3", "BucketNotification"): Kind.BUCKET_NOTIFICATION,
    token("s3", "BucketObject"): Kind.BUCKET_OBJECT,
    token("s3", "BucketObjectv2"): Kind.BUCKET_OBJECT,
    token("s3", "AccountPublicAccessBlock"): Kind.ACCOUNT_PUBLIC_ACCESS_BLOCK,
    token("s3", "AccessPoint"): Kind.ACCESS_POINT,
    token("kms", "Grant"): Kind.KMS_GRANT,
    token("glue", "Connection"): Kind.GLUE_CONNECTION,
    token("glue", "Trigger"): Kind.GLUE_TRIGGER,
    token("glue", "Workflow"): Kind.GLUE_WORKFLOW,
    token("glue", "ResourcePolicy"): Kind.GLUE_RESOURCE_POLICY,
    token("glue", "CatalogDatabase"): Kind.GLUE_DATABASE,
    token("glue", "CatalogTable"): Kind.GLUE_TABLE,
    token("lakeformation", "DataCellsFilter"): Kind.LF_CELLS_FILTER,
    token("athena", "Database"): Kind.ATHENA_DATABASE,
    token("redshift", "Cluster"): Kind.REDSHIFT_CLUSTER,
    token("redshift", "ParameterGroup"): Kind.REDSHIFT_PARAMETER_GROUP,
    token("redshift", "SubnetGroup"): Kind.REDSHIFT_SUBNET_GROUP,
    token("redshift", "Logging"): Kind.REDSHIFT_LOGGING,
    token("redshift", "SnapshotCopy"): Kind.REDSHIFT_SNAPSHOT_COPY,
    token("redshift", "SnapshotCopyGrant"): Kind.REDSHIFT_SNAPSHOT_COPY_GRANT,
    token("redshift", "ClusterIamRoles"): Kind.REDSHIFT_CLUSTER_ROLES,
    token("quicksight", "DataSource"): Kind.QUICKSIGHT_DATA_SOURCE,
    **{token("quicksight", name): Kind.QUICKSIGHT_ASSET for name in ("DataSet", "Dashboard", "Analysis")},
    token("cloudformation", "Stack"): Kind.CLOUDFORMATION_STACK,
    token("quicksight", "VpcConnection"): Kind.QUICKSIGHT_VPC_CONNECTION,
    token("quicksight", "AccountSubscription"): Kind.QUICKSIGHT_ACCOUNT,
    token("quicksight", "Group"): Kind.QUICKSIGHT_GROUP,
    token("ec2", "Vpc"): Kind.VPC,
    token("ec2", "DefaultVpc"): Kind.DEFAULT_VPC,
    token("ec2", "Subnet"): Kind.SUBNET,
    token("ec2", "FlowLog"): Kind.FLOW_LOG,
    token("ec2", "SecurityGroup"): Kind.SECURITY_GROUP,
    token("ec2", "DefaultSecurityGroup"): Kind.DEFAULT_SECURITY_GROUP,
    token("ec2", "SecurityGroupRule"): Kind.SECURITY_GROUP_RULE,
    token("vpc", "SecurityGroupIngressRule"): Kind.SECURITY_GROUP_INGRESS,
    token("vpc", "SecurityGroupEgressRule"): Kind.SECURITY_GROUP_EGRESS,
    token("ec2", "NetworkAcl"): Kind.NETWORK_ACL,
    token("ec2", "DefaultNetworkAcl"): Kind.NETWORK_ACL,
    token("ec2", "NetworkAclRule"): Kind.NETWORK_ACL_RULE,
    token("ec2", "Route"): Kind.ROUTE,
    token("ec2", "RouteTable"): Kind.ROUTE_TABLE,
    token("ec2", "DefaultRouteTable"): Kind.ROUTE_TABLE,
    token("ec2", "RouteTableAssociation"): Kind.ROUTE_TABLE_ASSOCIATION,
    token("ec2", "InternetGateway"): Kind.INTERNET_GATEWAY,
    token("ec2", "VpcEndpoint"): Kind.VPC_ENDPOINT,
    token("ec2", "VpcEndpointPolicy"): Kind.VPC_ENDPOINT_POLICY,
    token("ec2", "VpcEndpointService"): Kind.VPC_ENDPOINT_SERVICE,
    token("cloudtrail", "Trail"): Kind.TRAIL,
    token("cloudtrail", "EventDataStore"): Kind.EVENT_DATA_STORE,
    token("cloudwatch", "MetricAlarm"): Kind.METRIC_ALARM,
    token("cloudwatch", "LogMetricFilter"): Kind.METRIC_FILTER,
    token("cloudwatch", "LogResourcePolicy"): Kind.LOG_RESOURCE_POLICY,
    token("cloudwatch", "EventRule"): Kind.EVENT_RULE,
    token("cloudwatch", "EventTarget"): Kind.EVENT_TARGET,
    token("cloudwatch", "EventBus"): Kind.EVENT_BUS,
    token("cloudwatch", "EventBusPolicy"): Kind.EVENT_BUS_POLICY,
    token("scheduler", "Schedule"): Kind.SCHEDULE,
    token("sns", "Topic"): Kind.TOPIC,
    token("sns", "TopicPolicy"): Kind.TOPIC_POLICY,
    token("sns", "TopicSubscription"): Kind.TOPIC_SUBSCRIPTION,
    token("sqs", "Queue"): Kind.QUEUE,
    token("sqs", "QueuePolicy"): Kind.QUEUE_POLICY,
    token("sqs", "RedrivePolicy"): Kind.QUEUE_REDRIVE,
    token("secretsmanager", "Secret"): Kind.SECRET,
    token("secretsmanager", "SecretRotation"): Kind.SECRET_ROTATION,
    token("secretsmanager", "SecretPolicy"): Kind.SECRET_POLICY,
    token("secretsmanager", "SecretVersion"): Kind.SECRET_VERSION,
    token("budgets", "Budget"): Kind.BUDGET,
    token("costexplorer", "AnomalyMonitor"): Kind.ANOMALY_MONITOR,
    token("costexplorer", "AnomalySubscription"): Kind.ANOMALY_SUBSCRIPTION,
    token("lambda", "Function"): Kind.FUNCTION,
    token("lambda", "Permission"): Kind.FUNCTION_PERMISSION,
    token("lambda", "FunctionUrl"): Kind.FUNCTION_URL,
    token("iam", "AccessKey"): Kind.ACCESS_KEY,
    token("kms", "Key"): Kind.KMS_KEY,
    token("kms", "ReplicaKey"): Kind.KMS_KEY,
    token("kms", "ExternalKey"): Kind.KMS_KEY,
    token("kms", "ReplicaExternalKey"): Kind.KMS_KEY,
    token("kms", "KeyPolicy"): Kind.KMS_KEY_POLICY,
    token("kms", "Alias"): Kind.KMS_ALIAS,
    token("glue", "SecurityConfiguration"): Kind.GLUE_SECURITY_CONFIGURATION,
    token("glue", "Job"): Kind.GLUE_JOB,
    token("glue", "Crawler"): Kind.GLUE_CRAWLER,
    token("glue", "DevEndpoint"): Kind.GLUE_DEV_ENDPOINT,
    token("glue", "DataCatalogEncryptionSettings"): Kind.GLUE_CATALOG_ENCRYPTION,
    token("lakeformation", "DataLakeSettings"): Kind.LF_SETTINGS,
    token("lakeformation", "Permissions"): Kind.LF_PERMISSIONS,
    token("lakeformation", "Resource"): Kind.LF_LOCATION,
    token("athena", "Workgroup"): Kind.ATHENA_WORKGROUP,
    token("cloudwatch", "LogGroup"): Kind.LOG_GROUP,
    token("iam", "Role"): Kind.ROLE,
    token("iam", "RolePolicy"): Kind.ROLE_POLICY,
    token("iam", "Policy"): Kind.MANAGED_POLICY,
    token("iam", "RolePolicyAttachment"): Kind.ROLE_POLICY_ATTACHMENT,
    token("iam", "PolicyAttachment"): Kind.POLICY_ATTACHMENT,
    token("iam", "RolePolicyAttachmentsExclusive"): Kind.ATTACHMENTS_EXCLUSIVE,
    token("iam", "User"): Kind.USER,
    token("iam", "UserPolicy"): Kind.USER_POLICY,
    token("iam", "UserPolicyAttachment"): Kind.USER_POLICY_ATTACHMENT,
    token("iam", "Group"): Kind.GROUP,
    token("iam", "GroupPolicy"): Kind.GROUP_POLICY,
    token("iam", "GroupPolicyAttachment"): Kind.GROUP_POLICY_ATTACHMENT,
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
    Kind.GLUE_DATABASE: ("name", "id", "arn"),
    Kind.GLUE_JOB: ("name", "id", "arn"),
    Kind.GLUE_CRAWLER: ("name", "id", "arn"),
    Kind.GLUE_WORKFLOW: ("name", "id", "arn"),
    Kind.GLUE_CONNECTION: ("name", "id", "arn"),
    Kind.GLUE_TABLE: ("name", "id", "arn"),
    Kind.ATHENA_WORKGROUP: ("name", "id", "arn"),
    Kind.REDSHIFT_CLUSTER: ("clusterIdentifier", "id", "arn"),
    Kind.REDSHIFT_PARAMETER_GROUP: ("name", "id"),
    Kind.REDSHIFT_SUBNET_GROUP: ("name", "id"),
    Kind.REDSHIFT_SNAPSHOT_COPY_GRANT: ("snapshotCopyGrantName", "id"),
    Kind.QUICKSIGHT_VPC_CONNECTION: ("arn", "vpcConnectionId", "id"),
    Kind.QUICKSIGHT_DATA_SOURCE: ("dataSourceId", "id", "arn"),
    Kind.QUICKSIGHT_GROUP: ("groupName", "id", "arn"),
    Kind.VPC: ("id", "arn"),
    Kind.SUBNET: ("id", "arn"),
    Kind.SECURITY_GROUP: ("id", "arn"),
    Kind.ROUTE_TABLE: ("id", "arn"),
    Kind.INTERNET_GATEWAY: ("id", "arn"),
    Kind.VPC_ENDPOINT: ("id", "arn"),
    Kind.TRAIL: ("arn", "name", "id"),
    Kind.TOPIC: ("arn", "name", "id"),
    Kind.QUEUE: ("arn", "url", "id", "name"),
    Kind.EVENT_RULE: ("name", "id", "arn"),
    Kind.EVENT_BUS: ("name", "id", "arn"),
    Kind.SECRET: ("arn", "id", "name"),
    Kind.FUNCTION: ("arn", "name", "id"),
    Kind.METRIC_ALARM: ("arn", "name", "id"),
    Kind.ANOMALY_MONITOR: ("arn", "id"),
}
