"""Stacks of templates, for what has no type of its own (AWS CloudFormation)."""

from typing import Any

from local.provider.errors import ProviderError
from local.provider.row import Call, Name, Row
from local.provider.scope import Scope
from local.provider.tagging import Tagging

_STACK = Call(
    "DescribeStacks",
    {"StackName": "{name}"},
    at="Stacks[0]",
    rename={"iamRoleArn": "RoleARN", "name": "StackName"},
)
_CHANGEABLE = (
    "capabilities",
    "iamRoleArn",
    "notificationArns",
    "parameters",
    "policyBody",
    "policyUrl",
    "templateBody",
    "templateUrl",
)
_UPDATE = Call("UpdateStack")


def _read_stack(scope: Scope) -> dict[str, Any] | None:
    """Read a stack that was not deleted, with its template."""
    try:
        answer = scope.run(_STACK)
    except ProviderError as error:
        # CloudFormation says so with a general code.
        if scope.is_gone(error) or "does not exist" in str(error):
            return None
        raise
    scope.held = answer["Stacks"][0]
    if scope.held["StackStatus"] == "DELETE_COMPLETE":
        return None
    found = scope.codec.properties(answer, _STACK, scope.lookup) or {}
    template = scope.send("GetTemplate", StackName=scope.id)["TemplateBody"]
    found["templateBody"] = scope.codec.decode(template, "string", "templateBody")
    return {"outputs": {}, **found}


def _update_stack(scope: Scope) -> None:
    given = {name: scope.inputs.get(name) for name in _CHANGEABLE}
    scope.send("UpdateStack", **scope.request(_UPDATE, given))


ROWS = (
    Row(
        token="aws:cloudformation/stack:Stack",
        service="cloudformation",
        id="{stackId}",
        keys={"StackName": "{name}"},
        name=Name(limit=128),
        create=Call("CreateStack", {"OnFailure": "{onFailure}"}),
        created={"stackId": "StackId"},
        read=_read_stack,
        update=_update_stack,
        delete=Call("DeleteStack"),
        tags=Tagging(set=Call("UpdateStack", {"UsePreviousTemplate": True}), member="Tags"),
        replace=("name", "disableRollback", "onFailure", "timeoutInMinutes"),
        custom=_CHANGEABLE,
        kept=("onFailure",),
        rename={
            "iamRoleArn": "RoleARN",
            "notificationArns": "NotificationARNs",
            "policyBody": "StackPolicyBody",
            "policyUrl": "StackPolicyURL",
            "templateUrl": "TemplateURL",
        },
        volatile=("outputs",),
    ),
)
