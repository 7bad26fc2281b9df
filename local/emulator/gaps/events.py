"""EventBridge: events in AWS's own shape, disabled rules kept quiet, and Glue workflows as targets.

S3's event shape: https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html. Each target is
served on its own, so that one that moto cannot serve does not keep the event from the others; what failed
is kept for the control API.
"""

from __future__ import annotations

import datetime
import secrets
import sys
import uuid
from typing import Any

from moto.core.utils import utcnow
from moto.events.exceptions import ValidationException
from moto.events.models import EventsBackend, Rule, events_backends
from moto.s3 import notifications
from moto.s3.notifications import S3NotificationEvent

from local.emulator import delivery
from local.emulator.gaps.extend import replace

_REASONS = {
    S3NotificationEvent.OBJECT_CREATED_PUT_EVENT: "PutObject",
    S3NotificationEvent.OBJECT_CREATED_POST_EVENT: "POST Object",
    S3NotificationEvent.OBJECT_CREATED_COPY_EVENT: "CopyObject",
    S3NotificationEvent.OBJECT_CREATED_COMPLETE_MULTIPART_UPLOAD_EVENT: "CompleteMultipartUpload",
    S3NotificationEvent.OBJECT_REMOVED_DELETE_EVENT: "DeleteObject",
    S3NotificationEvent.OBJECT_REMOVED_DELETE_MARKER_CREATED_EVENT: "DeleteObject",
    S3NotificationEvent.LIFECYCLE_EXPIRATION_EVENT: "Lifecycle Expiration",
}


def send_event_bridge_message(account_id: str, bucket: Any, event_name: str, key: Any) -> None:
    """Sends an S3 event to the default bus of the bucket's region."""
    event: Any = s3_event(account_id, bucket, event_name, key)
    bus = events_backends[account_id][bucket.region_name].event_buses["default"]
    for rule in list(bus.rules.values()):
        rule.send_to_targets(event, transform_input=False)


def s3_event(account_id: str, bucket: Any, event_name: str, key: Any) -> dict[str, Any]:
    """Builds the event of one object as AWS documents it."""
    kind = notifications._detail_type(event_name)
    stored: dict[str, Any] = {"key": key.name, "sequencer": secrets.token_hex(8).upper()}
    if kind != "Object Deleted":
        stored |= {"size": key.size, "etag": key.etag.strip('"')}
    if bucket.is_versioned:
        stored["version-id"] = key.version_id
    detail: dict[str, Any] = {
        "version": "0",
        "bucket": {"name": bucket.name},
        "object": stored,
        "request-id": secrets.token_hex(8).upper(),
        "requester": account_id,
        "source-ip-address": "127.0.0.1",
    }
    name = S3NotificationEvent(event_name)
    if name in _REASONS:
        detail["reason"] = _REASONS[name]
    if kind == "Object Deleted":
        marker = name == S3NotificationEvent.OBJECT_REMOVED_DELETE_MARKER_CREATED_EVENT
        detail["deletion-type"] = "Delete Marker Created" if marker else "Permanently Deleted"
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": kind,
        "source": "aws.s3",
        "account": account_id,
        "time": utcnow().strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": bucket.region_name,
        "resources": [bucket.arn],
        "detail": detail,
    }


def install() -> None:
    """Extends moto's EventBridge."""

    def send_to_targets(self: Any, original_event: Any, transform_input: bool = True) -> None:
        event = {**original_event, "time": _iso(original_event.get("time"))}
        if self.state == "DISABLED" or not self.event_pattern.matches_event(event):
            return
        for target in list(self.targets):
            try:
                if delivery.is_workflow(target["Arn"]):
                    delivery.to_workflow(self, target, event)
                    continue
                alone = Rule.__new__(Rule)
                alone.__dict__ = {**self.__dict__, "targets": [target]}
                send(alone, {**original_event, "time": _seconds(event["time"])}, transform_input)
            except Exception as failure:
                delivery.failed(self, target, event, failure)
                sys.stderr.write(f"EventBridge rule {self.name}, target {target['Arn']}: {failure}\n")

    def put_targets(self: Any, name: str, event_bus_arn: str | None, targets: list[dict[str, Any]]) -> None:
        for target in targets:
            if delivery.is_workflow(target["Arn"]) and not target.get("RoleArn"):
                raise ValidationException(f"RoleArn is required for target {target['Arn']}.")
        put(self, name, event_bus_arn, targets)

    send = replace(Rule, "send_to_targets", send_to_targets)
    put = replace(EventsBackend, "put_targets", put_targets)
    replace(notifications, "_send_event_bridge_message", send_event_bridge_message)


def _iso(time: Any) -> str:
    if isinstance(time, str):
        return time
    moment = datetime.datetime.fromtimestamp(float(time or 0), datetime.UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _seconds(time: str) -> float:
    return datetime.datetime.fromisoformat(time).timestamp()
