"""When a rule's result forbids publishing."""

import dataclasses

import pytest

from etl.contract import Rule, Severity, load
from etl.quality import Outcome, breaches

RULE = load("transactions").rule("reject_ratio")


def rule(severity: Severity, threshold: float | None, minimum: int = 0) -> Rule:
    return dataclasses.replace(RULE, severity=severity, threshold=threshold, minimum_rows=minimum)


@pytest.mark.parametrize(
    ("broken", "failed", "evaluated", "result"),
    [
        (rule(Severity.FAIL_BATCH, 0.1, 0), 10, 100, "PASS"),
        (rule(Severity.FAIL_BATCH, 0.1, 0), 11, 100, "BREACH"),
        (rule(Severity.FAIL_BATCH, 0.1, 200), 90, 100, "PASS"),
        (rule(Severity.FAIL_BATCH, 0.1, 100), 90, 100, "BREACH"),
        (rule(Severity.FAIL_BATCH, None, 0), 1, 100, "BREACH"),
        (rule(Severity.FAIL_BATCH, None, 0), 0, 100, "PASS"),
        (rule(Severity.REJECT, 0.5, 0), 51, 100, "BREACH"),
        (rule(Severity.REJECT, 0.5, 0), 50, 100, "REJECT"),
        (rule(Severity.WARN, 0.0, 0), 1, 100, "BREACH"),
        (rule(Severity.WARN, None, 0), 100, 100, "WARN"),
        (rule(Severity.REJECT, None, 0), 100, 100, "REJECT"),
        (rule(Severity.REJECT, 0.0, 0), 0, 0, "PASS"),
    ],
)
def test_a_result_is_a_breach_above_the_threshold_once_enough_was_evaluated(
    broken: Rule, failed: int, evaluated: int, result: str
) -> None:
    outcome = Outcome(broken, evaluated, failed)
    assert outcome.result == result
    assert breaches([outcome]) == ((outcome,) if result == "BREACH" else ())
