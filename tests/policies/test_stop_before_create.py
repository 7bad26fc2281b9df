"""The layer that stops an update before a resource is created."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from policies.controls.control import Verdict
from policies.evaluation import evaluate
from policies.graph.kinds import KIND_OF
from tests.policies.cases.case import Absent
from tests.policies.graph_support import BY_ID, graph, lone
from tests.policies.protocol_support import UNKNOWN, Pack, Res, running_pack
from tests.policies.stack_support import key, lake, replaced, security_configuration, workgroup
from tests.policies.test_controls import CASES


@pytest.fixture(scope="module")
def own_pack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pack]:
    """A pack of its own: what it is shown before creation it remembers."""
    with running_pack(tmp_path_factory.mktemp("own") / "report.json") as pack:
        yield pack


@pytest.fixture
def pack(own_pack: Pack) -> Iterator[Pack]:
    yield own_pack
    own_pack.configure({})


UNROTATED = key("bad", enableKeyRotation=False)


def test_resource_whose_inputs_break_a_control_is_stopped(pack: Pack) -> None:
    (finding,) = pack.analyze(UNROTATED)
    assert finding.policy == "stop-before-create"
    assert finding.level == "mandatory"
    assert "DL-KMS-01" in finding.message
    assert "Fix: " in finding.message


def test_no_resource_of_the_sound_lake_is_stopped(pack: Pack) -> None:
    for res in lake():
        assert pack.analyze(res) == (), res.name


def test_unknown_inputs_are_left_to_the_stack_policies(pack: Pack) -> None:
    for res in (
        key("k", enableKeyRotation=UNKNOWN, policy=UNKNOWN),
        security_configuration().having(encryptionConfiguration=UNKNOWN),
        workgroup("w").having(configuration=UNKNOWN),
    ):
        assert pack.analyze(res) == (), res.name


def test_types_without_controls_are_left_alone(pack: Pack) -> None:
    assert pack.analyze(Res("aws:kinesis/stream:Stream", "stream", {"name": UNKNOWN})) == ()
    assert pack.analyze(Res("random:index/randomId:RandomId", "id", {"byteLength": 4})) == ()


def test_control_can_be_left_out_by_name_or_id(pack: Pack) -> None:
    for spelling in ("kms-rotation", "DL-KMS-01"):
        pack.configure({"stop-before-create": {"skip": [spelling]}})
        assert pack.analyze(UNROTATED) == ()


def test_previews_are_left_to_the_stack_policies(tmp_path: Path) -> None:
    with running_pack(tmp_path / "report.json", PULUMI_DRY_RUN="true") as pack:
        assert pack.analyze(UNROTATED) == ()
        assert [f.policy for f in pack.analyze_stack([UNROTATED]).findings] == ["kms-rotation"]


@pytest.mark.parametrize("control", [c for c in CASES if BY_ID[c].alone])
def test_nothing_is_stopped_that_the_stack_policies_accept(control: str) -> None:
    stopped = 0
    for form, cases in CASES[control].items():
        for index, case in enumerate(() if isinstance(cases, Absent) else cases):
            judged = evaluate(BY_ID[control], graph(case.stack, case.within))
            failing = {judgement.resource.name for judgement in judged.of(Verdict.FAIL)}
            for res in case.stack:
                if KIND_OF.get(res.token) in BY_ID[control].alone:
                    early = evaluate(BY_ID[control], lone(res, case.within)).of(Verdict.FAIL)
                    assert not early or res.name in failing, (form, index, res.name, early)
                    stopped += bool(early)
    assert stopped, "no fixture shows the control stopping anything"


def _stale(bucket: str = "data") -> list[Res]:
    """The lake as the provider shows it: a bucket holds what was read before its sub-resources came."""
    block = {"rule": {"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}}
    stack = lake()
    old = next(r for r in stack if r.name == bucket)
    computed = {
        "serverSideEncryptionConfiguration": block,
        "versioning": {"enabled": False},
        "policy": UNKNOWN,
    }
    shown = Res(old.token, old.name, {**old.props, **computed}, old.deps, frozenset(computed))
    return replaced(stack, bucket, shown)


def test_inputs_seen_before_tell_what_the_program_gave_from_what_the_provider_found(pack: Pack) -> None:
    for res in _stale():
        pack.analyze(res)
    assert pack.analyze_stack(_stale()).findings == ()
    given = [replace(res, computed=frozenset()) for res in _stale()]
    for res in given:
        pack.analyze(res)
    found = {(finding.policy, finding.resource) for finding in pack.analyze_stack(given).findings}
    assert {("s3-sse-kms-cmk", "data"), ("s3-versioning", "data")} <= found


def test_inputs_stand_in_where_the_provider_has_not_answered_yet(pack: Pack) -> None:
    given = workgroup("only")
    pack.analyze(given)
    shown = given.having(configuration=UNKNOWN)
    assert pack.analyze_stack([key(), shown]).control("athena-wg-enforce")["verdicts"]["PASS"] == 1
    changed_since = given.having(configuration={"enforceWorkgroupConfiguration": False})
    assert pack.analyze_stack([key(), changed_since]).control("athena-wg-enforce")["verdicts"]["FAIL"] == 1
