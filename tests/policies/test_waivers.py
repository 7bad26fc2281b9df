"""Waivers cover one finding for a while, and nothing that is malformed covers anything."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from pulumi_policy import PolicyCustomTimeouts, PolicyResource, PolicyResourceOptions, StackValidationArgs

from policies.controls.control import Verdict
from policies.evaluation import evaluate
from policies.levels import profile
from policies.pack import WAIVED, WAIVER_FILE, build
from policies.report import report
from policies.ruling import Ruling, judge
from policies.text import text
from policies.waivers import Waivers, read
from tests.policies.graph_support import BY_ID, graph
from tests.policies.protocol_support import UNKNOWN
from tests.policies.stack_support import changed, key, lake

TODAY = date(2027, 1, 10)
STRICT = profile("regulated")
CHOSEN = tuple(BY_ID[name] for name in ("DL-KMS-01", "DL-S3-04", "DL-S3-06"))
UNROTATED = changed("key", enableKeyRotation=False)
(FINDING,) = evaluate(BY_ID["DL-KMS-01"], graph(UNROTATED)).of(Verdict.FAIL)
SOUND = {
    "control": "DL-KMS-01",
    "urn": "urn:pulumi:*::*::aws:kms/key:Key::key",
    "finding": FINDING.what,
    "reason": "Imported key material that the bank rotates by hand each quarter.",
    "owner": "data-platform",
    "ticket": "LAKE-12",
    "expires": TODAY + timedelta(days=30),
}


def waivers(tmp_path: Path, *entries: Any, today: date = TODAY) -> tuple[Path, Waivers]:
    file = tmp_path / "waivers.yaml"
    file.write_text(yaml.safe_dump({"waivers": list(entries)}))
    return file, read(file, today)


def ruling(tmp_path: Path, *entries: Any, today: date = TODAY, stack: Any = UNROTATED) -> Ruling:
    file, _ = waivers(tmp_path, *entries)
    return judge(graph(stack), STRICT, today, CHOSEN, file)


def having(**changes: Any) -> dict[str, Any]:
    return {name: value for name, value in {**SOUND, **changes}.items() if value is not None}


def test_waived_finding_stops_nothing_and_stays_in_sight(tmp_path: Path) -> None:
    assert ruling(tmp_path).stops
    ruled = ruling(tmp_path, SOUND)
    assert not ruled.stops
    (finding,) = ruled.findings
    assert finding.waiver is not None
    assert "waived: Imported key material" in text(report(ruled, "p", "1"))
    assert ruled.idle == ()


def test_control_may_be_named_by_its_name(tmp_path: Path) -> None:
    assert not ruling(tmp_path, having(control="kms-rotation")).stops


@pytest.mark.parametrize(
    "entry",
    [
        having(control="DL-S3-06"),
        having(urn="urn:pulumi:*::*::aws:kms/key:Key::other"),
        having(urn="urn:pulumi:prod::*::key"),
        having(finding="enableKeyRotation"),
        having(finding=f"{FINDING.what}, and more"),
    ],
)
def test_waiver_of_something_else_covers_nothing_and_is_called_unused(tmp_path: Path, entry: Any) -> None:
    ruled = ruling(tmp_path, entry)
    assert ruled.stops
    assert ruled.void == ()
    assert [note.partition(":")[0] for note in ruled.idle] == ["unused waiver"]


def test_last_day_counts_and_the_day_after_does_not(tmp_path: Path) -> None:
    last = SOUND["expires"]
    assert isinstance(last, date)
    assert not ruling(tmp_path, SOUND, today=last).stops
    ruled = ruling(tmp_path, SOUND, today=last + timedelta(days=1))
    assert ruled.stops
    assert [note.partition(":")[0] for note in ruled.idle] == ["expired waiver"]


def test_180_days_are_the_most(tmp_path: Path) -> None:
    assert not ruling(tmp_path, having(expires=TODAY + timedelta(days=180))).stops
    ruled = ruling(tmp_path, having(expires=TODAY + timedelta(days=181)))
    assert ruled.stops
    assert "2027-07-09" in ruled.void[0].fix


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ("text", "no mapping"),
        (having(scope="all"), "scope, which means nothing"),
        *[(having(**{name: None}), name) for name in SOUND],
        (having(owner="  "), "no owner"),
        (having(urn=7), "no urn"),
        (having(control="DL-XX-99"), "no control"),
        (having(urn="*"), "every resource"),
        (having(urn="urn:pulumi:*::*"), "every resource"),
        (having(urn="urn:pulumi:dev::p::t::**?"), "every resource"),
        (having(reason="It is fine."), "shorter than 30"),
        (having(reason="fine" + " " * 60), "shorter than 30"),
        (having(ticket="later"), "ticket 'later'"),
        (having(expires="soon"), "no day"),
        (having(expires="2027-02-01"), "no day"),
        (having(approver=""), "no approver"),
    ],
    ids=str,
)
def test_malformed_waiver_covers_nothing_and_stops_the_deployment_itself(
    tmp_path: Path, entry: Any, says: str
) -> None:
    ruled = ruling(tmp_path, entry)
    assert [finding.waiver for finding in ruled.findings] == [None]
    (void,) = ruled.void
    assert says in void.what
    assert void.fix
    assert ruling(tmp_path, entry, stack=lake()).stops, "also where there is nothing to waive"


def test_one_malformed_waiver_does_not_void_the_next(tmp_path: Path) -> None:
    ruled = ruling(tmp_path, "text", SOUND)
    assert [finding.waiver is None for finding in ruled.findings] == [False]


def test_copied_reason_voids_the_copy_and_the_original(tmp_path: Path) -> None:
    copy = having(ticket="LAKE-13", reason=str(SOUND["reason"]).upper().replace(" ", "  "))
    ruled = ruling(tmp_path, SOUND, copy)
    assert [void.what for void in ruled.void] == ["has the reason of another waiver"] * 2
    assert ruled.stops


def test_critical_control_needs_a_second_person(tmp_path: Path) -> None:
    stack = changed("data-pab", blockPublicAcls=False)
    (open_acls,) = [
        f for f in judge(graph(stack), STRICT, TODAY, CHOSEN).findings if f.control.id == "DL-S3-04"
    ]
    assert open_acls.control.severity == "critical"
    urn = "urn:pulumi:*::*::" + open_acls.judgement.resource.name
    entry = having(control="DL-S3-04", urn=urn, finding=open_acls.judgement.what)
    for approver in (None, "data-platform", "Data-Platform "):
        assert "one person" in ruling(tmp_path, {**entry, **having(approver=approver), **entry}).void[0].what
    ruled = ruling(tmp_path, {**entry, "approver": "security-lead"}, stack=stack)
    assert ruled.void == ()
    assert [f.waiver is not None for f in ruled.findings if f.control.id == "DL-S3-04"] == [True]


def test_what_could_not_be_verified_cannot_be_waived(tmp_path: Path) -> None:
    stack = changed("data-versioning", versioningConfiguration=UNKNOWN)
    found = [f for f in judge(graph(stack), STRICT, TODAY, CHOSEN).findings if f.control.id == "DL-S3-06"]
    assert [f.judgement.verdict for f in found] == [Verdict.UNVERIFIED]
    urn = "urn:*::" + found[0].judgement.resource.name
    entry = having(control="DL-S3-06", urn=urn, finding=found[0].judgement.what)
    assert ruling(tmp_path, entry, stack=stack).stops


@pytest.mark.parametrize("content", ["", "waivers: 7", "waivers: [\n", "- a", "waivers: []\nmore: 1"])
def test_file_that_cannot_be_read_waives_nothing_and_stops_the_deployment(
    tmp_path: Path, content: str
) -> None:
    file = tmp_path / "waivers.yaml"
    file.write_text(content)
    assert judge(graph(lake()), STRICT, TODAY, CHOSEN, file).stops


def test_no_file_is_no_waiver(tmp_path: Path) -> None:
    assert read(tmp_path / "missing.yaml", TODAY) == Waivers()


def _reported(policy: Any, resources: list[PolicyResource]) -> list[str]:
    said: list[str] = []
    args = StackValidationArgs(resources)
    policy.validate(args, lambda message, urn=None: said.append(message))
    return said


def test_pack_reports_a_waived_finding_as_advice_only(tmp_path: Path) -> None:
    file, _ = waivers(tmp_path, SOUND, "text")
    control = BY_ID["DL-KMS-01"]
    by_name = {p.name: p for p in build([control], waiver_file=file, today=TODAY).policies}
    options = PolicyResourceOptions(
        protect=False,
        ignore_changes=[],
        delete_before_replace=None,
        aliases=[],
        custom_timeouts=PolicyCustomTimeouts(0, 0, 0),
        additional_secret_outputs=[],
        parent=None,
    )
    (bad,) = [res for res in UNROTATED if res.name == "key"]
    stack = [PolicyResource(bad.token, bad.props, bad.urn("dev"), bad.name, options, None, None, [], {})]
    assert _reported(by_name["kms-rotation"], stack) == []
    (advice,) = _reported(by_name[WAIVED], stack)
    assert advice.startswith("WAIVED by DL-KMS-01 on urn:pulumi:*")
    (void,) = _reported(by_name[WAIVER_FILE], stack)
    assert "entry 2: is no mapping" in void
    assert by_name[WAIVED].enforcement_level is not None
    assert by_name[WAIVED].enforcement_level.value == "advisory"
    assert by_name[WAIVER_FILE].enforcement_level.value == "mandatory"


def test_own_waiver_file_is_sound_today() -> None:
    from policies.waivers import FILE

    assert read(FILE, date.today()).void == ()


def test_example_in_the_waiver_file_is_sound_but_for_its_finding() -> None:
    from policies.waivers import FILE

    lines = [
        line.removeprefix("# ") for line in FILE.read_text().splitlines() if line.startswith(("# -", "#  "))
    ]
    (entry,) = yaml.safe_load("\n".join(lines))
    assert set(entry) == {*SOUND, "approver"}


def test_keys_of_findings_are_stable_and_tell_findings_apart() -> None:
    stack = [*UNROTATED, key("other", enableKeyRotation=False)]
    keys = [f.key for f in judge(graph(stack), STRICT, TODAY, CHOSEN).findings]
    again = [f.key for f in judge(graph(stack), STRICT, TODAY, CHOSEN).findings]
    assert keys == again
    assert len(set(keys)) == len(keys) == 2
