"""What moto lacks for network, warehouse, costs, reports and monitoring: answers and refusals."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from local.aws import Cloud
from tests.local.emulator.emulator_support import ACCOUNT, bucket, refused

TOPIC = f"arn:aws:sns:eu-west-1:{ACCOUNT}:alerts"
RULE: dict[str, Any] = {
    "ID": "raw",
    "Status": "Enabled",
    "Priority": 1,
    "Filter": {"Prefix": "raw/"},
    "DeleteMarkerReplication": {"Status": "Enabled"},
    "Destination": {"Bucket": "arn:aws:s3:::copies"},
}


@pytest.fixture(scope="module")
def subnets(cloud: Cloud) -> list[str]:
    ec2 = cloud.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    return [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"eu-west-1{zone}")[
            "Subnet"
        ]["SubnetId"]
        for n, zone in enumerate("ab")
    ]


@pytest.fixture(scope="module")
def cluster(cloud: Cloud) -> str:
    cloud.client("redshift").create_cluster(
        ClusterIdentifier="lake", NodeType="ra3.large", MasterUsername="admin", ManageMasterPassword=True
    )
    return "lake"


def test_lifecycle_rules_come_back_as_they_were_put(cloud: Cloud) -> None:
    s3, rule = cloud.client("s3"), {"ID": "old", "Status": "Enabled", "Filter": {"Prefix": ""}}
    rule |= {"NoncurrentVersionExpiration": {"NoncurrentDays": 30, "NewerNoncurrentVersions": 3}}
    s3.put_bucket_lifecycle_configuration(
        Bucket=bucket(cloud, "versions"),
        LifecycleConfiguration={"Rules": [rule]},
        TransitionDefaultMinimumObjectSize="varies_by_storage_class",
    )
    found = s3.get_bucket_lifecycle_configuration(Bucket="versions")
    assert found["Rules"] == [rule]
    assert found["TransitionDefaultMinimumObjectSize"] == "varies_by_storage_class"
    s3.delete_bucket_lifecycle(Bucket="versions")
    with refused("NoSuchLifecycleConfiguration"):
        s3.get_bucket_lifecycle_configuration(Bucket="versions")


def test_replication_needs_versions_on_both_sides_and_comes_back_whole(cloud: Cloud) -> None:
    s3, replica = cloud.client("s3"), cloud.client("s3", "eu-central-1")
    source, wanted = bucket(cloud, "source"), {"Role": f"arn:aws:iam::{ACCOUNT}:role/r", "Rules": [RULE]}
    enabled = {"Status": "Enabled"}
    with refused("InvalidRequest"):
        s3.put_bucket_replication(Bucket=source, ReplicationConfiguration=wanted)
    s3.put_bucket_versioning(Bucket=source, VersioningConfiguration=enabled)
    with refused("InvalidRequest"):
        s3.put_bucket_replication(Bucket=source, ReplicationConfiguration=wanted)
    replica.create_bucket(Bucket="copies", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    with refused("InvalidRequest"):
        s3.put_bucket_replication(Bucket=source, ReplicationConfiguration=wanted)
    replica.put_bucket_versioning(Bucket="copies", VersioningConfiguration=enabled)
    s3.put_bucket_replication(Bucket=source, ReplicationConfiguration=wanted)
    assert s3.get_bucket_replication(Bucket=source)["ReplicationConfiguration"] == wanted
    s3.delete_bucket_replication(Bucket=source)
    with refused("ReplicationConfigurationNotFoundError"):
        s3.get_bucket_replication(Bucket=source)


def test_a_security_group_rule_stays_of_its_kind(cloud: Cloud, subnets: list[str]) -> None:
    ec2 = cloud.client("ec2")
    vpc = ec2.describe_subnets(SubnetIds=subnets)["Subnets"][0]["VpcId"]
    group = ec2.create_security_group(GroupName="g", Description="d", VpcId=vpc)["GroupId"]
    source = {"UserIdGroupPairs": [{"GroupId": group, "Description": "itself"}]}
    (made,) = ec2.authorize_security_group_ingress(
        GroupId=group, IpPermissions=[{"IpProtocol": "tcp", "FromPort": 1, "ToPort": 2, **source}]
    )["SecurityGroupRules"]
    assert made["Description"] == "itself"

    def modify(**rule: Any) -> None:
        change = {"SecurityGroupRuleId": made["SecurityGroupRuleId"], "SecurityGroupRule": rule}
        ec2.modify_security_group_rules(GroupId=group, SecurityGroupRules=[change])

    with refused("InvalidParameterValue"):
        modify(IpProtocol="tcp", FromPort=1, ToPort=2, CidrIpv4="10.0.0.0/16")
    with refused("InvalidParameterCombination"):
        modify(IpProtocol="tcp", FromPort=1, ToPort=2)
    modify(IpProtocol="-1", ReferencedGroupId=group, Description="all")
    found = ec2.describe_security_group_rules(SecurityGroupRuleIds=[made["SecurityGroupRuleId"]])
    assert found["SecurityGroupRules"][0]["IpProtocol"] == "-1"
    assert found["SecurityGroupRules"][0]["Description"] == "all"


def test_an_endpoint_has_an_interface_in_each_of_its_subnets_and_no_other(
    cloud: Cloud, subnets: list[str]
) -> None:
    ec2 = cloud.client("ec2")
    vpc = ec2.describe_subnets(SubnetIds=subnets)["Subnets"][0]["VpcId"]
    endpoint = ec2.create_vpc_endpoint(
        VpcId=vpc,
        VpcEndpointType="Interface",
        ServiceName="com.amazonaws.eu-west-1.glue",
        SubnetIds=subnets[:1],
    )["VpcEndpoint"]["VpcEndpointId"]
    ec2.modify_vpc_endpoint(
        VpcEndpointId=endpoint, AddSubnetIds=subnets[1:], RemoveSubnetIds=subnets[:1], PrivateDnsEnabled=False
    )
    (found,) = ec2.describe_vpc_endpoints(VpcEndpointIds=[endpoint])["VpcEndpoints"]
    interfaces = ec2.describe_network_interfaces(NetworkInterfaceIds=found["NetworkInterfaceIds"])
    assert [each["SubnetId"] for each in interfaces["NetworkInterfaces"]] == subnets[1:]
    assert found["PrivateDnsEnabled"] is False


def test_a_composite_alarm_needs_its_alarms(cloud: Cloud) -> None:
    watch = cloud.client("cloudwatch")
    with refused("ValidationError"):
        watch.put_composite_alarm(AlarmName="all", AlarmRule='ALARM("nothing") OR OK("nobody")')
    with refused("ValidationError"):
        watch.put_composite_alarm(AlarmName="all", AlarmRule="nonsense")
    watch.put_composite_alarm(AlarmName="never", AlarmRule="FALSE")
    watch.put_composite_alarm(AlarmName="all", AlarmRule="NOT ALARM(never)", AlarmActions=[TOPIC])
    found = watch.describe_alarms(AlarmNames=["all"], AlarmTypes=["CompositeAlarm"])["CompositeAlarms"]
    assert [(each["AlarmRule"], each["AlarmActions"]) for each in found] == [("NOT ALARM(never)", [TOPIC])]


def test_a_saved_query_that_is_not_there_is_refused(cloud: Cloud) -> None:
    logs = cloud.client("logs")
    with refused("ResourceNotFoundException"):
        logs.put_query_definition(queryDefinitionId="none", name="q", queryString="fields @message")
    with refused("ResourceNotFoundException"):
        logs.delete_query_definition(queryDefinitionId="none")


def test_a_metric_filter_put_again_takes_the_place_of_the_first(cloud: Cloud) -> None:
    logs = cloud.client("logs")
    logs.create_log_group(logGroupName="/filtered")
    for pattern in ("first", "second"):
        transformation = {"metricName": "m", "metricNamespace": "n", "metricValue": "1"}
        logs.put_metric_filter(
            logGroupName="/filtered",
            filterName="f",
            filterPattern=pattern,
            metricTransformations=[transformation],
        )
    found = logs.describe_metric_filters(logGroupName="/filtered")["metricFilters"]
    assert [each["filterPattern"] for each in found] == ["second"]


def test_a_cluster_keeps_its_password_in_a_secret_that_goes_with_it(cloud: Cloud) -> None:
    redshift, secrets = cloud.client("redshift"), cloud.client("secretsmanager")
    given = {"ClusterIdentifier": "short", "NodeType": "ra3.large", "MasterUsername": "admin"}
    made = redshift.create_cluster(**given, ManageMasterPassword=True)["Cluster"]
    login = json.loads(secrets.get_secret_value(SecretId=made["MasterPasswordSecretArn"])["SecretString"])
    assert login["username"] == "admin"
    assert len(login["password"]) == 32
    redshift.delete_cluster(ClusterIdentifier="short", SkipFinalClusterSnapshot=True)
    with refused("ResourceNotFoundException"):
        secrets.describe_secret(SecretId=made["MasterPasswordSecretArn"])


def test_what_redshift_does_not_know_is_refused(cloud: Cloud, cluster: str) -> None:
    redshift = cloud.client("redshift")
    with refused("InvalidSchedule"):
        redshift.create_snapshot_schedule(ScheduleIdentifier="s", ScheduleDefinitions=["rate(8 days)"])
    with refused("InvalidParameterCombination"):
        redshift.create_usage_limit(
            ClusterIdentifier=cluster, FeatureType="spectrum", LimitType="time", Amount=1
        )
    with refused("ClusterNotFound"):
        redshift.create_usage_limit(
            ClusterIdentifier="none", FeatureType="spectrum", LimitType="data-scanned", Amount=1
        )
    calls: dict[str, Callable[[], Any]] = {
        "SnapshotScheduleNotFound": lambda: redshift.delete_snapshot_schedule(ScheduleIdentifier="none"),
        "UsageLimitNotFound": lambda: redshift.delete_usage_limit(UsageLimitId="none"),
        "ScheduledActionNotFound": lambda: redshift.delete_scheduled_action(ScheduledActionName="none"),
    }
    for missing, call in calls.items():
        with refused(missing):
            call()


def test_a_schedule_that_a_cluster_follows_stays(cloud: Cloud, cluster: str) -> None:
    redshift = cloud.client("redshift")
    redshift.create_snapshot_schedule(ScheduleIdentifier="often", ScheduleDefinitions=["rate(8 hours)"])
    redshift.modify_cluster_snapshot_schedule(ClusterIdentifier=cluster, ScheduleIdentifier="often")
    (found,) = redshift.describe_snapshot_schedules(ClusterIdentifier=cluster)["SnapshotSchedules"]
    assert [each["ClusterIdentifier"] for each in found["AssociatedClusters"]] == [cluster]
    with refused("InvalidClusterSnapshotScheduleState"):
        redshift.delete_snapshot_schedule(ScheduleIdentifier="often")
    redshift.modify_cluster_snapshot_schedule(ClusterIdentifier=cluster, DisassociateSchedule=True)
    redshift.delete_snapshot_schedule(ScheduleIdentifier="often")
    assert redshift.describe_snapshot_schedules()["SnapshotSchedules"] == []


def test_a_parameter_that_is_reset_has_its_default_again(cloud: Cloud) -> None:
    redshift = cloud.client("redshift")
    redshift.create_cluster_parameter_group(
        ParameterGroupName="own", ParameterGroupFamily="redshift-1.0", Description="d"
    )
    given = {"ParameterName": "require_ssl", "ParameterValue": "true"}

    def own(source: str = "user") -> dict[str, str]:
        listed = redshift.describe_cluster_parameters(ParameterGroupName="own", Source=source)["Parameters"]
        return {each["ParameterName"]: each["ParameterValue"] for each in listed}

    redshift.modify_cluster_parameter_group(ParameterGroupName="own", Parameters=[given])
    assert own() == {"require_ssl": "true"}
    redshift.reset_cluster_parameter_group(
        ParameterGroupName="own", Parameters=[{"ParameterName": "require_ssl"}]
    )
    assert own() == {}
    assert own("engine-default")["require_ssl"] == "false"


def test_a_budget_does_not_mix_its_two_ways_to_filter(cloud: Cloud) -> None:
    budgets = cloud.client("budgets")
    limit = {"Amount": "1", "Unit": "USD"}
    budget = {"BudgetName": "b", "TimeUnit": "MONTHLY", "BudgetType": "COST", "BudgetLimit": limit}
    tagged = {"FilterExpression": {"Tags": {"Key": "project", "Values": ["lake"]}}}
    with refused("InvalidParameterException"):
        budgets.create_budget(AccountId=ACCOUNT, Budget={**budget, **tagged})
    both = {**tagged, "Metrics": ["UnblendedCost"], "CostFilters": {"Service": ["Amazon Redshift"]}}
    with refused("InvalidParameterException"):
        budgets.create_budget(AccountId=ACCOUNT, Budget={**budget, **both})
    with refused("NotFoundException"):
        budgets.update_budget(AccountId=ACCOUNT, NewBudget=budget)


def test_a_subscription_to_anomalies_needs_its_monitor_and_a_frequency_that_fits(cloud: Cloud) -> None:
    costs = cloud.client("ce")
    subscriber = {"Type": "SNS", "Address": TOPIC}

    def subscribe(arn: str, frequency: str) -> None:
        given = {"SubscriptionName": "s", "MonitorArnList": [arn], "Frequency": frequency}
        costs.create_anomaly_subscription(AnomalySubscription={**given, "Subscribers": [subscriber]})

    with refused("UnknownMonitorException"):
        subscribe("arn:aws:ce::1:anomalymonitor/none", "IMMEDIATE")
    with refused("ValidationException"):
        costs.create_anomaly_monitor(AnomalyMonitor={"MonitorName": "m", "MonitorType": "CUSTOM"})
    monitor = {"MonitorName": "m", "MonitorType": "DIMENSIONAL", "MonitorDimension": "SERVICE"}
    arn = costs.create_anomaly_monitor(AnomalyMonitor=monitor)["MonitorArn"]
    with refused("ValidationException"):
        subscribe(arn, "DAILY")
    subscribe(arn, "IMMEDIATE")
    assert len(costs.get_anomaly_subscriptions()["AnomalySubscriptions"]) == 1


def test_a_data_set_needs_its_source_and_tells_its_columns(cloud: Cloud) -> None:
    reports = cloud.client("quicksight")
    where = {"AwsAccountId": ACCOUNT}
    arn = f"arn:aws:quicksight:eu-west-1:{ACCOUNT}:datasource/lake"
    columns = [{"Name": "client_id", "Type": "STRING"}]
    table = {"RelationalTable": {"DataSourceArn": arn, "Name": "clients", "InputColumns": columns}}
    data_set = {
        "DataSetId": "clients",
        "Name": "clients",
        "ImportMode": "SPICE",
        "PhysicalTableMap": {"t": table},
    }
    with refused("ResourceNotFoundException"):
        reports.create_data_set(**where, **data_set)
    reports.create_data_source(**where, DataSourceId="lake", Name="lake", Type="ATHENA")
    reports.create_data_set(**where, **data_set)
    with refused("ResourceExistsException"):
        reports.create_data_set(**where, **data_set)
    found = reports.describe_data_set(**where, DataSetId="clients")["DataSet"]
    assert found["OutputColumns"] == columns
    schedule = {
        "ScheduleId": "daily",
        "RefreshType": "FULL_REFRESH",
        "ScheduleFrequency": {"Interval": "DAILY"},
    }
    reports.create_refresh_schedule(**where, DataSetId="clients", Schedule=schedule)
    reports.delete_data_set(**where, DataSetId="clients")
    with refused("ResourceNotFoundException"):
        reports.describe_refresh_schedule(**where, DataSetId="clients", ScheduleId="daily")


def test_a_stack_makes_changes_and_removes_its_dashboard(cloud: Cloud) -> None:
    stacks, reports = cloud.client("cloudformation"), cloud.client("quicksight")

    def template(title: str, kind: str = "AWS::QuickSight::Dashboard") -> str:
        properties = {"AwsAccountId": ACCOUNT, "DashboardId": "board", "Name": title}
        return json.dumps({"Resources": {"Board": {"Type": kind, "Properties": properties}}})

    def title() -> str:
        found = reports.describe_dashboard(AwsAccountId=ACCOUNT, DashboardId="board")
        return str(found["Dashboard"]["Name"])

    stacks.create_stack(StackName="boards", TemplateBody=template("one"))
    assert title() == "one"
    stacks.update_stack(StackName="boards", TemplateBody=template("two"))
    assert title() == "two"
    stacks.delete_stack(StackName="boards")
    with refused("ResourceNotFoundException"):
        title()
    with refused("NotImplemented"):
        stacks.create_stack(StackName="other", TemplateBody=template("x", "AWS::QuickSight::Analysis"))


def test_a_schedule_group_that_is_not_there_is_refused(cloud: Cloud) -> None:
    scheduler = cloud.client("scheduler")
    with refused("ResourceNotFoundException"):
        scheduler.delete_schedule_group(Name="none")
    with refused("ValidationException"):
        scheduler.delete_schedule_group(Name="default")
