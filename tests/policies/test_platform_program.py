"""The platform's own program breaks no control, and hides nothing behind unknown values."""

from __future__ import annotations

from pathlib import Path

import pytest
from pulumi.runtime.proto import analyzer_pb2 as pb

from policies.controls.control import Verdict
from policies.controls.registry import CONTROLS
from policies.evaluation import evaluate
from policies.graph.inputs import SeenInputs
from policies.graph.model import Graph
from policies.host import resources_of
from tests.policies.protocol_support import PROJECT, ROOT, Pack, recorded_program

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", params=["dev", "prod", "local"])
def program(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> pb.AnalyzeStackRequest:
    target: Path = tmp_path_factory.mktemp("recorded") / "request.bin"
    return recorded_program(ROOT, PROJECT, request.param, target)


def test_first_preview_has_no_finding_of_any_level_and_nothing_unverified(
    pack: Pack, program: pb.AnalyzeStackRequest
) -> None:
    analysis = pack.analyze_request(program)
    assert [finding.message for finding in analysis.findings] == []
    assert analysis.report["verdicts"]["UNVERIFIED"] == 0
    assert analysis.report["verdicts"]["PASS"] > 100


def test_public_bucket_and_star_role_added_to_the_program_are_stopped(
    pack: Pack, program: pb.AnalyzeStackRequest
) -> None:
    widened = pb.AnalyzeStackRequest()
    widened.CopyFrom(program)
    policy = next(r for r in widened.resources if r.type == "aws:iam/rolePolicy:RolePolicy")
    star = '{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}'
    policy.properties.fields["policy"].string_value = star
    bucket = widened.resources.add(
        type="aws:s3/bucket:Bucket", name="mine", urn=f"{policy.urn.rpartition('::')[0]}::mine"
    )
    bucket.properties.update({"bucket": "mine"})
    found = {(finding.policy, finding.resource) for finding in pack.analyze_request(widened).mandatory()}
    assert {
        ("s3-public-access-block", "mine"),
        ("s3-sse-kms-cmk", "mine"),
        ("s3-tls-only", "mine"),
        ("iam-no-wildcard-action", policy.name),
        ("iam-no-star-resource", policy.name),
        ("iam-privilege-escalation", policy.name.replace("-policy", "-role")),
    } <= found
    role = next(r for r in widened.resources if r.name == policy.name.replace("-policy", "-role"))
    role_name = role.properties.fields["name"].string_value
    workers = {
        r.name
        for r in widened.resources
        if r.type == "aws:glue/job:Job"
        and r.properties.fields["roleArn"].string_value.endswith(f"/{role_name}")
    }
    assert {resource for _, resource in found} == {"mine", policy.name, role.name, *workers}


def test_stack_beside_another_of_its_account_leaves_the_settings_to_it_and_nothing_else(
    tmp_path: Path,
) -> None:
    program = recorded_program(ROOT, PROJECT, "prod", tmp_path / "request.bin", owns_account_settings=False)
    beside = Graph(resources_of(program, SeenInputs()))
    missing, left = set(), set()
    for control in CONTROLS:
        missing |= {control.id for _ in evaluate(control, beside).of(Verdict.FAIL)}
        outcome = evaluate(control, beside, "prod" if control.of_account else "")
        assert outcome.of(Verdict.FAIL) == outcome.of(Verdict.UNVERIFIED) == (), control.id
        said = (judgement.what for judgement in outcome.of(Verdict.NOT_APPLICABLE))
        left |= {control.id for what in said if "stack 'prod' makes the settings" in what}
    assert missing == left == {"DL-GLUE-23", "DL-LF-11", "DL-COST-03"}
