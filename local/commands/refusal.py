"""What the policy pack said when it stopped a stack: by resource as a person repairs it, the worst first."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import groupby

from local.engine.errors import PolicyViolation, Violation

# What `Control.message` of the pack writes: the control in brackets, the resource with its type, the finding,
# and in a last line how bad it is.
_MESSAGE = re.compile(r"(?P<mark>.*?\[[^\]]+\]) .+? \([^)]+\): (?P<finding>.*)", re.DOTALL)
_SEVERITY = re.compile(r"\n  Severity: (?P<severity>\w+)$")
_WORST_FIRST = ("critical", "high", "medium", "low", "")


def told(error: PolicyViolation) -> str:
    """Return the refusal as text: each resource once, with all that is wrong with it, why, and the fix."""
    by_resource = sorted(error.violations, key=lambda violation: violation.urn)
    groups = [
        sorted(group, key=lambda violation: (_rank(violation), violation.message))
        for _, group in groupby(by_resource, key=lambda violation: violation.urn)
    ]
    groups.sort(key=lambda group: (_rank(group[0]), group[0].urn))
    counted = Counter(_severity(violation) for violation in error.violations)
    said = ", ".join(f"{counted[severity]} {severity}" for severity in _WORST_FIRST[:-1] if counted[severity])
    head = error.what.partition("\n")[0] + (f" ({said})" if said else "")
    lines = [head, *(line for group in groups for line in _resource(group))]
    return "\n".join([*lines, "", f"  fix: {error.fix}"])


def _severity(violation: Violation) -> str:
    match = _SEVERITY.search(violation.message)
    return match["severity"] if match is not None else ""


def _rank(violation: Violation) -> int:
    severity = _severity(violation)
    return _WORST_FIRST.index(severity) if severity in _WORST_FIRST else len(_WORST_FIRST)


def _resource(group: Sequence[Violation]) -> list[str]:
    lines = ["", f"  {group[0].resource or 'the stack as a whole'}"]
    for violation in group:
        first, *rest = _shortened(violation).splitlines()
        lines += [f"    ✗ {first}", *(f"        {line.strip()}" for line in rest)]
    return lines


def _shortened(violation: Violation) -> str:
    """Return a finding without its resource, which stands above it, and with its severity up front."""
    message = _SEVERITY.sub("", violation.message)
    match = _MESSAGE.fullmatch(message)
    bad = _severity(violation)
    return f"{match['mark']} {bad + ': ' if bad else ''}{match['finding']}" if match is not None else message
