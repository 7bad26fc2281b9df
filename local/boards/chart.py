"""What a dashboard's tile shows: numbers ready to be drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["line", "bar", "kpi", "table", "text"]
Series = Mapping[str, Sequence[float | None]]


@dataclass(frozen=True)
class Chart:
    """One tile: `labels` along the axis and a value for each in every series.

    A `kpi` has one label and one series; a `table` shows its labels as rows and its series as columns; a
    `text` is Markdown. `note` says what is not shown, or why there is nothing.
    """

    kind: Kind
    title: str
    labels: Sequence[str] = ()
    series: Series = field(default_factory=dict)
    text: str = ""
    note: str = ""

    @property
    def empty(self) -> bool:
        """Whether there is no number to draw."""
        return self.kind != "text" and not any(
            value is not None for values in self.series.values() for value in values
        )


@dataclass(frozen=True)
class Board:
    """One dashboard: the service that holds it, its name there, its title and its tiles."""

    service: str
    name: str
    title: str
    charts: tuple[Chart, ...]
