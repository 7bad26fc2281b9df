"""Failures are told plainly and lose nothing."""

from __future__ import annotations

import grpc
import pytest
from pulumi.runtime.proto.provider_pb2 import DiffResponse

from local.aws import Cloud
from local.provider.values import Secret, from_struct
from tests.local.provider.example_support import TRUST, reading
from tests.local.provider.provider_support import Engine, details, init_failure, serving

BUCKET = "aws:s3/bucket:Bucket"
ROLE = "aws:iam/role:Role"
LOGS = "aws:cloudwatch/logGroup:LogGroup"


def test_an_error_of_aws_names_operation_code_and_resource(engine: Engine, name: str) -> None:
    token = "aws:glue/catalogTable:CatalogTable"
    inputs, _ = engine.check(token, "t", {"databaseName": "not_there", "name": name})
    with pytest.raises(grpc.RpcError) as raised:
        engine.create(token, "t", inputs)
    for part in ("glue CreateTable failed", "EntityNotFoundException", token, Engine.urn(token, "t")):
        assert part in details(raised)


def test_a_half_made_resource_is_kept_and_the_next_update_finishes_it(
    engine: Engine, cloud: Cloud, name: str
) -> None:
    faulty, _ = engine.check(
        BUCKET, "b", {"bucket": name, "tags": {"aws:reserved": "x", "secret": Secret("hidden")}}
    )
    with pytest.raises(grpc.RpcError) as raised:
        engine.create(BUCKET, "b", faulty)
    failure = init_failure(raised.value)
    state = from_struct(failure.properties)
    assert failure.id == name
    assert "PutBucketTagging" in failure.reasons[0]
    assert state["arn"] == f"arn:aws:s3:::{name}"

    mended, _ = engine.check(BUCKET, "b", {"bucket": name, "tags": {"a": "b"}}, faulty)
    updated = engine.update(BUCKET, "b", name, state=state, olds=mended, news=mended)
    assert updated["tagsAll"] == {"a": "b"}
    assert cloud.client("s3").get_bucket_tagging(Bucket=name)["TagSet"] == [{"Key": "a", "Value": "b"}]
    assert engine.diff(BUCKET, "b", name, mended, mended, state=state).changes == DiffResponse.DIFF_SOME
    assert engine.diff(BUCKET, "b", name, mended, mended, state=updated).changes == DiffResponse.DIFF_NONE
    engine.delete(BUCKET, "b", name, updated)


def test_a_half_made_resource_that_cannot_be_changed_is_read_again_and_whole(
    engine: Engine, name: str
) -> None:
    token = "aws:lakeformation/resource:Resource"
    inputs, _ = engine.check(token, "r", {"arn": f"arn:aws:s3:::{name}", "useServiceLinkedRole": True})
    identifier, state = engine.create(token, "r", inputs)
    half = {**state, "__incomplete": True}
    assert engine.update(token, "r", identifier, state=half, olds=inputs, news=inputs) == state
    engine.delete(token, "r", identifier, state)


def test_a_deletion_of_what_is_gone_succeeds(engine: Engine, cloud: Cloud, name: str) -> None:
    inputs, _ = engine.check(ROLE, "r", {"name": name, "assumeRolePolicy": TRUST})
    identifier, state = engine.create(ROLE, "r", inputs)
    cloud.client("iam").delete_role(RoleName=name)
    engine.delete(ROLE, "r", identifier, state)


def test_a_role_goes_with_what_was_put_on_it_by_hand(engine: Engine, cloud: Cloud, name: str) -> None:
    inputs, _ = engine.check(ROLE, "r", {"name": name, "assumeRolePolicy": TRUST})
    identifier, state = engine.create(ROLE, "r", inputs)
    iam = cloud.client("iam")
    iam.put_role_policy(RoleName=name, PolicyName="extra", PolicyDocument=reading("*"))
    engine.delete(ROLE, "r", identifier, state)
    with pytest.raises(iam.exceptions.NoSuchEntityException):
        iam.get_role(RoleName=name)


def test_a_bucket_goes_with_all_versions_only_when_it_may(engine: Engine, cloud: Cloud, name: str) -> None:
    inputs, _ = engine.check(BUCKET, "b", {"bucket": name})
    identifier, state = engine.create(BUCKET, "b", inputs)
    s3 = cloud.client("s3")
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    for _ in range(3):
        s3.put_object(Bucket=name, Key="a", Body=b"x")
    s3.delete_object(Bucket=name, Key="a")
    with pytest.raises(grpc.RpcError) as raised:
        engine.delete(BUCKET, "b", identifier, state)
    assert "BucketNotEmpty" in details(raised)
    engine.delete(BUCKET, "b", identifier, {**state, "forceDestroy": True})
    assert name not in [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]


def test_an_emulator_that_is_gone_is_named_as_such() -> None:
    with serving("http://127.0.0.1:9") as engine:
        engine.configure()
        with pytest.raises(grpc.RpcError) as raised:
            engine.create(BUCKET, "b", {"bucket": "never-made"})
    assert "the embedded AWS does not answer" in details(raised)
    assert "./lake up local" in details(raised)
