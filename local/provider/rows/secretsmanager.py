"""Secrets and their versions (AWS Secrets Manager)."""

from typing import Any

from local.provider.errors import ProviderError
from local.provider.row import ALL, Call, Name, Row
from local.provider.scope import Scope
from local.provider.tagging import Tagging


def _delete_secret(scope: Scope) -> None:
    """Delete a secret at once when the recovery window is zero, else let it wait."""
    if _read_secret(scope) is None:
        return
    days = scope.state.get("recoveryWindowInDays", 30)
    end: dict[str, Any] = {"RecoveryWindowInDays": days} if days else {"ForceDeleteWithoutRecovery": True}
    scope.send("DeleteSecret", SecretId=scope.id, **end)


def _read_secret(scope: Scope) -> dict[str, Any] | None:
    """Read a secret; one that waits for its deletion is still told, with the date of its end."""
    try:
        answer = scope.send("DescribeSecret", SecretId=scope.id)
    except ProviderError as error:
        if scope.is_gone(error):
            return None
        raise
    if "DeletedDate" in answer:
        return None
    scope.held = answer
    return scope.codec.properties(answer, Call("DescribeSecret", rename={"arn": "ARN"}), scope.lookup)


def _read_policy(scope: Scope) -> dict[str, Any] | None:
    try:
        answer = scope.send("GetResourcePolicy", SecretId=scope.id)
    except ProviderError as error:
        if scope.is_gone(error):
            return None
        raise
    # AWS answers without a policy when there is none.
    policy = answer.get("ResourcePolicy")
    return {"secretArn": scope.id, "policy": policy} if policy else None


def _delete_version(scope: Scope) -> None:
    """Take the stages off a version but the current one, with which AWS lets none go."""
    for stage in scope.state.get("versionStages") or []:
        if stage != "AWSCURRENT":
            scope.send(
                "UpdateSecretVersionStage",
                SecretId=scope.state["secretId"],
                VersionStage=stage,
                RemoveFromVersionId=scope.state["versionId"],
            )


def _read_version(scope: Scope) -> dict[str, Any] | None:
    """Read a version; one without a stage is deprecated, which is as good as gone."""
    try:
        answer = scope.send(
            "GetSecretValue", SecretId=scope.lookup("secretId"), VersionId=scope.lookup("versionId")
        )
    except ProviderError as error:
        if scope.is_gone(error):
            return None
        raise
    found = {
        "arn": answer["ARN"],
        "secretArn": answer["ARN"],
        "versionId": answer["VersionId"],
        "versionStages": answer.get("VersionStages", []),
        "hasSecretStringWo": False,
    }
    if not found["versionStages"]:
        return None
    return found | ({"secretString": answer["SecretString"]} if "SecretString" in answer else {})


ROWS = (
    Row(
        token="aws:secretsmanager/secret:Secret",
        service="secretsmanager",
        id="{secretArn}",
        keys={"SecretId": "{id}"},
        name=Name(limit=512),
        create=Call("CreateSecret"),
        created={"secretArn": "ARN", "arn": "ARN"},
        read=_read_secret,
        update=Call("UpdateSecret", {"Description": "{description|}", "KmsKeyId": "{kmsKeyId|}"}),
        delete=_delete_secret,
        tags=Tagging(set=Call("TagResource"), member="Tags", unset=Call("UntagResource")),
        replace=("name",),
        # A secret's policy is a resource of its own.
        rename={"replicas": "", "policy": "", "type": ""},
        kept=("recoveryWindowInDays", "forceOverwriteReplicaSecret"),
        defaults={"recoveryWindowInDays": 30, "forceOverwriteReplicaSecret": False},
    ),
    Row(
        token="aws:secretsmanager/secretPolicy:SecretPolicy",
        service="secretsmanager",
        id="{secretArn}",
        keys={"SecretId": "{secretArn}"},
        create=Call("PutResourcePolicy"),
        read=_read_policy,
        update=Call("PutResourcePolicy"),
        delete=Call("DeleteResourcePolicy"),
        replace=("secretArn",),
        kept=("blockPublicPolicy",),
        rename={"policy": "ResourcePolicy"},
    ),
    Row(
        token="aws:secretsmanager/secretVersion:SecretVersion",
        service="secretsmanager",
        id="{secretId}|{versionId}",
        keys={"SecretId": "{secretId}"},
        create=Call("PutSecretValue"),
        created={"versionId": "VersionId"},
        read=_read_version,
        delete=_delete_version,
        replace=(ALL,),
        rename={"secretBinary": "", "secretStringWo": "", "secretStringWoVersion": ""},
        unordered=("versionStages",),
    ),
)
