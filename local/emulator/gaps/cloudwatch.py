"""Amazon CloudWatch: composite alarms."""

from __future__ import annotations

import re
from typing import Any

from moto.cloudwatch.exceptions import ValidationError
from moto.cloudwatch.responses import CloudWatchResponse
from moto.core.responses import ActionResult

from local.emulator.gaps.extend import add

_TERM = re.compile(
    r"\b(?:ALARM|OK|INSUFFICIENT_DATA)\(\s*(?:\"([^\"]+)\"|([^\s\")]+))\s*\)|\b(?:TRUE|FALSE)\b"
)


def put_composite_alarm(self: Any) -> ActionResult:
    """Keeps an alarm on other alarms, all of which must exist."""
    rule = self._get_param("AlarmRule") or ""
    terms = list(_TERM.finditer(rule))
    if not terms:
        raise ValidationError("AlarmRule must contain at least one alarm state, TRUE or FALSE")
    named = {found[1] or found[2] for found in terms} - {None}
    known = self.cloudwatch_backend.alarms
    names = {name.rsplit(":alarm:", 1)[-1] for name in named}
    missing = sorted(name for name in names if name not in known)
    if missing:
        listed = ", ".join(missing)
        raise ValidationError(
            f"Could not save the composite alarm as alarms [{listed}] in the alarm rule do not exist"
        )
    answer: ActionResult = self.put_metric_alarm()
    return answer


def install() -> None:
    """Extends moto's CloudWatch."""
    add(CloudWatchResponse, put_composite_alarm)
