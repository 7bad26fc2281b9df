"""Reads and writes the tags of one resource in its service's way."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from local.provider.errors import ProviderError
from local.provider.paths import pick
from local.provider.row import Call
from local.provider.scope import Scope
from local.provider.tagging import RESERVED_PREFIX, Tagging
from local.provider.values import Properties


def wanted(scope: Scope) -> dict[str, str]:
    """Return all tags the resource shall have: the provider's default ones and, over them, its own."""
    if scope.row.tags is None:
        return {}
    return {**scope.clients.settings.default_tags, **(scope.inputs.get("tags") or {})}


def split(scope: Scope, found: Mapping[str, str]) -> Properties:
    """Return tags that were read as outputs: `tagsAll`, and as `tags` those that no default explains."""
    defaults = scope.clients.settings.default_tags
    given = scope.inputs.get("tags") or {}
    own = {key: value for key, value in found.items() if key in given or defaults.get(key) != value}
    return {"tagsAll": dict(found)} | ({"tags": own} if own or "tags" in scope.inputs else {})


def read(scope: Scope, tagging: Tagging) -> dict[str, str]:
    """Read the tags, by the service's own call or out of what was just read of the resource itself."""
    raw: Any = scope.held.get(tagging.at)
    if tagging.read is not None:
        try:
            raw = pick(scope.run(tagging.read), tagging.at)
        except ProviderError as error:
            if not scope.is_gone(error):
                raise
            raw = None
    tags = scope.codec.decode(raw, "{string}", "tags") if raw else {}
    return {key: value for key, value in tags.items() if not key.startswith(RESERVED_PREFIX)}


def write(scope: Scope, tagging: Tagging, current: Mapping[str, str], wanted: Mapping[str, str]) -> None:
    """Make the resource's tags the wanted ones, from those it has, with as few calls as that takes."""
    if current == wanted:
        return
    if tagging.unset is None:
        if wanted or tagging.clear is None:
            scope.run(_giving(tagging.set, tagging.member, dict(wanted)))
        else:
            scope.run(tagging.clear)
        return
    surplus = sorted(current.keys() - wanted.keys())
    if surplus:
        scope.run(_giving(tagging.unset, tagging.names, surplus))
    new = {key: value for key, value in wanted.items() if current.get(key) != value}
    if new:
        scope.run(_giving(tagging.set, tagging.member, new))


def _giving(call: Call, member: str, value: Any) -> Call:
    return replace(call, args={**call.args, member: value})
