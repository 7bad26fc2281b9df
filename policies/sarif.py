"""An account of an analysis in SARIF 2.1.0, which code hosts show beside the change.

Standard: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_PROGRAM = "__main__.py"
_WAIVERS = "policies/waivers.yaml"
_SCORES = {"critical": "9.5", "high": "8.0", "medium": "5.5", "low": "3.0"}
_WAIVER_RULE = {
    "id": "DL-WAIVER-FILE",
    "name": "WaiverFile",
    "shortDescription": {"text": "Every entry of the waiver file is a waiver."},
    "defaultConfiguration": {"level": "error"},
}

Entry = Mapping[str, Any]


def sarif(account: Entry, location: str = _PROGRAM) -> dict[str, Any]:
    """Return an account (`policies.report.report`) as the content of a SARIF file.

    Every control that ran is a rule, every finding a result with its URN as the logical location; waived
    findings are suppressed results. `location` is the file that results are shown on.
    """
    controls = account["controls"]
    rules = [*(_rule(control) for control in controls), _WAIVER_RULE]
    results = [
        _result(control, finding, index, location)
        for index, control in enumerate(controls)
        for finding in control["findings"]
    ]
    results += [
        {
            "ruleId": _WAIVER_RULE["id"],
            "ruleIndex": len(controls),
            "level": "error",
            "message": {"text": void},
            "locations": [_physical(_WAIVERS)],
        }
        for void in account["waiver_file"]
    ]
    driver = {"name": account["pack"], "version": account["version"], "rules": rules}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "automationDetails": {"id": f"{account['pack']}/{account['project']}/{account['stack']}/"},
        "results": results,
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(control: Entry) -> dict[str, Any]:
    level = "warning" if control["advisory"] else "error"
    return {
        "id": control["id"],
        "name": "".join(part.capitalize() for part in control["name"].split("-")),
        "shortDescription": {"text": f"{control['title']}."},
        "fullDescription": {"text": control["why"]},
        "help": {"text": control["fix"]},
        "defaultConfiguration": {"level": level},
        "properties": {
            "tags": ["security", control["category"], *control["anchors"]],
            "security-severity": _SCORES[control["severity"]],
            "problem.severity": level,
        },
    }


def _result(control: Entry, finding: Entry, rule: int, location: str) -> dict[str, Any]:
    undecided = "Not verified: " if finding["verdict"] == "UNVERIFIED" else ""
    logical = {
        "name": finding["resource"],
        "fullyQualifiedName": finding["urn"],
        "kind": "resource",
    }
    result = {
        "ruleId": control["id"],
        "ruleIndex": rule,
        "level": "error" if finding["level"] == "mandatory" else "warning",
        "message": {"text": f"{undecided}{finding['resource']}: {finding['what']}. Fix: {finding['fix']}"},
        "locations": [{**_physical(location), "logicalLocations": [logical]}],
        "partialFingerprints": {"policyFinding/v1": finding["key"]},
    }
    waiver = finding.get("waiver")
    if waiver is not None:
        why = f"{waiver['reason']} ({waiver['text']})"
        result["suppressions"] = [{"kind": "external", "status": "accepted", "justification": why}]
    return result


def _physical(file: str) -> dict[str, Any]:
    return {"physicalLocation": {"artifactLocation": {"uri": file}, "region": {"startLine": 1}}}
