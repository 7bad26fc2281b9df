"""Against cloudsplaining 0.9.1: what it finds is found here, and so is what it is known to miss.

`fixtures/differential/cloudsplaining-0.9.1.json` holds the corpus: the policies of one role, the check of
cloudsplaining that is asked, what it answers, and the control that must answer here (`null` for none).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from policies.controls.registry import CONTROLS
from policies.evaluation import evaluate
from tests.policies.graph_support import graph
from tests.policies.protocol_support import Res
from tests.policies.stack_support import text, trust

CORPUS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parent / "fixtures" / "differential" / "cloudsplaining-0.9.1.json").read_text()
)
PERMISSIONS = [control for control in CONTROLS if control.id in ("DL-IAM-01", "DL-IAM-02", "DL-IAM-05")]


def found(case: dict[str, Any]) -> set[str]:
    """The controls of permissions that fail on a role with the policies of a case."""
    stack = [Res("aws:iam/role:Role", "role", {"name": "role", "assumeRolePolicy": text(trust())})]
    stack += [
        Res("aws:iam/rolePolicy:RolePolicy", f"policy-{n}", {"role": "role", "policy": json.dumps(document)})
        for n, document in enumerate(case["policies"])
    ]
    judged = graph(stack)
    return {c.id for c in PERMISSIONS for j in evaluate(c, judged).judgements if j.verdict == "FAIL"}


@pytest.mark.parametrize("case", CORPUS, ids=[case["what"] for case in CORPUS])
def test_answer_is_the_recorded_one(case: dict[str, Any]) -> None:
    if case["found_here"] is None:
        assert found(case) == set()
    else:
        assert case["found_here"] in found(case)


def test_nothing_that_the_other_finds_is_missed_here() -> None:
    assert all(case["found_here"] for case in CORPUS if case["found_there"])


def test_corpus_shows_blind_spots_and_sound_policies_too() -> None:
    assert sum(bool(case["found_here"]) and not case["found_there"] for case in CORPUS) >= 5
    assert sum(case["found_here"] is None for case in CORPUS) >= 2
