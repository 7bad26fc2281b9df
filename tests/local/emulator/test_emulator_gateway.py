"""The front door: what it refuses, how it says so, and the clients of `local.aws`."""

import json
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.aws import Cloud, CloudError
from tests.local.emulator.emulator_support import ACCOUNT, refused


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://s3.eu-west-1.amazonaws.com",
        "http://10.0.0.1:4566",
        "http://localhost.example.com:4566",
        "https://127.0.0.1:4566",
        "http://127.0.0.1@example.com/",
        "",
    ],
)
def test_only_this_machine_is_spoken_to(endpoint: str) -> None:
    with pytest.raises(CloudError, match="on this machine only"):
        Cloud(endpoint)


def test_clients_are_kept_and_carry_no_credentials_of_the_user(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAREALREALREALREAL")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    client = Cloud(cloud.endpoint).client("sts")
    assert client.get_caller_identity()["Account"] == ACCOUNT
    assert client._request_signer._credentials.access_key == "local"
    assert cloud.client("kms") is cloud.client("kms")
    assert cloud.client("kms") is not cloud.client("kms", "eu-central-1")


def test_a_client_whose_calls_carry_the_account_in_the_host_works(cloud: Cloud) -> None:
    cloud.client("s3control").list_access_points(AccountId=ACCOUNT)


def test_a_cloud_that_is_gone_says_so() -> None:
    with pytest.raises(CloudError, match="does not answer"):
        Cloud("http://127.0.0.1:9").control("GET", "identity")


def test_an_operation_that_is_not_there_is_named(cloud: Cloud) -> None:
    with pytest.raises(ClientError) as error:
        cloud.client("glue").create_classifier(CsvClassifier={"Name": "x"})
    answer = error.value.response
    assert answer["Error"]["Code"] == "NotImplemented"
    assert "create_classifier" in answer["Error"]["Message"]
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert answer["ResponseMetadata"]["RetryAttempts"] == 0


def test_a_fault_inside_is_an_error_of_the_protocol_spoken(cloud: Cloud) -> None:
    with refused("InternalFailure"):
        cloud.client("lakeformation").update_lf_tag(TagKey="nowhere", TagValuesToAdd=["x"])


def test_motos_own_api_is_closed(cloud: Cloud) -> None:
    key = cloud.client("kms").create_key()["KeyMetadata"]["KeyId"]
    with pytest.raises(urllib.error.HTTPError) as answer:
        urllib.request.urlopen(urllib.request.Request(f"{cloud.endpoint}/moto-api/reset", method="POST"))
    answer.value.close()
    assert answer.value.code == 403
    assert cloud.client("kms").describe_key(KeyId=key)


def test_control_calls_are_refused_under_another_host_name(cloud: Cloud) -> None:
    request = urllib.request.Request(
        f"{cloud.endpoint}/_lake/inventory", headers={"Host": "evil.example.com"}
    )
    with pytest.raises(urllib.error.HTTPError) as answer:
        urllib.request.urlopen(request)
    answer.value.close()
    assert answer.value.code == 403


def test_a_control_call_with_a_broken_body_is_refused(cloud: Cloud) -> None:
    request = urllib.request.Request(f"{cloud.endpoint}/_lake/events/flush", data=b"{", method="POST")
    with pytest.raises(urllib.error.HTTPError) as answer:
        urllib.request.urlopen(request)
    with answer.value as error:
        assert (error.code, "not JSON" in json.load(error)["error"]) == (400, True)


def test_many_callers_at_once_lose_nothing(cloud: Cloud) -> None:
    sqs = cloud.client("sqs")

    def work(number: int) -> Any:
        return sqs.create_queue(QueueName=f"q{number:03d}")["QueueUrl"]

    with ThreadPoolExecutor(16) as pool:
        made = set(pool.map(work, range(100)))
    assert len(made) == 100
    assert len(cloud.control("GET", "inventory")["sqs:queues"]) == 100


def test_a_keys_rotation_period_is_kept(cloud: Cloud) -> None:
    kms = cloud.client("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    assert kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"] is False
    kms.enable_key_rotation(KeyId=key)
    assert kms.get_key_rotation_status(KeyId=key)["RotationPeriodInDays"] == 365
    kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=180)
    status = kms.get_key_rotation_status(KeyId=key)
    assert (status["KeyRotationEnabled"], status["RotationPeriodInDays"]) == (True, 180)
    assert status["NextRotationDate"].year >= 2026
    kms.disable_key_rotation(KeyId=key)
    assert "RotationPeriodInDays" not in kms.get_key_rotation_status(KeyId=key)


def test_a_log_groups_key_is_put_on_and_taken_off(cloud: Cloud) -> None:
    logs = cloud.client("logs")
    logs.create_log_group(logGroupName="/aws-glue/jobs")

    def key() -> str | None:
        (group,) = logs.describe_log_groups(logGroupNamePrefix="/aws-glue/jobs")["logGroups"]
        return group.get("kmsKeyId")

    logs.associate_kms_key(logGroupName="/aws-glue/jobs", kmsKeyId="arn:aws:kms:eu-west-1:1:key/k")
    assert key() == "arn:aws:kms:eu-west-1:1:key/k"
    logs.disassociate_kms_key(logGroupName="/aws-glue/jobs")
    assert key() is None
    with refused("ResourceNotFoundException"):
        logs.associate_kms_key(logGroupName="/nowhere", kmsKeyId="k")
