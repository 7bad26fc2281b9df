"""Keys and their aliases (AWS KMS)."""

from local.provider.row import Call, Name, Row, Step
from local.provider.tagging import Tagging

_TAGS = Tagging(
    set=Call("TagResource"),
    member="Tags",
    read=Call("ListResourceTags"),
    unset=Call("UntagResource"),
)


def _last_part(identifier: str) -> str:
    """Return the key's id, by which an ARN and an id mean the same."""
    return identifier.rsplit("/", 1)[-1]


ROWS = (
    Row(
        token="aws:kms/key:Key",
        service="kms",
        id="{keyId}",
        keys={"KeyId": "{id}"},
        create=Call("CreateKey"),
        created={"keyId": "KeyMetadata.KeyId", "arn": "KeyMetadata.Arn"},
        read=(
            Call("DescribeKey", at="KeyMetadata"),
            Call("GetKeyPolicy", {"PolicyName": "default"}),
            Call(
                "GetKeyRotationStatus",
                take={
                    "enableKeyRotation": "KeyRotationEnabled",
                    "rotationPeriodInDays": "RotationPeriodInDays",
                },
            ),
        ),
        steps=(
            Step(
                ("description",),
                Call("UpdateKeyDescription", {"Description": "{description|}"}),
                created=True,
            ),
            Step(("policy",), Call("PutKeyPolicy", {"PolicyName": "default"}), created=True),
            Step(
                ("enableKeyRotation", "rotationPeriodInDays"),
                Call("EnableKeyRotation", {"RotationPeriodInDays": "{rotationPeriodInDays}"}),
                clear=Call("DisableKeyRotation"),
            ),
            Step(("isEnabled",), Call("EnableKey"), clear=Call("DisableKey")),
        ),
        # AWS never removes a key at once; its pending deletion is the end of it.
        delete=Call("ScheduleKeyDeletion", {"PendingWindowInDays": "{deletionWindowInDays|30}"}),
        gone_when={"KeyState": "PendingDeletion"},
        tags=_TAGS,
        replace=("customKeyStoreId", "customerMasterKeySpec", "keyUsage", "multiRegion", "xksKeyId"),
        kept=("deletionWindowInDays", "bypassPolicyLockoutSafetyCheck"),
        rename={"isEnabled": "Enabled", "customerMasterKeySpec": "KeySpec"},
        defaults={
            "bypassPolicyLockoutSafetyCheck": False,
            "customerMasterKeySpec": "SYMMETRIC_DEFAULT",
            "enableKeyRotation": False,
            "isEnabled": True,
            "keyUsage": "ENCRYPT_DECRYPT",
        },
    ),
    Row(
        token="aws:kms/alias:Alias",
        service="kms",
        id="{name}",
        keys={"AliasName": "{name}"},
        name=Name(prefix="alias/"),
        create=Call("CreateAlias"),
        read=(
            Call("ListAliases", at="Aliases[AliasName={name}]", rename={"arn": "AliasArn"}),
            Call("DescribeKey", {"KeyId": "{name}"}, take={"targetKeyArn": "KeyMetadata.Arn"}),
        ),
        update=Call("UpdateAlias"),
        delete=Call("DeleteAlias"),
        replace=("name",),
        volatile=("targetKeyArn",),
        canonical={"targetKeyId": _last_part},
        outputs={"arn": "arn:{partition}:kms:{region}:{account}:{name}"},
    ),
)
