"""Every type of the table against the embedded AWS: made, read back equal, changed, deleted, gone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from pulumi.runtime.proto import provider_pb2

from local.aws import Cloud
from local.provider import table
from local.provider.diff import DEFAULTS, forces_replacement
from local.provider.equality import Equality
from local.provider.schema import load
from local.provider.values import UNKNOWN, has_unknown
from tests.local.provider.access_examples import EXAMPLES as ACCESS
from tests.local.provider.costs_examples import EXAMPLES as COSTS
from tests.local.provider.example_support import Example
from tests.local.provider.governance_examples import EXAMPLES as GOVERNANCE
from tests.local.provider.monitoring_examples import EXAMPLES as MONITORING
from tests.local.provider.network_examples import EXAMPLES as NETWORK
from tests.local.provider.pipeline_examples import EXAMPLES as PIPELINE
from tests.local.provider.provider_support import Engine
from tests.local.provider.reports_examples import EXAMPLES as REPORTS
from tests.local.provider.storage_examples import EXAMPLES as STORAGE
from tests.local.provider.warehouse_examples import EXAMPLES as WAREHOUSE

NONE, SOME = provider_pb2.DiffResponse.DIFF_NONE, provider_pb2.DiffResponse.DIFF_SOME
SERVICES = (STORAGE, PIPELINE, GOVERNANCE, NETWORK, MONITORING, ACCESS, WAREHOUSE, COSTS, REPORTS)
EXAMPLES = {token: examples for service in SERVICES for token, examples in service.items()}
# Settings and parts of another resource, which the inventory does not count.
PARTS = {
    "aws:cloudwatch/eventTarget:EventTarget",
    "aws:cloudwatch/logMetricFilter:LogMetricFilter",
    "aws:ec2/defaultNetworkAcl:DefaultNetworkAcl",
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup",
    "aws:ec2/routeTableAssociation:RouteTableAssociation",
    "aws:iam/rolePolicy:RolePolicy",
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
    "aws:lakeformation/resourceLfTag:ResourceLfTag",
    "aws:lakeformation/resourceLfTags:ResourceLfTags",
    "aws:redshift/clusterIamRoles:ClusterIamRoles",
    "aws:redshift/logging:Logging",
    "aws:redshift/snapshotCopy:SnapshotCopy",
    "aws:redshift/snapshotScheduleAssociation:SnapshotScheduleAssociation",
    "aws:redshiftdata/statement:Statement",
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
    "aws:s3/bucketLogging:BucketLogging",
    "aws:s3/bucketMetric:BucketMetric",
    "aws:s3/bucketNotification:BucketNotification",
    "aws:s3/bucketObjectv2:BucketObjectv2",
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
    "aws:s3/bucketPolicy:BucketPolicy",
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
    "aws:s3/bucketReplicationConfig:BucketReplicationConfig",
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
    "aws:s3/bucketVersioning:BucketVersioning",
    "aws:s3/inventory:Inventory",
    "aws:secretsmanager/secretPolicy:SecretPolicy",
    "aws:secretsmanager/secretVersion:SecretVersion",
    "aws:sns/topicPolicy:TopicPolicy",
    "aws:sqs/queuePolicy:QueuePolicy",
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
}
CASES = [(token, example) for token, examples in EXAMPLES.items() for example in examples]
IDS = [
    f"{token.rsplit(':', 1)[1]}-{index}" for token, items in EXAMPLES.items() for index in range(len(items))
]


def test_every_created_type_has_an_example() -> None:
    created = {token for token, row in table.rows().items() if row.standing == "created"}
    assert created == EXAMPLES.keys()


def test_every_type_that_aws_updates_has_an_example_of_a_change() -> None:
    unchanged = {token for token, items in EXAMPLES.items() if not any(item.changes for item in items)}
    assert {token for token in unchanged if not _always_new(token)} == set()


def _always_new(token: str) -> bool:
    """Tell whether every change of a type's own inputs makes a new resource."""
    row = table.row(token)
    inputs = load().types[token].inputs.keys() - {"region", *row.kept, "tags" if row.tags is None else ""}
    return all(forces_replacement(row, name) for name in inputs)


@pytest.fixture
def needs(engine: Engine, case: tuple[str, Example]) -> Iterator[dict[str, Any]]:
    """What the example needs, made by the provider too and taken away afterwards."""
    made: list[tuple[str, str, str, dict[str, Any]]] = []
    outputs: dict[str, Any] = {}
    for name, (token, given) in case[1].needs.items():
        inputs, failures = engine.check(token, name, fill(given, outputs))
        assert failures == {}
        identifier, state = engine.create(token, name, inputs)
        made.append((token, name, identifier, state))
        outputs[name] = {**state, "id": identifier}
    yield outputs
    for token, name, identifier, state in reversed(made):
        engine.delete(token, name, identifier, state)


def fill(value: Any, outputs: dict[str, Any]) -> Any:
    """Put the outputs of the needs in the places of `${need.property}`."""
    match value:
        case str():
            return re.sub(r"\$\{(\w+)\.(\w+)\}", lambda found: str(outputs[found[1]][found[2]]), value)
        case dict():
            return {key: fill(item, outputs) for key, item in value.items()}
        case list():
            return [fill(item, outputs) for item in value]
        case _:
            return value


def differing(token: str, wanted: dict[str, Any], actual: dict[str, Any]) -> dict[str, Any]:
    """Inputs that the outputs do not hold, with what they hold instead."""
    equality = Equality(frozenset(table.row(token).unordered), table.row(token).canonical, lenient=True)

    def holds(want: Any, have: Any, path: str) -> bool:
        if isinstance(want, dict) and isinstance(have, dict):
            return all(holds(item, have.get(key), f"{path}.{key}") for key, item in want.items())
        if isinstance(want, list) and isinstance(have, list) and path not in equality.unordered:
            return len(want) == len(have) and all(holds(w, h, path) for w, h in zip(want, have, strict=True))
        return equality.same(want, have, path)

    return {
        k: (v, actual.get(k)) for k, v in wanted.items() if k != DEFAULTS and not holds(v, actual.get(k), k)
    }


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_a_resource_is_made_read_changed_and_deleted(
    engine: Engine, cloud: Cloud, case: tuple[str, Example], needs: dict[str, Any]
) -> None:
    token, example = case
    before = cloud.control("GET", "inventory")
    inputs, failures = engine.check(token, "example", fill(example.inputs, needs))
    assert failures == {}

    planned_id, planned = engine.create(token, "example", inputs, preview=True)
    identifier, state = engine.create(token, "example", inputs)
    try:
        counted = cloud.control("GET", "inventory") != before
        assert counted == (token not in PARTS)
        assert planned_id in ("", identifier)
        assert_promises_kept(token, planned, state)
        assert differing(token, inputs, state) == {}

        assert engine.read(token, "example", identifier, state, inputs) == (identifier, state, inputs)
        assert engine.diff(token, "example", identifier, inputs, inputs, state=state).changes == NONE

        if example.changes:
            state, inputs = assert_update(
                engine, token, identifier, state=state, inputs=inputs, changes=fill(example.changes, needs)
            )
    finally:
        engine.delete(token, "example", identifier, state)
    found, _, _ = engine.read(token, "example", identifier, state, inputs)
    assert found == (identifier if example.remains else "")
    engine.delete(token, "example", identifier, state)
    assert cloud.control("GET", "inventory") == before


def assert_promises_kept(token: str, planned: dict[str, Any], state: dict[str, Any]) -> None:
    promised = {name: value for name, value in planned.items() if not has_unknown(value)}
    assert differing(token, promised, state) == {}
    assert {name for name, value in state.items() if value} <= planned.keys()


def assert_update(
    engine: Engine,
    token: str,
    identifier: str,
    *,
    state: dict[str, Any],
    inputs: dict[str, Any],
    changes: dict[str, Any],
) -> tuple[dict[str, Any], dict[str, Any]]:
    given = {name: value for name, value in {**inputs, **changes}.items() if value is not None}
    news, failures = engine.check(token, "example", given, inputs)
    assert failures == {}
    diff = engine.diff(token, "example", identifier, inputs, news, state=state)
    assert diff.changes == SOME
    assert set(diff.diffs) == changes.keys()
    assert not diff.replaces

    planned = engine.update(token, "example", identifier, state=state, olds=inputs, news=news, preview=True)
    updated = engine.update(token, "example", identifier, state=state, olds=inputs, news=news)
    assert_promises_kept(token, planned, updated)
    assert differing(token, news, updated) == {}
    for name in inputs.keys() - news.keys():
        assert not updated.get(name), f"{name} was taken out of the program and is still in AWS"
    assert engine.read(token, "example", identifier, updated, news) == (identifier, updated, news)
    assert engine.diff(token, "example", identifier, news, news, state=updated).changes == NONE
    return updated, news


def test_a_preview_says_what_it_cannot_know(engine: Engine) -> None:
    identifier, planned = engine.create("aws:kms/key:Key", "key", {"description": "new"}, preview=True)
    assert identifier == ""
    assert planned["keyId"] is UNKNOWN
    assert planned["arn"] is UNKNOWN
