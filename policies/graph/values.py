"""Plain values out of the policy SDK's proxies, with what is unknown marked instead of raised."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from pulumi_policy import proxy
from pulumi_policy.secret import Secret

SENTINELS = frozenset(
    {
        proxy.UNKNOWN_BOOLEAN_VALUE,
        proxy.UNKNOWN_NUMBER_VALUE,
        proxy.UNKNOWN_STRING_VALUE,
        proxy.UNKNOWN_ARRAY_VALUE,
        proxy.UNKNOWN_ASSET_VALUE,
        proxy.UNKNOWN_ARCHIVE_VALUE,
        proxy.UNKNOWN_OBJECT_VALUE,
    }
)
_SENTINEL_LENGTH = min(len(sentinel) for sentinel in SENTINELS)


@dataclass(frozen=True, slots=True)
class Unknown:
    """A value that the engine can only know after it has created something.

    `text` is the string around the engine's sentinel where a program interpolated an output by hand
    (a JSON document, an ARN); it is empty when the whole value is unknown.
    """

    text: str = ""

    def __str__(self) -> str:
        return "<unknown>"


@dataclass(frozen=True, slots=True)
class Opaque:
    """A known value whose content no control reads: an asset, an archive, a foreign object."""

    kind: str


UNKNOWN = Unknown()

Value: TypeAlias = "bool | int | float | str | Unknown | Opaque | list[Value] | dict[str, Value] | None"


def plain(raw: object) -> Value:
    """Return a plain Python value for anything the SDK hands to a policy.

    Whole numbers become `int` (the protocol only knows floats), sentinels and strings holding one
    become `Unknown`, keys of the engine (`__defaults`) are left out. Never raises `UnknownValueError`.
    """
    value: Value = Opaque(type(raw).__name__)
    if raw is None or isinstance(raw, bool):
        value = raw
    elif isinstance(raw, str):
        value = _text(raw)
    elif isinstance(raw, int | float):
        value = int(raw) if float(raw).is_integer() else raw
    elif isinstance(raw, Secret):
        value = plain(raw.value)
    elif isinstance(raw, Mapping):
        value = properties(raw)
    elif isinstance(raw, Sequence):
        value = [_item(raw, index) for index in range(len(raw))]
    return value


def properties(raw: Mapping[str, object]) -> dict[str, Value]:
    """Return the properties of a resource as plain values, by name."""
    # Only the keys of an SDK proxy are safe to iterate: items() and values() raise on the first unknown.
    return {str(key): _item(raw, key) for key in raw.keys() if not str(key).startswith("__")}  # noqa: SIM118


def _item(container: Mapping[str, object] | Sequence[object], key: str | int) -> Value:
    try:
        value = container[key]  # type: ignore[index]
    except proxy.UnknownValueError:
        return UNKNOWN
    return plain(value)


def _text(raw: str) -> Value:
    if len(raw) < _SENTINEL_LENGTH:
        return raw
    if raw in SENTINELS:
        return UNKNOWN
    if any(sentinel in raw for sentinel in SENTINELS):
        return Unknown(raw)
    return raw


def at(value: Value, *path: str) -> Value:
    """Return the value under a path of property names; `None` where absent, `Unknown` below an unknown.

    A list on the way with exactly one element is entered: providers moved blocks between
    single object and list of one (`rule` / `rules`) across their major versions.
    """
    current = value
    for name in path:
        current = single(current)
        if isinstance(current, Unknown):
            return UNKNOWN
        if not isinstance(current, dict):
            return None
        current = current.get(name)
    return current


def single(value: Value) -> Value:
    """Return the only element of a list of one, else the value itself."""
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def items(value: Value) -> list[Value]:
    """Return the elements of a list, one element for a scalar, none for an absent value."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def is_true(value: Value) -> bool:
    """Whether a flag is on, in the spellings providers use."""
    return value is True or (isinstance(value, str) and value.lower() == "true")
