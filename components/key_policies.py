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

_SERVICES = {
    KeyPurpose.DATA: ("s3",),
    KeyPurpose.RESULTS: ("s3", "athena"),
    KeyPurpose.CATALOG: ("glue",),
}


def key_policy(names: Names, purpose: KeyPurpose, log_groups: Sequence[str] = ()) -> Document:
    """Build the policy of a key; `log_groups` are what the LOGS key may encrypt."""
    if purpose is KeyPurpose.LOGS:
        return document(_administer(names), _encrypt_logs(names, log_groups))
    return document(_administer(names), _use_through(names, _SERVICES[purpose]))


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
