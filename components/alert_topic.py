"""The topic of alerts: encrypted with an own key, open to the services that raise alerts, read by people."""

import json
from dataclasses import dataclass

import pulumi
from pulumi import ComponentResource, Input, ResourceOptions
from pulumi_aws import sns

from components.alert_policies import topic_policy
from components.names import Names
from components.settings import Settings
from components.tagging import tags


@dataclass(frozen=True)
class AlertTopicArgs:
    """The key that encrypts messages; AWS's own key would lock alarms and rules out without a word."""

    settings: Settings
    names: Names
    alerts_key_arn: Input[str]
    component: str = "observability"


class AlertTopic(ComponentResource):
    """A topic that alarms, event rules, budgets and anomalies publish to, and its subscribers.

    https://docs.aws.amazon.com/sns/latest/dg/sns-server-side-encryption.html
    """

    def __init__(self, name: str, args: AlertTopicArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("energylake:observability:AlertTopic", name, None, opts)
        names = args.names
        topic = sns.Topic(
            f"{name}-topic",
            name=names.alert_topic,
            display_name=f"Energy data lake {names.stack}",
            kms_master_key_id=args.alerts_key_arn,
            tags=tags(args.settings, args.component),
            region=names.region_argument,
            opts=ResourceOptions(parent=self),
        )
        policy = sns.TopicPolicy(
            f"{name}-policy",
            arn=names.alert_topic_arn,
            policy=json.dumps(topic_policy(names)),
            region=names.region_argument,
            opts=ResourceOptions(parent=self, depends_on=[topic]),
        )
        for number, address in enumerate(args.settings.alerts.emails):
            sns.TopicSubscription(
                f"{name}-email-{number}",
                topic=names.alert_topic_arn,
                protocol="email",
                endpoint=address,
                region=names.region_argument,
                opts=ResourceOptions(parent=self, depends_on=[topic]),
            )
        self.ready: list[pulumi.Resource] = [topic, policy]
        self.register_outputs({"topic_arn": names.alert_topic_arn})
