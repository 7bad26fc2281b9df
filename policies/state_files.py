"""Stacks out of files: a state export, a state as a backend keeps it, the JSON of a preview."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from policies.errors import PolicyPackError
from policies.graph.inputs import merged
from policies.graph.model import Graph, Resource
from policies.graph.values import UNKNOWN, Value
from policies.signatures import properties

_INVENTED = ("id", "arn")
_EXPORT = "Write it with `pulumi stack export` or `pulumi preview --json --show-sames`."


class UnreadableFileError(PolicyPackError):
    """The file is no stack that can be judged; nothing was judged."""


def read(file: Path) -> Graph:
    """Return the stack in a file, of any program.

    Takes the output of `pulumi stack export`, a state file of a backend, and the output of `pulumi preview
    --json --show-sames`.

    Raises:
        UnreadableFileError: there is no such file, it is no JSON, no stack, or only a part of one.

    """
    try:
        content = json.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise UnreadableFileError(error.strerror or "cannot be read", str(file), _EXPORT) from error
    except UnicodeDecodeError as error:
        raise UnreadableFileError("is not UTF-8 text", str(file), _EXPORT) from error
    except (ValueError, RecursionError) as error:
        raise UnreadableFileError("is not JSON", str(file), _EXPORT) from error
    return graph(content, str(file))


def graph(content: object, where: str = "the stack") -> Graph:
    """Return the stack in the loaded JSON of one of the files that `read` takes."""
    if isinstance(content, dict):
        if isinstance(content.get("steps"), list):
            return Graph(tuple(_planned(content, where)))
        for outer, inner in ((content, "deployment"), (_object(content, "checkpoint"), "latest")):
            state = outer.get(inner)
            if isinstance(state, dict):
                return Graph(tuple(_standing(state, where)))
    raise UnreadableFileError("is neither a state export nor the JSON of a preview", where, _EXPORT)


def _object(content: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    inner = content.get(key)
    return inner if isinstance(inner, dict) else {}


def _standing(state: Mapping[str, Any], where: str) -> Iterable[Resource]:
    listed = state.get("resources")
    if listed is None:
        listed = []
    if not isinstance(listed, list):
        raise UnreadableFileError("has resources that are no list", where, _EXPORT)
    # A resource that waits to be deleted was replaced by one of the same URN.
    current = [raw for raw in listed if not (isinstance(raw, dict) and raw.get("delete"))]
    return _unique([_resource(raw, where) for raw in current])


def _planned(content: Mapping[str, Any], where: str) -> Iterable[Resource]:
    steps = [step for step in content["steps"] if isinstance(step, dict)]
    shown = Counter(str(step.get("op")) for step in steps)
    counted = _object(content, "changeSummary").get("same", 0)
    if isinstance(counted, int) and counted > shown["same"]:
        hidden = counted - shown["same"]
        raise UnreadableFileError(
            f"leaves out {hidden} unchanged resources, without which the others cannot be judged",
            where,
            "Add --show-sames to `pulumi preview --json`.",
        )
    states = [step["newState"] for step in steps if isinstance(step.get("newState"), dict)]
    return _unique([_resource(state, where, planned=True) for state in states])


def _unique(resources: Iterable[Resource]) -> Iterable[Resource]:
    """Keep one resource a URN; of the steps of a replacement the last tells what will stand."""
    return {resource.urn: resource for resource in resources}.values()


def _resource(raw: object, where: str, *, planned: bool = False) -> Resource:
    if not isinstance(raw, dict) or not isinstance(raw.get("urn"), str):
        raise UnreadableFileError("has a resource without a URN", where, _EXPORT)
    urn = raw["urn"]
    given = properties(_object(raw, "inputs"))
    looked_up = bool(raw.get("external"))
    inputs = None if looked_up or not raw.get("custom") else given
    return Resource(
        urn=urn,
        name=urn.rpartition("::")[2],
        token=str(raw.get("type", "")),
        props=_props(raw, given, planned=planned),
        parent=raw.get("parent"),
        dependencies=_texts(raw.get("dependencies")),
        property_dependencies={
            prop: _texts(urns) for prop, urns in _object(raw, "propertyDependencies").items() if urns
        },
        protect=bool(raw.get("protect")),
        inputs=inputs,
    )


def _props(raw: Mapping[str, Any], given: Mapping[str, Value], *, planned: bool) -> dict[str, Value]:
    props = merged(properties(_object(raw, "outputs")), given)
    if raw.get("custom") and isinstance(raw.get("id"), str) and raw["id"]:
        props.setdefault("id", raw["id"])
    if planned and raw.get("custom"):
        # What AWS names only when it has created it is not absent, it is not known yet.
        return {**dict.fromkeys(_INVENTED, UNKNOWN), **props}
    return props


def _texts(raw: object) -> tuple[str, ...]:
    return tuple(str(item) for item in raw) if isinstance(raw, list) else ()
