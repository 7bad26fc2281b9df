"""What an interrupted deployment left behind, and names that collide."""

from __future__ import annotations

import grpc
import pytest

from local.aws import Cloud
from tests.local.provider.example_support import TRUST
from tests.local.provider.provider_support import Engine, details

BUCKET = "aws:s3/bucket:Bucket"
ROLE = "aws:iam/role:Role"
LOGS = "aws:cloudwatch/logGroup:LogGroup"


def test_what_an_interrupted_deployment_made_is_taken_up(engine: Engine, cloud: Cloud, name: str) -> None:
    cloud.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)
    inputs, _ = engine.check(ROLE, "r", {"name": name, "assumeRolePolicy": TRUST, "tags": {"a": "b"}})
    identifier, state = engine.create(ROLE, "r", inputs)
    assert identifier == name
    assert state["tagsAll"] == {"a": "b"}
    engine.delete(ROLE, "r", identifier, state)


def test_what_is_there_and_different_is_not_taken_up(engine: Engine, cloud: Cloud, name: str) -> None:
    cloud.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=TRUST, Path="/other/")
    inputs, _ = engine.check(ROLE, "r", {"name": name, "assumeRolePolicy": TRUST})
    with pytest.raises(grpc.RpcError) as raised:
        engine.create(ROLE, "r", inputs)
    assert "EntityAlreadyExists" in details(raised)
    cloud.client("iam").delete_role(RoleName=name)


def test_two_resources_of_a_program_cannot_share_a_name(engine: Engine, name: str) -> None:
    inputs, _ = engine.check(BUCKET, "one", {"bucket": name})
    identifier, state = engine.create(BUCKET, "one", inputs)
    with pytest.raises(grpc.RpcError) as raised:
        engine.create(BUCKET, "two", inputs)
    assert "BucketAlreadyOwnedByYou" in details(raised)
    engine.delete(BUCKET, "one", identifier, state)
