"""A refresh shows what changed outside the program, and only that."""

from __future__ import annotations

import json
import uuid

from local.aws import Cloud
from local.provider.values import Asset
from tests.local.provider.example_support import KEY_POLICY, TRUST
from tests.local.provider.provider_support import Engine

BUCKET = "aws:s3/bucket:Bucket"
ROLE = "aws:iam/role:Role"
LOGS = "aws:cloudwatch/logGroup:LogGroup"


def test_drift_shows_in_the_inputs_and_an_update_mends_it(engine: Engine, cloud: Cloud, name: str) -> None:
    inputs, _ = engine.check(LOGS, "l", {"name": name, "retentionInDays": 7, "tags": {"a": "b"}})
    identifier, state = engine.create(LOGS, "l", inputs)
    logs = cloud.client("logs")
    logs.put_retention_policy(logGroupName=name, retentionInDays=30)
    logs.tag_resource(resourceArn=state["arn"], tags={"by": "hand"})
    _, drifted, seen = engine.read(LOGS, "l", identifier, state, inputs)
    assert seen["retentionInDays"] == drifted["retentionInDays"] == 30
    assert seen["tags"] == {"a": "b", "by": "hand"}
    assert set(engine.diff(LOGS, "l", identifier, seen, inputs, state=drifted).diffs) == {
        "retentionInDays",
        "tags",
    }
    updated = engine.update(LOGS, "l", identifier, state=drifted, olds=seen, news=inputs)
    assert engine.read(LOGS, "l", identifier, updated, inputs) == (identifier, updated, inputs)
    engine.delete(LOGS, "l", identifier, updated)


def test_a_property_set_by_hand_that_the_program_never_gave_is_drift(
    engine: Engine, cloud: Cloud, name: str
) -> None:
    inputs, _ = engine.check(ROLE, "r", {"name": name, "assumeRolePolicy": TRUST})
    identifier, state = engine.create(ROLE, "r", inputs)
    cloud.client("iam").update_role(RoleName=name, Description="by hand")
    _, _, seen = engine.read(ROLE, "r", identifier, state, inputs)
    assert seen == {**inputs, "description": "by hand"}
    engine.delete(ROLE, "r", identifier, state)


def test_an_object_replaced_by_hand_is_uploaded_again(engine: Engine, cloud: Cloud, name: str) -> None:
    token = "aws:s3/bucketObjectv2:BucketObjectv2"
    cloud.client("s3").create_bucket(
        Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    inputs, _ = engine.check(token, "o", {"bucket": name, "key": "job.py", "content": "right"})
    identifier, state = engine.create(token, "o", inputs)
    cloud.client("s3").put_object(Bucket=name, Key="job.py", Body=b"wrong")
    _, drifted, seen = engine.read(token, "o", identifier, state, inputs)
    assert engine.diff(token, "o", identifier, seen, inputs, state=drifted).diffs == ["etag"]
    updated = engine.update(token, "o", identifier, state=drifted, olds=seen, news=inputs)
    assert cloud.client("s3").get_object(Bucket=name, Key="job.py")["Body"].read() == b"right"
    engine.delete(token, "o", identifier, updated)
    cloud.client("s3").delete_bucket(Bucket=name)


def test_new_content_alone_is_uploaded(engine: Engine, cloud: Cloud, name: str) -> None:
    token = "aws:s3/bucketObjectv2:BucketObjectv2"
    cloud.client("s3").create_bucket(
        Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    olds, _ = engine.check(
        token, "o", {"bucket": name, "key": "job.py", "source": Asset(hash="1", text="old")}
    )
    identifier, state = engine.create(token, "o", olds)
    news, _ = engine.check(token, "o", {**olds, "source": Asset(hash="2", text="new")}, olds)
    updated = engine.update(token, "o", identifier, state=state, olds=olds, news=news)
    assert cloud.client("s3").get_object(Bucket=name, Key="job.py")["Body"].read() == b"new"
    assert updated["etag"] != state["etag"]
    engine.delete(token, "o", identifier, updated)
    cloud.client("s3").delete_bucket(Bucket=name)


def test_a_resource_is_imported_by_its_identifier_alone(engine: Engine, cloud: Cloud, name: str) -> None:
    token = "aws:iam/rolePolicy:RolePolicy"
    iam = cloud.client("iam")
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)
    iam.put_role_policy(RoleName=name, PolicyName="inline", PolicyDocument=KEY_POLICY)
    identifier, _, inputs = engine.read(token, "p", f"{name}:inline")
    assert identifier == f"{name}:inline"
    assert {**inputs, "policy": json.loads(inputs["policy"])} == {
        "role": name,
        "name": "inline",
        "policy": json.loads(KEY_POLICY),
    }
    engine.delete(ROLE, "r", name, {"name": name})


def test_an_import_of_what_is_not_there_finds_nothing(engine: Engine) -> None:
    assert engine.read("aws:kms/key:Key", "k", str(uuid.uuid4())) == ("", {}, {})
