"""When two property values mean the same to AWS, and what a read changes in a program's inputs.

Documents in text compare by meaning (policies also regardless of the order of actions and of a list of
one), absent equals empty, and lists that are sets in AWS compare without order.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from local.provider.values import Archive, Asset, Secret, Unknown

_EMPTY: tuple[Any, ...] = (None, {}, [])
_ABSENT: tuple[Any, ...] = (None, {}, [], False, "", 0)
_MISSING = object()


@dataclass(frozen=True)
class Equality:
    """The rules of one row: which lists are sets, and which values have a canonical form.

    `lenient` equates absent with false, zero and the empty text, as AWS's answers do.
    """

    unordered: frozenset[str] = frozenset()
    canonical: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict)
    lenient: bool = False

    def same(self, one: Any, other: Any, path: str = "") -> bool:
        """Tell whether two values mean the same at a property path without indices (`rules.expiration`)."""
        one, other = _bare(one), _bare(other)
        if isinstance(one, Unknown) or isinstance(other, Unknown):
            return one is other
        absent = _ABSENT if self.lenient else _EMPTY
        if _among(one, absent) and _among(other, absent):
            return _among(one, _EMPTY) or _among(other, _EMPTY) or bool(one == other)
        form = self.canonical.get(path)
        if form and one is not None and other is not None:
            one, other = form(one), form(other)
        return self._same_present(one, other, path)

    def _same_present(self, one: Any, other: Any, path: str) -> bool:
        match one, other:
            case dict(), dict():
                same = all(self.same(one.get(k), other.get(k), join(path, k)) for k in {*one, *other})
            case list(), list():
                same = self._same_lists(one, other, path)
            case str(), str():
                same = one == other or _same_documents(one, other)
            case ((Asset() | Archive()), (Asset() | Archive())) if one.hash and other.hash:
                same = one.hash == other.hash
            case (bool(), _) | (_, bool()):
                same = one is other
            case _:
                same = bool(one == other)
        return same

    def _same_lists(self, one: list[Any], other: list[Any], path: str) -> bool:
        if len(one) != len(other):
            return False
        if path not in self.unordered:
            return all(self.same(a, b, path) for a, b in zip(one, other, strict=True))
        left = list(other)
        for item in one:
            match = next((i for i, candidate in enumerate(left) if self.same(item, candidate, path)), None)
            if match is None:
                return False
            left.pop(match)
        return True

    def settle(self, wanted: Any, before: Any, actual: Any, path: str = "") -> Any:
        """Return an input after a read: the program's own form while AWS holds what it held, else AWS's.

        Args:
            wanted: the input as the program gave it (None when it gave none).
            before: the value AWS held when it was last seen (None when it held none).
            actual: the value AWS holds now.
            path: the property's path without indices.

        """
        if isinstance(wanted, Secret):
            settled = self.settle(wanted.value, before, actual, path)
            return None if settled is None else Secret(_bare(settled))
        before = _bare(before)
        if self.same(wanted, actual, path) or self.same(before, actual, path):
            return wanted
        if isinstance(actual, dict) and isinstance(wanted, dict | None):
            given, seen = wanted or {}, before if isinstance(before, dict) else {}
            settled = {
                k: self.settle(given.get(k), seen.get(k), actual.get(k), join(path, k))
                for k in {**given, **actual}
            }
            return {key: value for key, value in settled.items() if value is not None}
        if (
            isinstance(actual, list)
            and isinstance(wanted, list)
            and len(actual) == len(wanted)
            and path not in self.unordered
        ):
            seen_items = (
                before if isinstance(before, list) and len(before) == len(actual) else [None] * len(actual)
            )
            return [self.settle(w, b, a, path) for w, b, a in zip(wanted, seen_items, actual, strict=True)]
        return actual

    def overlay(self, wanted: Any, actual: Any, path: str = "") -> Any:
        """Return what AWS holds, in the program's own form wherever the two mean the same."""
        wanted = _bare(wanted)
        if wanted is not None and self.same(wanted, actual, path):
            if isinstance(wanted, dict) and isinstance(actual, dict):
                return {**actual, **{k: v for k, v in wanted.items() if v is not None}}
            return wanted
        if isinstance(actual, dict) and isinstance(wanted, dict):
            return {k: self.overlay(wanted.get(k), v, join(path, k)) for k, v in actual.items()}
        if isinstance(actual, list) and isinstance(wanted, list) and len(actual) == len(wanted):
            return [self.overlay(w, a, path) for w, a in zip(wanted, actual, strict=True)]
        return actual


def join(path: str, key: str) -> str:
    """Return the path of a property inside another."""
    return f"{path}.{key}" if path else key


def _bare(value: Any) -> Any:
    return value.value if isinstance(value, Secret) else value


def _among(value: Any, candidates: tuple[Any, ...]) -> bool:
    return any(value is item or (type(value) is type(item) and bool(value == item)) for item in candidates)


def _same_documents(one: str, other: str) -> bool:
    if one[:1] not in "{[" or other[:1] not in "{[" or not one or not other:
        return False
    try:
        return bool(_meaning(json.loads(one)) == _meaning(json.loads(other)))
    except ValueError:
        return False


def _meaning(document: Any) -> Any:
    """Return a document with what has no meaning taken out; the elements of IAM policies are sets."""
    if not isinstance(document, dict) or "Statement" not in document:
        return document
    statements = document["Statement"]
    statements = statements if isinstance(statements, list) else [statements]
    return {**document, "Statement": [_statement(item) for item in statements if isinstance(item, dict)]}


def _statement(statement: dict[str, Any]) -> dict[str, Any]:
    def as_set(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: as_set(item) for key, item in value.items()}
        return sorted(str(item) for item in (value if isinstance(value, list) else [value]))

    return {key: value if key in ("Sid", "Effect") else as_set(value) for key, value in statement.items()}
