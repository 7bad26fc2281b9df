"""What the program itself gave, as the engine showed it before the whole stack.

The stack's view holds outputs, in which a provider's own findings and unknowns look like the program's. The
engine asks about each registered resource's inputs first, in the same process; they are kept until then.
"""

from __future__ import annotations

from collections.abc import Mapping
from threading import Lock

from policies.graph.values import Unknown, Value


class SeenInputs:
    """Inputs by URN; safe for the SDK's threads."""

    def __init__(self) -> None:
        self._inputs: dict[str, Mapping[str, Value]] = {}
        self._lock = Lock()

    def remember(self, urn: str, inputs: Mapping[str, Value]) -> None:
        """Keep the inputs of a resource; the latest count."""
        with self._lock:
            self._inputs[urn] = inputs

    def of(self, urn: str) -> Mapping[str, Value] | None:
        """Return the inputs of a resource; `None` for one that was looked up, or never shown."""
        return self._inputs.get(urn)


def merged(outputs: Mapping[str, Value], inputs: Mapping[str, Value] | None) -> dict[str, Value]:
    """Return outputs with the program's own values where the provider has not said anything yet."""
    given = inputs or {}
    silent = {key for key in given if key not in outputs or isinstance(outputs[key], Unknown)}
    return {**outputs, **{key: given[key] for key in silent}}
