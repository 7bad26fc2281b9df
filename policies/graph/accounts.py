"""Which AWS accounts are the stack's own: strangers are all others."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from policies.graph.kinds import Kind
from policies.graph.model import Graph
from policies.graph.values import Value

_ACCOUNT = re.compile(r"\barn:[a-z-]+:[a-z0-9-]+:[a-z0-9-]*:(\d{12}):")
_REGION = re.compile(r"\barn:[a-z-]+:[a-z0-9-]+:([a-z]{2}(?:-[a-z]+)+-\d):\d{12}:")
_OWN = (
    Kind.KMS_KEY,
    Kind.KMS_KEY_POLICY,
    Kind.ROLE_POLICY,
    Kind.MANAGED_POLICY,
    Kind.GLUE_JOB,
    Kind.GLUE_CRAWLER,
    Kind.LF_LOCATION,
    Kind.LF_SETTINGS,
    Kind.LF_PERMISSIONS,
    Kind.EVENT_TARGET,
)


def home_account(graph: Graph) -> str | None:
    """Return the account that the stack is deployed to: the one most of its own ARNs are of.

    Keys, identity policies, jobs and grants nearly always name the account they live in; `None` where no
    ARN of the stack names any.
    """
    count = Counter(account for r in graph.of(*_OWN) for account in _found(_ACCOUNT, dict(r.props)))
    return count.most_common(1)[0][0] if count else None


def home_region(graph: Graph) -> str | None:
    """Return the region that most ARNs of the stack's own name; `None` where none names any."""
    count = Counter(region for r in graph.of(*_OWN) for region in _found(_REGION, dict(r.props)))
    return count.most_common(1)[0][0] if count else None


def _found(pattern: re.Pattern[str], value: Value) -> Iterator[str]:
    if isinstance(value, str):
        yield from pattern.findall(value)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _found(pattern, item)
    elif isinstance(value, list):
        for item in value:
            yield from _found(pattern, item)
