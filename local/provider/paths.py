"""The two little notations of the rows: templates over properties and paths into AWS's answers.

A template is text with `{property}` holes (`arn:{partition}:s3:::{bucket}`, `{database.name}`, and
`{path|/}` with a default); a template of one hole gives the property itself, whatever its type. A path is
member names joined by dots (`Role.Arn`), where `[0]` takes an item, `[Name={name}]` looks one up and `[*]`
follows the rest of the path in every item.
"""

import re
from collections.abc import Callable
from typing import Any

from local.provider.values import UNKNOWN, Unknown

_HOLE = re.compile(r"\{([A-Za-z]\w*(?:\.\w+)*)(?:\|([^{}]*))?\}")
_STEP = re.compile(r"(\w+)?(?:\[(?:(\d+|\*)|(\w+)=([^\]]*))\])?")

Lookup = Callable[[str], Any]
# A member's name, then an index (or EACH), or the key and the value it is looked up by.
Step = tuple[str, str, str, str]
EACH = "*"


def render(template: Any, lookup: Lookup) -> Any:
    """Fill a template or ask a function of the lookup; anything else is returned as it is.

    The result is UNKNOWN when a hole's value is, and None when a hole without a default has no value.
    """
    if callable(template):
        return template(lookup)
    if not isinstance(template, str):
        return template
    sole = _HOLE.fullmatch(template)
    if sole:
        return _hole(sole, lookup)
    values = [_hole(match, lookup) for match in _HOLE.finditer(template)]
    if any(value is None for value in values):
        return None
    if any(isinstance(value, Unknown) for value in values):
        return UNKNOWN
    filled = iter(values)
    return _HOLE.sub(lambda _: str(next(filled)), template)


def _hole(match: re.Match[str], lookup: Lookup) -> Any:
    value = lookup(match[1])
    return match[2] if value is None else value


def holes(template: Any) -> list[str]:
    """Return the properties a template refers to."""
    return [match[1] for match in _HOLE.finditer(template)] if isinstance(template, str) else []


def sole_hole(template: Any) -> str | None:
    """Return the property of a template that is nothing but one hole."""
    match = _HOLE.fullmatch(template) if isinstance(template, str) else None
    return match[1] if match else None


def invert(template: str, text: str) -> dict[str, str]:
    """Return the values of a template's holes that give `text`; empty when the text does not fit.

    The last hole takes the rest, so an identifier such as `catalog:database:table` is read from the left.
    """
    pattern, position, names = "", 0, holes(template)
    for index, match in enumerate(_HOLE.finditer(template)):
        pattern += re.escape(template[position : match.start()])
        pattern += "(.+)" if index == len(names) - 1 else "(.+?)"
        position = match.end()
    pattern += re.escape(template[position:])
    found = re.fullmatch(pattern, text)
    return dict(zip(names, found.groups(), strict=True)) if found else {}


def pick(value: Any, path: str, lookup: Lookup = lambda _: None) -> Any:
    """Follow a path into an answer; None where it leads nowhere."""
    return _follow(value, _steps(path), lookup)


def _follow(value: Any, steps: list[Step], lookup: Lookup) -> Any:
    for position, (name, index, key, wanted) in enumerate(steps):
        if name:
            value = value.get(name) if isinstance(value, dict) else None
        if index == EACH:
            rest = steps[position + 1 :]
            return None if value is None else [_follow(item, rest, lookup) for item in value]
        if index:
            items = value or []
            value = items[int(index)] if int(index) < len(items) else None
        elif key:
            value = _select(value or [], key, render(wanted, lookup))
        if value is None:
            return None
    return value


def _select(items: list[Any], key: str, sought: Any) -> Any:
    exact = next((item for item in items if item.get(key) == sought), None)
    # S3 gives `prefix` back as `Prefix`.
    return exact or next((item for item in items if str(item.get(key)).lower() == str(sought).lower()), None)


def place(target: dict[str, Any], path: str, value: Any) -> None:
    """Put a value at a path into a request, making the structures on the way; `[0]` makes a list of one."""
    steps = _steps(path)
    for position, (name, index, _, _) in enumerate(steps):
        last = position == len(steps) - 1
        if index:
            items = target.setdefault(name, [{}])
            if last:
                items[0] = value
            else:
                target = items[0]
        elif last:
            target[name] = value
        else:
            target = target.setdefault(name, {})


def _steps(path: str) -> list[Step]:
    # A dot inside a selector's brackets does not divide.
    parts = re.split(r"\.(?![^\[]*\])", path) if path else []
    steps = []
    for part in parts:
        match = _STEP.fullmatch(part)
        if match is None:
            raise ValueError(f"not a path: {path}")
        steps.append((match[1] or "", match[2] or "", match[3] or "", match[4] or ""))
    return steps
