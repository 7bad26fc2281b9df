"""Resource policies: which statements of a document concern a request, and with what effect."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from local.emulator.policy_conditions import Context, UnknownOperator, check, holds, matches


@dataclass(frozen=True)
class Caller:
    """Who asks: the account, the caller's ARN (a service's name), and the role behind a session."""

    account: str
    arn: str
    role_arn: str | None = None
    service: bool = False

    @property
    def names(self) -> set[str]:
        """All names under which a policy's Principal may mean this caller."""
        if self.service:
            return {self.arn}
        root = f"arn:aws:iam::{self.account}:root"
        return {self.account, root, self.arn} | ({self.role_arn} if self.role_arn else set())


@dataclass(frozen=True)
class Request:
    """What is asked: the action, the resource's ARN, the caller, and the condition keys."""

    action: str
    resource: str
    caller: Caller
    context: Context


class MalformedPolicy(ValueError):
    """A document that AWS refuses."""


@functools.lru_cache(maxsize=256)
def parse(document: bytes | str) -> tuple[dict[str, Any], ...]:
    """Returns a document's statements, or raises MalformedPolicy."""
    try:
        policy = json.loads(document)
    except ValueError:
        raise MalformedPolicy("Policies must be valid JSON and the first byte must be '{'") from None
    statements = policy.get("Statement") if isinstance(policy, dict) else None
    if isinstance(statements, dict):
        statements = [statements]
    if not statements:
        raise MalformedPolicy("Could not parse the policy: Statement is empty!")
    for statement in statements:
        _check(statement)
    return tuple(statements)


def decide(statements: Iterable[dict[str, Any]], request: Request) -> str | None:
    """Returns "Deny" if any statement denies the request, "Allow" if one allows it, else None."""
    effects = {statement["Effect"] for statement in statements if concerns(statement, request)}
    return "Deny" if "Deny" in effects else "Allow" if "Allow" in effects else None


def concerns(statement: dict[str, Any], request: Request) -> bool:
    """Tells whether a statement's principal, action, resource and conditions all fit the request."""
    return (
        _principal(statement, request.caller)
        and _element(statement, "Action", request.action, fold=True)
        and _element(statement, "Resource", request.resource, fold=False)
        and holds(statement.get("Condition") or {}, request.context)
    )


def parse_for_bucket(document: bytes | str) -> None:
    """Raises MalformedPolicy for what PutBucketPolicy refuses."""
    for statement in parse(document):
        for name in ("Principal", "Resource"):
            if name not in statement and f"Not{name}" not in statement:
                raise MalformedPolicy(f"Missing required field {name}")


def _check(statement: dict[str, Any]) -> None:
    if statement.get("Effect") not in ("Allow", "Deny"):
        raise MalformedPolicy("Invalid effect: " + str(statement.get("Effect")))
    if "Action" not in statement and "NotAction" not in statement:
        raise MalformedPolicy("Missing required field Action")
    try:
        check(statement.get("Condition") or {})
    except UnknownOperator as unknown:
        raise MalformedPolicy(f"Policy has an invalid condition operator: {unknown}") from None


def _principal(statement: dict[str, Any], caller: Caller) -> bool:
    negated = "NotPrincipal" in statement
    stated = statement.get("NotPrincipal" if negated else "Principal")
    if stated is None:
        return True  # an identity policy: its bearer is meant
    if stated == "*":
        return not negated
    named = stated.get("Service" if caller.service else "AWS", [])
    names = [named] if isinstance(named, str) else named
    found = "*" in names or not caller.names.isdisjoint(names)
    return found != negated


def _element(statement: dict[str, Any], name: str, value: str, *, fold: bool) -> bool:
    negated = f"Not{name}" in statement
    stated = statement.get(f"Not{name}" if negated else name)
    if stated is None:
        return True  # a trust policy names no resource: the role itself is meant
    patterns = [stated] if isinstance(stated, str) else stated
    if fold:
        found = any(matches(pattern.lower(), value.lower()) for pattern in patterns)
    else:
        found = any(matches(pattern, value) for pattern in patterns)
    return found != negated
