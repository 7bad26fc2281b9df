"""Deployed alarms change their state by what runs measured, and tell their topic of it."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from moto import mock_aws

from local.commands import alarms

SPACE = frozenset({"Lake/Pipeline"})
NOW = datetime.now(UTC)


class Here:
    """The mocked AWS, with a topic, a queue that hears it, and short verbs."""

    def __init__(self) -> None:
        self.topic = self.client("sns").create_topic(Name="alerts")["TopicArn"]
        self.queue = self.client("sqs").create_queue(QueueName="heard")["QueueUrl"]
        arn = self.client("sqs").get_queue_attributes(QueueUrl=self.queue, AttributeNames=["QueueArn"])
        self.client("sns").subscribe(
            TopicArn=self.topic, Protocol="sqs", Endpoint=arn["Attributes"]["QueueArn"]
        )

    def client(self, service: str) -> Any:
        return boto3.client(service, region_name="eu-west-1")

    def alarm(self, **values: Any) -> None:
        usual: dict[str, Any] = {
            "AlarmName": "run-failed", "AlarmDescription": "A run failed", "Namespace": "Lake/Pipeline",
            "MetricName": "RunsFailed", "Dimensions": [{"Name": "Dataset", "Value": "clients"}],
            "Statistic": "Sum", "Period": 300, "EvaluationPeriods": 1, "Threshold": 1.0,
            "ComparisonOperator": "GreaterThanOrEqualToThreshold", "TreatMissingData": "notBreaching",
            "AlarmActions": [self.topic], "OKActions": [self.topic],
        }  # fmt: skip
        self.client("cloudwatch").put_metric_alarm(**(usual | values))
        self.client("cloudwatch").set_alarm_state(
            AlarmName=values.get("AlarmName", "run-failed"), StateValue="OK", StateReason="new"
        )

    def put(self, value: float, ago: timedelta = timedelta(minutes=1), metric: str = "RunsFailed") -> None:
        self.client("cloudwatch").put_metric_data(
            Namespace="Lake/Pipeline",
            MetricData=[
                {
                    "MetricName": metric, "Value": value, "Timestamp": NOW - ago,
                    "Dimensions": [{"Name": "Dataset", "Value": "clients"}],
                }
            ],
        )  # fmt: skip

    def changes(self, now: datetime = NOW) -> list[tuple[str, str]]:
        return [(c.name, c.state) for c in alarms.evaluate(self, SPACE, now)]

    def heard(self) -> list[tuple[str, str]]:
        found = self.client("sqs").receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10)
        notes = [json.loads(json.loads(m["Body"])["Message"]) for m in found.get("Messages", [])]
        return [(note["AlarmName"], note["NewStateValue"]) for note in notes]


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> Iterator[Here]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with mock_aws():
        yield Here()


def test_a_failed_run_sets_its_alarm_off_once_and_its_topic_hears_of_it(here: Here) -> None:
    here.alarm()
    here.put(1)
    assert here.changes() == [("run-failed", "ALARM")]
    assert here.heard() == [("run-failed", "ALARM")]
    assert here.changes() == []
    assert here.changes(NOW + timedelta(minutes=10)) == [("run-failed", "OK")]


def test_a_run_that_succeeded_sets_nothing_off(here: Here) -> None:
    here.alarm()
    here.put(0)
    assert here.changes() == []
    assert here.heard() == []


def test_silence_is_what_the_alarm_says_it_is(here: Here) -> None:
    here.alarm(AlarmName="calm")
    here.alarm(AlarmName="stale", TreatMissingData="breaching")
    here.alarm(AlarmName="unsure", TreatMissingData="missing")
    here.alarm(AlarmName="as-before", TreatMissingData="ignore")
    assert here.changes() == [("stale", "ALARM"), ("unsure", "INSUFFICIENT_DATA")]


def test_all_periods_must_break_the_threshold_unless_fewer_are_asked_for(here: Here) -> None:
    here.alarm(AlarmName="all", EvaluationPeriods=3)
    here.alarm(AlarmName="any", EvaluationPeriods=3, DatapointsToAlarm=1)
    here.put(2, timedelta(minutes=7))
    assert here.changes() == [("any", "ALARM")]


def test_a_limit_from_below_is_a_limit(here: Here) -> None:
    here.alarm(MetricName="RunsSucceeded", ComparisonOperator="LessThanThreshold")
    here.put(0, metric="RunsSucceeded")
    assert here.changes() == [("run-failed", "ALARM")]


def test_alarms_on_other_metrics_are_left_alone(here: Here) -> None:
    here.alarm(Namespace="AWS/Glue", TreatMissingData="breaching")
    here.alarm(
        AlarmName="no-backup", Dimensions=[{"Name": "Stack", "Value": "a"}], TreatMissingData="breaching"
    )
    assert here.changes() == []
