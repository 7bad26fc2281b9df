"""Amazon EventBridge Scheduler: a group that is not there."""

from __future__ import annotations

from typing import Any

from moto.scheduler.exceptions import ScheduleGroupNotFound, ValidationException
from moto.scheduler.models import EventBridgeSchedulerBackend

from local.emulator.gaps.extend import replace


def delete_schedule_group(self: Any, name: str | None) -> None:
    """Removes a group and its schedules; the default one stays."""
    if name in (None, "default"):
        raise ValidationException("Cannot delete the default schedule group")
    if name not in self.schedule_groups:
        raise ScheduleGroupNotFound(str(name))
    del self.schedule_groups[name]


def install() -> None:
    """Extends moto's Scheduler."""
    replace(EventBridgeSchedulerBackend, "delete_schedule_group", delete_schedule_group)
