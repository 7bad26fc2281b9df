"""What counts as a change, and which changes make a new resource."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pulumi.runtime.proto import provider_pb2

from local.provider.values import UNKNOWN, Asset, Secret
from tests.local.provider.provider_support import Engine

GRANT = "aws:lakeformation/permissions:Permissions"
POLICY = "aws:s3/bucketPolicy:BucketPolicy"
JOB = "aws:glue/job:Job"
TABLE = "aws:glue/catalogTable:CatalogTable"
KINDS = provider_pb2.PropertyDiff


def document(**statement: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Sid": "A", "Effect": "Allow", **statement}]})


SAME = [
    (GRANT, {"permissions": ["SELECT", "DESCRIBE"]}, {"permissions": ["DESCRIBE", "SELECT"]}),
    (POLICY, {"policy": '{"a": 1, "b": [1, 2]}'}, {"policy": '{"b":[1,2],"a":1}'}),
    (
        POLICY,
        {"policy": document(Action=["s3:Get", "s3:Put"])},
        {"policy": document(Action=["s3:Put", "s3:Get"])},
    ),
    (POLICY, {"policy": document(Action="s3:Get")}, {"policy": document(Action=["s3:Get"])}),
    (JOB, {"timeout": 60}, {"timeout": 60.0}),
    (JOB, {"tags": {}}, {}),
    (JOB, {"description": Secret("a")}, {"description": "a"}),
    ("aws:kms/alias:Alias", {"targetKeyId": "abc"}, {"targetKeyId": "arn:aws:kms:eu-west-1:1:key/abc"}),
    (
        "aws:s3/bucketObjectv2:BucketObjectv2",
        {"source": Asset("h", path="/a")},
        {"source": Asset("h", path="/b")},
    ),
]
CHANGED = [
    (JOB, {"timeout": 60}, {"timeout": 61}, {"timeout": KINDS.UPDATE}),
    (JOB, {}, {"timeout": 60}, {"timeout": KINDS.ADD}),
    (JOB, {"timeout": 60}, {}, {"timeout": KINDS.DELETE}),
    (JOB, {"name": "a"}, {"name": "b"}, {"name": KINDS.UPDATE_REPLACE}),
    (JOB, {"region": "eu-west-1"}, {"region": "eu-west-2"}, {"region": KINDS.UPDATE_REPLACE}),
    (
        JOB,
        {"defaultArguments": {"--a": "1"}},
        {"defaultArguments": {"--a": "2"}},
        {'defaultArguments["--a"]': KINDS.UPDATE},
    ),
    (JOB, {"command": {"name": "x"}}, {"command": {"name": "y"}}, {"command.name": KINDS.UPDATE}),
    (JOB, {"description": "a"}, {"description": UNKNOWN}, {"description": KINDS.UPDATE}),
    (JOB, {"name": "a"}, {"name": UNKNOWN}, {"name": KINDS.UPDATE_REPLACE}),
    (
        TABLE,
        {"partitionKeys": [{"name": "a"}, {"name": "b"}]},
        {"partitionKeys": [{"name": "b"}, {"name": "a"}]},
        {"partitionKeys[0].name": KINDS.UPDATE, "partitionKeys[1].name": KINDS.UPDATE},
    ),
    (GRANT, {"permissions": ["SELECT"]}, {"permissions": ["ALTER"]}, {"permissions": KINDS.UPDATE_REPLACE}),
    (
        POLICY,
        {"policy": document(Action="s3:Get")},
        {"policy": document(Action="s3:Put")},
        {"policy": KINDS.UPDATE},
    ),
    (POLICY, {"policy": document(Sid="A")}, {"policy": document(Sid="B")}, {"policy": KINDS.UPDATE}),
    ("aws:kms/key:Key", {"isEnabled": True}, {"isEnabled": False}, {"isEnabled": KINDS.UPDATE}),
    ("aws:kms/key:Key", {"multiRegion": False}, {"multiRegion": True}, {"multiRegion": KINDS.UPDATE_REPLACE}),
]


@pytest.mark.parametrize(("token", "old", "new"), SAME)
def test_values_that_mean_the_same_are_no_change(previews: Engine, token: str, old: Any, new: Any) -> None:
    answer = previews.diff(token, "r", "id", old, new)
    assert answer.changes == provider_pb2.DiffResponse.DIFF_NONE
    assert not answer.detailedDiff


@pytest.mark.parametrize(("token", "old", "new", "expected"), CHANGED)
def test_a_change_is_told_by_path_and_kind(
    previews: Engine, token: str, old: Any, new: Any, expected: dict[str, Any]
) -> None:
    answer = previews.diff(token, "r", "id", old, new)
    assert answer.changes == provider_pb2.DiffResponse.DIFF_SOME
    assert {path: diff.kind for path, diff in answer.detailedDiff.items()} == expected
    assert all(diff.inputDiff for diff in answer.detailedDiff.values())
    assert {path.split(".")[0].split("[")[0] for path in expected} == set(answer.diffs)
    replacing = (KINDS.ADD_REPLACE, KINDS.DELETE_REPLACE, KINDS.UPDATE_REPLACE)
    assert bool(answer.replaces) == any(kind in replacing for kind in expected.values())


def test_the_old_one_goes_first_when_both_would_have_the_same_name(previews: Engine) -> None:
    old = {"name": "analysts", "database": "a", "query": "select 1"}
    configuration = {"name": "c", "encryptionConfiguration": {"s3Encryption": {"s3EncryptionMode": "SSE-S3"}}}
    changed = {"name": "c", "encryptionConfiguration": {"s3Encryption": {"s3EncryptionMode": "DISABLED"}}}
    token = "aws:glue/securityConfiguration:SecurityConfiguration"
    assert previews.diff(token, "c", "c", configuration, changed).deleteBeforeReplace
    renamed = previews.diff(token, "c", "c", configuration, {**changed, "name": "d"})
    assert renamed.replaces
    assert not renamed.deleteBeforeReplace
    invented = previews.diff(
        "aws:athena/namedQuery:NamedQuery", "q", "0-1-2", old, {**old, "query": "select 2"}
    )
    assert invented.replaces
    assert not invented.deleteBeforeReplace


def test_the_new_one_comes_first_when_pulumi_names_it(previews: Engine) -> None:
    token = "aws:iam/role:Role"
    old, _ = previews.check(token, "r", {"assumeRolePolicy": "{}", "path": "/a/"})
    new, _ = previews.check(token, "r", {"assumeRolePolicy": "{}", "path": "/b/"}, old)
    answer = previews.diff(token, "r", old["name"], old, new)
    assert answer.replaces == ["path"]
    assert not answer.deleteBeforeReplace
