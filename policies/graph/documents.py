"""IAM, key, bucket and trust policy documents in one normal form.

Grammar: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import Enum, auto
from functools import lru_cache

from policies.graph.values import SENTINELS, UNKNOWN, Unknown, Value, items

Text = str | Unknown


class State(Enum):
    """How much of a document can be judged."""

    ABSENT = auto()
    KNOWN = auto()
    UNKNOWN = auto()
    INVALID = auto()


@dataclass(frozen=True, slots=True)
class Principal:
    """Who a statement speaks of: `type` is AWS, Service, Federated, CanonicalUser or `*`."""

    type: str
    value: Text

    @property
    def is_anyone(self) -> bool:
        """Whether the principal is everybody, or a wildcard that AWS reads as everybody."""
        return isinstance(self.value, str) and "*" in self.value and self.type != "Service"

    def __str__(self) -> str:
        return "*" if self.type == "*" else f"{self.type}:{self.value}"


@dataclass(frozen=True, slots=True)
class Condition:
    """One operator, key and its values, with the modifiers taken off the operator."""

    operator: str
    key: str
    values: tuple[Text, ...]
    if_exists: bool = False
    quantifier: str = ""

    @property
    def is_unknown(self) -> bool:
        """Whether a value is not known yet."""
        return any(isinstance(value, Unknown) for value in self.values)


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement, every field a tuple whatever the document wrote."""

    index: int
    sid: str
    effect: str
    actions: tuple[Text, ...] = ()
    not_actions: tuple[Text, ...] = ()
    resources: tuple[Text, ...] = ()
    not_resources: tuple[Text, ...] = ()
    principals: tuple[Principal, ...] = ()
    not_principals: tuple[Principal, ...] = ()
    conditions: tuple[Condition, ...] = ()
    opaque: bool = False

    @property
    def allows(self) -> bool:
        """Whether the statement grants."""
        return self.effect == "Allow"

    @property
    def denies(self) -> bool:
        """Whether the statement refuses."""
        return self.effect == "Deny"

    @property
    def is_unknown(self) -> bool:
        """Whether any part of it is not known yet."""
        texts = (*self.actions, *self.not_actions, *self.resources, *self.not_resources)
        principals = (*self.principals, *self.not_principals)
        return (
            self.opaque
            or any(isinstance(text, Unknown) for text in texts)
            or any(isinstance(principal.value, Unknown) for principal in principals)
            or any(condition.is_unknown for condition in self.conditions)
        )

    @property
    def label(self) -> str:
        """How messages call it: its Sid, else its place in the document."""
        return f"statement '{self.sid}'" if self.sid else f"statement {self.index}"

    def known(self, texts: tuple[Text, ...]) -> tuple[str, ...]:
        """Return the elements of one of its fields that are known."""
        return tuple(text for text in texts if isinstance(text, str))


@dataclass(frozen=True, slots=True)
class Document:
    """A policy document as statements, or why it cannot be read."""

    state: State
    statements: tuple[Statement, ...] = ()
    problem: str = ""

    @property
    def has_unknown(self) -> bool:
        """Whether the whole or a part of it is not known yet."""
        return self.state is State.UNKNOWN or any(statement.is_unknown for statement in self.statements)


ABSENT = Document(State.ABSENT)


def parse(value: Value) -> Document:
    """Return the document in a property: JSON text or object, one statement or many, scalars or lists."""
    if value is None or value == "":
        return ABSENT
    if isinstance(value, Unknown):
        return _parse_json(value.text) if value.text else Document(State.UNKNOWN)
    if isinstance(value, str):
        return _parse_json(value)
    return _from_object(value)


@lru_cache(maxsize=2048)
def _parse_json(text: str) -> Document:
    """Return the document in a text, which several controls ask for in one analysis."""
    try:
        loaded = json.loads(text)
    except ValueError as error:
        if any(sentinel in text for sentinel in SENTINELS):
            return Document(State.UNKNOWN)
        return Document(State.INVALID, problem=f"is not JSON: {error.args[0]}")
    return _from_object(_marked(loaded))


def _marked(value: Value) -> Value:
    if isinstance(value, str):
        return UNKNOWN if any(sentinel in value for sentinel in SENTINELS) else value
    if isinstance(value, list):
        return [_marked(item) for item in value]
    if isinstance(value, dict):
        return {key: _marked(item) for key, item in value.items()}
    return value


def _from_object(value: Value) -> Document:
    if not isinstance(value, dict):
        return Document(State.INVALID, problem="is not a policy object")
    statements = _field(value, "Statement")
    if isinstance(statements, Unknown):
        return Document(State.UNKNOWN)
    if not items(statements):
        return Document(State.INVALID, problem="has no Statement")
    parsed = []
    for index, statement in enumerate(items(statements)):
        if isinstance(statement, Unknown):
            parsed.append(Statement(index, "", "Unknown", opaque=True))
        elif not isinstance(statement, dict):
            return Document(State.INVALID, problem=f"statement {index} is not an object")
        else:
            parsed.append(_statement(index, statement))
    bad = next((s for s in parsed if s.effect not in ("Allow", "Deny", "Unknown")), None)
    if bad is not None:
        return Document(State.INVALID, problem=f"{bad.label} has Effect {bad.effect!r}, not Allow or Deny")
    return Document(State.KNOWN, tuple(parsed))


def _statement(index: int, raw: dict[str, Value]) -> Statement:
    effect, sid = _field(raw, "Effect"), _field(raw, "Sid")
    return Statement(
        index=index,
        sid=sid if isinstance(sid, str) else "",
        effect="Unknown" if isinstance(effect, Unknown) else str(effect),
        actions=_texts(_field(raw, "Action")),
        not_actions=_texts(_field(raw, "NotAction")),
        resources=_texts(_field(raw, "Resource")),
        not_resources=_texts(_field(raw, "NotResource")),
        principals=_principals(_field(raw, "Principal")),
        not_principals=_principals(_field(raw, "NotPrincipal")),
        conditions=_conditions(_field(raw, "Condition")),
        opaque=isinstance(effect, Unknown),
    )


def _field(raw: dict[str, Value], name: str) -> Value:
    # The provider's typed documents write `statements` / `actions`; AWS reads element names in any case.
    for key in (name, name.lower(), f"{name}s"):
        if key in raw:
            return raw[key]
    wanted = {name.lower(), f"{name.lower()}s"}
    return next((value for key, value in raw.items() if key.lower() in wanted), None)


def _texts(value: Value) -> tuple[Text, ...]:
    return tuple(item if isinstance(item, str | Unknown) else str(item) for item in items(value))


def _principals(value: Value) -> tuple[Principal, ...]:
    if isinstance(value, dict):
        return tuple(Principal(kind, text) for kind, entry in value.items() for text in _texts(entry))
    return tuple(Principal("*" if text == "*" else "AWS", text) for text in _texts(value))


def _conditions(value: Value) -> tuple[Condition, ...]:
    if isinstance(value, Unknown):
        return (Condition("unknown", "", (UNKNOWN,)),)
    if not isinstance(value, dict):
        return ()
    parsed = []
    for operator, block in value.items():
        base, quantifier = operator.lower(), ""
        if ":" in base:
            quantifier, _, base = base.partition(":")
        if_exists = base.endswith("ifexists")
        base = base.removesuffix("ifexists")
        if not isinstance(block, dict):
            parsed.append(Condition(base, "", (UNKNOWN,), if_exists, quantifier))
            continue
        for key, entry in block.items():
            values = tuple(_condition_value(item) for item in items(entry))
            parsed.append(Condition(base, key.lower(), values, if_exists, quantifier))
    return tuple(parsed)


def _condition_value(item: Value) -> Text:
    if isinstance(item, bool):
        return "true" if item else "false"
    return item if isinstance(item, str | Unknown) else str(item)
