"""Which conditions of a statement truly narrow who or what it admits."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum, auto

from policies.graph.arns import has_wildcard, parse_arn
from policies.graph.documents import Condition, Statement
from policies.graph.values import Unknown

# Operators that hold only when the key is present and equal to (or like, or in) the values given.
_POSITIVE = frozenset(
    {"stringequals", "stringequalsignorecase", "stringlike", "arnequals", "arnlike", "bool", "ipaddress"}
)

# Keys that tie a service's call to one account, resource or organisation.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
DEPUTY_KEYS = frozenset(
    {"aws:sourceaccount", "aws:sourcearn", "aws:sourceorgid", "aws:sourceorgpaths", "kms:calleraccount"}
)

# Keys that shut strangers out of a statement that speaks to everybody.
AUDIENCE_KEYS = frozenset(
    {
        *DEPUTY_KEYS,
        "aws:principalorgid",
        "aws:principalorgpaths",
        "aws:principalaccount",
        "aws:principalarn",
        "aws:userid",
        "aws:sourcevpc",
        "aws:sourcevpce",
        "aws:vpcesourceaccount",
        "aws:vpcesourceorgid",
        "s3:dataaccesspointaccount",
        "s3:dataaccesspointarn",
    }
)


class Narrows(Enum):
    """Whether a statement is tied down by a family of condition keys."""

    YES = auto()
    NO = auto()
    UNKNOWN = auto()


def narrowed_by(statement: Statement, keys: Iterable[str], prefixes: tuple[str, ...] = ()) -> Narrows:
    """Whether a statement carries a condition on one of some keys that a stranger cannot meet.

    `…IfExists` holds for calls without the key and `ForAllValues:` for empty sets, so neither counts;
    nor does a value that is itself a wildcard.
    """
    wanted = frozenset(keys)
    answer = Narrows.NO
    for condition in statement.conditions:
        if condition.key == "" and condition.is_unknown:
            answer = Narrows.UNKNOWN
        if condition.key not in wanted and not condition.key.startswith(prefixes or ("\0",)):
            continue
        if (
            condition.if_exists
            or condition.quantifier == "forallvalues"
            or condition.operator not in _POSITIVE
        ):
            continue
        if condition.is_unknown:
            answer = Narrows.UNKNOWN
        elif condition.values and all(_is_specific(condition, value) for value in condition.values):
            return Narrows.YES
    return answer


def why_not(statement: Statement, keys: Iterable[str]) -> str:
    """Say why conditions that look as if they narrowed a statement do not; empty if none looks so."""
    wanted = frozenset(keys)
    for condition in statement.conditions:
        if condition.key not in wanted:
            continue
        if condition.if_exists:
            return f"its condition on {condition.key} is IfExists, which also holds when the key is missing"
        if condition.quantifier == "forallvalues":
            return (
                f"its condition on {condition.key} is ForAllValues, which also holds when the key is missing"
            )
        if condition.operator not in _POSITIVE:
            return f"its condition on {condition.key} uses {condition.operator}, which only excludes"
        return f"its condition on {condition.key} admits a wildcard"
    return ""


def _is_specific(condition: Condition, value: str | Unknown) -> bool:
    if isinstance(value, Unknown):
        return False
    if condition.operator == "bool":
        return value.lower() == "true"
    if condition.operator in ("stringequals", "stringequalsignorecase"):
        return True
    if condition.operator == "ipaddress":
        return value not in ("0.0.0.0/0", "::/0")
    arn = parse_arn(value)
    if arn is None:
        return value.strip("*?") != "" and not (
            condition.key.endswith(("arn", "account")) and has_wildcard(value)
        )
    # Without its own account an ARN of any stranger may match; only S3's name their owner by a unique name.
    named = arn.resource.strip("*?") != ""
    return (bool(arn.account) and not has_wildcard(arn.account)) or (arn.service == "s3" and named)
