"""AWS KMS: the rotation period of a key."""

from __future__ import annotations

import datetime
import json
from typing import Any

from moto.kms.models import KmsBackend
from moto.kms.responses import KmsResponse

from local.emulator.gaps.extend import replace

DEFAULT_DAYS = 365


def enable_key_rotation(self: Any) -> str:
    """Keeps RotationPeriodInDays."""
    key_id = self._get_param("KeyId")
    days = self._get_param("RotationPeriodInDays")
    self._validate_cmk_id(key_id)
    key = _key(self.kms_backend, key_id)
    key.key_rotation_status = True
    key.rotation_period_in_days = days or getattr(key, "rotation_period_in_days", DEFAULT_DAYS)
    key.rotation_enabled_at = datetime.datetime.now(datetime.UTC)
    return "{}"


def get_key_rotation_status(self: Any) -> str:
    """States the period and the next date of a key that rotates."""
    key_id = self._get_param("KeyId")
    self._validate_cmk_id(key_id)
    key = _key(self.kms_backend, key_id)
    answer: dict[str, Any] = {"KeyId": key.id, "KeyRotationEnabled": key.key_rotation_status}
    if key.key_rotation_status:
        days = getattr(key, "rotation_period_in_days", DEFAULT_DAYS)
        enabled_at = getattr(key, "rotation_enabled_at", datetime.datetime.now(datetime.UTC))
        answer["RotationPeriodInDays"] = days
        answer["NextRotationDate"] = (enabled_at + datetime.timedelta(days=days)).timestamp()
    return json.dumps(answer)


def _key(backend: KmsBackend, key_id: str) -> Any:
    return backend.keys[backend.get_key_id(key_id)]


def install() -> None:
    """Extends moto's KMS."""
    replace(KmsResponse, "enable_key_rotation", enable_key_rotation)
    replace(KmsResponse, "get_key_rotation_status", get_key_rotation_status)
