"""Bucket policies: what a Deny statement denies, and what it does not."""

import json
from typing import Any

import boto3
import pytest
from botocore.config import Config

from local.aws import Cloud
from local.emulator.policy_conditions import UnknownOperator, check, holds
from tests.local.emulator.emulator_support import ACCOUNT, bucket, refused

KEY = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/11111111-1111-1111-1111-111111111111"
OTHER = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/22222222-2222-2222-2222-222222222222"
HEADER = "s3:x-amz-server-side-encryption-aws-kms-key-id"


def deny(name: str, sid: str, action: str, condition: dict[str, Any], principal: Any = "*") -> dict[str, Any]:
    places = [f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*"]
    return {
        "Sid": sid,
        "Effect": "Deny",
        "Principal": principal,
        "Action": action,
        "Resource": places,
        "Condition": condition,
    }


def policy(cloud: Cloud, name: str, *statements: dict[str, Any]) -> None:
    document = {"Version": "2012-10-17", "Statement": list(statements)}
    cloud.client("s3").put_bucket_policy(Bucket=name, Policy=json.dumps(document))


@pytest.fixture(scope="module")
def lake(cloud: Cloud) -> str:
    """A bucket with the statements that the platform's buckets carry."""
    name = bucket(cloud, "denying")
    policy(
        cloud,
        name,
        deny(name, "Plain", "s3:*", {"Bool": {"aws:SecureTransport": "false"}}),
        deny(name, "OldTls", "s3:*", {"NumericLessThan": {"s3:TlsVersion": "1.2"}}),
        deny(name, "WrongKey", "s3:PutObject", {"StringNotEquals": {HEADER: KEY}, "Null": {HEADER: "false"}}),
        deny(
            name,
            "NotKms",
            "s3:PutObject",
            {
                "StringNotEquals": {"s3:x-amz-server-side-encryption": "aws:kms"},
                "Null": {"s3:x-amz-server-side-encryption": "false"},
            },
        ),
    )
    return name


def test_an_upload_without_encryption_headers_passes(cloud: Cloud, lake: str) -> None:
    s3 = cloud.client("s3")
    s3.put_object(Bucket=lake, Key="plain", Body=b"1")
    assert s3.get_object(Bucket=lake, Key="plain")["Body"].read() == b"1"
    assert s3.list_objects_v2(Bucket=lake)["KeyCount"] == 1
    s3.delete_object(Bucket=lake, Key="plain")


def test_an_upload_with_the_right_key_passes(cloud: Cloud, lake: str) -> None:
    sealed = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": KEY}
    cloud.client("s3").put_object(Bucket=lake, Key="right", Body=b"1", **sealed)


def test_an_upload_with_a_wrong_key_is_denied_and_stores_nothing(cloud: Cloud, lake: str) -> None:
    s3 = cloud.client("s3")
    with refused("AccessDenied"):
        s3.put_object(Bucket=lake, Key="wrong", Body=b"1", ServerSideEncryption="aws:kms", SSEKMSKeyId=OTHER)
    with refused("AccessDenied"):
        s3.create_multipart_upload(
            Bucket=lake, Key="wrong", ServerSideEncryption="aws:kms", SSEKMSKeyId=OTHER
        )
    with refused("404"):
        s3.head_object(Bucket=lake, Key="wrong")


def test_an_upload_with_another_algorithm_is_denied(cloud: Cloud, lake: str) -> None:
    with refused("AccessDenied"):
        cloud.client("s3").put_object(Bucket=lake, Key="aes", Body=b"1", ServerSideEncryption="AES256")


def test_a_policy_that_denies_tls_denies_all_but_its_own_removal(cloud: Cloud) -> None:
    s3, name = cloud.client("s3"), bucket(cloud, "locked")
    s3.put_object(Bucket=name, Key="x", Body=b"1")
    secure = {"Bool": {"aws:SecureTransport": "true"}}
    statement = deny(name, "All", "", secure)
    del statement["Action"]
    policy(cloud, name, {**statement, "NotAction": "s3:*BucketPolicy"})
    with refused("AccessDenied"):
        s3.get_object(Bucket=name, Key="x")
    with refused("AccessDenied"):
        s3.list_objects_v2(Bucket=name)
    with refused("AccessDenied"):
        s3.delete_bucket(Bucket=name)
    with refused("403"):
        s3.head_object(Bucket=name, Key="x")
    answer = s3.delete_objects(Bucket=name, Delete={"Objects": [{"Key": "x"}]})
    assert [error["Code"] for error in answer["Errors"]] == ["AccessDenied"]
    s3.delete_bucket_policy(Bucket=name)
    assert s3.get_object(Bucket=name, Key="x")["Body"].read() == b"1"


def test_a_copy_needs_the_source_too(cloud: Cloud) -> None:
    s3, source, target = cloud.client("s3"), bucket(cloud, "secret-source"), bucket(cloud, "open-target")
    s3.put_object(Bucket=source, Key="x", Body=b"1")
    policy(cloud, source, deny(source, "NoReads", "s3:GetObject", {}))
    with refused("AccessDenied"):
        s3.copy_object(Bucket=target, Key="x", CopySource=f"{source}/x")


def test_a_deny_for_a_role_hits_that_roles_sessions_only(cloud: Cloud) -> None:
    iam, s3, name = cloud.client("iam"), cloud.client("s3"), bucket(cloud, "for-some")
    trust = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}],
    }
    s3.put_object(Bucket=name, Key="x", Body=b"1")
    sessions = {}
    for role in ("reader", "stranger"):
        arn = iam.create_role(RoleName=role, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
        made = cloud.client("sts").assume_role(RoleArn=arn, RoleSessionName="session")["Credentials"]
        sessions[role] = boto3.client(
            "s3",
            endpoint_url=cloud.endpoint,
            region_name=cloud.region,
            aws_access_key_id=made["AccessKeyId"],
            aws_secret_access_key=made["SecretAccessKey"],
            aws_session_token=made["SessionToken"],
            config=Config(s3={"addressing_style": "path"}),
        )
    stranger = {"AWS": f"arn:aws:iam::{ACCOUNT}:role/stranger"}
    policy(cloud, name, deny(name, "Stranger", "s3:GetObject", {}, stranger))
    assert sessions["reader"].get_object(Bucket=name, Key="x")["Body"].read() == b"1"
    with refused("AccessDenied"):
        sessions["stranger"].get_object(Bucket=name, Key="x")


@pytest.mark.parametrize(
    "document",
    ["{", '{"Statement": []}', '{"Statement": [{"Effect": "Deny", "Action": "s3:*", "Resource": "*"}]}'],
)
def test_a_malformed_policy_is_refused(cloud: Cloud, document: str) -> None:
    name = "malformed-" + str(len(document))
    bucket(cloud, name)
    with refused("MalformedPolicy"):
        cloud.client("s3").put_bucket_policy(Bucket=name, Policy=document)


CASES: list[tuple[dict[str, Any], dict[str, Any], bool]] = [
    ({"StringEquals": {"k": ["a", "b"]}}, {"k": "b"}, True),
    ({"StringEquals": {"k": "a"}}, {}, False),
    ({"StringEqualsIfExists": {"k": "a"}}, {}, True),
    ({"StringNotEquals": {"k": "a"}}, {}, True),
    ({"StringNotEqualsIfExists": {"k": "a"}}, {}, True),
    ({"StringNotEquals": {"k": ["a", "b"]}}, {"k": "b"}, False),
    ({"StringLike": {"k": "raw/*/x?.csv"}}, {"k": "raw/2026/x1.csv"}, True),
    ({"StringLike": {"k": "raw.csv"}}, {"k": "rawxcsv"}, False),
    ({"StringEqualsIgnoreCase": {"K": "A"}}, {"k": "a"}, True),
    ({"Null": {"k": "true"}}, {}, True),
    ({"Null": {"k": "false"}}, {}, False),
    ({"Null": {"k": "false"}}, {"k": "x"}, True),
    ({"Bool": {"k": "false"}}, {"k": "true"}, False),
    ({"Bool": {"k": False}}, {"k": "false"}, True),
    ({"NumericLessThan": {"k": 1.2}}, {"k": "1.3"}, False),
    ({"NumericLessThan": {"k": "1.2"}}, {"k": "1.1"}, True),
    ({"IpAddress": {"k": "127.0.0.0/8"}}, {"k": "127.0.0.1"}, True),
    ({"NotIpAddress": {"k": "10.0.0.0/8"}}, {"k": "127.0.0.1"}, True),
    ({"ArnLike": {"k": "arn:aws:iam::*:role/lake-*"}}, {"k": "arn:aws:iam::1:role/lake-x"}, True),
    ({"ArnLike": {"k": "arn:aws:iam::*:role/lake-*"}}, {"k": "arn:aws:iam::1:user/lake-x"}, False),
    ({"ArnNotLike": {"k": "arn:aws:iam::*:role/*"}}, {"k": "arn:aws:iam::1:user/x"}, True),
    ({"DateGreaterThan": {"k": "2026-01-01T00:00:00Z"}}, {"k": "2026-06-01T00:00:00+00:00"}, True),
    ({"ForAllValues:StringEquals": {"k": ["a", "b"]}}, {"k": ["a", "c"]}, False),
    ({"ForAllValues:StringEquals": {"k": ["a"]}}, {}, True),
    ({"ForAnyValue:StringEquals": {"k": ["a"]}}, {"k": ["c", "a"]}, True),
    ({"ForAnyValue:StringEquals": {"k": ["a"]}}, {}, False),
    ({"StringEquals": {"k": "${aws:PrincipalAccount}"}}, {"k": "1", "aws:PrincipalAccount": "1"}, True),
    ({"StringEquals": {"k": "${aws:Unknown}"}}, {"k": "1"}, False),
    ({"StringEquals": {"k": "a"}, "Bool": {"b": "true"}}, {"k": "a", "b": "false"}, False),
]


@pytest.mark.parametrize(("block", "context", "expected"), CASES, ids=[json.dumps(case[0]) for case in CASES])
def test_conditions_hold_as_iam_says(block: dict[str, Any], context: dict[str, Any], expected: bool) -> None:
    assert holds(block, context) is expected


def test_an_unknown_operator_is_not_ignored() -> None:
    with pytest.raises(UnknownOperator):
        check({"StringMostlyEquals": {"k": "a"}})
