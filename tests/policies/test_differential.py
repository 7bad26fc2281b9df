"""Against cloudsplaining and parliament: what they find is found here, and so is what they are known to miss.

`fixtures/differential/corpus.json` holds the policies of one role a case, and what cloudsplaining 0.9.1 and
parliament 1.6.4 (with its community auditors) answered; `record_differential.py` asks them anew.
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
    (Path(__file__).parent / "fixtures" / "differential" / "corpus.json").read_text()
)
PERMISSIONS = [control for control in CONTROLS if control.id.startswith("DL-IAM-")]

# What they say -> the controls of which one has to say so here.
ANSWERS: dict[str, frozenset[str]] = {
    "privilege escalation": frozenset({"DL-IAM-09", "DL-IAM-03"}),
    "data exfiltration": frozenset({"DL-IAM-02", "DL-IAM-03", "DL-IAM-10", "DL-IAM-11"}),
    "credentials exposure": frozenset({"DL-IAM-02", "DL-IAM-03", "DL-IAM-10"}),
    "permissions management": frozenset({"DL-IAM-02", "DL-IAM-03"}),
    "write actions": frozenset({"DL-IAM-02", "DL-IAM-03"}),
    "RESOURCE_STAR": frozenset({"DL-IAM-02", "DL-IAM-03"}),
    "RESOURCE_MISMATCH": frozenset({"DL-IAM-02", "DL-IAM-25"}),
    "RESOURCE_POLICY_PRIVILEGE_ESCALATION": frozenset({"DL-IAM-09"}),
    "PRIVILEGE_ESCALATION": frozenset({"DL-IAM-09"}),
    "PERMISSIONS_MANAGEMENT_ACTIONS": frozenset({"DL-IAM-01", "DL-IAM-02", "DL-IAM-05", "DL-IAM-09"}),
    "CREDENTIALS_EXPOSURE": frozenset({"DL-IAM-02", "DL-IAM-10"}),
    "UNKNOWN_ACTION": frozenset({"DL-IAM-20"}),
    "UNKNOWN_PREFIX": frozenset({"DL-IAM-20"}),
    "UNKNOWN_CONDITION_FOR_ACTION": frozenset({"DL-IAM-25"}),
    "NOTRESOURCE_WITH_ALLOW": frozenset({"DL-IAM-03"}),
}
# What they say of policies that are sound, and why they are.
SOUND = {
    ("passing one role to Glue", "PERMISSIONS_MANAGEMENT_ACTIONS"): "one role by name, to the one service",
}
# Cases that both are silent about, or that one document at a time does not show.
BLIND_SPOTS = {
    "writing to every bucket by an ARN as good as *",
    "a Glue job under one named role",
    "a Glue job under any role that Glue may take",
    "a Glue job under any role, spread over two policies",
}


def found(case: dict[str, Any]) -> set[str]:
    """The controls of identities that fail on a role with the policies of a case."""
    stack = [Res("aws:iam/role:Role", "role", {"name": "role", "assumeRolePolicy": text(trust())})]
    stack += [
        Res("aws:iam/rolePolicy:RolePolicy", f"policy-{n}", {"role": "role", "policy": json.dumps(document)})
        for n, document in enumerate(case["policies"])
    ]
    judged = graph(stack)
    return {c.id for c in PERMISSIONS for j in evaluate(c, judged).judgements if j.verdict == "FAIL"}


@pytest.mark.parametrize("case", CORPUS, ids=[case["what"] for case in CORPUS])
def test_what_the_others_find_is_found_here(case: dict[str, Any]) -> None:
    here = found(case)
    for said in (*case["cloudsplaining"], *case["parliament"]):
        if (case["what"], said) not in SOUND:
            assert here & ANSWERS[said], (said, here)


@pytest.mark.parametrize("case", CORPUS, ids=[case["what"] for case in CORPUS])
def test_policy_that_nobody_minds_is_sound_here_or_a_known_blind_spot_of_theirs(case: dict[str, Any]) -> None:
    theirs = {
        said for said in (*case["cloudsplaining"], *case["parliament"]) if (case["what"], said) not in SOUND
    }
    if not theirs and case["what"] not in BLIND_SPOTS:
        assert found(case) == set()


def test_blind_spots_of_theirs_are_seen_here() -> None:
    for case in CORPUS:
        if case["what"] in BLIND_SPOTS:
            assert "privilege escalation" not in case["cloudsplaining"]
            assert found(case) & {"DL-IAM-02", "DL-IAM-09"}, case["what"]


def test_corpus_is_large_enough_and_both_tools_answer_to_much_of_it() -> None:
    assert len(CORPUS) >= 50
    assert sum(bool(case["cloudsplaining"]) for case in CORPUS) >= 30
    assert sum(bool(case["parliament"]) for case in CORPUS) >= 30
    assert {case["what"] for case in CORPUS} >= BLIND_SPOTS | {what for what, _ in SOUND}
