"""Topics, their policies and subscriptions (Amazon SNS), queues (Amazon SQS)."""

import json
from collections.abc import Iterable
from typing import Any

from local.provider.row import Call, Name, Row, Step
from local.provider.scope import Scope
from local.provider.tagging import Tagging, by_arn


def _texts(properties: dict[str, Any]) -> dict[str, Any]:
    """Write attributes as both services take them: flags and numbers in text."""
    return {
        name: json.dumps(value) if isinstance(value, bool | int) else value
        for name, value in properties.items()
    }


def _flags(found: dict[str, Any]) -> dict[str, Any]:
    return {name: value == "true" if value in ("true", "false") else value for name, value in found.items()}


def _attributes(names: Iterable[str]) -> dict[str, str]:
    return {name: f"Attributes.{name[0].upper()}{name[1:]}" for name in names}


def _attribute(operation: str, name: str) -> Step:
    member = f"{name[0].upper()}{name[1:]}"
    call = Call(operation, {"AttributeName": member, "AttributeValue": f"{{{name}|}}"})
    return Step((name,), call, created=True)


_TOPIC = ("displayName", "kmsMasterKeyId", "deliveryPolicy")
_SUBSCRIPTION = (
    "deliveryPolicy",
    "filterPolicy",
    "filterPolicyScope",
    "rawMessageDelivery",
    "redrivePolicy",
    "subscriptionRoleArn",
)
_ACTIONS = (
    "GetTopicAttributes",
    "SetTopicAttributes",
    "AddPermission",
    "RemovePermission",
    "DeleteTopic",
    "Subscribe",
    "ListSubscriptionsByTopic",
    "Publish",
)


def _reset_topic_policy(scope: Scope) -> None:
    """Give a topic back the policy that AWS gives a new one: for the account itself."""
    statement = {
        "Sid": "__default_statement_ID",
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": [f"SNS:{action}" for action in _ACTIONS],
        "Resource": scope.id,
        "Condition": {"StringEquals": {"AWS:SourceOwner": scope.clients.account}},
    }
    policy = {"Version": "2008-10-17", "Id": "__default_policy_ID", "Statement": [statement]}
    scope.send(
        "SetTopicAttributes",
        TopicArn=scope.id,
        AttributeName="Policy",
        AttributeValue=json.dumps(policy),
    )


_SUBSCRIBE = Call("Subscribe", {"ReturnSubscriptionArn": True})


def _subscribe(scope: Scope) -> Any:
    given = {name: scope.inputs.get(name) for name in ("topic", "protocol", "endpoint", *_SUBSCRIPTION)}
    return scope.send("Subscribe", **scope.request(_SUBSCRIBE, _texts(given)))


_SET_POLICY = Call("SetTopicAttributes", {"AttributeName": "Policy", "AttributeValue": "{policy}"})

_QUEUE = {
    **_attributes(
        (
            "delaySeconds",
            "kmsMasterKeyId",
            "kmsDataKeyReusePeriodSeconds",
            "redrivePolicy",
            "redriveAllowPolicy",
            "sqsManagedSseEnabled",
            "fifoQueue",
            "contentBasedDeduplication",
            "deduplicationScope",
            "fifoThroughputLimit",
        )
    ),
    "maxMessageSize": "Attributes.MaximumMessageSize",
    "messageRetentionSeconds": "Attributes.MessageRetentionPeriod",
    "receiveWaitTimeSeconds": "Attributes.ReceiveMessageWaitTimeSeconds",
    "visibilityTimeoutSeconds": "Attributes.VisibilityTimeout",
}
_SET_QUEUE = Call("SetQueueAttributes", blanks=True)
_QUEUE_POLICY = Call("SetQueueAttributes", {"Attributes.Policy": "{policy}"})

ROWS = (
    Row(
        token="aws:sns/topic:Topic",
        service="sns",
        id="{arn}",
        keys={"TopicArn": "{arn}"},
        name=Name(limit=256),
        create=Call("CreateTopic", {"Name": "{name}"}),
        read=Call("GetTopicAttributes"),
        steps=tuple(_attribute("SetTopicAttributes", name) for name in _TOPIC),
        delete=Call("DeleteTopic"),
        tags=by_arn("ResourceArn"),
        replace=("name",),
        kept=("name",),
        # A topic's policy is a resource of its own.
        rename={**_attributes(_TOPIC), "owner": "Attributes.Owner", "policy": ""},
        outputs={"arn": "arn:{partition}:sns:{region}:{account}:{name}", "owner": "{account}"},
    ),
    Row(
        token="aws:sns/topicPolicy:TopicPolicy",
        service="sns",
        id="{arn}",
        keys={"TopicArn": "{arn}"},
        create=_SET_POLICY,
        read=Call("GetTopicAttributes"),
        update=_SET_POLICY,
        delete=_reset_topic_policy,
        replace=("arn",),
        rename={"policy": "Attributes.Policy", "owner": "Attributes.Owner"},
        outputs={"owner": "{account}"},
    ),
    Row(
        token="aws:sns/topicSubscription:TopicSubscription",
        service="sns",
        id="{arn}",
        keys={"SubscriptionArn": "{id}"},
        create=_subscribe,
        created={"arn": "SubscriptionArn"},
        read=Call("GetSubscriptionAttributes"),
        steps=tuple(_attribute("SetSubscriptionAttributes", name) for name in _SUBSCRIPTION),
        delete=Call("Unsubscribe"),
        replace=("topic", "protocol", "endpoint"),
        custom=("topic", "protocol", "endpoint", *_SUBSCRIPTION),
        kept=("confirmationTimeoutInMinutes", "endpointAutoConfirms", "topic", "protocol", "endpoint"),
        rename={
            **_attributes(_SUBSCRIPTION),
            "topic": "TopicArn",
            "ownerId": "Attributes.Owner",
            "pendingConfirmation": "Attributes.PendingConfirmation",
            "confirmationWasAuthenticated": "Attributes.ConfirmationWasAuthenticated",
        },
        defaults={
            "confirmationTimeoutInMinutes": 1,
            "endpointAutoConfirms": False,
            "rawMessageDelivery": False,
        },
        volatile=("pendingConfirmation", "filterPolicyScope"),
        decode=_flags,
        outputs={"ownerId": "{account}"},
    ),
    Row(
        token="aws:sqs/queue:Queue",
        service="sqs",
        id="{url}",
        keys={"QueueUrl": "{id}"},
        name=Name(limit=80),
        create=Call("CreateQueue", {"QueueName": "{name}"}),
        created={"url": "QueueUrl"},
        read=Call("GetQueueAttributes", {"AttributeNames": "All"}),
        update=_SET_QUEUE,
        delete=Call("DeleteQueue"),
        tags=Tagging(
            set=Call("TagQueue"),
            member="Tags",
            read=Call("ListQueueTags"),
            inline="tags",
            unset=Call("UntagQueue"),
        ),
        replace=("name", "fifoQueue"),
        kept=("name",),
        rename={**_QUEUE, "policy": ""},
        defaults={
            "delaySeconds": 0,
            "maxMessageSize": 262144,
            "messageRetentionSeconds": 345600,
            "receiveWaitTimeSeconds": 0,
            "visibilityTimeoutSeconds": 30,
        },
        encode=_texts,
        decode=_flags,
        outputs={"arn": "arn:{partition}:sqs:{region}:{account}:{name}"},
        gone=("AWS.SimpleQueueService.NonExistentQueue",),
    ),
    Row(
        token="aws:sqs/queuePolicy:QueuePolicy",
        service="sqs",
        id="{queueUrl}",
        keys={"QueueUrl": "{queueUrl}"},
        create=_QUEUE_POLICY,
        read=Call(
            "GetQueueAttributes", {"AttributeNames": "Policy"}, at="Attributes", rename={"policy": "Policy"}
        ),
        update=_QUEUE_POLICY,
        delete=Call("SetQueueAttributes", {"Attributes.Policy": ""}),
        replace=("queueUrl",),
        gone=("AWS.SimpleQueueService.NonExistentQueue",),
    ),
)
