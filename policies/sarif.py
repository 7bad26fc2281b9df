"""Findings in SARIF 2.1.0, which code hosts show beside the change.

Standard: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from __future__ import annotations

from typing import Any

from policies.controls.control import Control, Severity, Verdict
from policies.ruling import Finding, Ruling

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_PROGRAM = "__main__.py"
_SCORES = {Severity.CRITICAL: "9.5", Severity.HIGH: "8.0", Severity.MEDIUM: "5.5", Severity.LOW: "3.0"}
_WAIVER_FILE_RULE = "DL-WAIVER-FILE"


def sarif(ruling: Ruling, pack: str, version: str, location: str = _PROGRAM) -> dict[str, Any]:
    """Return a ruling as the content of a SARIF file.

    Every control that ran is a rule; every finding is a result with its URN as the logical location.
    Waived findings are there as suppressed. `location` is the file that results are shown on.
    """
    rules = {outcome.control.id: index for index, outcome in enumerate(ruling.outcomes)}
    results = [_result(finding, rules[finding.control.id], location) for finding in ruling.findings]
    for void in ruling.void:
        message = {"text": str(void)}
        place = {"physicalLocation": {"artifactLocation": {"uri": "policies/waivers.yaml"}}}
        results.append(
            {"ruleId": _WAIVER_FILE_RULE, "level": "error", "message": message, "locations": [place]}
        )
    driver = {
        "name": pack,
        "version": version,
        "informationUri": "https://www.pulumi.com/docs/insights/policy/",
        "rules": [_rule(outcome.control) for outcome in ruling.outcomes],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "automationDetails": {"id": f"{pack}/{ruling.graph.project}/{ruling.graph.stack}/"},
        "results": results,
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(control: Control) -> dict[str, Any]:
    return {
        "id": control.id,
        "name": "".join(part.capitalize() for part in control.name.split("-")),
        "shortDescription": {"text": f"{control.title}."},
        "fullDescription": {"text": control.why},
        "help": {"text": control.fix, "markdown": f"**Why** {control.why}\n\n**Fix** {control.fix}"},
        "defaultConfiguration": {"level": "warning" if control.advisory else "error"},
        "properties": {
            "tags": ["security", control.category.value, *control.anchors],
            "security-severity": _SCORES[control.severity],
            "problem.severity": "warning" if control.advisory else "error",
        },
    }


def _result(finding: Finding, rule: int, location: str) -> dict[str, Any]:
    judgement = finding.judgement
    undecided = "Not verified: " if judgement.verdict is Verdict.UNVERIFIED else ""
    return {
        "ruleId": finding.control.id,
        "ruleIndex": rule,
        "kind": "review" if undecided and not finding.stops else "fail",
        "level": "error" if finding.stops else "none" if undecided else "warning",
        "message": {"text": f"{undecided}{judgement.resource}: {judgement.what} Fix: {finding.fix}"},
        "locations": [
            {
                "physicalLocation": {"artifactLocation": {"uri": location}, "region": {"startLine": 1}},
                "logicalLocations": [
                    {
                        "name": judgement.resource.name,
                        "fullyQualifiedName": judgement.resource.urn,
                        "kind": "resource",
                    }
                ],
            }
        ],
        "partialFingerprints": {"lakePolicyFinding/v1": finding.key},
        "suppressions": _suppressions(finding),
    }


def _suppressions(finding: Finding) -> list[dict[str, Any]]:
    waiver = finding.waiver
    if waiver is None:
        return []
    return [{"kind": "external", "status": "accepted", "justification": f"{waiver.reason} ({waiver})"}]
