"""Alarms of replication, each in the region where S3 publishes its metric, and the replica region's topic."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi import ComponentResource, Input, ResourceOptions
from pulumi_aws import cloudwatch

from components.alert_topic import AlertTopic, AlertTopicArgs
from components.names import Names
from components.replication import RULES, ReplicationRule
from components.settings import Settings
from components.tagging import tags

_COMPONENT = "disaster-recovery"


@dataclass(frozen=True)
class ReplicationAlarmsArgs:
    """What is watched: `replication` are the configurations; `replica_key_arn` encrypts the topic there."""

    settings: Settings
    names: Names
    replica_key_arn: Input[str]
    replication: Sequence[pulumi.Resource]


class ReplicationAlarms(ComponentResource):
    """An alarm a rule where replicas lag by half of what may be lost, and one where copies fail.

    S3 publishes the lag in the destination's region and failures in the source's; an alarm reads its own
    region only. https://docs.aws.amazon.com/AmazonS3/latest/userguide/repl-metrics.html
    """

    def __init__(self, name: str, args: ReplicationAlarmsArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("energylake:recovery:ReplicationAlarms", name, None, opts)
        self._args, self._tags = args, tags(args.settings, _COMPONENT)
        # Actions never cross regions, so the alarms over there need a topic over there.
        topic = AlertTopic(
            f"{name}-topic",
            AlertTopicArgs(args.settings, args.names.replica, args.replica_key_arn, _COMPONENT),
            ResourceOptions(parent=self),
        )
        for rule in RULES:
            self._lag(name, rule, topic)
            self._failures(name, rule)
        self.register_outputs({"topic_arn": args.names.replica.alert_topic_arn})

    def _dimensions(self, rule: ReplicationRule) -> dict[str, str]:
        names = self._args.names
        return {
            "SourceBucket": names.bucket(rule.store),
            "DestinationBucket": names.replica.bucket(rule.store),
            "RuleId": rule.id,
        }

    def _lag(self, name: str, rule: ReplicationRule, topic: AlertTopic) -> None:
        """Warn at half of the RPO, while there is time left to act."""
        away, hours = self._args.names.replica, self._args.settings.disaster_recovery.rpo_hours
        cloudwatch.MetricAlarm(
            f"{name}-{rule.id}-lag",
            name=away.alarm(f"replication-lag-{rule.id}"),
            alarm_description=f"Replicas of {rule.id} lag by more than half of the RPO of {hours} hours",
            namespace="AWS/S3",
            metric_name="ReplicationLatency",
            dimensions=self._dimensions(rule),
            statistic="Maximum",
            period=300,
            evaluation_periods=3,
            datapoints_to_alarm=3,
            comparison_operator="GreaterThanThreshold",
            threshold=hours * 1800,
            treat_missing_data="notBreaching",
            alarm_actions=[away.alert_topic_arn],
            ok_actions=[away.alert_topic_arn],
            tags=self._tags,
            region=away.region,
            opts=ResourceOptions(parent=self, depends_on=[*topic.ready, *self._args.replication]),
        )

    def _failures(self, name: str, rule: ReplicationRule) -> None:
        names = self._args.names
        cloudwatch.MetricAlarm(
            f"{name}-{rule.id}-failures",
            name=names.alarm(f"replication-failures-{rule.id}"),
            alarm_description=f"Objects of {rule.id} failed to replicate: they are not tried again",
            namespace="AWS/S3",
            metric_name="OperationsFailedReplication",
            dimensions=self._dimensions(rule),
            statistic="Sum",
            period=300,
            evaluation_periods=1,
            comparison_operator="GreaterThanThreshold",
            threshold=0,
            treat_missing_data="notBreaching",
            alarm_actions=[names.alert_topic_arn],
            tags=self._tags,
            opts=ResourceOptions(parent=self, depends_on=list(self._args.replication)),
        )
