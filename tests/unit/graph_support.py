"""Finds things in a recorded stack."""

import json
from typing import Any

from tests.unit.recorder import Registration, recorded


def of_type(stack: str, kind: str) -> list[Registration]:
    """The stack's resources of a type's last word."""
    return [one for one in recorded(stack) if one.custom and one.short_type == kind]


def named(stack: str, name: str) -> Registration:
    """The one resource of a name."""
    (found,) = (one for one in recorded(stack) if one.name == name and one.custom)
    return found


def names_of(stack: str, urns: tuple[str, ...]) -> set[str]:
    """The names behind URNs."""
    return {one.name for one in recorded(stack) if one.urn in urns}


def behind(stack: str, one: Registration) -> set[str]:
    """The names of everything a resource waits for, directly or not."""
    graph = {entry.urn: entry for entry in recorded(stack)}
    seen: set[str] = set()
    todo = list(one.dependencies)
    while todo:
        urn = todo.pop()
        if urn not in seen and urn in graph:
            seen.add(urn)
            todo += graph[urn].dependencies
    return {graph[urn].name for urn in seen}


def statements(stack: str, name: str, key: str = "policy") -> dict[str, dict[str, Any]]:
    """The statements of a resource's document, by id."""
    return {one["Sid"]: one for one in json.loads(named(stack, name).inputs[key])["Statement"]}
