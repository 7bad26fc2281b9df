"""The engine's property values and their form on the wire (`google.protobuf.Struct`).

Null, booleans, text, lists and maps are themselves; integral numbers become `int`, since AWS's shapes want
them so. What the engine adds is spelled out: `UNKNOWN` for a value only a deployment can give, `Secret`
around a value that must stay encrypted in state, `Asset` and `Archive` for files. The signatures are those
of the Pulumi protocol (`sdk/python/lib/pulumi/runtime/rpc.py` of the SDK).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from google.protobuf import struct_pb2

SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
ASSET: Final = "c44067f5952c0a294b673a41bacd8c17"
ARCHIVE: Final = "0def7320c3a5731c473e5ecbe6d01bc7"
SECRET: Final = "1b47061264138c4ac30d75fd1eb44270"
RESOURCE: Final = "5cf8f73096256a8f31e491e813e4eb8e"
OUTPUT: Final = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
# One sentinel a kind of value; all mean "not known before the deployment".
UNKNOWN_SENTINELS: Final = frozenset(
    {
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
        "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
        "030794c1-ac77-496b-92df-f27374a8bd58",
        "e48ece36-62e2-4504-bad9-02848725956a",
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
    }
)
_UNKNOWN_TEXT: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"

Properties = dict[str, Any]


class Unknown:
    """The one value that is not known before the deployment; equal only to itself."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = Unknown()


@dataclass(frozen=True)
class Secret:
    """A value that must never appear in clear in state, logs or messages."""

    value: Any

    def __repr__(self) -> str:
        return "Secret(...)"


@dataclass(frozen=True)
class Asset:
    """One file: its SHA-256 in hex and one of a path, a text or an address."""

    hash: str = ""
    path: str | None = None
    text: str | None = None
    uri: str | None = None


@dataclass(frozen=True)
class Archive:
    """Several files: the engine's hash of them and one of a path, an address or named members."""

    hash: str = ""
    path: str | None = None
    uri: str | None = None
    assets: Mapping[str, "Asset | Archive"] | None = None


def from_struct(struct: struct_pb2.Struct) -> Properties:
    """Read a property map from the wire."""
    return {key: _from_value(value) for key, value in struct.fields.items()}


def _from_value(value: struct_pb2.Value) -> Any:
    match value.WhichOneof("kind"):
        case "bool_value":
            return value.bool_value
        case "number_value":
            number = value.number_value
            return int(number) if number.is_integer() else number
        case "string_value":
            return UNKNOWN if value.string_value in UNKNOWN_SENTINELS else value.string_value
        case "list_value":
            return [_from_value(item) for item in value.list_value.values]
        case "struct_value":
            return _from_map(from_struct(value.struct_value))
        case _:
            return None


def _from_map(fields: Properties) -> Any:
    signature = fields.pop(SIGNATURE, None)
    match signature:
        case None:
            return fields
        case _ if signature == SECRET:
            inner = fields.get("value")
            return inner if isinstance(inner, Secret) else Secret(inner)
        case _ if signature == ASSET:
            return Asset(**{key: fields[key] for key in ("hash", "path", "text", "uri") if key in fields})
        case _ if signature == ARCHIVE:
            return Archive(**{key: fields[key] for key in ("hash", "path", "uri", "assets") if key in fields})
        case _ if signature == OUTPUT:
            inner = fields.get("value", UNKNOWN)
            return Secret(inner) if fields.get("secret") else inner
        case _ if signature == RESOURCE:
            return fields.get("id") or UNKNOWN
        case _:
            raise ValueError(f"the engine sent a value with an unknown signature {signature}")


def to_struct(properties: Mapping[str, Any]) -> struct_pb2.Struct:
    """Write a property map for the wire; absent (None) properties are left out."""
    struct = struct_pb2.Struct()
    for key, value in properties.items():
        if value is not None:
            _write(struct.fields[key], value)
    return struct


def _write(target: struct_pb2.Value, value: Any) -> None:
    match value:
        case None:
            target.null_value = struct_pb2.NULL_VALUE
        case bool():
            target.bool_value = value
        case int() | float():
            target.number_value = value
        case str():
            target.string_value = value
        case Unknown():
            target.string_value = _UNKNOWN_TEXT
        case Secret(inner):
            _write_map(target, {SIGNATURE: SECRET, "value": inner})
        case Asset() | Archive():
            signature = ASSET if isinstance(value, Asset) else ARCHIVE
            held = {key: item for key, item in vars(value).items() if item is not None}
            _write_map(target, {SIGNATURE: signature, **held})
        case Mapping():
            _write_map(target, value)
        case list() | tuple():
            target.list_value.SetInParent()
            for item in value:
                _write(target.list_value.values.add(), item)
        case _:
            raise TypeError(f"a {type(value).__name__} cannot be a property value")


def _write_map(target: struct_pb2.Value, fields: Mapping[str, Any]) -> None:
    target.struct_value.SetInParent()
    for key, value in fields.items():
        _write(target.struct_value.fields[key], value)


def reveal(value: Any) -> Any:
    """Return the value with every `Secret` taken off, at any depth."""
    match value:
        case Secret(inner):
            return reveal(inner)
        case dict():
            return {key: reveal(item) for key, item in value.items()}
        case list():
            return [reveal(item) for item in value]
        case _:
            return value


def conceal(value: Any, like: Any) -> Any:
    """Return the revealed `value` with `Secret` put back wherever `like` holds one at the same place.

    A list whose length changed cannot be matched item by item: any secret inside then makes all of it secret.
    """
    match like:
        case Secret():
            return value if value is None else Secret(reveal(value))
        case dict() if isinstance(value, dict):
            return {key: conceal(item, like.get(key)) for key, item in value.items()}
        case list() if isinstance(value, list) and len(like) == len(value):
            return [conceal(item, other) for item, other in zip(value, like, strict=True)]
        case dict() | list() if has_secret(like) and value is not None:
            return Secret(reveal(value))
        case _:
            return value


def has_secret(value: Any) -> bool:
    """Tell whether a secret is anywhere in the value."""
    return any(isinstance(item, Secret) for item in walk(value))


def has_unknown(value: Any) -> bool:
    """Tell whether an unknown is anywhere in the value."""
    return any(isinstance(item, Unknown) for item in walk(value))


def secret_texts(value: Any) -> set[str]:
    """Return every text inside secrets, for keeping them out of messages."""
    inside = (item.value for item in walk(value) if isinstance(item, Secret))
    return {text for hidden in inside for text in walk(hidden) if isinstance(text, str) and text}


def walk(value: Any) -> Iterator[Any]:
    """Yield the value and everything inside it."""
    yield value
    match value:
        case Secret(inner):
            yield from walk(inner)
        case dict():
            for item in value.values():
                yield from walk(item)
        case list():
            for item in value:
                yield from walk(item)
