"""Every way up that the pack knows is seen when, and only when, a role holds all of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from policies.evaluation import evaluate
from policies.iam.escalations import ESCALATIONS, Escalation
from policies.iam.facts import expand
from tests.policies.graph_support import BY_ID, graph
from tests.policies.protocol_support import Res
from tests.policies.stack_support import ACCOUNT, REGION, allow, role, text

# Spencer Gietzen, "AWS IAM Privilege Escalation – Methods and Mitigation", Rhino Security Labs, 2018.
CLASSIC = (
    {"iam:CreatePolicyVersion"},
    {"iam:SetDefaultPolicyVersion"},
    {"iam:PassRole", "ec2:RunInstances"},
    {"iam:CreateAccessKey"},
    {"iam:CreateLoginProfile"},
    {"iam:UpdateLoginProfile"},
    {"iam:AttachUserPolicy"},
    {"iam:AttachGroupPolicy"},
    {"iam:AttachRolePolicy"},
    {"iam:PutUserPolicy"},
    {"iam:PutGroupPolicy"},
    {"iam:PutRolePolicy"},
    {"iam:AddUserToGroup"},
    {"iam:UpdateAssumeRolePolicy"},
    {"iam:PassRole", "lambda:CreateFunction", "lambda:InvokeFunction"},
    {"iam:PassRole", "lambda:CreateFunction", "lambda:CreateEventSourceMapping"},
    {"lambda:UpdateFunctionCode"},
    {"iam:PassRole", "glue:CreateDevEndpoint"},
    {"glue:UpdateDevEndpoint"},
    {"iam:PassRole", "cloudformation:CreateStack"},
    {"iam:PassRole", "datapipeline:CreatePipeline"},
)


REDSHIFT = f"arn:aws:redshift:{REGION}:{ACCOUNT}:cluster"
SECRETS = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret"


def findings(actions: Sequence[str]) -> list[str]:
    """What is said of a role that may do some actions on everything."""
    return findings_of(allow(list(actions), "*"))


def findings_of(*statements: dict[str, Any]) -> list[str]:
    """What is said of a role with some statements."""
    policy = {"role": "r", "policy": text(*statements)}
    stack = [role("r"), Res("aws:iam/rolePolicy:RolePolicy", "p", policy)]
    outcome = evaluate(BY_ID["DL-IAM-09"], graph(stack))
    return [judgement.what for judgement in outcome.judgements if judgement.verdict == "FAIL"]


def said(path: Escalation) -> str:
    return f"{path.leads_to} ({path.name})"


def test_classic_ways_are_all_known() -> None:
    known = [set(path.actions) for path in ESCALATIONS]
    assert [way for way in CLASSIC if way not in known] == []


def test_no_way_is_listed_twice_and_every_action_is_one_of_aws() -> None:
    assert len({path.actions for path in ESCALATIONS}) == len(ESCALATIONS)
    for path in ESCALATIONS:
        for action in path.actions:
            assert [fact.name for fact in expand(action)] == [action]


@pytest.mark.parametrize("path", ESCALATIONS, ids=[" + ".join(path.actions) for path in ESCALATIONS])
def test_way_is_seen_with_all_its_actions_and_not_without_one(path: Escalation) -> None:
    assert any(said(path) in what or " + ".join(path.actions) in what for what in findings(path.actions))
    for missing in path.actions:
        rest = [action for action in path.actions if action != missing]
        others = [other for other in ESCALATIONS if set(other.actions) <= set(rest)]
        assert bool(findings(rest)) is bool(others), (missing, others)


def test_batch_of_statements_is_as_strong_as_one() -> None:
    for action in ("redshift-data:ExecuteStatement", "redshift-data:BatchExecuteStatement"):
        (what,) = findings([action, "secretsmanager:GetSecretValue"])
        assert "SQL with a stored secret" in what


@pytest.mark.parametrize("action", ["ExecuteStatement", "BatchExecuteStatement"])
@pytest.mark.parametrize(
    ("cluster", "secret", "sound"),
    [
        (f"{REDSHIFT}:lake", f"{SECRETS}:redshift!lake-admin-*", True),
        (f"{REDSHIFT}:lake", f"{SECRETS}:redshift!other-admin-*", False),
        (f"{REDSHIFT}:lake", f"{SECRETS}:redshift!*", False),
        (f"{REDSHIFT}:lake", f"{SECRETS}:lake-*", False),
        (f"{REDSHIFT}:lake", "*", False),
        (f"{REDSHIFT}:*", f"{SECRETS}:redshift!lake-admin-*", False),
        ("*", f"{SECRETS}:redshift!lake-admin-*", False),
    ],
)
def test_sql_in_one_cluster_by_its_own_secret_is_no_way_up(
    action: str, cluster: str, secret: str, sound: bool
) -> None:
    found = findings_of(
        allow(f"redshift-data:{action}", cluster), allow("secretsmanager:GetSecretValue", secret)
    )
    assert (found == []) is sound


def test_one_statement_is_one_finding_however_many_ways_it_opens() -> None:
    (everything,) = findings(["*"])
    assert f"every other known way up, {len(ESCALATIONS)} in all" in everything
    (some,) = findings(["iam:*"])
    assert "iam:PutRolePolicy" in some
    assert "iam:CreateAccessKey" in some
