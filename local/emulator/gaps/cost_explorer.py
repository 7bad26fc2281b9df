"""AWS Cost Explorer: anomaly monitors and subscriptions, cost allocation tags."""

from __future__ import annotations

import json
import uuid
from typing import Any

from moto.ce.models import CostExplorerBackend
from moto.ce.responses import CostExplorerResponse
from moto.core.exceptions import JsonRESTError
from moto.core.utils import iso_8601_datetime_without_milliseconds, utcnow

from local.emulator.gaps.extend import add

_DIMENSIONAL = "DIMENSIONAL"


class Refused(JsonRESTError):
    """Cost Explorer's refusals by their code."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)


def monitors(backend: CostExplorerBackend) -> dict[str, dict[str, Any]]:
    """Returns the anomaly monitors by ARN."""
    return backend.__dict__.setdefault("anomaly_monitors", {})  # type: ignore[no-any-return]


def subscriptions(backend: CostExplorerBackend) -> dict[str, dict[str, Any]]:
    """Returns the anomaly subscriptions by ARN."""
    return backend.__dict__.setdefault("anomaly_subscriptions", {})  # type: ignore[no-any-return]


def allocation_tags(backend: CostExplorerBackend) -> dict[str, dict[str, Any]]:
    """Returns the cost allocation tags that were ever switched on, by key."""
    return backend.__dict__.setdefault("cost_allocation_tags", {})  # type: ignore[no-any-return]


def _params(self: Any) -> dict[str, Any]:
    return dict(json.loads(self.body))


def _new_arn(self: Any, kind: str) -> str:
    backend = self.ce_backend
    return f"arn:{backend.partition}:ce::{backend.account_id}:{kind}/{uuid.uuid4()}"


def _monitor(self: Any, arn: str) -> dict[str, Any]:
    if arn not in monitors(self.ce_backend):
        raise Refused("UnknownMonitorException", f"The monitor {arn} does not exist")
    return monitors(self.ce_backend)[arn]


def _subscription(self: Any, arn: str) -> dict[str, Any]:
    if arn not in subscriptions(self.ce_backend):
        raise Refused("UnknownSubscriptionException", f"The subscription {arn} does not exist")
    return subscriptions(self.ce_backend)[arn]


def _tag(self: Any, arn: str, tags: list[dict[str, str]] | None) -> None:
    if tags:
        self.ce_backend.tag_resource(arn, tags)


def create_anomaly_monitor(self: Any) -> str:
    """Makes a monitor of one dimension, or of what its specification selects."""
    params = _params(self)
    content, store = params["AnomalyMonitor"], monitors(self.ce_backend)
    dimensional = content["MonitorType"] == _DIMENSIONAL
    if dimensional != ("MonitorDimension" in content) or dimensional == ("MonitorSpecification" in content):
        raise Refused(
            "ValidationException",
            "A DIMENSIONAL monitor takes MonitorDimension, a CUSTOM one MonitorSpecification",
        )
    arn = _new_arn(self, "anomalymonitor")
    now = iso_8601_datetime_without_milliseconds(utcnow())
    store[arn] = {**content, "MonitorArn": arn, "CreationDate": now, "LastUpdatedDate": now}
    _tag(self, arn, params.get("ResourceTags"))
    return json.dumps({"MonitorArn": arn})


def get_anomaly_monitors(self: Any) -> str:
    """Lists monitors, those asked for by ARN if any are."""
    wanted = _params(self).get("MonitorArnList")
    listed = [_monitor(self, arn) for arn in wanted] if wanted else list(monitors(self.ce_backend).values())
    return json.dumps({"AnomalyMonitors": listed})


def update_anomaly_monitor(self: Any) -> str:
    """Renames a monitor."""
    params = _params(self)
    monitor = _monitor(self, params["MonitorArn"])
    monitor["MonitorName"] = params.get("MonitorName", monitor["MonitorName"])
    return json.dumps({"MonitorArn": monitor["MonitorArn"]})


def delete_anomaly_monitor(self: Any) -> str:
    """Removes a monitor."""
    arn = _monitor(self, _params(self)["MonitorArn"])["MonitorArn"]
    del monitors(self.ce_backend)[arn]
    self.ce_backend.tagger.delete_all_tags_for_resource(arn)
    return "{}"


def create_anomaly_subscription(self: Any) -> str:
    """Makes a subscription to anomalies; a topic hears of them at once or not at all."""
    params = _params(self)
    content = params["AnomalySubscription"]
    _check_subscription(self, content)
    arn = _new_arn(self, "anomalysubscription")
    subscriptions(self.ce_backend)[arn] = {
        "AccountId": self.current_account,
        **content,
        "SubscriptionArn": arn,
    }
    _tag(self, arn, params.get("ResourceTags"))
    return json.dumps({"SubscriptionArn": arn})


def _check_subscription(self: Any, content: dict[str, Any]) -> None:
    for arn in content["MonitorArnList"]:
        _monitor(self, arn)
    kinds = {each["Type"] for each in content["Subscribers"]}
    if kinds == {"SNS"} and content["Frequency"] != "IMMEDIATE":
        raise Refused("ValidationException", "SNS subscribers need the frequency IMMEDIATE")
    if "EMAIL" in kinds and content["Frequency"] == "IMMEDIATE":
        raise Refused("ValidationException", "Email subscribers need the frequency DAILY or WEEKLY")


def get_anomaly_subscriptions(self: Any) -> str:
    """Lists subscriptions, those asked for by ARN if any are."""
    wanted = _params(self).get("SubscriptionArnList")
    store = subscriptions(self.ce_backend)
    listed = [_subscription(self, arn) for arn in wanted] if wanted else list(store.values())
    return json.dumps({"AnomalySubscriptions": listed})


def update_anomaly_subscription(self: Any) -> str:
    """Changes what is given of a subscription."""
    params = _params(self)
    subscription = _subscription(self, params["SubscriptionArn"])
    changed = {**subscription, **params}
    _check_subscription(self, changed)
    subscription.update(changed)
    return json.dumps({"SubscriptionArn": subscription["SubscriptionArn"]})


def delete_anomaly_subscription(self: Any) -> str:
    """Removes a subscription."""
    arn = _subscription(self, _params(self)["SubscriptionArn"])["SubscriptionArn"]
    del subscriptions(self.ce_backend)[arn]
    self.ce_backend.tagger.delete_all_tags_for_resource(arn)
    return "{}"


def update_cost_allocation_tags_status(self: Any) -> str:
    """Switches tags on and off; here Billing has seen every key."""
    store = allocation_tags(self.ce_backend)
    for each in _params(self)["CostAllocationTagsStatus"]:
        now = iso_8601_datetime_without_milliseconds(utcnow())
        kind = "AWSGenerated" if each["TagKey"].startswith("aws:") else "UserDefined"
        store[each["TagKey"]] = {**each, "Type": kind, "LastUpdatedDate": now}
    return json.dumps({"Errors": []})


def list_cost_allocation_tags(self: Any) -> str:
    """Lists tags, by keys or by status if those are given."""
    params = _params(self)
    keys, status = params.get("TagKeys"), params.get("Status")
    listed = [
        each
        for each in allocation_tags(self.ce_backend).values()
        if (not keys or each["TagKey"] in keys) and status in (None, each["Status"])
    ]
    return json.dumps({"CostAllocationTags": listed})


def install() -> None:
    """Extends moto's Cost Explorer."""
    add(CostExplorerResponse, create_anomaly_monitor, get_anomaly_monitors)
    add(CostExplorerResponse, update_anomaly_monitor, delete_anomaly_monitor)
    add(CostExplorerResponse, create_anomaly_subscription, get_anomaly_subscriptions)
    add(CostExplorerResponse, update_anomaly_subscription, delete_anomaly_subscription)
    add(CostExplorerResponse, update_cost_allocation_tags_status, list_cost_allocation_tags)
