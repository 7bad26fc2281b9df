"""The machine-readable account of an analysis: which control looked at what, and what it found."""

from __future__ import annotations

import json
import os
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from policies.controls.control import Verdict
from policies.evaluation import Outcome
from policies.iam.facts import data_version
from policies.ruling import Finding, Ruling

REPORT_VARIABLE = "LAKE_POLICY_REPORT"
SCHEMA = 2


def report(ruling: Ruling, pack: str, version: str) -> dict[str, Any]:
    """Return the account of an analysis.

    Keys: `schema`, `pack`, `version`, `iam_data`, `stack`, `project`, `resources` (number), `stops` (whether
    a deployment is stopped), `verdicts` (number by verdict over all controls), `waiver_file` (what is wrong
    with it), `idle_waivers`, `unseen` (URNs of resources that no control looked at), `controls`: for each
    control that ran its `id`, `name`, `title`, `severity`, `category`, `why`, `fix`, `advisory`, `anchors`,
    `seconds`, `verdicts`, `looked_at` (URNs) and `findings`: `key`, `verdict` (FAIL or UNVERIFIED), `level`,
    `stops`, `urn`, `resource`, `type`, `what`, `fix`, and `waiver` (`text`, `reason`) where one covers it.
    """
    total = Counter(j.verdict for outcome in ruling.outcomes for j in outcome.judgements)
    by_control: defaultdict[str, list[Finding]] = defaultdict(list)
    for finding in ruling.findings:
        by_control[finding.control.id].append(finding)
    seen = {j.resource.urn for outcome in ruling.outcomes for j in outcome.judgements}
    return {
        "schema": SCHEMA,
        "pack": pack,
        "version": version,
        "iam_data": data_version(),
        "stack": ruling.graph.stack,
        "project": ruling.graph.project,
        "resources": len(ruling.graph.resources),
        "stops": ruling.stops,
        "verdicts": _counted(total),
        "waiver_file": [str(void) for void in ruling.void],
        "idle_waivers": list(ruling.idle),
        "unseen": [resource.urn for resource in ruling.graph.resources if resource.urn not in seen],
        "controls": [_control(outcome, by_control[outcome.control.id]) for outcome in ruling.outcomes],
    }


def _control(outcome: Outcome, findings: Iterable[Finding]) -> dict[str, Any]:
    control = outcome.control
    return {
        "id": control.id,
        "name": control.name,
        "title": control.title,
        "severity": control.severity.value,
        "category": control.category.value,
        "why": control.why,
        "fix": control.fix,
        "advisory": control.advisory,
        "anchors": list(control.anchors),
        "seconds": round(outcome.seconds, 6),
        "verdicts": _counted(Counter(j.verdict for j in outcome.judgements)),
        "looked_at": list(dict.fromkeys(j.resource.urn for j in outcome.judgements)),
        "findings": [_finding(finding) for finding in findings],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    judgement, waiver = finding.judgement, finding.waiver
    return {
        "key": finding.key,
        "verdict": judgement.verdict.value,
        "level": finding.level.value,
        "stops": finding.stops,
        "urn": judgement.resource.urn,
        "resource": judgement.resource.name,
        "type": judgement.resource.token,
        "what": judgement.what,
        "fix": finding.fix,
        **({"waiver": {"text": str(waiver), "reason": waiver.reason}} if waiver is not None else {}),
    }


def _counted(counter: Counter[Verdict]) -> dict[str, int]:
    return {verdict.value: counter[verdict] for verdict in Verdict}


def write(content: dict[str, Any], target: Path) -> None:
    """Write a report so that a reader sees the old one or the new one, never a part.

    Raises:
        OSError: the folder is not there or cannot be written to.

    """
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(json.dumps(content, ensure_ascii=False))
        Path(temporary).replace(target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
