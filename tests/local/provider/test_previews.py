"""Previews say what is known, and need no AWS."""

from __future__ import annotations

import json

import grpc
import pytest

from local.provider.values import UNKNOWN
from tests.local.provider.example_support import TRUST
from tests.local.provider.provider_support import Engine, details, serving

BUCKET = "aws:s3/bucket:Bucket"
ROLE = "aws:iam/role:Role"
LOGS = "aws:cloudwatch/logGroup:LogGroup"


def test_a_preview_needs_no_aws_and_knows_what_follows_from_known_inputs(previews: Engine) -> None:
    inputs, _ = previews.check(BUCKET, "b", {"bucket": "lake", "tags": {"a": "b"}})
    identifier, planned = previews.create(BUCKET, "b", inputs, preview=True)
    assert identifier == "lake"
    assert planned["arn"] == "arn:aws:s3:::lake"
    assert planned["bucketRegionalDomainName"] == "lake.s3.eu-west-1.amazonaws.com"
    assert planned["tagsAll"] == {"a": "b"}
    assert planned["region"] == "eu-west-1"


def test_a_preview_keeps_unknown_what_follows_from_unknown_inputs(previews: Engine) -> None:
    inputs, _ = previews.check(BUCKET, "b", {"bucket": UNKNOWN})
    identifier, planned = previews.create(BUCKET, "b", inputs, preview=True)
    assert identifier == ""
    assert planned["bucket"] is UNKNOWN
    assert planned["arn"] is UNKNOWN


def test_a_preview_without_an_account_leaves_arns_with_one_unknown(previews: Engine) -> None:
    inputs, _ = previews.check(ROLE, "r", {"name": "r", "assumeRolePolicy": TRUST})
    _, planned = previews.create(ROLE, "r", inputs, preview=True)
    assert planned["arn"] is UNKNOWN


def test_a_preview_takes_the_account_from_the_allowed_one() -> None:
    with serving(None) as engine:
        engine.configure(allowedAccountIds=json.dumps(["111122223333"]))
        inputs, _ = engine.check(ROLE, "r", {"name": "r", "assumeRolePolicy": TRUST, "path": "/lake/"})
        _, planned = engine.create(ROLE, "r", inputs, preview=True)
        identity = engine.invoke("aws:index/getCallerIdentity:getCallerIdentity")
    assert planned["arn"] == "arn:aws:iam::111122223333:role/lake/r"
    assert identity["accountId"] == "111122223333"


def test_the_partition_follows_the_region() -> None:
    with serving(None) as engine:
        engine.configure(region="cn-north-1")
        inputs, _ = engine.check(BUCKET, "b", {"bucket": "lake"})
        _, planned = engine.create(BUCKET, "b", inputs, preview=True)
    assert planned["arn"] == "arn:aws-cn:s3:::lake"


def test_a_deployment_without_an_embedded_aws_is_refused(previews: Engine) -> None:
    inputs, _ = previews.check(BUCKET, "b", {"bucket": "lake"})
    with pytest.raises(grpc.RpcError) as raised:
        previews.create(BUCKET, "b", inputs)
    assert "LAKE_EMULATOR is not set" in details(raised)


def test_a_preview_of_an_update_keeps_what_the_update_cannot_change(engine: Engine, name: str) -> None:
    olds, _ = engine.check(LOGS, "l", {"name": name, "retentionInDays": 7})
    identifier, state = engine.create(LOGS, "l", olds)
    news, _ = engine.check(LOGS, "l", {"name": name, "retentionInDays": UNKNOWN}, olds)
    planned = engine.update(LOGS, "l", identifier, state=state, olds=olds, news=news, preview=True)
    assert planned["arn"] == state["arn"]
    assert planned["retentionInDays"] is UNKNOWN
    engine.delete(LOGS, "l", identifier, state)
