"""The machine-readable account of an analysis: which control looked at what, and what it found."""

from __future__ import annotations

import json
import os
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from policies.controls.control import Verdict
from policies.evaluation import Outcome
from policies.iam.facts import data_version
from policies.sessions import Session

REPORT_VARIABLE = "LAKE_POLICY_REPORT"
SCHEMA = 1


def report(session: Session, pack: str, version: str) -> dict[str, Any]:
    """Return the account of a session.

    Keys: `schema`, `pack`, `version`, `iam_data`, `stack`, `project`, `resources` (number), `verdicts`
    (number by verdict over all controls), `controls`: for each control that ran its `id`, `name`, `title`,
    `severity`, `category`, `anchors`, `seconds`, `verdicts`, `looked_at` (URNs) and `findings`: `verdict`
    (FAIL or UNVERIFIED), `urn`, `resource`, `type`, `what`, `fix`.
    """
    outcomes = [session.outcomes[key] for key in sorted(session.outcomes)]
    total = Counter(j.verdict for outcome in outcomes for j in outcome.judgements)
    return {
        "schema": SCHEMA,
        "pack": pack,
        "version": version,
        "iam_data": data_version(),
        "stack": session.graph.stack,
        "project": session.graph.project,
        "resources": len(session.graph.resources),
        "verdicts": _counted(total),
        "controls": [_control(outcome) for outcome in outcomes],
    }


def _control(outcome: Outcome) -> dict[str, Any]:
    control = outcome.control
    return {
        "id": control.id,
        "name": control.name,
        "title": control.title,
        "severity": control.severity.value,
        "category": control.category.value,
        "anchors": list(control.anchors),
        "seconds": round(outcome.seconds, 6),
        "verdicts": _counted(Counter(j.verdict for j in outcome.judgements)),
        "looked_at": list(dict.fromkeys(j.resource.urn for j in outcome.judgements)),
        "findings": [
            {
                "verdict": judgement.verdict.value,
                "urn": judgement.resource.urn,
                "resource": judgement.resource.name,
                "type": judgement.resource.token,
                "what": judgement.what,
                "fix": judgement.fix or control.fix,
            }
            for judgement in outcome.judgements
            if judgement.verdict in (Verdict.FAIL, Verdict.UNVERIFIED)
        ],
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
            json.dump(content, stream, ensure_ascii=False, indent=1)
        Path(temporary).replace(target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
