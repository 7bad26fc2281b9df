"""Single rights that a principal holds: an action on a resource pattern, after denials and boundary."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from policies.graph.arns import Arn, covers, parse_arn
from policies.graph.documents import Statement
from policies.graph.principals import EffectivePolicy, Grant
from policies.iam.facts import expand


class Right(NamedTuple):
    """One right in force: who wrote it where, the action asked about, the resource pattern it is for."""

    grant: Grant
    statement: Statement
    action: str
    resource: str


def rights(effective: EffectivePolicy, action: str) -> Iterator[Right]:
    """Return every resource pattern on which a principal may do an action."""
    for grant, statement in effective.speaking_of(action):
        for resource in statement.known(statement.resources):
            if applies(action, resource) and effective.permits(action, resource):
                yield Right(grant, statement, action, resource)


@lru_cache(maxsize=8192)
def applies(action: str, resource: str) -> bool:
    """Whether an action can act on what a resource pattern names: not a bucket's action on an object.

    What cannot be limited to a resource is asked for on `*`, which no ARN matches.
    """
    arn = parse_arn(resource)
    facts = expand(action)
    formats = [parse_arn(f) for fact in facts for f in fact.arn_formats]
    if arn is None or not facts:
        return True
    literal = re.split(r"[*?]", arn.resource, maxsplit=1)[0]
    return any(f is not None and covers(arn.service, f.service) and _alike(literal, f) for f in formats)


def _alike(literal: str, described: Arn) -> bool:
    """Whether what a pattern begins with can begin a name of a format."""
    beginning = described.resource.partition("$")[0]
    if described.service == "s3" and not beginning and "/" in literal:
        return "/" in described.resource
    return literal.startswith(beginning) or beginning.startswith(literal)


def is_readable(effective: EffectivePolicy) -> bool:
    """Whether everything that a principal holds is known."""
    return not any(grant.document.has_unknown for grant in effective.grants)
