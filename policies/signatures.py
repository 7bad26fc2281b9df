"""Plain values out of the JSON that the engine writes and sends, in which special values are signed objects.

Signatures: sdk/go/common/resource/properties.go of Pulumi.
"""

from __future__ import annotations

from collections.abc import Mapping

from policies.graph.values import UNKNOWN, Opaque, Value, plain

KEY = "4dabf18193072939515e22adb298388d"
SECRET = "1b47061264138c4ac30d75fd1eb44270"
OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
_NAMES = {
    "c44067f5952c0a294b673a41bacd8c17": "asset",
    "0def7320c3a5731c473e5ecbe6d01bc7": "archive",
    "5cf8f73096256a8f31e491e813e4eb8e": "resource reference",
}
_HIDDEN = "[secret]"


def value(raw: object) -> Value:
    """Return the plain value of JSON of the engine.

    A secret that came in the clear over the protocol is its value; one that is encrypted, masked or in the
    clear in a file stays closed and counts as not known. Assets, archives, references and signatures that
    nobody has heard of are known values without content.
    """
    if isinstance(raw, Mapping):
        return _signed(raw) if KEY in raw else properties(raw)
    if isinstance(raw, list):
        return [value(item) for item in raw]
    return UNKNOWN if raw == _HIDDEN else plain(raw)


def properties(raw: Mapping[str, object]) -> dict[str, Value]:
    """Return properties by name, without the engine's own (`__defaults`)."""
    return {str(name): value(item) for name, item in raw.items() if not str(name).startswith("__")}


def _signed(raw: Mapping[str, object]) -> Value:
    signature = raw[KEY]
    if signature == SECRET:
        return value(raw["value"]) if "value" in raw else UNKNOWN
    if signature == OUTPUT:
        closed = bool(raw.get("secret")) or "value" not in raw
        return UNKNOWN if closed else value(raw["value"])
    return Opaque(_NAMES.get(str(signature), "signed value"))
