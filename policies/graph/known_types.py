"""Which types the pack must not be silent about, and which it has read and asks nothing of."""

from __future__ import annotations

from policies.graph.kinds import token

# Services whose resources hold, move, open or audit the lake's data: silence about one of them is not a pass.
LAKE_SERVICES = frozenset(
    {
        "athena",
        "budgets",
        "cfg",
        "cloudcontrol",
        "cloudformation",
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

# Providers that make what a lake may lie in or be read by, none of whose types the pack reads.
OTHER_CLOUDS = frozenset(
    {
        "alicloud",
        "aws-native",
        "azure",
        "azure-native",
        "databricks",
        "gcp",
        "google-native",
        "kubernetes",
        "oci",
        "snowflake",
    }
)

# Read by eye, with nothing in their own inputs that a control could ask for.
NOTHING_TO_JUDGE: dict[str, str] = {
    token("s3", "BucketMetric"): "request metrics; grants and stores nothing",
    token("s3", "Inventory"): "a listing of objects into a bucket that is judged",
    token("s3", "BucketIntelligentTieringConfiguration"): "storage classes of objects; the bucket is judged",
    token("glue", "Partition"): "metadata of a table; the location's bucket is judged",
    token("glue", "PartitionIndex"): "metadata of a table",
    token("athena", "NamedQuery"): "text of a query; the workgroup that runs it is judged",
    token("athena", "PreparedStatement"): "text of a query; the workgroup that runs it is judged",
    token("budgets", "BudgetAction"): "acts under a role, which is judged",
    token("cloudwatch", "CompositeAlarm"): "combines alarms, which are judged",
    token("cloudwatch", "Dashboard"): "shows metrics; grants and stores nothing",
    token("cloudwatch", "LogStream"): "part of a log group, which is judged",
    token("cloudwatch", "QueryDefinition"): "text of a query over log groups, which are judged",
    token("costexplorer", "CostAllocationTag"): "names a tag for billing",
    token("ec2", "VpcDhcpOptions"): "name servers of a network; opens nothing",
    token("ec2", "VpcDhcpOptionsAssociation"): "name servers of a network; opens nothing",
    token("ec2", "VpcEndpointRouteTableAssociation"): "a route to an endpoint, which is judged",
    token("ec2", "SecurityGroupAssociation"): "puts a group, which is judged, on an endpoint",
    token("ec2", "VpcEndpointSubnetAssociation"): "puts an endpoint, which is judged, into a subnet",
    token("iam", "InstanceProfile"): "a handle on a role, which is judged",
    token("iam", "RolePoliciesExclusive"): "names policies that are judged themselves",
    token("lakeformation", "LfTag"): "declares a tag and its values; grants on it are judged",
    token("lakeformation", "OptIn"): "subjects a principal to Lake Formation; grants nothing",
    token("lakeformation", "ResourceLfTags"): "puts tags on one resource; grants on them are judged",
    token("lakeformation", "ResourceLfTag"): "puts one tag on one resource; grants on it are judged",
    token("quicksight", "GroupMembership"): "names readers; what they may read is judged where it is granted",
    token("quicksight", "RefreshSchedule"): "when a data set is read anew",
    token("quicksight", "Template"): "the layout of a dashboard",
    token("quicksight", "Theme"): "the looks of a dashboard",
    token("redshift", "ScheduledAction"): "pauses and resumes under a role, which is judged",
    token("redshift", "SnapshotSchedule"): "when snapshots are taken; how long they stay is judged",
    token("redshift", "SnapshotScheduleAssociation"): "puts a schedule on a cluster, which is judged",
    token("redshift", "UsageLimit"): "a cap on use, which only costs less",
    token("redshiftdata", "Statement"): "SQL text; the cluster it runs on is judged",
    token("scheduler", "ScheduleGroup"): "names schedules, which are judged",
    token("sqs", "RedriveAllowPolicy"): "limits which queues may send their dead letters",
}


def service_of(type_token: str) -> str:
    """Return the service of a type token (`s3` in `aws:s3/bucket:Bucket`); empty for other providers."""
    provider, _, rest = type_token.partition(":")
    return rest.partition("/")[0] if provider == "aws" else ""
