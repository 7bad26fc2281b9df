"""The inventory names what a user created, nothing that AWS has of itself, and is empty when all is gone."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from local.aws import Cloud
from tests.local.emulator.emulator_support import ACCOUNT, bucket, role

ROLE = f"arn:aws:iam::{ACCOUNT}:role/lake"
Undo = Callable[[], Any]


@pytest.mark.slow
def test_reading_everything_creates_nothing(cloud: Cloud) -> None:
    reads = {
        "s3": "list_buckets",
        "kms": "list_keys",
        "iam": "list_roles",
        "logs": "describe_log_groups",
        "events": "list_event_buses",
        "glue": "get_databases",
        "lakeformation": "get_data_lake_settings",
        "athena": "list_work_groups",
        "sns": "list_topics",
        "sqs": "list_queues",
        "cloudwatch": "describe_alarms",
        "cloudtrail": "list_trails",
        "ec2": "describe_vpcs",
        "redshift": "describe_clusters",
        "secretsmanager": "list_secrets",
        "backup": "list_backup_vaults",
        "ssm": "describe_parameters",
        "firehose": "list_delivery_streams",
        "scheduler": "list_schedule_groups",
        "dynamodb": "list_tables",
        "lambda": "list_functions",
    }
    for service, operation in reads.items():
        for region in ("eu-west-1", "eu-central-1"):
            getattr(cloud.client(service, region), operation)()
    assert cloud.control("GET", "inventory") == {}


def test_what_is_created_is_listed_by_service_and_kind_and_gone_when_deleted(cloud: Cloud) -> None:
    undo: list[Undo] = []
    for create in (_storage, _events, _catalog, _governance, _queries, _network, _rest):
        undo += create(cloud)
    found = cloud.control("GET", "inventory")
    expected = {
        "s3:buckets": ["lake"],
        "kms:aliases": ["alias/lake"],
        "iam:roles": ["lake"],
        "iam:policies": [f"arn:aws:iam::{ACCOUNT}:policy/lake"],
        "logs:log-groups": ["/aws-glue/lake"],
        "events:rules": ["default/lake"],
        "events:buses": ["lake"],
        "sqs:queues": ["lake"],
        "sns:topics": [f"arn:aws:sns:eu-central-1:{ACCOUNT}:lake@eu-central-1"],
        "glue:databases": ["raw"],
        "glue:tables": ["raw.clients"],
        "glue:crawlers": ["raw-data-crawler"],
        "glue:jobs": ["raw-to-processed"],
        "glue:workflows": ["daily"],
        "glue:triggers": ["start"],
        "glue:connections": ["warehouse"],
        "glue:security-configurations": ["lake"],
        "glue:encryption-settings": [ACCOUNT],
        "lakeformation:resources": ["arn:aws:s3:::lake/raw"],
        "lakeformation:tags": ["zone"],
        "lakeformation:settings": [ACCOUNT],
        "lakeformation:data-cells-filters": [f"{ACCOUNT}/raw/clients/no-pii"],
        "lakeformation:tag-expressions": ["raw"],
        "athena:workgroups": ["analysts"],
        "athena:named-queries": ["q"],
        "athena:prepared-statements": ["analysts/s"],
        "cloudwatch:alarms": ["late"],
        "cloudwatch:dashboards": ["pipeline"],
        "cloudtrail:trails": ["audit"],
        "budgets:budgets": ["lake"],
        "secretsmanager:secrets": ["warehouse"],
        "dynamodb:tables": ["locks"],
    }
    assert {kind: names for kind, names in found.items() if kind in expected} == expected
    counted = {"kms:keys": 1, "lakeformation:grants": 1, "sns:subscriptions": 1}
    counted |= {
        f"ec2:{kind}": 1 for kind in ("vpcs", "subnets", "security-groups", "route-tables", "vpc-end-points")
    }
    assert {kind: len(found[kind]) for kind in counted} == counted
    left = set(found) - set(expected) - set(counted)
    assert left <= {"ec2:network-acls", "ec2:enis"}, left
    for each in reversed(undo):
        each()
    assert cloud.control("GET", "inventory") == {}


def _storage(cloud: Cloud) -> list[Undo]:
    s3, kms, iam, logs = (cloud.client(service) for service in ("s3", "kms", "iam", "logs"))
    bucket(cloud, "lake")
    s3.put_object(Bucket="lake", Key="x", Body=b"1")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName="alias/lake", TargetKeyId=key)
    role(cloud, "lake", "glue.amazonaws.com")
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    arn = iam.create_policy(PolicyName="lake", PolicyDocument=document)
    logs.create_log_group(logGroupName="/aws-glue/lake")
    return [
        lambda: s3.delete_bucket(Bucket="lake"),
        lambda: s3.delete_object(Bucket="lake", Key="x"),
        lambda: kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7),
        lambda: iam.delete_role(RoleName="lake"),
        lambda: iam.delete_policy(PolicyArn=arn["Policy"]["Arn"]),
        lambda: logs.delete_log_group(logGroupName="/aws-glue/lake"),
    ]


def _events(cloud: Cloud) -> list[Undo]:
    events, sqs, sns = cloud.client("events"), cloud.client("sqs"), cloud.client("sns", "eu-central-1")
    events.put_rule(Name="lake", EventPattern='{"source": ["aws.s3"]}')
    events.create_event_bus(Name="lake")
    url = sqs.create_queue(QueueName="lake")["QueueUrl"]
    topic = sns.create_topic(Name="lake")["TopicArn"]
    subscription = sns.subscribe(
        TopicArn=topic, Protocol="email", Endpoint="a@example.com", ReturnSubscriptionArn=True
    )
    return [
        lambda: events.delete_rule(Name="lake"),
        lambda: events.delete_event_bus(Name="lake"),
        lambda: sqs.delete_queue(QueueUrl=url),
        lambda: sns.delete_topic(TopicArn=topic),
        lambda: sns.unsubscribe(SubscriptionArn=subscription["SubscriptionArn"]),
    ]


def _catalog(cloud: Cloud) -> list[Undo]:
    glue = cloud.client("glue")
    glue.create_database(DatabaseInput={"Name": "raw"})
    glue.create_table(DatabaseName="raw", TableInput={"Name": "clients"})
    glue.create_crawler(Name="raw-data-crawler", Role=ROLE, Targets={"S3Targets": [{"Path": "s3://lake/"}]})
    glue.create_job(Name="raw-to-processed", Role=ROLE, Command={"Name": "glueetl"})
    glue.create_workflow(Name="daily")
    glue.create_trigger(
        Name="start", Type="EVENT", WorkflowName="daily", Actions=[{"JobName": "raw-to-processed"}]
    )
    connection = {"Name": "warehouse", "ConnectionType": "NETWORK", "ConnectionProperties": {}}
    glue.create_connection(ConnectionInput=connection)
    glue.create_security_configuration(Name="lake", EncryptionConfiguration={})
    sealed = {"EncryptionAtRest": {"CatalogEncryptionMode": "SSE-KMS", "SseAwsKmsKeyId": "k"}}
    plain = {"EncryptionAtRest": {"CatalogEncryptionMode": "DISABLED"}}
    glue.put_data_catalog_encryption_settings(DataCatalogEncryptionSettings=sealed)
    return [
        lambda: glue.delete_database(Name="raw"),
        lambda: glue.delete_crawler(Name="raw-data-crawler"),
        lambda: glue.delete_job(JobName="raw-to-processed"),
        lambda: glue.delete_workflow(Name="daily"),
        lambda: glue.delete_trigger(Name="start"),
        lambda: glue.delete_connection(ConnectionName="warehouse"),
        lambda: glue.delete_security_configuration(Name="lake"),
        lambda: glue.put_data_catalog_encryption_settings(DataCatalogEncryptionSettings=plain),
    ]


def _governance(cloud: Cloud) -> list[Undo]:
    lake = cloud.client("lakeformation")
    admin = {"DataLakePrincipalIdentifier": ROLE}
    grant = {"Principal": admin, "Resource": {"Database": {"Name": "raw"}}, "Permissions": ["DESCRIBE"]}
    key = {"TableCatalogId": ACCOUNT, "DatabaseName": "raw", "TableName": "clients", "Name": "no-pii"}
    lake.register_resource(ResourceArn="arn:aws:s3:::lake/raw", RoleArn=ROLE)
    lake.grant_permissions(**grant)
    lake.create_lf_tag(TagKey="zone", TagValues=["raw"])
    lake.create_lf_tag_expression(Name="raw", Expression=[{"TagKey": "zone", "TagValues": ["raw"]}])
    lake.create_data_cells_filter(
        TableData={**key, "RowFilter": {"AllRowsWildcard": {}}, "ColumnNames": ["id"]}
    )
    lake.put_data_lake_settings(DataLakeSettings={"DataLakeAdmins": [admin]})
    return [
        lambda: lake.deregister_resource(ResourceArn="arn:aws:s3:::lake/raw"),
        lambda: lake.revoke_permissions(**grant),
        lambda: lake.delete_lf_tag(TagKey="zone"),
        lambda: lake.delete_lf_tag_expression(Name="raw"),
        lambda: lake.delete_data_cells_filter(**key),
        lambda: lake.put_data_lake_settings(DataLakeSettings={"DataLakeAdmins": []}),
    ]


def _queries(cloud: Cloud) -> list[Undo]:
    athena = cloud.client("athena")
    results = {"ResultConfiguration": {"OutputLocation": "s3://lake/results/"}}
    athena.create_work_group(Name="analysts", Configuration=results)
    query = athena.create_named_query(Name="q", Database="raw", QueryString="SELECT 1", WorkGroup="analysts")
    athena.create_prepared_statement(StatementName="s", WorkGroup="analysts", QueryStatement="SELECT 1")
    athena.start_query_execution(QueryString="SELECT 1", WorkGroup="analysts")
    return [
        lambda: athena.delete_work_group(WorkGroup="analysts"),
        lambda: athena.delete_named_query(NamedQueryId=query["NamedQueryId"]),
        lambda: athena.delete_prepared_statement(StatementName="s", WorkGroup="analysts"),
    ]


def _network(cloud: Cloud) -> list[Undo]:
    ec2 = cloud.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(VpcId=vpc, GroupName="lake", Description="d")["GroupId"]
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    endpoint = ec2.create_vpc_endpoint(
        VpcId=vpc, ServiceName="com.amazonaws.eu-west-1.s3", RouteTableIds=[table]
    )
    return [
        lambda: ec2.delete_vpc(VpcId=vpc),
        lambda: ec2.delete_subnet(SubnetId=subnet),
        lambda: ec2.delete_security_group(GroupId=group),
        lambda: ec2.delete_route_table(RouteTableId=table),
        lambda: ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint["VpcEndpoint"]["VpcEndpointId"]]),
    ]


def _rest(cloud: Cloud) -> list[Undo]:
    watch, trail, budgets = cloud.client("cloudwatch"), cloud.client("cloudtrail"), cloud.client("budgets")
    secrets, tables = cloud.client("secretsmanager"), cloud.client("dynamodb")
    alarm = {"ComparisonOperator": "GreaterThanThreshold", "EvaluationPeriods": 1, "Threshold": 1.0}
    watch.put_metric_alarm(
        AlarmName="late", MetricName="m", Namespace="n", Period=60, Statistic="Sum", **alarm
    )
    watch.put_dashboard(DashboardName="pipeline", DashboardBody='{"widgets": []}')
    trail.create_trail(Name="audit", S3BucketName="lake")
    budget = {"BudgetName": "lake", "TimeUnit": "MONTHLY", "BudgetType": "COST"}
    budgets.create_budget(AccountId=ACCOUNT, Budget={**budget, "BudgetLimit": {"Amount": "1", "Unit": "USD"}})
    secrets.create_secret(Name="warehouse", SecretString="x")
    schema = {"AttributeName": "id", "KeyType": "HASH"}
    attribute = {"AttributeName": "id", "AttributeType": "S"}
    throughput = {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}
    tables.create_table(
        TableName="locks",
        KeySchema=[schema],
        AttributeDefinitions=[attribute],
        ProvisionedThroughput=throughput,
    )
    return [
        lambda: watch.delete_alarms(AlarmNames=["late"]),
        lambda: watch.delete_dashboards(DashboardNames=["pipeline"]),
        lambda: trail.delete_trail(Name="audit"),
        lambda: budgets.delete_budget(AccountId=ACCOUNT, BudgetName="lake"),
        lambda: secrets.delete_secret(SecretId="warehouse", ForceDeleteWithoutRecovery=True),
        lambda: tables.delete_table(TableName="locks"),
    ]
