"""The account of an analysis, as text, as SARIF, and as the page of documentation."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from policies.check import Format, rendered
from policies.controls.registry import CONTROLS
from policies.docs import page
from policies.levels import profile
from policies.report import report
from policies.ruling import judge
from policies.sarif import sarif
from policies.text import text
from tests.policies.graph_support import graph
from tests.policies.protocol_support import UNKNOWN, Res
from tests.policies.stack_support import changed, key

TODAY = date(2027, 1, 10)
NOTHING = Path("no-such-file")
CHOSEN = tuple(c for c in CONTROLS if c.id in ("DL-KMS-01", "DL-S3-04", "DL-S3-06"))


@pytest.fixture
def account(tmp_path: Path) -> dict[str, Any]:
    """Two keys that are not rotated, one waived; a bucket whose versioning is not known; a broken waiver."""
    stack = [
        *changed("data-versioning", versioningConfiguration=UNKNOWN),
        key("one", enableKeyRotation=False),
        key("two", enableKeyRotation=False),
        Res("random:index/randomId:RandomId", "unseen", {}),
    ]
    found = judge(graph(stack), profile("baseline"), TODAY, CHOSEN, NOTHING).findings
    what = next(f.judgement.what for f in found if f.control.id == "DL-KMS-01")
    waiver = {
        "control": "DL-KMS-01",
        "urn": "urn:pulumi:*::two",
        "finding": what,
        "reason": "Rotated by hand, for the material is imported from the bank.",
        "owner": "data-platform",
        "ticket": "LAKE-1",
        "expires": TODAY + timedelta(days=1),
    }
    file = tmp_path / "waivers.yaml"
    file.write_text(yaml.safe_dump({"waivers": [waiver, {"control": "DL-KMS-01"}]}))
    return report(judge(graph(stack), profile("baseline"), TODAY, CHOSEN, file), "pack", "1.0")


def _results(account: dict[str, Any]) -> list[dict[str, Any]]:
    results: list[dict[str, Any]] = sarif(account)["runs"][0]["results"]
    return results


def test_text_is_grouped_by_resource_and_ends_with_what_stops(account: dict[str, Any]) -> None:
    lines = text(account).splitlines()
    heads = [line.split()[0] for line in lines if line and line[0].isalpha()]
    assert heads == ["two", "data-versioning", "one"]
    place = lines.index("one  aws:kms/key:Key")
    assert lines[place + 1].strip().startswith("urn:pulumi:dev::")
    assert lines[place + 2].startswith("  ✗ DL-KMS-01 kms-rotation [")
    assert lines[place + 4].startswith("      why: ")
    assert lines[place + 5].startswith("      fix: ")
    assert "medium, waived]" in text(account)
    assert "medium, not verified, advisory]" in text(account)
    assert lines[-1].endswith("1 finding, 1 advisory, 1 waived, 1 broken waiver")
    assert lines[-1].startswith("✗ ")


def test_coverage_names_for_each_resource_who_looked_at_it(account: dict[str, Any]) -> None:
    lines = text(account, coverage=True).splitlines()
    place = next(i for i, line in enumerate(lines) if line.endswith("aws:kms/key:Key::one"))
    assert "DL-KMS-01" in lines[place + 1]
    unseen = lines[lines.index("Looked at by no control:") :]
    assert any(line.endswith("::unseen") for line in unseen)
    assert not any(line.endswith("aws:kms/key:Key::one") for line in unseen[: unseen.index("")])


def test_sarif_has_a_rule_for_each_control_and_results_point_at_theirs(account: dict[str, Any]) -> None:
    (run,) = sarif(account)["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules[:-1]] == [control.id for control in CHOSEN]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in ("error", "warning")
        assert result["message"]["text"]
        assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert len({rule["id"] for rule in rules}) == len(rules)
    assert all(0 < float(rule["properties"]["security-severity"]) <= 10 for rule in rules[:-1])


def test_sarif_suppresses_the_waived_and_keeps_the_rest_open(account: dict[str, Any]) -> None:
    by_name = {r["locations"][0]["logicalLocations"][0]["name"]: r for r in _results(account)[:-1]}
    assert set(by_name) == {"one", "two", "data-versioning"}
    (suppression,) = by_name["two"]["suppressions"]
    assert suppression["status"] == "accepted"
    assert "imported from the bank" in suppression["justification"]
    assert "suppressions" not in by_name["one"]
    assert by_name["data-versioning"]["level"] == "warning"
    assert by_name["data-versioning"]["message"]["text"].startswith("Not verified: ")
    broken = _results(account)[-1]
    assert broken["ruleId"] == "DL-WAIVER-FILE"
    assert broken["level"] == "error"


def test_fingerprints_are_unique_and_the_same_in_the_next_run(account: dict[str, Any]) -> None:
    prints = [r["partialFingerprints"]["policyFinding/v1"] for r in _results(account)[:-1]]
    assert len(set(prints)) == len(prints)
    assert prints == [r["partialFingerprints"]["policyFinding/v1"] for r in _results(account)[:-1]]


def test_json_and_sarif_are_written_as_json(account: dict[str, Any]) -> None:
    assert json.loads(rendered(account, Format.JSON)) == account
    assert json.loads(rendered(account, Format.SARIF))["version"] == "2.1.0"


def test_page_tells_every_control_its_fix_and_its_anchors() -> None:
    content = page()
    for control in CONTROLS:
        assert content.count(f"### {control.id}\n") == 1
        assert control.fix in content
        assert all(anchor in content for anchor in control.anchors)


def test_page_tells_what_is_not_covered(tmp_path: Path) -> None:
    file = tmp_path / "not_covered.csv"
    file.write_text('id,reason\nrds-tls,"no | RDS, here"\n')
    assert "| rds-tls | no \\| RDS, here |" in page(not_covered=file)
    assert "Not covered" not in page(not_covered=NOTHING)
