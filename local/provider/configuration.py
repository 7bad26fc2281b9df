"""The provider's configuration (`aws:*` of a stack) as far as the embedded AWS obeys it."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from etl.errors import DataLakeError
from local.aws import refuse_unless_loopback
from local.provider.errors import ProviderError
from local.provider.values import Properties


@dataclass(frozen=True)
class Settings:
    """The default region, the tags every resource gets, and the account where the configuration fixes it."""

    region: str
    default_tags: Mapping[str, str]
    account: str | None = None


def read_settings(args: Properties, variables: Mapping[str, str]) -> Settings:
    """Read the settings the engine gives, as properties or as texts by `aws:config:region`.

    Raises ProviderError when no region is set.
    """
    given = {**{name.rsplit(":", 1)[-1]: value for name, value in variables.items()}, **args}
    region = given.get("region") or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    if not region:
        raise ProviderError("no region is configured", where="aws:region", fix="set it in the stack's file")
    default_tags = (_decoded(given.get("defaultTags")) or {}).get("tags") or {}
    accounts = _decoded(given.get("allowedAccountIds")) or []
    return Settings(str(region), dict(default_tags), str(accounts[0]) if len(accounts) == 1 else None)


def foreign_endpoints(value: Any) -> list[str]:
    """Return what is wrong with the configured endpoints: each must be on this machine."""
    found = _decoded(value) or []
    reasons = []
    for group in found if isinstance(found, list) else [found]:
        for service, endpoint in group.items():
            try:
                refuse_unless_loopback(str(endpoint))
            except DataLakeError as error:
                reasons.append(f"{service}: {error.what}")
    return reasons


def _decoded(value: Any) -> Any:
    """Return a structured setting, which the engine sends as JSON text."""
    return json.loads(value) if isinstance(value, str) else value
