"""What is secret stays secret."""

from __future__ import annotations

import grpc
import pytest

from local.provider.values import Secret
from tests.local.provider.provider_support import Engine, details

BUCKET = "aws:s3/bucket:Bucket"
ROLE = "aws:iam/role:Role"
LOGS = "aws:cloudwatch/logGroup:LogGroup"


def test_secrets_stay_secret_through_the_whole_life(engine: Engine, name: str) -> None:
    token = "aws:glue/workflow:Workflow"
    given = {
        "name": name,
        "description": Secret("s3cr3t"),
        "defaultRunProperties": {"a": "x", "b": Secret("h1dden")},
    }
    inputs, failures = engine.check(token, "w", given)
    assert failures == {}
    _, planned = engine.create(token, "w", inputs, preview=True)
    identifier, state = engine.create(token, "w", inputs)
    _, read, settled = engine.read(token, "w", identifier, state, inputs)
    news, _ = engine.check(token, "w", {**given, "description": Secret("m0re")}, inputs)
    updated = engine.update(token, "w", identifier, state=state, olds=inputs, news=news)
    for outputs in (planned, state, read, settled):
        assert outputs["description"] == Secret("s3cr3t")
        assert outputs["defaultRunProperties"] == {"a": "x", "b": Secret("h1dden")}
    assert updated["description"] == Secret("m0re")
    engine.delete(token, "w", identifier, updated)


def test_what_is_made_of_a_secret_is_secret(engine: Engine, previews: Engine, name: str) -> None:
    for connected, preview in ((previews, True), (engine, False)):
        inputs, _ = connected.check(BUCKET, "b", {"bucket": Secret(name)})
        identifier, outputs = connected.create(BUCKET, "b", inputs, preview=preview)
        assert identifier == name
        assert outputs["arn"] == Secret(f"arn:aws:s3:::{name}")
    engine.delete(BUCKET, "b", identifier, outputs)


def test_a_secret_does_not_show_in_an_error(engine: Engine, name: str) -> None:
    token = "aws:glue/catalogTable:CatalogTable"
    inputs, _ = engine.check(token, "t", {"databaseName": Secret("hidden_database"), "name": name})
    with pytest.raises(grpc.RpcError) as raised:
        engine.create(token, "t", inputs)
    assert "EntityNotFoundException" in details(raised)
    assert "hidden_database" not in str(raised.value)
