"""How a tree of typed settings is declared once and read with every error at a time."""

import dataclasses
import difflib
import json
import typing
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, dataclass
from typing import Any, TypeVar, cast

T = TypeVar("T")

_JSON_TYPES = {str: "string", int: "integer", bool: "boolean", float: "number", tuple: "array"}
_KINDS = {
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    tuple: "a list of texts",
}


@dataclass(frozen=True)
class Rule:
    """What a value may be: `allowed` in words, `holds` as a test of the decoded value."""

    allowed: str
    holds: Callable[[Any], bool]


@dataclass(frozen=True)
class Setting:
    """What `Annotated` says of a dataclass field that is one setting.

    A rule on a tuple is a rule on each of its members; `name` is the key where that is not the field's name.
    """

    description: str
    rule: Rule | None = None
    name: str | None = None


@dataclass(frozen=True)
class Declared:
    """A setting as its dataclass declares it; `default` is `MISSING` where there is none."""

    key: str
    field: str
    kind: type
    setting: Setting
    default: object


@dataclass(frozen=True)
class Problem:
    """One setting that cannot be used: its full key, what was given and what is allowed."""

    key: str
    given: str
    allowed: str


@dataclass(frozen=True)
class Key:
    """One declared setting, as a person or a generator of reference pages sees it.

    `kind` is the type's name in Pulumi's project schema; `default` is `MISSING` where a stack must choose.
    """

    path: str
    kind: str
    description: str
    allowed: str | None
    default: object


def settings_of(kind: type) -> Iterator[Declared]:
    """Yield each declared setting of a dataclass."""
    hints = typing.get_type_hints(kind, include_extras=True)
    for field in dataclasses.fields(kind):
        annotation = hints[field.name]
        for setting in getattr(annotation, "__metadata__", ()):
            given = field.default if field.default_factory is MISSING else field.default_factory()
            origin = typing.get_args(annotation)[0]
            yield Declared(setting.name or field.name, field.name, origin, setting, given)


def decode(kind: type[T], raw: object, path: str, problems: list[Problem]) -> T | None:
    """Read a dataclass from a mapping, adding what is wrong to `problems`; return None when anything is."""
    found = len(problems)
    values = decode_fields(kind, raw, path, problems)
    if len(problems) > found:
        return None
    return kind(**values)


def decode_fields(kind: type, raw: object, path: str, problems: list[Problem]) -> dict[str, Any]:
    """Read the fields of a dataclass that a mapping gives well, by field name; fill in defaults."""
    if not isinstance(raw, Mapping):
        problems.append(Problem(path, _show(raw), "a mapping of " + ", ".join(_keys(kind))))
        return {}
    known = {declared.key: declared for declared in settings_of(kind)}
    for name in raw:
        if name not in known:
            problems.append(_unknown(path, str(name), list(known)))
    values: dict[str, Any] = {}
    for name, declared in known.items():
        here = f"{path}{_joint(path)}{name}"
        if name in raw:
            found = len(problems)
            value = _decode_value(declared.kind, raw[name], here, declared.setting.rule, problems)
            if len(problems) == found:
                values[declared.field] = value
        elif declared.default is not MISSING:
            values[declared.field] = declared.default
        else:
            problems.append(Problem(here, "not set", declared.setting.description))
    return values


def describe(kind: type, path: str = "") -> Iterator[Key]:
    """Yield every declared setting under a dataclass, parents before children."""
    for declared in settings_of(kind):
        here = f"{path}.{declared.key}" if path else declared.key
        rule, nested = declared.setting.rule, dataclasses.is_dataclass(declared.kind)
        kind_name = "object" if nested else _JSON_TYPES[typing.get_origin(declared.kind) or declared.kind]
        allowed = rule.allowed if rule else None
        yield Key(here, kind_name, declared.setting.description, allowed, plain(declared.default))
        if nested:
            yield from describe(declared.kind, here)


def plain(value: object) -> object:
    """Turn a settings value into what YAML and JSON know: mappings, lists, scalars."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {member.key: plain(getattr(value, member.field)) for member in settings_of(type(value))}
    if isinstance(value, tuple):
        return [plain(member) for member in value]
    return value


def _decode_value(hint: type, raw: object, path: str, rule: Rule | None, problems: list[Problem]) -> object:
    if dataclasses.is_dataclass(hint):
        return decode(hint, raw, path, problems)
    kind = typing.get_origin(hint) or hint
    value = raw
    if kind is float and type(raw) is int:
        value = float(raw)
    if kind is tuple and isinstance(raw, list) and all(isinstance(member, str) for member in raw):
        value = tuple(raw)
    if type(value) is not kind:
        problems.append(Problem(path, _show(raw), rule.allowed if rule else _KINDS[kind]))
        return None
    members = cast("tuple[object, ...]", value) if kind is tuple else (value,)
    for member in members:
        if rule and not rule.holds(member):
            problems.append(Problem(path, _show(member), rule.allowed))
    return value


def _unknown(path: str, name: str, known: list[str]) -> Problem:
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"no such key; did you mean {near[0]}?" if near else "no such key; known are " + ", ".join(known)
    return Problem(f"{path}{_joint(path)}{name}", "", hint)


def _joint(path: str) -> str:
    return "" if not path or path.endswith(":") else "."


def _keys(kind: type) -> list[str]:
    return [declared.key for declared in settings_of(kind)]


def _show(value: object) -> str:
    return json.dumps(value, default=str, ensure_ascii=False)
