"""Budgets (AWS Budgets), anomaly detection and cost allocation tags (AWS Cost Explorer)."""

import json
from typing import Any

from local.provider.errors import ProviderError
from local.provider.row import Call, Name, Row, Step
from local.provider.scope import Scope
from local.provider.tagging import by_arn

_PERIOD = ("timePeriodStart", "timePeriodEnd")
_NOTIFICATION = {
    "comparisonOperator": "ComparisonOperator",
    "notificationType": "NotificationType",
    "threshold": "Threshold",
    "thresholdType": "ThresholdType",
}
_SUBSCRIBERS = {"subscriberEmailAddresses": "EMAIL", "subscriberSnsTopicArns": "SNS"}
_BUDGET = Call("DescribeBudget", at="Budget")


def _budget(properties: dict[str, Any]) -> dict[str, Any]:
    """Write filters as the map AWS wants, and times in its form (the program's is `2026-01-31_12:00`)."""
    request = {name: value for name, value in properties.items() if name != "notifications"}
    if "costFilters" in request:
        request["costFilters"] = {each["name"]: each["values"] for each in request["costFilters"]}
    for name in _PERIOD:
        if request.get(name):
            request[name] = f"{request[name].replace('_', 'T')}:00Z"
    return request


def _read_budget(scope: Scope) -> dict[str, Any] | None:
    try:
        answer = scope.run(_BUDGET)
    except ProviderError as error:
        if scope.is_gone(error):
            return None
        raise
    scope.held = answer["Budget"]
    found = scope.codec.properties(answer, _BUDGET, scope.lookup) or {}
    filters = scope.held.get("CostFilters") or {}
    found["costFilters"] = [{"name": name, "values": values} for name, values in filters.items()]
    metrics = scope.held.get("Metrics")
    if metrics:
        found["metrics"] = metrics[0]
    for name, member in zip(_PERIOD, ("Start", "End"), strict=True):
        found[name] = scope.held["TimePeriod"][member].strftime("%Y-%m-%d_%H:%M")
    return {**found, "notifications": [_told(scope, each) for each in _notifications(scope)]}


def _notifications(scope: Scope) -> list[dict[str, Any]]:
    where = {"AccountId": scope.lookup("accountId"), "BudgetName": scope.lookup("name")}
    listed = scope.pages("DescribeNotificationsForBudget", **where).get("Notifications", [])
    members = tuple(_NOTIFICATION.values())
    notifications = [{name: each[name] for name in members if name in each} for each in listed]
    return [
        {
            **where,
            "Notification": each,
            "Subscribers": scope.send("DescribeSubscribersForNotification", **where, Notification=each)[
                "Subscribers"
            ],
        }
        for each in notifications
    ]


def _told(scope: Scope, notification: dict[str, Any]) -> dict[str, Any]:
    content = notification["Notification"]
    told = {name: content[member] for name, member in _NOTIFICATION.items() if member in content}
    for name, kind in _SUBSCRIBERS.items():
        addresses = [
            each["Address"] for each in notification["Subscribers"] if each["SubscriptionType"] == kind
        ]
        told |= {name: addresses} if addresses else {}
    return {name: scope.codec.decode(value, _kind(name), name) for name, value in told.items()}


def _kind(name: str) -> str:
    return "number" if name == "threshold" else "[string]" if name in _SUBSCRIBERS else "string"


def _set_notifications(scope: Scope) -> None:
    """Give a budget just the notifications of the program."""
    where = {"AccountId": scope.lookup("accountId"), "BudgetName": scope.lookup("name")}
    for each in _notifications(scope):
        scope.send("DeleteNotification", **where, Notification=each["Notification"])
    for wanted in scope.inputs.get("notifications") or []:
        content = {member: wanted[name] for name, member in _NOTIFICATION.items() if name in wanted}
        subscribers = [
            {"SubscriptionType": kind, "Address": address}
            for name, kind in _SUBSCRIBERS.items()
            for address in wanted.get(name) or []
        ]
        scope.send(
            "CreateNotification",
            **where,
            Notification={**content, "Threshold": float(content["Threshold"])},
            Subscribers=subscribers,
        )


_EXPRESSION = ("And", "CostCategories", "Dimensions", "Not", "Or", "Tags")
_VALUES = ("Key", "MatchOptions", "Values")


def _specification(properties: dict[str, Any]) -> dict[str, Any]:
    """Write a specification, which the program gives in text, as the expression it is."""
    text = properties.get("monitorSpecification")
    return {**properties, "monitorSpecification": _without_nulls(json.loads(text))} if text else properties


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    return [_without_nulls(item) for item in value] if isinstance(value, list) else value


def _told_specification(found: dict[str, Any]) -> dict[str, Any]:
    """Tell a specification as the official provider does, with a null for each member that is not there."""
    text = found.get("monitorSpecification")
    return {**found, "monitorSpecification": json.dumps(_expression(json.loads(text)))} if text else found


def _expression(value: dict[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = dict.fromkeys(_EXPRESSION)
    for member, content in value.items():
        if member in ("And", "Or"):
            told[member] = [_expression(item) for item in content]
        elif member == "Not":
            told[member] = _expression(content)
        else:
            told[member] = {name: content.get(name) for name in _VALUES}
    return told


_TAGS = by_arn("ResourceArn", tags="ResourceTags", inline="ResourceTags", names="ResourceTagKeys")

ROWS = (
    Row(
        token="aws:budgets/budget:Budget",
        service="budgets",
        id="{accountId}:{name}",
        keys={"AccountId": "{accountId}", "BudgetName": "{name}"},
        name=Name(limit=100),
        create=Call("CreateBudget", {"Budget.BudgetName": "{name}"}, body="Budget"),
        read=_read_budget,
        update=Call("UpdateBudget", {"NewBudget.BudgetName": "{name}"}, body="NewBudget"),
        steps=(Step(("notifications",), _set_notifications),),
        delete=Call("DeleteBudget"),
        tags=by_arn("ResourceARN", tags="ResourceTags", inline="ResourceTags", names="ResourceTagKeys"),
        replace=("name", "accountId"),
        custom=("notifications", "costFilters"),
        rename={
            "limitAmount": "BudgetLimit.Amount",
            "limitUnit": "BudgetLimit.Unit",
            "timePeriodStart": "TimePeriod.Start",
            "timePeriodEnd": "TimePeriod.End",
            "plannedLimits": "",
        },
        defaults={"timePeriodEnd": "2087-06-15_00:00"},
        # Amounts in text, which AWS writes its own way.
        canonical={"limitAmount": float},
        unordered=(
            "costFilters",
            "notifications",
            "notifications.subscriberEmailAddresses",
            "notifications.subscriberSnsTopicArns",
        ),
        encode=_budget,
        outputs={"accountId": "{account}", "arn": "arn:{partition}:budgets::{accountId}:budget/{name}"},
    ),
    Row(
        token="aws:costexplorer/costAllocationTag:CostAllocationTag",
        service="ce",
        id="{tagKey}",
        create=Call(
            "UpdateCostAllocationTagsStatus",
            {"CostAllocationTagsStatus[0].TagKey": "{tagKey}"},
            body="CostAllocationTagsStatus[0]",
        ),
        read=Call("ListCostAllocationTags", {"TagKeys": "{tagKey}"}, at="CostAllocationTags[0]"),
        update=Call("UpdateCostAllocationTagsStatus", body="CostAllocationTagsStatus[0]"),
        delete=Call(
            "UpdateCostAllocationTagsStatus",
            {
                "CostAllocationTagsStatus[0].TagKey": "{tagKey}",
                "CostAllocationTagsStatus[0].Status": "Inactive",
            },
        ),
        replace=("tagKey",),
    ),
    Row(
        token="aws:costexplorer/anomalyMonitor:AnomalyMonitor",
        service="ce",
        id="{arn}",
        keys={"MonitorArn": "{id}", "MonitorArnList": "{id}"},
        name=Name(limit=1024),
        create=Call("CreateAnomalyMonitor", body="AnomalyMonitor"),
        created={"arn": "MonitorArn"},
        read=Call("GetAnomalyMonitors", at="AnomalyMonitors[0]", rename={"arn": "MonitorArn"}),
        update=Call("UpdateAnomalyMonitor"),
        delete=Call("DeleteAnomalyMonitor"),
        tags=_TAGS,
        replace=("monitorDimension", "monitorSpecification", "monitorType"),
        rename={"name": "MonitorName"},
        encode=_specification,
        decode=_told_specification,
        gone=("UnknownMonitorException",),
    ),
    Row(
        token="aws:costexplorer/anomalySubscription:AnomalySubscription",
        service="ce",
        id="{arn}",
        keys={"SubscriptionArn": "{id}", "SubscriptionArnList": "{id}"},
        name=Name(limit=1024),
        create=Call("CreateAnomalySubscription", body="AnomalySubscription"),
        created={"arn": "SubscriptionArn"},
        read=Call("GetAnomalySubscriptions", at="AnomalySubscriptions[0]", rename={"arn": "SubscriptionArn"}),
        update=Call("UpdateAnomalySubscription"),
        delete=Call("DeleteAnomalySubscription"),
        tags=_TAGS,
        replace=("accountId",),
        rename={"name": "SubscriptionName"},
        unordered=("monitorArnLists", "subscribers"),
        outputs={"accountId": "{account}"},
        gone=("UnknownSubscriptionException",),
    ),
)
