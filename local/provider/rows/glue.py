"""The data catalog, crawlers, jobs and workflows (AWS Glue)."""

from typing import Any

from local.provider.row import ALL, Call, Name, Row, Step
from local.provider.scope import Scope
from local.provider.tagging import Tagging

_ARN = "arn:{partition}:glue:{region}:{account}:"
_TAGS = Tagging(
    set=Call("TagResource", {"ResourceArn": "{arn}"}),
    member="TagsToAdd",
    read=Call("GetTags", {"ResourceArn": "{arn}"}),
    unset=Call("UntagResource", {"ResourceArn": "{arn}"}),
    names="TagsToRemove",
)
_TARGETS = {
    "s3Targets": "Targets.S3Targets",
    "catalogTargets": "Targets.CatalogTargets",
    "deltaTargets": "Targets.DeltaTargets",
    "dynamodbTargets": "Targets.DynamoDBTargets",
    "hudiTargets": "Targets.HudiTargets",
    "icebergTargets": "Targets.IcebergTargets",
    "jdbcTargets": "Targets.JdbcTargets",
    "mongodbTargets": "Targets.MongoDBTargets",
}
_NO_ENCRYPTION = {
    "EncryptionAtRest": {"CatalogEncryptionMode": "DISABLED"},
    "ConnectionPasswordEncryption": {"ReturnConnectionPasswordEncrypted": False},
}


def _role_name(role: str) -> str:
    """Return a role's name, by which an ARN and a name mean the same."""
    return role.rsplit("/", 1)[-1]


def _tell_no_properties(given: dict[str, Any]) -> dict[str, Any]:
    """Say that a connection of the network has no properties, where AWS takes no silence for it."""
    return {"connectionProperties": {}, **given}


def _trigger_is_enabled(found: dict[str, Any]) -> dict[str, Any]:
    """Derive `enabled` from a trigger's state, for the types that can be started and stopped at all."""
    if found.get("type") in ("CONDITIONAL", "SCHEDULED"):
        found["enabled"] = found.get("state") in ("ACTIVATED", "ACTIVATING")
    return found


def _start_trigger(scope: Scope) -> None:
    """Start a trigger; a new one of type EVENT is left alone, as AWS starts no such trigger."""
    if scope.state or scope.inputs.get("type") != "EVENT":
        scope.send("StartTrigger", Name=scope.id)


def _stop_trigger(scope: Scope) -> None:
    """Stop a trigger that was started; AWS refuses to stop one in state CREATED."""
    if scope.state.get("state", "CREATED") != "CREATED" and scope.inputs.get("type") != "EVENT":
        scope.send("StopTrigger", Name=scope.id)


ROWS = (
    Row(
        token="aws:glue/securityConfiguration:SecurityConfiguration",
        service="glue",
        id="{name}",
        keys={"Name": "{name}"},
        name=Name(),
        create=Call("CreateSecurityConfiguration"),
        read=Call("GetSecurityConfiguration", at="SecurityConfiguration"),
        delete=Call("DeleteSecurityConfiguration"),
        replace=(ALL,),
    ),
    Row(
        token="aws:glue/catalogDatabase:CatalogDatabase",
        service="glue",
        id="{catalogId}:{name}",
        keys={"Name": "{name}", "CatalogId": "{catalogId}"},
        name=Name(lower=True),
        create=Call("CreateDatabase", body="DatabaseInput"),
        read=Call("GetDatabase", at="Database"),
        update=Call("UpdateDatabase", body="DatabaseInput"),
        delete=Call("DeleteDatabase"),
        tags=_TAGS,
        replace=("name", "catalogId"),
        unordered=("createTableDefaultPermissions.permissions",),
        outputs={"catalogId": "{account}", "arn": _ARN + "database/{name}"},
    ),
    Row(
        token="aws:glue/catalogTable:CatalogTable",
        service="glue",
        id="{catalogId}:{databaseName}:{name}",
        keys={"DatabaseName": "{databaseName}", "Name": "{name}", "CatalogId": "{catalogId}"},
        name=Name(lower=True),
        create=Call("CreateTable", body="TableInput"),
        read=Call("GetTable", at="Table"),
        update=Call("UpdateTable", body="TableInput"),
        delete=Call("DeleteTable"),
        replace=("name", "databaseName", "catalogId"),
        rename={"openTableFormatInput": "", "partitionIndices": ""},
        outputs={"catalogId": "{account}", "arn": _ARN + "table/{databaseName}/{name}"},
    ),
    Row(
        token="aws:glue/dataCatalogEncryptionSettings:DataCatalogEncryptionSettings",
        service="glue",
        id="{catalogId}",
        keys={"CatalogId": "{catalogId}"},
        create=Call("PutDataCatalogEncryptionSettings"),
        read=Call("GetDataCatalogEncryptionSettings", at=""),
        update=Call("PutDataCatalogEncryptionSettings"),
        # A singleton of account and region: what is left is the setting of an untouched account.
        delete=Call("PutDataCatalogEncryptionSettings", {"DataCatalogEncryptionSettings": _NO_ENCRYPTION}),
        replace=("catalogId",),
        outputs={"catalogId": "{account}"},
    ),
    Row(
        token="aws:glue/crawler:Crawler",
        service="glue",
        id="{name}",
        keys={"Name": "{name}"},
        name=Name(),
        create=Call("CreateCrawler"),
        read=Call("GetCrawler", at="Crawler", rename={"schedule": "Schedule.ScheduleExpression"}),
        update=Call("UpdateCrawler", blanks=True),
        delete=Call("DeleteCrawler"),
        tags=_TAGS,
        replace=("name",),
        rename={**_TARGETS, "securityConfiguration": "CrawlerSecurityConfiguration"},
        canonical={"role": _role_name},
        outputs={"arn": _ARN + "crawler/{name}"},
    ),
    Row(
        token="aws:glue/job:Job",
        service="glue",
        id="{name}",
        keys={"Name": "{name}", "JobName": "{name}"},
        name=Name(),
        create=Call("CreateJob"),
        read=Call("GetJob", at="Job"),
        update=Call("UpdateJob", body="JobUpdate"),
        delete=Call("DeleteJob"),
        tags=_TAGS,
        replace=("name",),
        rename={"roleArn": "Role", "connections": "Connections.Connections"},
        # AWS derives it from the number and type of workers.
        volatile=("maxCapacity",),
        canonical={"roleArn": _role_name},
        outputs={"arn": _ARN + "job/{name}"},
    ),
    Row(
        token="aws:glue/workflow:Workflow",
        service="glue",
        id="{name}",
        keys={"Name": "{name}"},
        name=Name(),
        create=Call("CreateWorkflow"),
        read=Call("GetWorkflow", at="Workflow"),
        update=Call("UpdateWorkflow", blanks=True),
        delete=Call("DeleteWorkflow"),
        tags=_TAGS,
        replace=("name",),
        outputs={"arn": _ARN + "workflow/{name}"},
    ),
    Row(
        token="aws:glue/connection:Connection",
        service="glue",
        id="{catalogId}:{name}",
        keys={"CatalogId": "{catalogId}", "Name": "{name}", "ConnectionName": "{name}"},
        name=Name(),
        create=Call("CreateConnection", body="ConnectionInput"),
        read=Call("GetConnection", at="Connection"),
        update=Call("UpdateConnection", body="ConnectionInput"),
        delete=Call("DeleteConnection"),
        tags=_TAGS,
        replace=("name", "catalogId"),
        defaults={"connectionType": "JDBC"},
        encode=_tell_no_properties,
        outputs={"catalogId": "{account}", "arn": _ARN + "connection/{name}"},
    ),
    Row(
        token="aws:glue/trigger:Trigger",
        service="glue",
        id="{name}",
        keys={"Name": "{name}"},
        name=Name(),
        create=Call("CreateTrigger", {"StartOnCreation": "{startOnCreation}"}),
        read=Call("GetTrigger", at="Trigger"),
        update=Call("UpdateTrigger", body="TriggerUpdate"),
        steps=(Step(("enabled",), _start_trigger, clear=_stop_trigger),),
        delete=Call("DeleteTrigger"),
        tags=_TAGS,
        replace=("name", "type", "workflowName"),
        kept=("startOnCreation",),
        defaults={"enabled": True},
        volatile=("state",),
        decode=_trigger_is_enabled,
        outputs={"arn": _ARN + "trigger/{name}"},
    ),
)
