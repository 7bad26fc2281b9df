"""KMS key policies by purpose: who administers a key, and which services may use it for whom.

The account's root stands for "whoever IAM allows": it administers every key, and uses it only through the
services of the key's purpose. https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html
"""

from collections.abc import Sequence

from components.iam import Document, Statement, document
from components.names import KeyPurpose, Names

ADMINISTRATION = (
    "kms:CancelKeyDeletion",
    "kms:CreateAlias",
    "kms:DeleteAlias",
    "kms:DescribeKey",
    "kms:DisableKey",
    "kms:DisableKeyRotation",
    "kms:EnableKey",
    "kms:EnableKeyRotation",
    "kms:GetKeyPolicy",
    "kms:GetKeyRotationStatus",
    "kms:ListGrants",
    "kms:ListKeyPolicies",
    "kms:ListKeyRotations",
    "kms:ListResourceTags",
    "kms:PutKeyPolicy",
    "kms:RevokeGrant",
    "kms:RotateKeyOnDemand",
    "kms:ScheduleKeyDeletion",
    "kms:TagResource",
    "kms:UntagResource",
    "kms:UpdateAlias",
    "kms:UpdateKeyDescription",
)
CRYPTOGRAPHY = (
    "kms:Decrypt",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
)

PUBLISHERS = ("budgets", "cloudwatch", "costalerts", "events")
"""Services that raise alerts."""
CLUSTER = ("redshift", "redshift-data")
"""Services that encrypt with a cluster's key; the Data API keeps statements and results under it too."""

_SERVICES = {
    KeyPurpose.DATA: ("s3", "scheduler"),
    KeyPurpose.RESULTS: ("s3", "athena"),
    KeyPurpose.CATALOG: ("glue",),
    KeyPurpose.WAREHOUSE: (*CLUSTER, "secretsmanager"),
    KeyPurpose.REPLICA: ("s3", *CLUSTER, "sns"),
}
_LENDING = {KeyPurpose.WAREHOUSE: (*CLUSTER, "secretsmanager"), KeyPurpose.REPLICA: CLUSTER}
"""Services that keep on using a key after the call, through a grant that the caller has to give them."""


def key_policy(names: Names, purpose: KeyPurpose, log_groups: Sequence[str] = ()) -> Document:
    """Build the policy of a key; `log_groups` are what the LOGS key may encrypt."""
    if purpose is KeyPurpose.LOGS:
        return document(_administer(names), _encrypt_logs(names, log_groups))
    if purpose is KeyPurpose.AUDIT:
        return document(_administer(names), _use_through(names, ("s3",)), _encrypt_trail(names))
    if purpose is KeyPurpose.ALERTS:
        return document(_administer(names), _use_through(names, ("sns",)), _encrypt_alerts(names))
    lent = [_lend_to(names, _LENDING[purpose])] if purpose in _LENDING else []
    if purpose is KeyPurpose.REPLICA:
        lent.append(_encrypt_alerts(names))
    return document(_administer(names), _use_through(names, _SERVICES[purpose]), *lent)


def _root(names: Names) -> dict[str, str]:
    return {"AWS": names.iam_arn("root")}


def _administer(names: Names) -> Statement:
    return {
        "Sid": "AdministeredByAccount",
        "Effect": "Allow",
        "Principal": _root(names),
        "Action": list(ADMINISTRATION),
        "Resource": "*",
    }


def _use_through(names: Names, services: Sequence[str]) -> Statement:
    return {
        "Sid": "UsedThroughServices",
        "Effect": "Allow",
        "Principal": _root(names),
        "Action": list(CRYPTOGRAPHY),
        "Resource": "*",
        "Condition": {
            "StringEquals": {"kms:CallerAccount": names.account, "kms:ViaService": names.via(*services)}
        },
    }


def _lend_to(names: Names, services: Sequence[str]) -> Statement:
    """Let callers grant the key to AWS's own services only, on behalf of a cluster or a secret.

    https://docs.aws.amazon.com/redshift/latest/mgmt/authorizing-kms-customer-managed-key.html
    """
    return {
        "Sid": "LentToServices",
        "Effect": "Allow",
        "Principal": _root(names),
        "Action": ["kms:CreateGrant"],
        "Resource": "*",
        "Condition": {
            "StringEquals": {"kms:CallerAccount": names.account, "kms:ViaService": names.via(*services)},
            "Bool": {"kms:GrantIsForAWSResource": "true"},
        },
    }


def _encrypt_logs(names: Names, log_groups: Sequence[str]) -> Statement:
    """Let CloudWatch Logs use the key, for the platform's log groups only.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
    """
    return {
        "Sid": "EncryptsLogGroups",
        "Effect": "Allow",
        "Principal": {"Service": f"logs.{names.region}.{names.dns_suffix}"},
        "Action": list(CRYPTOGRAPHY),
        "Resource": "*",
        "Condition": {
            "ArnEquals": {
                "kms:EncryptionContext:aws:logs:arn": [names.log_group_arn(group) for group in log_groups]
            }
        },
    }


def _encrypt_trail(names: Names) -> Statement:
    """Let CloudTrail use the key for the platform's trail only; the bucket's key makes it decrypt too.

    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-kms-key-policy-for-cloudtrail.html
    """
    return {
        "Sid": "EncryptsTrail",
        "Effect": "Allow",
        "Principal": {"Service": "cloudtrail.amazonaws.com"},
        "Action": ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"],
        "Resource": "*",
        "Condition": {"StringEquals": {"aws:SourceArn": names.trail_arn}},
    }


def _encrypt_alerts(names: Names) -> Statement:
    """Let the services that raise alerts use the key, for messages of the platform's topic only.

    SNS tells KMS which topic a message is for, whichever service publishes it.
    https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
    """
    return {
        "Sid": "EncryptsAlerts",
        "Effect": "Allow",
        "Principal": {"Service": [f"{service}.amazonaws.com" for service in PUBLISHERS]},
        "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
        "Resource": "*",
        "Condition": {"StringEquals": {"kms:EncryptionContext:aws:sns:topicArn": names.alert_topic_arn}},
    }
