"""Asks cloudsplaining and parliament about the policies of the differential corpus, and keeps their answers.

Usage, in an environment of its own, for neither tool's dependencies go with the project's:
pip install cloudsplaining==0.9.1 parliament==1.6.4 && python record_differential.py CORPUS_FILE
The corpus holds the policies of one role a case; the answers of both tools are written beside them.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

CLOUDSPLAINING = {
    "allows_privilege_escalation": "privilege escalation",
    "allows_data_exfiltration_actions": "data exfiltration",
    "credentials_exposure": "credentials exposure",
    "permissions_management_without_constraints": "permissions management",
    "write_actions_without_constraints": "write actions",
}


def cloudsplaining_says(policy: dict[str, Any]) -> set[str]:
    """The checks of cloudsplaining that one policy fails."""
    from cloudsplaining.scan.policy_document import PolicyDocument

    document = PolicyDocument(policy)
    return {said for attribute, said in CLOUDSPLAINING.items() if getattr(document, attribute)}


def parliament_says(policy: dict[str, Any]) -> set[str]:
    """The issues that parliament and its community auditors have with one policy."""
    import parliament

    analyzed = parliament.analyze_policy_string(json.dumps(policy), include_community_auditors=True)
    return {finding.issue for finding in analyzed.findings}


def main(file: Path) -> None:
    """Write both tools' answers into the corpus."""
    corpus = json.loads(file.read_text())
    for case in corpus:
        policies = case["policies"]
        case["cloudsplaining"] = sorted(set().union(*(cloudsplaining_says(p) for p in policies)))
        case["parliament"] = sorted(set().union(*(parliament_says(p) for p in policies)))
    file.write_text(json.dumps(corpus, indent=1) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
