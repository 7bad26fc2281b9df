"""Shared by the tests of the embedded AWS: what nearly every one of them creates."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.aws import Cloud

REGION = "eu-west-1"
ACCOUNT = "123456789012"


def bucket(cloud: Cloud, name: str, **settings: Any) -> str:
    """Create a bucket in the main region and return its name."""
    cloud.client("s3").create_bucket(
        Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION}, **settings
    )
    return name


def role(cloud: Cloud, name: str, service: str, *statements: dict[str, Any]) -> str:
    """Create a role that a service may assume and return its ARN."""
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"},
        ],
    }
    iam = cloud.client("iam")
    arn: str = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    if statements:
        document = {"Version": "2012-10-17", "Statement": list(statements)}
        iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=json.dumps(document))
    return arn


def subset(answer: dict[str, Any], wanted: dict[str, Any]) -> dict[str, Any]:
    """Return the answer's values of what was wanted."""
    return {key: answer.get(key) for key in wanted}


def refused(code: str) -> Any:
    """Expect AWS's refusal by its error code."""
    return pytest.raises(ClientError, match=rf"\({code}\)")
