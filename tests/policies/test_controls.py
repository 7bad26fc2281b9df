"""Every control against its fixtures, through the protocol the engine speaks."""

from __future__ import annotations

import pytest

from policies.controls.registry import CONTROLS
from tests.policies.cases import glue_cases, governance_cases, iam_cases, kms_cases, s3_cases, service_cases
from tests.policies.cases.case import FORMS, Absent, Case, Forms
from tests.policies.protocol_support import Pack

CASES: dict[str, Forms] = {
    **s3_cases.CASES,
    **kms_cases.CASES,
    **glue_cases.CASES,
    **governance_cases.CASES,
    **service_cases.CASES,
    **iam_cases.CASES,
}
NAMES = {control.id: control.name for control in CONTROLS}


def _all_cases() -> list[object]:
    return [
        pytest.param(control, case, id=f"{control}-{form}-{index}")
        for control, forms in CASES.items()
        for form, cases in forms.items()
        if not isinstance(cases, Absent)
        for index, case in enumerate(cases)
    ]


@pytest.mark.parametrize(("control", "case"), _all_cases())
def test_control_gives_the_verdict_that_its_fixture_demands(pack: Pack, control: str, case: Case) -> None:
    analysis = pack.analyze_stack(case.stack)
    entry = analysis.control(control)
    if case.verdict == "PASS":
        assert entry["findings"] == []
        assert entry["verdicts"]["PASS"] > 0
        assert analysis.of(NAMES[control]) == []
        return
    found = [f for f in entry["findings"] if f["verdict"] == case.verdict and f["resource"] == case.on]
    assert found, entry["findings"]
    assert case.says in found[0]["what"]
    assert found[0]["fix"]
    policy = NAMES[control] if case.verdict == "FAIL" else "unverified-controls"
    messages = [f.message for f in analysis.of(policy) if f.resource == case.on]
    assert any(control in m and NAMES[control] in m and "Fix: " in m for m in messages)


def test_every_control_has_every_form_of_fixture_or_says_why_not() -> None:
    assert set(CASES) == set(NAMES)
    for control, forms in CASES.items():
        assert set(forms) == set(FORMS), control
        for form, cases in forms.items():
            assert cases.reason if isinstance(cases, Absent) else cases, (control, form)


def test_no_form_but_legacy_and_sidecar_and_unknown_may_be_absent() -> None:
    for control, forms in CASES.items():
        assert not isinstance(forms["pass"], Absent), control
        assert not isinstance(forms["fail"], Absent) or control == "DL-COV-01"


def test_fail_fixtures_fail_and_pass_fixtures_pass() -> None:
    for control, forms in CASES.items():
        wanted = {"pass": "PASS", "fail": "FAIL"}
        for form, verdict in wanted.items():
            cases = forms[form]
            if not isinstance(cases, Absent):
                assert {case.verdict for case in cases} == {verdict}, (control, form)
