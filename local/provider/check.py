"""Checks a program's inputs before anything is planned: names, needs, types, and the name Pulumi gives.

Typing mistakes, missing arguments and wrong types are reported all at a time, each with its property and
what to do. Values come out in the type AWS wants (a number for text becomes text, a document becomes text).
"""

import difflib
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from local.provider.diff import DEFAULTS
from local.provider.row import Name, Row
from local.provider.schema import Schema, load
from local.provider.values import (
    UNKNOWN,
    Archive,
    Asset,
    Properties,
    Secret,
    Unknown,
    has_secret,
    has_unknown,
    reveal,
)


@dataclass(frozen=True)
class Autoname:
    """What the engine says about automatic names: its seed, a proposal, or that there shall be none."""

    seed: bytes = b""
    proposed: str = ""
    disabled: bool = False


@dataclass
class Checked:
    """The inputs to deploy, and what is wrong with them as pairs of property and reason."""

    inputs: Properties
    failures: list[tuple[str, str]] = field(default_factory=list)


def check(row: Row, logical: str, news: Properties, olds: Properties, autoname: Autoname) -> Checked:
    """Check the inputs of one resource and fill in what the real provider would.

    Args:
        row: the resource's type.
        logical: its name in the program.
        news: the program's inputs.
        olds: the inputs of the last deployment, empty at the first.
        autoname: the engine's wishes for an automatic name.

    """
    schema = load()
    kind = schema.types[row.token]
    result = Checked({})
    checker = _Checker(schema, kind.uncarried, result.failures)
    for name, value in news.items():
        if name.startswith("__"):
            continue
        if name not in kind.inputs:
            result.failures.append((name, _unknown_property(name, kind.inputs, row.token)))
        elif value is not None:
            result.inputs[name] = checker.coerce(value, kind.inputs[name], name)
    defaulted = []
    for name, default in row.defaults.items():
        if name not in result.inputs:
            result.inputs[name] = default
            defaulted.append(name)
    if row.name and row.name.property not in result.inputs:
        _autoname(row.name, logical, olds, autoname, result)
        defaulted.append(row.name.property)
    for name in sorted(kind.required - result.inputs.keys()):
        result.failures.append((name, f"{row.token} needs `{name}`, which the program does not give"))
    if defaulted:
        result.inputs[DEFAULTS] = sorted(defaulted)
    return result


def _autoname(name: Name, logical: str, olds: Properties, wishes: Autoname, result: Checked) -> None:
    if wishes.disabled:
        reason = "automatic naming is switched off for this resource: give a name"
        result.failures.append((name.property, reason))
        return
    if name.property in (reveal(olds.get(DEFAULTS)) or []) and olds.get(name.property):
        result.inputs[name.property] = olds[name.property]
        return
    given = reveal(result.inputs.get(f"{name.property}Prefix"))
    if isinstance(given, Unknown):
        result.inputs[name.property] = UNKNOWN
        return
    suffix = hashlib.sha256(wishes.seed + logical.encode()).hexdigest()[:7]
    stem = given or f"{name.prefix}{logical}"
    if wishes.proposed and not given:
        generated = f"{name.prefix}{wishes.proposed}"
    elif not name.random:
        generated = stem
    else:
        joint = "" if given else "-"
        generated = f"{stem[: name.limit - len(suffix) - len(joint)]}{joint}{suffix}"
    result.inputs[name.property] = generated.lower() if name.lower else generated


@dataclass
class _Checker:
    """Walks values along their types, collecting failures by property path."""

    schema: Schema
    uncarried: frozenset[str]
    failures: list[tuple[str, str]]

    def coerce(self, value: Any, kind: str, path: str, plain: str = "") -> Any:
        """Return the value in the type of the schema; `plain` is the path without indices."""
        plain = plain or path
        if plain in self.uncarried:
            reason = "the embedded AWS does not carry this property of the type to AWS"
            self.failures.append((path, f"{reason}; add it to the type's row in local/provider/rows"))
            return value
        if isinstance(value, Secret):
            return Secret(reveal(self.coerce(value.value, kind, path, plain)))
        return value if isinstance(value, Unknown) else self._known(value, kind, path, plain)

    def _known(self, value: Any, kind: str, path: str, plain: str) -> Any:
        match kind[0]:
            case "#":
                return self._object(value, self.schema.objects[kind[1:]], path, plain)
            case "[" if isinstance(value, list):
                return [self.coerce(item, kind[1:-1], f"{path}[{i}]", plain) for i, item in enumerate(value)]
            case "{" if isinstance(value, Mapping):
                given = {key: item for key, item in value.items() if item is not None}
                inner = kind[1:-1]
                return {k: self.coerce(v, inner, f"{path}.{k}", f"{plain}.{k}") for k, v in given.items()}
        return self._scalar(value, kind, path)

    def _object(self, value: Any, fields: Mapping[str, str], path: str, plain: str) -> Any:
        if not isinstance(value, Mapping):
            return self._wrong(value, "an object", path)
        result = {}
        for key, item in value.items():
            if key.startswith("__") or item is None:
                continue
            if key not in fields:
                self.failures.append((f"{path}.{key}", _unknown_property(key, fields, path)))
            else:
                result[key] = self.coerce(item, fields[key], f"{path}.{key}", f"{plain}.{key}")
        return result

    def _scalar(self, value: Any, kind: str, path: str) -> Any:
        try:
            return _SCALARS[kind](value)
        except (KeyError, ValueError):
            return self._wrong(value, _IN_WORDS.get(kind[0], f"a {kind}"), path)

    def _wrong(self, value: Any, wanted: str, path: str) -> Any:
        self.failures.append((path, f"must be {wanted}, not a {type(value).__name__}"))
        return value


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | int | float):
        return str(value)
    raise ValueError


def _document(value: Any) -> Any:
    if not isinstance(value, dict | list):
        return _text(value)
    if has_unknown(value):
        return UNKNOWN
    text = json.dumps(reveal(value), separators=(",", ":"))
    return Secret(text) if has_secret(value) else text


def _flag(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if value in ("true", "false"):
        return bool(value == "true")
    raise ValueError


def _number(value: Any) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError
    number = float(value)
    return int(number) if number.is_integer() else number


def _integer(value: Any) -> int:
    number = _number(value)
    if isinstance(number, float):
        raise ValueError
    return number


def _file(value: Any) -> Asset | Archive:
    if isinstance(value, Asset | Archive):
        return value
    raise ValueError


_SCALARS: dict[str, Callable[[Any], Any]] = {
    "string": _text,
    "json": _document,
    "boolean": _flag,
    "number": _number,
    "integer": _integer,
    "asset": _file,
    "any": lambda value: value,
}
# By the first letter of the type's notation.
_IN_WORDS = {
    "[": "a list",
    "{": "a map",
    "i": "an integer",
    "a": "an asset",
    "s": "a text",
    "j": "a document",
}


def _unknown_property(name: str, known: Iterable[str], owner: str) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"; did you mean `{near[0]}`?" if near else ""
    return f"{owner} has no property `{name}`{hint}"
