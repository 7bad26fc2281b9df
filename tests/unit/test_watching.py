"""Audit, alerts and costs: what happens is recorded, what goes wrong is told, what is spent is bounded."""

import json
from typing import Any

import pytest

from components.alarms import LOG_WATCHES
from components.alert_policies import topic_policy
from components.key_policies import PUBLISHERS, key_policy
from components.names import KeyPurpose, Names, Store
from components.pipeline_plan import CRAWLERS, JOBS
from components.settings import parse
from etl.catalog import Zone, tables
from etl.warehouse.load import DATASET
from tests.unit.iam_lint_support import lint_resource_policy
from tests.unit.recorder import PROJECT, STACKS, UNKNOWN, Registration, record, recorded, stack_config


@pytest.fixture(params=STACKS)
def stack(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def of_type(stack: str, kind: str) -> list[Registration]:
    return [one for one in recorded(stack) if one.short_type == kind]


def names_of(stack: str) -> Names:
    return Names.of(parse(stack, stack_config(stack)))


def before(stack: str, one: Registration) -> set[str]:
    return {other.name for other in recorded(stack) if other.urn in one.dependencies}


# Audit


def test_the_trail_is_validated_encrypted_and_of_every_region(stack: str) -> None:
    (trail,) = of_type(stack, "Trail")
    inputs, names = trail.inputs, names_of(stack)
    for flag in (
        "isMultiRegionTrail",
        "includeGlobalServiceEvents",
        "enableLogFileValidation",
        "enableLogging",
    ):
        assert inputs[flag] is True
    assert inputs["kmsKeyId"] == UNKNOWN
    assert any("keys-audit-key" in urn for urn in trail.property_dependencies["kmsKeyId"])
    assert inputs["s3BucketName"] == names.bucket(Store.AUDIT)
    assert inputs["cloudWatchLogsGroupArn"] == f"{names.log_group_arn(names.trail_log_group)}:*"
    assert {"audit-policy", "trail-policy", "trail-log-group"} <= before(stack, trail)
    kinds = {one["insightType"] for one in inputs["insightSelectors"]}
    assert kinds == {"ApiCallRateInsight", "ApiErrorRateInsight"}


def test_reads_and_writes_of_the_lakes_objects_are_recorded_but_not_the_trails_own(stack: str) -> None:
    (trail,) = of_type(stack, "Trail")
    names, found = names_of(stack), {}
    for selector in trail.inputs["advancedEventSelectors"]:
        fields = {one["field"]: one for one in selector["fieldSelectors"]}
        category = fields["eventCategory"]["equals"][0]
        found[fields.get("resources.type", {}).get("equals", [category])[0]] = fields
    assert set(found) == {"Management", "AWS::S3::Object", "AWS::Glue::Table"}
    objects = found["AWS::S3::Object"]
    assert "readOnly" not in objects, "reads and writes alike"
    assert set(objects["resources.ARN"]["startsWiths"]) == {
        f"{names.bucket_arn(store)}/" for store in (Store.DATA, Store.RESULTS, Store.ARTIFACTS)
    }


def test_the_trails_bucket_takes_its_key_and_only_its_trail(stack: str) -> None:
    names = names_of(stack)
    (encryption,) = (one for one in recorded(stack) if one.name == "audit-encryption")
    default = encryption.inputs["rules"][0]["applyServerSideEncryptionByDefault"]
    assert default["sseAlgorithm"] == "aws:kms", "delivery of access logs needs SSE-S3, a trail does not"
    (policy,) = (one for one in recorded(stack) if one.name == "audit-policy")
    admitted = [one for one in json.loads(policy.inputs["policy"])["Statement"] if one["Effect"] == "Allow"]
    assert [one["Principal"] for one in admitted] == [{"Service": "cloudtrail.amazonaws.com"}] * 2
    for one in admitted:
        assert one["Condition"]["StringEquals"]["aws:SourceArn"] == names.trail_arn
    assert admitted[1]["Resource"] == (
        f"{names.bucket_arn(Store.AUDIT)}/{names.trail_prefix}AWSLogs/{names.account}/*"
    )


def test_a_guest_records_its_data_events_and_leaves_the_accounts_calls_to_the_owner() -> None:
    guest = record("dev", stack_config("dev") | {f"{PROJECT}:owns_account_settings": False})
    (trail,) = (one for one in guest if one.short_type == "Trail")
    categories = {
        field["equals"][0]
        for selector in trail.inputs["advancedEventSelectors"]
        for field in selector["fieldSelectors"]
        if field["field"] == "eventCategory"
    }
    assert categories == {"Data"}
    assert "insightSelectors" not in trail.inputs, "insights need management events"
    types = {one.short_type for one in guest}
    assert not types & {"CostAllocationTag", "AnomalyMonitor"}


def test_what_the_deployer_changes_raises_no_alert_and_what_others_change_does(stack: str) -> None:
    deployer = stack_config(stack)[f"{PROJECT}:lake_formation"]["deployer_role_arn"]
    filters = {one.name: one.inputs["pattern"] for one in of_type(stack, "LogMetricFilter")}
    for subject in ("key", "role", "grant", "bucket", "trail"):
        pattern = filters[f"trail-{subject}-change-filter"]
        assert f'sessionIssuer.arn != "{deployer}"' in pattern
        assert "sessionIssuer.arn NOT EXISTS" in pattern
    for pattern in filters.values():
        assert len(pattern) <= 1024
        assert pattern.count("(") == pattern.count(")")
    assert '$.userIdentity.type = "Root"' in filters["trail-root-use-filter"]
    assert "lakeformation.amazonaws.com" in filters["trail-governed-access-denied-filter"]


# Alerts


def test_every_counted_line_has_an_alarm_on_just_that_metric(stack: str) -> None:
    counted = {
        (one.inputs["metricTransformation"]["namespace"], one.inputs["metricTransformation"]["name"])
        for one in of_type(stack, "LogMetricFilter")
    }
    watched = {
        (one.inputs["namespace"], one.inputs["metricName"])
        for one in of_type(stack, "MetricAlarm")
        if "metricName" in one.inputs
    }
    assert counted <= watched
    own = {pair for pair in watched if pair[0] == names_of(stack).metric_namespace}
    assert own == counted, "an alarm on what nobody counts never rings"


def test_every_job_and_crawler_can_raise_an_alert(stack: str) -> None:
    names = names_of(stack)
    targets = {
        one.inputs["rule"]
        for one in of_type(stack, "EventTarget")
        if one.inputs["arn"] == names.alert_topic_arn
    }
    patterns = [
        json.loads(one.inputs["eventPattern"])
        for one in of_type(stack, "EventRule")
        if one.inputs["name"] in targets
    ]
    failed = next(one["detail"] for one in patterns if one["detail-type"] == ["Glue Job State Change"])
    late = next(one["detail"] for one in patterns if one["detail-type"] == ["Glue Job Run Status"])
    crawled = next(one["detail"] for one in patterns if one["detail-type"] == ["Glue Crawler State Change"])
    jobs = {one.inputs["name"] for one in of_type(stack, "Job")}
    assert set(failed["jobName"]) == set(late["jobName"]) == jobs
    assert {"FAILED", "TIMEOUT"} <= set(failed["state"])
    assert set(crawled["crawlerName"]) == {one.inputs["name"] for one in of_type(stack, "Crawler")}
    watched = {one.inputs["logGroupName"] for one in of_type(stack, "LogMetricFilter")}
    assert {name for job in JOBS for name in names.job_log_groups(job.name)} <= watched
    assert {names.crawler_log_group(crawler.name) for crawler in CRAWLERS} <= watched
    for watch in LOG_WATCHES:
        assert watch.pattern.startswith("?"), "terms without a question mark would all have to match"


def test_every_dataset_is_watched_for_failure_freshness_latency_quality_and_volume(stack: str) -> None:
    datasets = {table.name for zone in (Zone.RAW, Zone.CURATED) for table in tables(zone)} | {DATASET}
    namespace = names_of(stack).run_metric_namespace
    watched: dict[str, set[str]] = {}
    for one in of_type(stack, "MetricAlarm"):
        parts = [one.inputs, *(query.get("metric", {}) for query in one.inputs.get("metricQueries", []))]
        for part in parts:
            if part.get("namespace") == namespace and one.name.startswith("watch-"):
                watched.setdefault(part["dimensions"]["Dataset"], set()).add(part["metricName"])
                assert set(part["dimensions"]) == {"Dataset"}
    assert set(watched) == datasets
    for metrics in watched.values():
        assert metrics == {"RunsFailed", "RunsSucceeded", "JobLatencySeconds", "RejectRatio", "RowsIn"}


def test_runs_put_their_metrics_where_alarms_and_dashboards_look_and_nowhere_else(stack: str) -> None:
    """The jobs' argument, what their roles may do, and what is watched name one namespace, of this stack."""
    namespace = names_of(stack).run_metric_namespace
    assert namespace.endswith(f"/{stack}"), "stacks that share an account do not mix their runs"
    for job in of_type(stack, "Job"):
        assert job.inputs["defaultArguments"]["--metric_namespace"] == namespace
        role = job.inputs["roleArn"].rpartition("/")[2]
        (policy,) = (one for one in of_type(stack, "RolePolicy") if one.inputs["role"] == role)
        (put,) = (
            statement
            for statement in json.loads(policy.inputs["policy"])["Statement"]
            if "cloudwatch:PutMetricData" in statement["Action"]
        )
        assert put["Action"] == ["cloudwatch:PutMetricData"]
        assert put["Condition"] == {"StringEquals": {"cloudwatch:namespace": ["Glue", namespace]}}
    shown = {
        line[0]
        for one in of_type(stack, "Dashboard")
        for widget in json.loads(one.inputs["dashboardBody"])["widgets"]
        for line in widget["properties"].get("metrics", [])
        if "Dataset" in line
    }
    assert shown == {namespace}


def test_silence_is_trouble_for_freshness_and_for_nothing_else(stack: str) -> None:
    for one in of_type(stack, "MetricAlarm"):
        if not one.name.startswith("watch-"):
            continue
        stale = one.name.endswith("-stale-alarm")
        assert one.inputs["treatMissingData"] == ("breaching" if stale else "notBreaching")
        period = one.inputs.get("period", 86_400)
        assert period * one.inputs["evaluationPeriods"] <= 7 * 86_400, "CloudWatch looks a week back at most"
        assert one.inputs["alarmActions"] == [names_of(stack).alert_topic_arn]
        assert {"alerts-topic", "alerts-policy"} <= before(stack, one)
        returned = [query for query in one.inputs.get("metricQueries", []) if query.get("returnData")]
        assert len(returned) in (0, 1, 2)
        if "thresholdMetricId" in one.inputs:
            assert "ANOMALY_DETECTION_BAND" in returned[-1]["expression"]
            assert "threshold" not in one.inputs


def test_the_topic_is_encrypted_with_a_key_that_its_publishers_may_use(stack: str) -> None:
    names = names_of(stack)
    (topic,) = (one for one in of_type(stack, "Topic") if one.name == "alerts-topic")
    assert topic.inputs["kmsMasterKeyId"] == UNKNOWN, "AWS's own key refuses alarms and rules"
    policy = topic_policy(names)
    assert list(lint_resource_policy(policy)) == []
    allowed = {
        one["Principal"]["Service"]: one["Condition"]
        for one in policy["Statement"]
        if one["Effect"] == "Allow"
    }
    assert set(allowed) == {f"{service}.amazonaws.com" for service in PUBLISHERS}
    for conditions in allowed.values():
        assert {"aws:SourceAccount", "aws:SourceArn"} & {key for c in conditions.values() for key in c}
    (denial,) = (one for one in policy["Statement"] if one["Effect"] == "Deny")
    assert denial["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    encrypts = key_policy(names, KeyPurpose.ALERTS)["Statement"][2]
    assert set(encrypts["Principal"]["Service"]) == set(allowed)
    context = encrypts["Condition"]["StringEquals"]["kms:EncryptionContext:aws:sns:topicArn"]
    assert context == names.alert_topic_arn


def test_somebody_gets_the_alerts(stack: str) -> None:
    emails = stack_config(stack)[f"{PROJECT}:alerts"]["emails"]
    found = [one.inputs for one in of_type(stack, "TopicSubscription") if one.name.startswith("alerts-")]
    assert [one["endpoint"] for one in found] == emails
    assert {one["protocol"] for one in found} == {"email"}


def bodies(stack: str) -> dict[str, dict[str, Any]]:
    prefix = f"{PROJECT}-{stack}-"
    return {
        one.inputs["dashboardName"].removeprefix(prefix): json.loads(one.inputs["dashboardBody"])
        for one in of_type(stack, "Dashboard")
    }


def test_the_dashboards_of_state_resources_and_costs_show_what_exists(stack: str) -> None:
    found = bodies(stack)
    assert {"pipeline-state", "resource-use", "operating-costs"} <= set(found)
    alarms = {
        names_of(stack).arn("cloudwatch", f"alarm:{one.inputs['name']}")
        for one in of_type(stack, "MetricAlarm")
    }
    named = {
        "WorkGroup": {one.inputs["name"] for one in of_type(stack, "Workgroup")},
        "JobName": {one.inputs["name"] for one in of_type(stack, "Job")},
        "BucketName": {one.inputs["bucket"] for one in of_type(stack, "Bucket")},
        "ClusterIdentifier": {one.inputs["clusterIdentifier"] for one in of_type(stack, "Cluster")},
        "Dataset": {table.name for zone in Zone for table in tables(zone)} | {DATASET},
    }
    for body in found.values():
        places = [(widget["x"], widget["y"]) for widget in body["widgets"]]
        assert len(places) == len(set(places))
        for widget in body["widgets"]:
            shown = widget["properties"].get("alarms", [])
            assert set(shown) <= alarms
            assert len(shown) <= 100
            for line in widget["properties"].get("metrics", []):
                words = [word for word in line if isinstance(word, str)]
                pairs = dict(zip(words[2::2], words[3::2], strict=True))
                for key, value in pairs.items():
                    assert value in named.get(key, {value}), (widget["properties"]["title"], value)


# Costs


def test_every_tagged_component_has_a_budget_by_the_very_tags(stack: str) -> None:
    tagged = {
        one.inputs["tags"]["component"] for one in recorded(stack) if one.custom and "tags" in one.inputs
    }
    budgets = {}
    for one in of_type(stack, "Budget"):
        if one.inputs["budgetType"] != "COST":
            continue
        wanted = {
            part["tags"]["key"]: part["tags"]["values"] for part in one.inputs["filterExpression"]["ands"]
        }
        assert wanted["project"] == [PROJECT]
        assert wanted["environment"] == [stack]
        budgets[wanted.get("component", ["total"])[0]] = int(one.inputs["limitAmount"])
        kinds = {note["notificationType"] for note in one.inputs["notifications"]}
        assert kinds == {"ACTUAL", "FORECASTED"}
        assert len(one.inputs["notifications"]) <= 5
        for note in one.inputs["notifications"]:
            assert note["subscriberSnsTopicArns"] == [names_of(stack).alert_topic_arn]
    assert tagged <= set(budgets), "a component without a budget"
    assert budgets.pop("total") == sum(budgets.values())


def test_reserved_nodes_are_watched_where_the_stack_has_a_target() -> None:
    def kinds(stack: str) -> set[str]:
        return {one.inputs["budgetType"] for one in of_type(stack, "Budget")}

    assert kinds("dev") == {"COST"}
    assert kinds("prod") == {"COST", "RI_COVERAGE", "RI_UTILIZATION"}
    for one in of_type("prod", "Budget"):
        if one.inputs["budgetType"].startswith("RI_"):
            (note,) = one.inputs["notifications"]
            assert (note["comparisonOperator"], note["threshold"]) == ("LESS_THAN", 80)
            assert one.inputs["costFilters"] == [{"name": "Service", "values": ["Amazon Redshift"]}]
            chosen = {key for key, value in one.inputs["costTypes"].items() if value}
            assert chosen == {"includeSubscription"}


def test_tags_are_activated_only_once_billing_has_seen_them() -> None:
    assert not of_type("prod", "CostAllocationTag")
    seen = {one.inputs["tagKey"] for one in of_type("local", "CostAllocationTag")}
    used = {"project", "environment", "component", "owner", "cost-center"}
    assert seen == used
    tag = next(one for one in recorded("local") if one.short_type == "Bucket").inputs["tags"]
    assert used <= set(tag)


def test_unusual_spending_reaches_the_topic_at_once(stack: str) -> None:
    (one,) = of_type(stack, "AnomalySubscription")
    assert one.inputs["frequency"] == "IMMEDIATE", "a topic takes no daily digest"
    assert one.inputs["subscribers"] == [{"type": "SNS", "address": names_of(stack).alert_topic_arn}]
    (monitor,) = of_type(stack, "AnomalyMonitor")
    specification = json.loads(monitor.inputs["monitorSpecification"])
    assert specification["Tags"] == {"Key": "project", "MatchOptions": None, "Values": [PROJECT]}
    members = {"And", "CostCategories", "Dimensions", "Not", "Or", "Tags"}
    assert set(specification) == members, "what is left out makes the provider replace it each time"
