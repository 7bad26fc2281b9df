"""Outcome of every rule for one unit, as dq_results publishes them, and whether a threshold is breached."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from etl.checks import CHECKS, Level
from etl.contract import Rule, Severity

_SIX = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class Outcome:
    """One rule's result: how many records, files or groups were evaluated and how many broke it."""

    rule: Rule
    evaluated: int
    failed: int

    @property
    def ratio(self) -> Decimal | None:
        """Share that failed, to six decimals; None when nothing was evaluated."""
        if not self.evaluated:
            return None
        return (Decimal(self.failed) / Decimal(self.evaluated)).quantize(_SIX, ROUND_HALF_UP)

    @property
    def result(self) -> str:
        """PASS, WARN, REJECT or BREACH."""
        rule = self.rule
        if rule.threshold is not None and self.evaluated >= max(1, rule.minimum_rows):
            if self.failed > rule.threshold * self.evaluated:
                return "BREACH"
        elif rule.threshold is None and rule.severity is Severity.FAIL_BATCH and self.failed:
            return "BREACH"
        if not self.failed or rule.severity is Severity.FAIL_BATCH:
            return "PASS"
        return "WARN" if rule.severity is Severity.WARN else "REJECT"


@dataclass(frozen=True, slots=True)
class Sizes:
    """What the levels of rules are evaluated over: files, records, rows, and periods' groups."""

    files: int
    records: int
    judged: int
    accepted: int
    judgeable: int
    period_groups: int


def outcomes(rules: Iterable[Rule], failed: Mapping[str, int], sizes: Sizes) -> tuple[Outcome, ...]:
    """Pair each rule with what it was evaluated over; rules without an entry in `failed` broke nowhere."""
    found = []
    for rule in rules:
        level = CHECKS[rule.check].level
        evaluated = {
            Level.FILE: sizes.files,
            Level.RECORD: sizes.records,
            Level.ROW: sizes.judged,
            Level.REFERENCE: sizes.judged,
        }.get(level, sizes.accepted)
        if rule.check == "reject_ratio":
            evaluated = sizes.judgeable
        elif rule.check in {"missing_periods", "duplicate_periods"}:
            evaluated = sizes.period_groups
        found.append(Outcome(rule, evaluated, failed.get(rule.id, 0)))
    return tuple(found)


def breaches(results: Iterable[Outcome]) -> tuple[Outcome, ...]:
    """Outcomes that forbid publishing."""
    return tuple(r for r in results if r.result == "BREACH")
