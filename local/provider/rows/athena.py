"""Workgroups and saved queries (Amazon Athena)."""

from local.provider.row import ALL, Call, Name, Row
from local.provider.scope import Scope
from local.provider.tagging import by_arn

_UPDATE = Call(
    "UpdateWorkGroup",
    rename={
        "configuration": "ConfigurationUpdates",
        "configuration.resultConfiguration": "ResultConfigurationUpdates",
    },
    blanks=True,
)
# Settings an update takes away only when told to, by the member that tells.
_REMOVALS = {"bytesScannedCutoffPerQuery": "RemoveBytesScannedCutoffPerQuery"}
_RESULT_REMOVALS = {
    "outputLocation": "RemoveOutputLocation",
    "encryptionConfiguration": "RemoveEncryptionConfiguration",
    "expectedBucketOwner": "RemoveExpectedBucketOwner",
    "aclConfiguration": "RemoveAclConfiguration",
}


def _update_workgroup(scope: Scope) -> None:
    """Update a workgroup so that it holds just what the program says."""
    given = {name: scope.inputs.get(name) for name in ("configuration", "state")}
    request = scope.request(_UPDATE, given)
    configuration = scope.inputs.get("configuration") or {}
    result = configuration.get("resultConfiguration") or {}
    updates = request.setdefault("ConfigurationUpdates", {})
    results = updates.setdefault("ResultConfigurationUpdates", {})
    updates |= {flag: True for name, flag in _REMOVALS.items() if configuration.get(name) is None}
    results |= {flag: True for name, flag in _RESULT_REMOVALS.items() if result.get(name) is None}
    scope.send("UpdateWorkGroup", **request, Description=scope.inputs.get("description") or "")


ROWS = (
    Row(
        token="aws:athena/workgroup:Workgroup",
        service="athena",
        id="{name}",
        keys={"Name": "{name}", "WorkGroup": "{name}"},
        name=Name(limit=128),
        create=Call("CreateWorkGroup"),
        read=Call("GetWorkGroup", at="WorkGroup"),
        update=_update_workgroup,
        delete=Call("DeleteWorkGroup", {"RecursiveDeleteOption": "{forceDestroy}"}),
        tags=by_arn(),
        replace=("name",),
        custom=("state",),
        kept=("forceDestroy",),
        rename={"configuration.resultConfiguration.encryptionConfiguration.kmsKeyArn": "KmsKey"},
        defaults={"forceDestroy": False, "state": "ENABLED"},
        outputs={"arn": "arn:{partition}:athena:{region}:{account}:workgroup/{name}"},
        gone=("InvalidRequestException",),
    ),
    Row(
        token="aws:athena/namedQuery:NamedQuery",
        service="athena",
        id="{namedQueryId}",
        keys={"NamedQueryId": "{id}"},
        name=Name(limit=128),
        create=Call("CreateNamedQuery"),
        created={"namedQueryId": "NamedQueryId"},
        read=Call("GetNamedQuery", at="NamedQuery"),
        delete=Call("DeleteNamedQuery"),
        replace=(ALL,),
        rename={"query": "QueryString"},
        defaults={"workgroup": "primary"},
        gone=("InvalidRequestException",),
    ),
)
