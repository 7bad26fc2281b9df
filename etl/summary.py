"""What a run did, for people and for the caller of a job."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, Self

EXIT_OK, EXIT_FAILED, EXIT_ARGUMENTS, EXIT_BREACH = 0, 1, 2, 3


@dataclass(frozen=True, slots=True)
class Breach:
    """A threshold that was exceeded: the rule, what failed of what, and where the evidence lies."""

    rule_id: str
    failed: int
    evaluated: int
    threshold: float | None
    evidence: str


@dataclass(frozen=True, slots=True)
class UnitResult:
    """One unit of a run.

    rows_in = good + rejected + duplicates, in records; `files_rejected` files were quarantined whole (their
    records are among the rejected). `partitions` are the partitions that were written or deleted.
    """

    dataset: str
    unit: str
    outcome: Literal["published", "breached"]
    run_id: str
    seconds: float
    files: int = 0
    files_rejected: int = 0
    bytes_in: int = 0
    rows_in: int = 0
    good: int = 0
    rejected: int = 0
    duplicates: int = 0
    rows_out: int = 0
    bytes_out: int = 0
    reasons: Mapping[str, int] = field(default_factory=dict)
    warnings: Mapping[str, int] = field(default_factory=dict)
    partitions: tuple[str, ...] = ()
    breaches: tuple[Breach, ...] = ()

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Return the unit that a summary's plain values tell of."""
        breaches = tuple(Breach(**breach) for breach in values["breaches"])
        return cls(**{**values, "partitions": tuple(values["partitions"]), "breaches": breaches})


@dataclass(slots=True)
class RunSummary:
    """A whole run of a job.

    `finished` are the datasets it got through, `repaired` the areas whose interrupted publish it completed.
    """

    job: str
    units: list[UnitResult] = field(default_factory=list)
    unchanged: int = 0
    finished: list[str] = field(default_factory=list)
    repaired: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def exit_code(self) -> int:
        """0 when everything was published or unchanged, 3 when a threshold was breached."""
        return EXIT_BREACH if any(u.outcome == "breached" for u in self.units) else EXIT_OK

    @property
    def totals(self) -> dict[str, int]:
        """Sums over the units of the run."""
        names = (
            "files",
            "files_rejected",
            "bytes_in",
            "rows_in",
            "good",
            "rejected",
            "duplicates",
            "rows_out",
        )
        return {name: sum(getattr(u, name) for u in self.units) for name in names}

    @property
    def reasons(self) -> Counter[str]:
        """Rejected records by rule, most frequent first; a record that breaks two rules counts for both."""
        found: Counter[str] = Counter()
        for unit in self.units:
            found.update(unit.reasons)
        return found

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "job": self.job,
            "exit_code": self.exit_code,
            "seconds": round(self.seconds, 3),
            "unchanged": self.unchanged,
            "repaired": list(self.repaired),
            "totals": self.totals,
            "reasons": dict(self.reasons.most_common()),
            "units": [asdict(u) for u in self.units],
        }
