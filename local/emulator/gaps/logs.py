"""CloudWatch Logs: the KMS key of an existing log group, changed metric filters, saved queries."""

from __future__ import annotations

import json
import uuid
from typing import Any

from moto.core.utils import unix_time_millis, utcnow
from moto.logs.exceptions import InvalidParameterException, ResourceNotFoundException
from moto.logs.metric_filters import MetricFilters
from moto.logs.models import LogsBackend
from moto.logs.responses import LogsResponse

from local.emulator.gaps.extend import add, replace


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


def query_definitions(backend: LogsBackend) -> dict[str, dict[str, Any]]:
    """Returns the saved queries of an account and region by their identifiers."""
    return backend.__dict__.setdefault("query_definitions", {})  # type: ignore[no-any-return]


def put_query_definition(self: Any) -> str:
    """Saves a query, or replaces the one whose queryDefinitionId is given."""
    store, identifier = query_definitions(self.logs_backend), self._get_param("queryDefinitionId")
    if identifier is not None and identifier not in store:
        raise ResourceNotFoundException("The specified query definition does not exist.")
    if not self._get_param("name") or not self._get_param("queryString"):
        raise InvalidParameterException("name and queryString are required.")
    identifier = identifier or str(uuid.uuid4())
    store[identifier] = {
        "queryDefinitionId": identifier,
        "queryLanguage": self._get_param("queryLanguage") or "CWLI",
        "name": self._get_param("name"),
        "queryString": self._get_param("queryString"),
        "logGroupNames": self._get_param("logGroupNames") or [],
        "lastModified": int(unix_time_millis(utcnow())),
    }
    return json.dumps({"queryDefinitionId": identifier})


def describe_query_definitions(self: Any) -> str:
    """Lists the saved queries, those whose name begins with a text if it is given."""
    prefix = self._get_param("queryDefinitionNamePrefix") or ""
    saved = query_definitions(self.logs_backend).values()
    return json.dumps({"queryDefinitions": [each for each in saved if each["name"].startswith(prefix)]})


def delete_query_definition(self: Any) -> str:
    """Removes a saved query."""
    found = query_definitions(self.logs_backend).pop(self._get_param("queryDefinitionId"), None)
    if found is None:
        raise ResourceNotFoundException("The specified query definition does not exist.")
    return json.dumps({"success": True})


def install() -> None:
    """Extends moto's CloudWatch Logs."""

    def add_filter(self: Any, filter_name: str, filter_pattern: str, log_group_name: str, *more: Any) -> None:
        """Takes the place of the group's filter of the same name."""
        self.delete_filter(filter_name, log_group_name)
        put(self, filter_name, filter_pattern, log_group_name, *more)

    put = replace(MetricFilters, "add_filter", add_filter)
    add(LogsResponse, associate_kms_key, disassociate_kms_key)
    add(LogsResponse, put_query_definition, describe_query_definitions, delete_query_definition)
