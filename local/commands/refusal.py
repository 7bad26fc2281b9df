"""What the policy pack said when it stopped a stack, grouped by resource as a person repairs it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby

from local.engine.errors import PolicyViolation, Violation

# What `Control.message` of the pack writes: the control in brackets, the resource with its type, the finding.
_MESSAGE = re.compile(r"(?P<mark>.*?\[[^\]]+\]) .+? \([^)]+\): (?P<finding>.*)", re.DOTALL)


def told(error: PolicyViolation) -> str:
    """Return the refusal as text: each resource once, with all that is wrong with it, why, and the fix."""
    violations = sorted(error.violations, key=lambda violation: (violation.urn, violation.message))
    groups = [list(group) for _, group in groupby(violations, key=lambda violation: violation.urn)]
    lines = [error.what.partition("\n")[0], *(line for group in groups for line in _resource(group))]
    return "\n".join([*lines, "", f"  fix: {error.fix}"])


def _resource(group: Sequence[Violation]) -> list[str]:
    lines = ["", f"  {group[0].resource or 'the stack as a whole'}"]
    for violation in group:
        first, *rest = _without_resource(violation.message).splitlines()
        lines += [f"    ✗ {first}", *(f"        {line.strip()}" for line in rest)]
    return lines


def _without_resource(message: str) -> str:
    match = _MESSAGE.fullmatch(message)
    return f"{match['mark']} {match['finding']}" if match is not None else message
