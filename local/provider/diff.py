"""What changed between two sets of inputs, and whether AWS can change it in place."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, Literal

from local.provider.equality import Equality, join
from local.provider.row import ALL, Row
from local.provider.values import Secret

Kind = Literal["add", "delete", "update"]
DEFAULTS = "__defaults"


@dataclass(frozen=True)
class Change:
    """One changed property: its path as the engine writes it, its kind, whether it forces a replacement."""

    path: str
    kind: Kind
    replaces: bool

    @property
    def top(self) -> str:
        """The top-level property that holds it."""
        return self.path.split(".", 1)[0].split("[", 1)[0]


def changes(row: Row, olds: Mapping[str, Any], news: Mapping[str, Any]) -> list[Change]:
    """Return the changes from old to new inputs, in the order of the properties' names."""
    comparison = _Comparison(row)
    for name in sorted({*olds, *news} - {DEFAULTS}):
        comparison.compare(olds.get(name), news.get(name), name, name)
    return comparison.found


class _Comparison:
    """One walk over old and new inputs; `path` is a property's path with indices, `plain` without."""

    def __init__(self, row: Row) -> None:
        self.row = row
        self.equality = Equality(frozenset(row.unordered), row.canonical)
        self.found: list[Change] = []

    def compare(self, old: Any, new: Any, path: str, plain: str) -> None:
        if self.equality.same(old, new, plain):
            return
        old = old.value if isinstance(old, Secret) else old
        new = new.value if isinstance(new, Secret) else new
        if isinstance(old, dict) and isinstance(new, dict):
            for key in sorted({*old, *new}):
                self.compare(old.get(key), new.get(key), _child(path, key), join(plain, key))
        elif isinstance(old, list) and isinstance(new, list) and plain not in self.row.unordered:
            for index, (before, after) in enumerate(zip_longest(old, new)):
                self.compare(before, after, f"{path}[{index}]", plain)
        else:
            kind: Kind = "add" if old is None else "delete" if new is None else "update"
            self.found.append(Change(path, kind, forces_replacement(self.row, plain)))


def forces_replacement(row: Row, plain: str) -> bool:
    """Tell whether a change at a path without indices makes a new resource."""

    def covers(names: tuple[str, ...]) -> bool:
        return any(
            plain == name or plain.startswith(f"{name}.") or name.startswith(f"{plain}.") for name in names
        )

    if plain == "region" or covers(row.replace):
        return True
    if plain.split(".", 1)[0] in ("tags", *row.kept) or covers(row.in_place):
        return False
    return ALL in row.replace


def _child(path: str, key: str) -> str:
    simple = key.isidentifier()
    escaped = key.replace("\\", "\\\\").replace('"', '\\"')
    return f"{path}.{key}" if simple else f'{path}["{escaped}"]'


def name_is_free(row: Row, news: Mapping[str, Any]) -> bool:
    """Tell whether the new resource can exist beside the old one because Pulumi names it by itself."""
    return row.name is not None and row.name.random and row.name.property in (news.get(DEFAULTS) or [])
