"""Condition blocks of IAM policy documents, evaluated as IAM does.

Rules:
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html.
Operators and keys of a block are ANDed, values of a key ORed (for negated operators: none may match). A key
that the request does not have fails a positive operator, passes a negated one, and passes any operator with
`IfExists`.
"""

from __future__ import annotations

import base64
import datetime
import ipaddress
import re
from collections.abc import Callable, Mapping
from typing import Any

Context = Mapping[str, str | list[str]]
Test = Callable[[str, str], bool]


class UnknownOperator(ValueError):
    """A condition operator that IAM does not have; AWS refuses such a document when it is put."""


def holds(block: Mapping[str, Mapping[str, Any]], context: Context) -> bool:
    """Tells whether every condition of a block holds; context keys are looked up without regard to case."""
    lowered = {key.lower(): value for key, value in context.items()}
    return all(
        _condition(operator, key, _texts(expected), lowered)
        for operator, keys in block.items()
        for key, expected in keys.items()
    )


def check(block: Mapping[str, Mapping[str, Any]]) -> None:
    """Raises UnknownOperator for an operator that IAM does not have."""
    for operator in block:
        _parse(operator)


def matches(pattern: str, text: str) -> bool:
    """Tells whether a text fits a pattern with IAM's `*` and `?`."""
    return re.fullmatch(_wildcards(pattern), text, re.DOTALL) is not None


def _condition(operator: str, key: str, expected: list[str], context: Mapping[str, str | list[str]]) -> bool:
    qualifier, name, if_exists = _parse(operator)
    present = context.get(key.lower())
    if name == "Null":
        return any((present is None) == (text.lower() == "true") for text in expected)
    actual = [] if present is None else _texts(present)
    wanted = [_substituted(text, context) for text in expected]
    negated, test = _TESTS[name]
    if present is None:
        return if_exists or negated or qualifier == "ForAllValues"

    def one(value: str) -> bool:
        found = any(test(value, text) for text in wanted)
        return not found if negated else found

    if qualifier == "ForAllValues":
        return all(one(value) for value in actual)
    return any(one(value) for value in actual)


def _parse(operator: str) -> tuple[str, str, bool]:
    qualifier, _, rest = operator.rpartition(":")
    name = rest.removesuffix("IfExists")
    if qualifier not in ("", "ForAllValues", "ForAnyValue") or (name not in _TESTS and name != "Null"):
        raise UnknownOperator(operator)
    return qualifier, name, rest != name


def _texts(value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [str(each).lower() if isinstance(each, bool) else str(each) for each in values]


def _substituted(text: str, context: Mapping[str, str | list[str]]) -> str:
    """Fills policy variables such as ${aws:PrincipalAccount}; an unknown one stays and so matches nothing."""

    def value(found: re.Match[str]) -> str:
        known = context.get(found.group(1).split(",")[0].strip().lower())
        return known if isinstance(known, str) else found.group(0)

    return re.sub(r"\$\{([^}]+)\}", value, text)


def _wildcards(pattern: str) -> str:
    return "".join({"*": ".*", "?": "."}.get(each, re.escape(each)) for each in pattern)


def _number(test: Callable[[float, float], bool]) -> Test:
    def compare(actual: str, expected: str) -> bool:
        try:
            return test(float(actual), float(expected))
        except ValueError:
            return False

    return compare


def _date(test: Callable[[datetime.datetime, datetime.datetime], bool]) -> Test:
    def instant(text: str) -> datetime.datetime:
        if re.fullmatch(r"\d+", text):
            return datetime.datetime.fromtimestamp(int(text), datetime.UTC)
        parsed = datetime.datetime.fromisoformat(text)
        return parsed if parsed.tzinfo else parsed.replace(tzinfo=datetime.UTC)

    def compare(actual: str, expected: str) -> bool:
        try:
            return test(instant(actual), instant(expected))
        except ValueError:
            return False

    return compare


def _in_network(actual: str, expected: str) -> bool:
    try:
        return ipaddress.ip_address(actual) in ipaddress.ip_network(expected, strict=False)
    except ValueError:
        return False


def _arn(actual: str, expected: str) -> bool:
    """Compares the six parts of an ARN, each by wildcards."""
    ours, theirs = actual.split(":", 5), expected.split(":", 5)
    return len(ours) == len(theirs) == 6 and all(matches(p, a) for p, a in zip(theirs, ours, strict=True))


def _equal(actual: str, expected: str) -> bool:
    return actual == expected


def _alike(actual: str, expected: str) -> bool:
    return actual.lower() == expected.lower()


def _like(actual: str, expected: str) -> bool:
    return matches(expected, actual)


def _binary(actual: str, expected: str) -> bool:
    return base64.b64decode(actual) == base64.b64decode(expected)


_TESTS: dict[str, tuple[bool, Test]] = {
    "StringEquals": (False, _equal),
    "StringNotEquals": (True, _equal),
    "StringEqualsIgnoreCase": (False, _alike),
    "StringNotEqualsIgnoreCase": (True, _alike),
    "StringLike": (False, _like),
    "StringNotLike": (True, _like),
    "NumericEquals": (False, _number(lambda a, e: a == e)),
    "NumericNotEquals": (True, _number(lambda a, e: a == e)),
    "NumericLessThan": (False, _number(lambda a, e: a < e)),
    "NumericLessThanEquals": (False, _number(lambda a, e: a <= e)),
    "NumericGreaterThan": (False, _number(lambda a, e: a > e)),
    "NumericGreaterThanEquals": (False, _number(lambda a, e: a >= e)),
    "DateEquals": (False, _date(lambda a, e: a == e)),
    "DateNotEquals": (True, _date(lambda a, e: a == e)),
    "DateLessThan": (False, _date(lambda a, e: a < e)),
    "DateLessThanEquals": (False, _date(lambda a, e: a <= e)),
    "DateGreaterThan": (False, _date(lambda a, e: a > e)),
    "DateGreaterThanEquals": (False, _date(lambda a, e: a >= e)),
    "Bool": (False, _alike),
    "BinaryEquals": (False, _binary),
    "IpAddress": (False, _in_network),
    "NotIpAddress": (True, _in_network),
    "ArnEquals": (False, _arn),
    "ArnLike": (False, _arn),
    "ArnNotEquals": (True, _arn),
    "ArnNotLike": (True, _arn),
}
