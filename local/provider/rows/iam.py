"""Roles and their inline policies (AWS IAM)."""

from local.provider.row import Call, Name, Row, Step
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


ROWS = (
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
