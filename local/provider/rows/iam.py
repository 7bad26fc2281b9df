"""Roles and policies (AWS IAM)."""

from typing import Any

from local.provider.errors import ProviderError
from local.provider.row import ALL, Call, Name, Row, Step
from local.provider.scope import Scope
from local.provider.tagging import Tagging

_ROLE_TAGS = Tagging(
    set=Call("TagRole"),
    member="Tags",
    unset=Call("UntagRole"),
)


def _delete_role(scope: Scope) -> None:
    """Delete a role with what hangs on it, which AWS demands to be taken off first."""
    role = {"RoleName": scope.id}
    for policy in scope.pages("ListAttachedRolePolicies", **role).get("AttachedPolicies", []):
        scope.send("DetachRolePolicy", **role, PolicyArn=policy["PolicyArn"])
    for name in scope.pages("ListRolePolicies", **role).get("PolicyNames", []):
        scope.send("DeleteRolePolicy", **role, PolicyName=name)
    for profile in scope.pages("ListInstanceProfilesForRole", **role).get("InstanceProfiles", []):
        scope.send(
            "RemoveRoleFromInstanceProfile", **role, InstanceProfileName=profile["InstanceProfileName"]
        )
    scope.send("DeleteRole", **role)


# What AWS keeps of a policy's versions.
_MOST_VERSIONS = 5


def _read_policy(scope: Scope) -> dict[str, Any] | None:
    try:
        answer = scope.send("GetPolicy", PolicyArn=scope.id)
    except ProviderError as error:
        if scope.is_gone(error):
            return None
        raise
    scope.held = answer["Policy"]
    version = scope.send(
        "GetPolicyVersion", PolicyArn=scope.id, VersionId=answer["Policy"]["DefaultVersionId"]
    )
    found = scope.codec.properties(answer, Call("GetPolicy", at="Policy"), scope.lookup) or {}
    document = version["PolicyVersion"]["Document"]
    return {**found, "policy": scope.codec.decode(document, "json", "policy")}


def _policy_versions(scope: Scope) -> list[dict[str, Any]]:
    listed = scope.pages("ListPolicyVersions", PolicyArn=scope.id)["Versions"]
    return sorted((v for v in listed if not v["IsDefaultVersion"]), key=lambda version: version["CreateDate"])


def _replace_policy(scope: Scope) -> None:
    """Make a new default version, and room for it: AWS keeps five."""
    older = _policy_versions(scope)
    if len(older) == _MOST_VERSIONS - 1:
        scope.send("DeletePolicyVersion", PolicyArn=scope.id, VersionId=older[0]["VersionId"])
    scope.send(
        "CreatePolicyVersion", PolicyArn=scope.id, PolicyDocument=scope.inputs["policy"], SetAsDefault=True
    )


def _delete_policy(scope: Scope) -> None:
    for version in _policy_versions(scope):
        scope.send("DeletePolicyVersion", PolicyArn=scope.id, VersionId=version["VersionId"])
    scope.send("DeletePolicy", PolicyArn=scope.id)


ROWS = (
    Row(
        token="aws:iam/policy:Policy",
        service="iam",
        id="{arn}",
        keys={"PolicyArn": "{arn}"},
        name=Name(limit=128),
        create=Call("CreatePolicy"),
        read=_read_policy,
        update=_replace_policy,
        delete=_delete_policy,
        tags=Tagging(set=Call("TagPolicy"), member="Tags", unset=Call("UntagPolicy")),
        replace=("name", "path", "description"),
        custom=("policy",),
        kept=("delayAfterPolicyCreationInMs",),
        rename={"name": "PolicyName", "policy": "PolicyDocument"},
        defaults={"path": "/"},
        volatile=("attachmentCount",),
        outputs={"arn": "arn:{partition}:iam::{account}:policy{path|/}{name}"},
    ),
    Row(
        token="aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        service="iam",
        id="{role}/{policyArn}",
        keys={"RoleName": "{role}", "PolicyArn": "{policyArn}"},
        create=Call("AttachRolePolicy"),
        read=Call("ListAttachedRolePolicies", at="AttachedPolicies[PolicyArn={policyArn}]"),
        delete=Call("DetachRolePolicy"),
        replace=(ALL,),
    ),
    Row(
        token="aws:iam/role:Role",
        service="iam",
        id="{name}",
        keys={"RoleName": "{name}"},
        name=Name(limit=64),
        create=Call("CreateRole", rename={"assumeRolePolicy": "AssumeRolePolicyDocument"}),
        read=Call(
            "GetRole",
            at="Role",
            rename={
                "assumeRolePolicy": "AssumeRolePolicyDocument",
                "permissionsBoundary": "PermissionsBoundary.PermissionsBoundaryArn",
                "uniqueId": "RoleId",
            },
        ),
        steps=(
            Step(
                ("assumeRolePolicy",),
                Call("UpdateAssumeRolePolicy", rename={"assumeRolePolicy": "PolicyDocument"}),
                created=True,
            ),
            Step(
                ("description", "maxSessionDuration"),
                Call(
                    "UpdateRole",
                    {"Description": "{description|}", "MaxSessionDuration": "{maxSessionDuration|3600}"},
                ),
                created=True,
            ),
            Step(
                ("permissionsBoundary",),
                Call("PutRolePermissionsBoundary"),
                clear=Call("DeleteRolePermissionsBoundary"),
                created=True,
            ),
        ),
        delete=_delete_role,
        tags=_ROLE_TAGS,
        replace=("name", "path"),
        kept=("forceDetachPolicies",),
        defaults={"forceDetachPolicies": False, "maxSessionDuration": 3600, "path": "/"},
        outputs={"arn": "arn:{partition}:iam::{account}:role{path|/}{name}"},
    ),
    Row(
        token="aws:iam/rolePolicy:RolePolicy",
        service="iam",
        id="{role}:{name}",
        keys={"RoleName": "{role}", "PolicyName": "{name}"},
        name=Name(limit=128),
        create=Call("PutRolePolicy"),
        read=Call("GetRolePolicy"),
        update=Call("PutRolePolicy"),
        delete=Call("DeleteRolePolicy"),
        replace=("role", "name"),
        rename={"policy": "PolicyDocument"},
    ),
)
