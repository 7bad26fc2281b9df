"""AWS CloudTrail: insight selectors, which a request gives whole."""

from __future__ import annotations

from typing import Any

from moto.cloudtrail.models import Trail

from local.emulator.gaps.extend import replace


def put_insight_selectors(self: Any, insight_selectors: list[dict[str, str]]) -> None:
    """Replaces the selectors, where moto would add to them."""
    self.insight_selectors = list(insight_selectors)


def install() -> None:
    """Extends moto's CloudTrail."""
    replace(Trail, "put_insight_selectors", put_insight_selectors)
