"""Every control against its fixtures, through the protocol the engine speaks."""

from __future__ import annotations

import pytest

from policies.controls.registry import CONTROLS
from tests.policies.cases import (
    catalog_cases,
    event_cases,
    exposure_cases,
    glue_cases,
    glue_job_cases,
    governance_cases,
    governed_cases,
    hygiene_cases,
    iam_cases,
    identity_cases,
    kms_cases,
    managed_cases,
    messaging_cases,
    need_cases,
    network_cases,
    reference_cases,
    retention_cases,
    s3_cases,
    scope_cases,
    service_cases,
    warehouse_cases,
    watching_cases,
)
from tests.policies.cases.case import FORMS, Absent, Case, Forms
from tests.policies.protocol_support import Pack

CASES: dict[str, Forms] = {
    **s3_cases.CASES,
    **kms_cases.CASES,
    **glue_cases.CASES,
    **governance_cases.CASES,
    **service_cases.CASES,
    **iam_cases.CASES,
    **identity_cases.CASES,
    **hygiene_cases.CASES,
    **managed_cases.CASES,
    **retention_cases.CASES,
    **exposure_cases.CASES,
    **catalog_cases.CASES,
    **glue_job_cases.CASES,
    **governed_cases.CASES,
    **warehouse_cases.CASES,
    **network_cases.CASES,
    **watching_cases.CASES,
    **messaging_cases.CASES,
    **event_cases.CASES,
    **reference_cases.CASES,
    **scope_cases.CASES,
    **need_cases.CASES,
}
NAMES = {control.id: control.name for control in CONTROLS}
BY_ID = {control.id: control for control in CONTROLS}


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
    analysis = pack.analyze_stack(case.stack, case.within)
    entry = analysis.control(control)
    if case.verdict == "PASS":
        assert entry["findings"] == []
        assert entry["verdicts"]["PASS"] > 0
        assert analysis.of(NAMES[control]) == []
        return
    found = [f for f in entry["findings"] if f["verdict"] == case.verdict and f["resource"] == case.on]
    assert found, entry["findings"]
    assert any(case.says in f["what"] for f in found), found
    assert found[0]["fix"]
    reported = case.verdict == "FAIL" or (case.within == "prod" and not BY_ID[control].advisory)
    policy = NAMES[control] if reported else "unverified-controls"
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
