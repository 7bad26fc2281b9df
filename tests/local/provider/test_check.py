"""Inputs are checked before anything is planned."""

from __future__ import annotations

import json

import grpc
import pytest
from pulumi.runtime.proto import provider_pb2

from local.provider import coverage, introspection, schema, table
from local.provider.values import UNKNOWN, Secret
from tests.local.provider.provider_support import Engine

BUCKET = "aws:s3/bucket:Bucket"
JOB = "aws:glue/job:Job"
LIFECYCLE = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
VALID_JOB = {"name": "j", "roleArn": "r", "command": {"scriptLocation": "s3://b/j.py"}}


def test_a_mistyped_property_is_named_with_the_nearest_one(previews: Engine) -> None:
    _, failures = previews.check(JOB, "job", {**VALID_JOB, "maxRetires": 1})
    assert failures.keys() == {"maxRetires"}
    assert "did you mean `maxRetries`?" in failures["maxRetires"]


def test_a_mistyped_property_deep_inside_is_named_by_its_path(previews: Engine) -> None:
    rules = [{"id": "a", "status": "Enabled"}, {"id": "b", "status": "Enabled", "expiration": {"day": 1}}]
    _, failures = previews.check(LIFECYCLE, "l", {"bucket": "b", "rules": rules})
    assert failures.keys() == {"rules[1].expiration.day"}
    assert "`days`" in failures["rules[1].expiration.day"]


def test_all_failures_are_reported_at_a_time(previews: Engine) -> None:
    _, failures = previews.check(
        JOB, "job", {"tmeout": 1, "numberOfWorkers": "many", "defaultArguments": ["a"]}
    )
    assert failures.keys() == {"tmeout", "numberOfWorkers", "defaultArguments", "command", "roleArn"}


def test_a_property_the_row_does_not_carry_is_refused_not_dropped(previews: Engine) -> None:
    _, failures = previews.check("aws:iam/role:Role", "r", {"assumeRolePolicy": "{}", "inlinePolicies": []})
    assert "does not carry" in failures["inlinePolicies"]


def test_an_unknown_value_passes_every_type(previews: Engine) -> None:
    given = {**VALID_JOB, "numberOfWorkers": UNKNOWN, "command": UNKNOWN}
    inputs, failures = previews.check(JOB, "job", given)
    assert failures == {}
    assert inputs["numberOfWorkers"] is UNKNOWN
    assert inputs["command"] is UNKNOWN


def test_values_take_the_type_that_aws_wants(previews: Engine) -> None:
    given = {**VALID_JOB, "defaultArguments": {"--cap": 4000, "--flag": True}, "numberOfWorkers": "2"}
    inputs, failures = previews.check(JOB, "job", given)
    assert failures == {}
    assert inputs["defaultArguments"] == {"--cap": "4000", "--flag": "true"}
    assert inputs["numberOfWorkers"] == 2


def test_a_document_becomes_text_and_stays_secret(previews: Engine) -> None:
    document = {"Version": "2012-10-17", "Statement": [{"Sid": Secret("hidden")}]}
    inputs, failures = previews.check(
        "aws:s3/bucketPolicy:BucketPolicy", "p", {"bucket": "b", "policy": document}
    )
    assert failures == {}
    assert isinstance(inputs["policy"], Secret)
    assert json.loads(inputs["policy"].value)["Statement"] == [{"Sid": "hidden"}]


def test_a_name_is_made_once_and_kept(previews: Engine) -> None:
    first, _ = previews.check(BUCKET, "MyBucket", {})
    again, _ = previews.check(BUCKET, "MyBucket", {}, first, seed=b"another")
    replacement, _ = previews.check(BUCKET, "MyBucket", {}, seed=b"another")
    assert first["bucket"].startswith("mybucket-")
    assert len(first["bucket"]) == len("mybucket-") + 7
    assert again["bucket"] == first["bucket"]
    assert replacement["bucket"] != first["bucket"]


def test_a_name_the_program_gives_is_taken_and_one_it_gave_is_not_kept(previews: Engine) -> None:
    given, _ = previews.check(BUCKET, "b", {"bucket": "given"})
    taken_out, _ = previews.check(BUCKET, "b", {}, given)
    assert given["bucket"] == "given"
    assert taken_out["bucket"].startswith("b-")


def test_an_alias_gets_the_prefix_aws_demands(previews: Engine) -> None:
    inputs, _ = previews.check("aws:kms/alias:Alias", "lake", {"targetKeyId": "k"})
    assert inputs["name"].startswith("alias/lake-")


def test_a_long_logical_name_is_cut_to_what_aws_allows(previews: Engine) -> None:
    inputs, _ = previews.check(BUCKET, "b" * 100, {})
    assert len(inputs["bucket"]) == 63


def test_the_engines_own_naming_is_followed(previews: Engine) -> None:
    options = provider_pb2.CheckRequest.AutonamingOptions
    proposed, _ = previews.check(
        BUCKET, "b", {}, autonaming=options(proposed_name="proposed", mode=options.ENFORCE)
    )
    _, failures = previews.check(BUCKET, "b", {}, autonaming=options(mode=options.DISABLE))
    assert proposed["bucket"] == "proposed"
    assert "give a name" in failures["bucket"]


def test_a_type_the_table_does_not_know_names_the_file_to_edit(previews: Engine) -> None:
    with pytest.raises(grpc.RpcError) as raised:
        previews.check("aws:glue/jobb:Jobb", "j", {})
    details = raised.value.details()  # type: ignore[attr-defined]
    assert "aws:glue/jobb:Jobb" in details
    assert "aws:glue/job:Job" in details
    assert "local/provider/rows/glue.py" in details


def test_standing_tells_how_a_type_is_treated() -> None:
    assert table.standing(BUCKET) == "created"
    assert table.standing("aws:nowhere/thing:Thing") is None


@pytest.mark.parametrize("token", sorted(table.rows()))
def test_no_property_is_carried_at_creation_and_lost_on_a_change(token: str) -> None:
    assert coverage.unchangeable(table.row(token), schema.load()) == []


def test_the_schema_file_is_in_step_with_the_sdk_and_the_rows() -> None:
    assert introspection.generate(table.rows()) == schema.PATH.read_text()
