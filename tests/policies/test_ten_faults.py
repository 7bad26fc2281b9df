"""A program with ten faults gets ten findings, each on the right resource."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pulumi.runtime.proto import analyzer_pb2 as pb

from tests.policies.protocol_support import Analysis, Pack, recorded_program

PROGRAM = Path(__file__).parent / "fixtures" / "ten_faults"
EXPECTED: dict[str, str] = json.loads((PROGRAM / "expected.json").read_text())


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> pb.AnalyzeStackRequest:
    target = tmp_path_factory.mktemp("recorded") / "request.bin"
    return recorded_program(PROGRAM, "ten-faults", "dev", target)


@pytest.fixture
def analysis(pack: Pack, recorded: pb.AnalyzeStackRequest) -> Analysis:
    return pack.analyze_request(recorded)


def test_expected_names_ten_resources_and_ten_controls() -> None:
    assert len(EXPECTED) == 10
    assert len(set(EXPECTED.values())) == 10


def test_each_fault_is_found_on_its_resource_and_nothing_else_is_found(analysis: Analysis) -> None:
    found = {
        (finding["resource"], control["id"], finding["verdict"])
        for control in analysis.report["controls"]
        for finding in control["findings"]
    }
    assert found == {(resource, control, "FAIL") for resource, control in EXPECTED.items()}


def test_the_engine_hears_ten_mandatory_findings_that_say_control_and_fix(analysis: Analysis) -> None:
    assert len(analysis.findings) == 10
    assert {finding.level for finding in analysis.findings} == {"mandatory"}
    for finding in analysis.findings:
        assert EXPECTED[finding.resource] in finding.message
        assert finding.policy in finding.message
        assert "Fix: " in finding.message


def test_nothing_passes_by_being_unknown_though_no_arn_is_known(analysis: Analysis) -> None:
    assert analysis.report["verdicts"]["UNVERIFIED"] == 0
    assert analysis.control("s3-sse-kms-cmk")["verdicts"]["PASS"] == 3
