"""S3 bucket settings that moto keeps in part: log delivery, EventBridge, default encryption."""

from __future__ import annotations

import json
from typing import Any

from moto.core.responses import ActionResult
from moto.s3.models import FakeBucket, S3Backend
from moto.s3.responses import S3Response

from local.emulator.gaps.extend import replace

LOGGING_SERVICE_PRINCIPAL = "logging.s3.amazonaws.com"

# Since January 2023 every bucket encrypts by default, and says so.
_DEFAULT_ENCRYPTION = {
    "Rule": {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": "false"}
}


def get_bucket_logging(self: Any) -> Any:
    """Echoes TargetObjectKeyFormat too."""
    stored = self.backend.get_bucket_logging(self.bucket_name)
    answer: dict[str, Any] = {}
    if stored:
        answer["LoggingEnabled"] = {
            "TargetBucket": stored["TargetBucket"],
            "TargetPrefix": stored["TargetPrefix"] or "",
        }
        key_format = stored.get("TargetObjectKeyFormat")
        if key_format:
            (name, content), *_ = key_format.items()
            answer["LoggingEnabled"]["TargetObjectKeyFormat"] = {name: dict(content or {})}
    self.data["Action"] = "GetBucketLogging"
    return self.serialized(ActionResult(answer))


def log_permissions_by_policy(target_bucket: Any, target_prefix: str | None) -> bool:
    """Tells whether the target bucket's policy lets the logging service write under the prefix."""
    if not target_bucket.policy:
        return False
    statements = json.loads(target_bucket.policy)["Statement"]
    wanted = f"arn:{target_bucket.partition}:s3:::{target_bucket.name}/{target_prefix or ''}"
    for statement in statements if isinstance(statements, list) else [statements]:
        principal = statement.get("Principal")
        services = _list(principal.get("Service")) if isinstance(principal, dict) else []
        if (
            statement.get("Effect") == "Allow"
            and LOGGING_SERVICE_PRINCIPAL in services
            and {"s3:PutObject", "s3:*"} & set(_list(statement.get("Action")))
            and any(
                wanted.startswith(each.removesuffix("*")) and each.endswith("*")
                for each in _list(statement.get("Resource"))
            )
        ):
            return True
    return False


def log_incoming_request(self: Any, request: Any, bucket_name: str) -> None:
    """Delivers no access logs: AWS does so hours later, and moto's lines are invented."""


def get_bucket_encryption(self: Any, bucket_name: str) -> dict[str, Any]:
    """Answers SSE-S3 for a bucket that sets nothing else."""
    return self.get_bucket(bucket_name).encryption or _DEFAULT_ENCRYPTION


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def install() -> None:
    """Extends moto's S3."""

    def get_bucket_notification(self: Any) -> Any:
        status, headers, body = answer_notification(self)
        stored = self.backend.get_bucket_notification_configuration(self.bucket_name)
        if stored and stored.event_bridge is not None and "EventBridgeConfiguration" not in body:
            root = "NotificationConfiguration"
            head, _, _ = body.partition("</" + root)
            if "/>" in body and "</" + root not in body:
                head = body.rpartition("/>")[0] + ">"
            body = f"{head}<EventBridgeConfiguration/></{root}>"
        return status, headers, body

    def put_object(self: Any, bucket_name: str, key_name: str, value: Any, *args: Any, **options: Any) -> Any:
        key = answer_put(self, bucket_name, key_name, value, *args, **options)
        if key.encryption is None:
            key.encryption = "AES256"
        return key

    answer_notification = replace(S3Response, "get_bucket_notification", get_bucket_notification)
    answer_put = replace(S3Backend, "put_object", put_object)
    replace(S3Response, "get_bucket_logging", get_bucket_logging)
    replace(S3Backend, "log_incoming_request", log_incoming_request)
    replace(S3Backend, "get_bucket_encryption", get_bucket_encryption)
    replace(FakeBucket, "_log_permissions_enabled_policy", staticmethod(log_permissions_by_policy))
