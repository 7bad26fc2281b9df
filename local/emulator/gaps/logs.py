"""CloudWatch Logs: the KMS key of an existing log group."""

from __future__ import annotations

from typing import Any

from moto.logs.exceptions import ResourceNotFoundException
from moto.logs.responses import LogsResponse

from local.emulator.gaps.extend import add


def associate_kms_key(self: Any) -> str:
    """Puts a key on a log group named by logGroupName or resourceIdentifier."""
    _group(self).kms_key_id = self._get_param("kmsKeyId")
    return ""


def disassociate_kms_key(self: Any) -> str:
    """Takes the key off a log group."""
    _group(self).kms_key_id = None
    return ""


def _group(self: Any) -> Any:
    name = self._get_param("logGroupName")
    identifier = self._get_param("resourceIdentifier") or ""
    if name is None and ":log-group:" in identifier:
        name = identifier.split(":log-group:", 1)[1].removesuffix(":*")
    if name not in self.logs_backend.groups:
        raise ResourceNotFoundException()
    return self.logs_backend.groups[name]


def install() -> None:
    """Extends moto's CloudWatch Logs."""
    add(LogsResponse, associate_kms_key, disassociate_kms_key)
