"""Which properties controls read: a graph that writes down every look at it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

from policies.controls.control import Control
from policies.evaluation import evaluate
from policies.graph.model import Graph, Resource
from policies.graph.values import at

Path = tuple[str | int, ...]
Reads = set[tuple[str, Path]]

_FEW = 8


class _Seen(dict[str, Any]):
    """A mapping of properties that notes which of them somebody asks for."""

    def __init__(self, content: dict[str, Any], urn: str, path: Path, reads: Reads) -> None:
        super().__init__({key: _seen(item, urn, (*path, key), reads) for key, item in content.items()})
        self._urn, self._path, self._reads = urn, path, reads

    def _note(self, key: str) -> None:
        # Also a property that is not there has been asked for; the empty path stands for those.
        path = (*self._path, key) if super().__contains__(key) else ()
        self._reads.add((self._urn, path))

    def get(self, key: str, default: Any = None) -> Any:
        self._note(key)
        return super().get(key, default)

    def __getitem__(self, key: str) -> Any:
        self._note(key)
        return super().__getitem__(key)

    def __contains__(self, key: object) -> bool:
        self._note(str(key))
        return super().__contains__(key)

    def __iter__(self) -> Iterator[str]:
        # Without it a copy of the mapping would pass by the methods that note.
        return iter(list(super().keys()))

    def items(self) -> Any:
        for key in self:
            self._note(key)
        return super().items()

    def values(self) -> Any:
        for key in self:
            self._note(key)
        return super().values()


def _seen(value: Any, urn: str, path: Path, reads: Reads) -> Any:
    if isinstance(value, dict):
        return _Seen(value, urn, path, reads)
    if isinstance(value, list):
        return [_seen(item, urn, (*path, index), reads) for index, item in enumerate(value)]
    return value


class _Watched(Resource):
    """A resource whose properties are looked up without copying them first."""

    __slots__ = ()

    def at(self, *path: str) -> Any:
        return at(self.props, *path)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Looked:
    """What controls look at in a stack.

    Args:
        reads: Every property that some control reads to judge it, by URN and path. A control that reads a
            large resource to its last leaf searches it, for secrets or names, and judges no property of it.
        touched: For each control, by id, the URNs of the resources whose properties it asked for at all.

    """

    reads: frozenset[tuple[str, Path]]
    touched: Mapping[str, frozenset[str]]


def looked_at(controls: Iterable[Control], graph: Graph) -> Looked:
    """Run controls over a graph and return what they looked at."""
    reads: set[tuple[str, Path]] = set()
    touched = {}
    leaves = {r.urn: frozenset(_leaves(dict(r.props))) for r in graph.resources}
    names = [field.name for field in fields(Resource)]
    for control in controls:
        own: Reads = set()
        watched = tuple(
            _Watched(
                **{
                    **{name: getattr(resource, name) for name in names},
                    "props": _seen(dict(resource.props), resource.urn, (), own),
                }
            )
            for resource in graph.resources
        )
        evaluate(control, Graph(watched))
        touched[control.id] = frozenset(urn for urn, _ in own)
        for urn in touched[control.id]:
            paths = {path for other, path in own if other == urn and path}
            if not (len(leaves[urn]) > _FEW and leaves[urn] <= paths):
                reads |= {(urn, path) for path in paths}
    return Looked(frozenset(reads), touched)


def _leaves(value: Any, path: Path = ()) -> Iterator[Path]:
    """The paths of all values that are in a mapping; elements of lists count with their list."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _leaves(item, (*path, key))
    elif isinstance(value, list) and any(isinstance(item, dict) for item in value):
        for index, item in enumerate(value):
            yield from _leaves(item, (*path, index))
    elif path:
        yield path
