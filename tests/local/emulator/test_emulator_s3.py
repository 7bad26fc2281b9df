"""S3 in the embedded AWS, where moto differs from AWS."""

import io
import json
import os
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from boto3.s3.transfer import TransferConfig

from local.aws import Cloud
from tests.local.emulator.emulator_support import bucket, refused

MIB = 1 << 20
METRICS = {"Id": "all", "Filter": {"Prefix": "raw/"}}
ANALYTICS = {
    "Id": "all",
    "StorageClassAnalysis": {
        "DataExport": {
            "OutputSchemaVersion": "V_1",
            "Destination": {"S3BucketDestination": {"Format": "CSV", "Bucket": "arn:aws:s3:::target"}},
        }
    },
}
INVENTORY = {
    "Id": "all",
    "IsEnabled": True,
    "IncludedObjectVersions": "Current",
    "Schedule": {"Frequency": "Daily"},
    "OptionalFields": ["Size", "EncryptionStatus"],
    "Destination": {"S3BucketDestination": {"Bucket": "arn:aws:s3:::target", "Format": "Parquet"}},
}
TIERING = {
    "Id": "all",
    "Status": "Enabled",
    "Tierings": [{"Days": 180, "AccessTier": "DEEP_ARCHIVE_ACCESS"}],
}
FAMILIES = [
    ("metrics", "MetricsConfiguration", METRICS),
    ("analytics", "AnalyticsConfiguration", ANALYTICS),
    ("inventory", "InventoryConfiguration", INVENTORY),
    ("intelligent_tiering", "IntelligentTieringConfiguration", TIERING),
]


@pytest.mark.parametrize(("family", "argument", "content"), FAMILIES, ids=[each[0] for each in FAMILIES])
def test_a_bucket_configuration_is_kept_listed_and_deleted_alone(
    cloud: Cloud, family: str, argument: str, content: dict[str, Any]
) -> None:
    s3, name = cloud.client("s3"), bucket(cloud, f"configured-{family.replace('_', '-')}")
    put, get = (
        getattr(s3, f"put_bucket_{family}_configuration"),
        getattr(s3, f"get_bucket_{family}_configuration"),
    )
    delete = getattr(s3, f"delete_bucket_{family}_configuration")
    listed = getattr(s3, f"list_bucket_{family}_configurations")
    assert f"{argument}List" not in listed(Bucket=name)
    with refused("NoSuchConfiguration"):
        get(Bucket=name, Id="all")
    put(Bucket=name, Id="all", **{argument: content})
    assert get(Bucket=name, Id="all")[argument] == content
    assert listed(Bucket=name)[f"{argument}List"] == [content]
    delete(Bucket=name, Id="all")
    with refused("NoSuchConfiguration"):
        delete(Bucket=name, Id="all")
    s3.head_bucket(Bucket=name)


@pytest.mark.parametrize("method", ["PUT", "DELETE", "GET"])
def test_a_sub_resource_that_is_not_there_never_falls_through_to_the_bucket(
    cloud: Cloud, method: str
) -> None:
    name = bucket(cloud, f"kept-{method.lower()}")
    request = urllib.request.Request(f"{cloud.endpoint}/{name}?metadataTable", data=b"<x/>", method=method)
    with pytest.raises(urllib.error.HTTPError) as answer:
        urllib.request.urlopen(request)
    with answer.value as error:
        assert error.code == 501
        assert b"metadataTable" in error.read()
    cloud.client("s3").head_bucket(Bucket=name)


def test_request_payment_is_answered_and_kept(cloud: Cloud) -> None:
    s3, name = cloud.client("s3"), bucket(cloud, "payment")
    assert s3.get_bucket_request_payment(Bucket=name)["Payer"] == "BucketOwner"
    s3.put_bucket_request_payment(Bucket=name, RequestPaymentConfiguration={"Payer": "Requester"})
    assert s3.get_bucket_request_payment(Bucket=name)["Payer"] == "Requester"


def log_bucket(cloud: Cloud, name: str) -> str:
    """Create a log bucket whose policy allows delivery and, first, denies plain HTTP to everybody."""
    bucket(cloud, name)
    document = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:*",
                "Resource": [f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*"],
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            },
            {
                "Effect": "Allow",
                "Principal": {"Service": "logging.s3.amazonaws.com"},
                "Action": "s3:PutObject",
                "Resource": f"arn:aws:s3:::{name}/s3/*",
            },
        ],
    }
    cloud.client("s3").put_bucket_policy(Bucket=name, Policy=json.dumps(document))
    return name


@pytest.mark.parametrize(
    "key_format", [{"PartitionedPrefix": {"PartitionDateSource": "EventTime"}}, {"SimplePrefix": {}}]
)
def test_log_delivery_keeps_its_key_format(cloud: Cloud, key_format: dict[str, Any]) -> None:
    s3, kind = cloud.client("s3"), next(iter(key_format)).lower()
    logs, name = log_bucket(cloud, f"logs-{kind}"), bucket(cloud, f"logged-{kind}")
    wanted = {"TargetBucket": logs, "TargetPrefix": "s3/data/", "TargetObjectKeyFormat": key_format}
    s3.put_bucket_logging(Bucket=name, BucketLoggingStatus={"LoggingEnabled": wanted})
    assert s3.get_bucket_logging(Bucket=name)["LoggingEnabled"] == wanted
    s3.put_object(Bucket=name, Key="a", Body=b"1")
    assert "Contents" not in s3.list_objects_v2(Bucket=logs), "no invented log lines"
    s3.put_bucket_logging(Bucket=name, BucketLoggingStatus={})
    assert "LoggingEnabled" not in s3.get_bucket_logging(Bucket=name)


def test_log_delivery_to_a_prefix_the_policy_does_not_allow_is_refused(cloud: Cloud) -> None:
    logs, name = log_bucket(cloud, "logs-narrow"), bucket(cloud, "logged-elsewhere")
    wanted = {"TargetBucket": logs, "TargetPrefix": "elsewhere/"}
    with refused("InvalidTargetBucketForLogging"):
        cloud.client("s3").put_bucket_logging(Bucket=name, BucketLoggingStatus={"LoggingEnabled": wanted})


def test_the_eventbridge_notification_is_read_back_alone_and_beside_others(cloud: Cloud) -> None:
    s3, name = cloud.client("s3"), bucket(cloud, "notifying")
    queue = cloud.client("sqs").create_queue(QueueName="notified")["QueueUrl"]
    arn = cloud.client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"][
        "QueueArn"
    ]
    alone: dict[str, Any] = {"EventBridgeConfiguration": {}}
    both = {**alone, "QueueConfigurations": [{"Id": "q", "QueueArn": arn, "Events": ["s3:ObjectCreated:*"]}]}
    for wanted in (alone, both):
        s3.put_bucket_notification_configuration(Bucket=name, NotificationConfiguration=wanted)
        answer = s3.get_bucket_notification_configuration(Bucket=name)
        answer.pop("ResponseMetadata")
        assert answer == wanted
    s3.put_bucket_notification_configuration(Bucket=name, NotificationConfiguration={})
    answer = s3.get_bucket_notification_configuration(Bucket=name)
    assert "EventBridgeConfiguration" not in answer


def test_a_bucket_encrypts_by_default_and_goes_back_to_it(cloud: Cloud) -> None:
    s3, name = cloud.client("s3"), bucket(cloud, "encrypted")

    def algorithm() -> str:
        rules = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
        return str(rules[0]["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"])

    assert algorithm() == "AES256"
    assert s3.put_object(Bucket=name, Key="plain", Body=b"1")["ServerSideEncryption"] == "AES256"
    key = cloud.client("kms").create_key()["KeyMetadata"]["Arn"]
    by_default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    rule = {"ApplyServerSideEncryptionByDefault": by_default, "BucketKeyEnabled": True}
    s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": [rule]})
    assert algorithm() == "aws:kms"
    s3.put_object(Bucket=name, Key="sealed", Body=b"1")
    head = s3.head_object(Bucket=name, Key="sealed")
    assert (head["ServerSideEncryption"], head["SSEKMSKeyId"], head["BucketKeyEnabled"]) == (
        "aws:kms",
        key,
        True,
    )
    s3.delete_bucket_encryption(Bucket=name)
    assert algorithm() == "AES256"


def test_of_writers_that_create_the_same_object_one_wins(cloud: Cloud) -> None:
    s3, name = cloud.client("s3"), bucket(cloud, "contended")
    refusals: list[Any] = []

    def write(number: int) -> bool:
        try:
            s3.put_object(Bucket=name, Key="lock", Body=str(number).encode(), IfNoneMatch="*")
        except s3.exceptions.ClientError as error:
            refusals.append(error.response)
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(write, range(16)))
    assert won.count(True) == 1
    assert {answer["Error"]["Code"] for answer in refusals} == {"PreconditionFailed"}
    assert {answer["ResponseMetadata"]["HTTPStatusCode"] for answer in refusals} == {412}
    assert s3.get_object(Bucket=name, Key="lock")["Body"].read() == str(won.index(True)).encode()


@pytest.fixture(scope="module")
def large(cloud: Cloud) -> tuple[str, bytes]:
    name, content = bucket(cloud, "large"), os.urandom(21 * MIB + 17)
    s3 = cloud.client("s3")
    s3.upload_fileobj(
        io.BytesIO(content),
        name,
        "big",
        Config=TransferConfig(multipart_threshold=MIB, multipart_chunksize=8 * MIB),
    )
    return name, content


def test_a_multipart_object_is_whole_and_says_so(cloud: Cloud, large: tuple[str, bytes]) -> None:
    name, content = large
    s3 = cloud.client("s3")
    assert s3.get_object(Bucket=name, Key="big")["Body"].read() == content
    head = s3.head_object(Bucket=name, Key="big", ChecksumMode="ENABLED")
    assert head["ContentLength"] == len(content)
    assert head["ETag"].endswith('-3"')
    assert s3.list_multipart_uploads(Bucket=name).get("Uploads") is None


@pytest.mark.parametrize(
    ("asked", "begin", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=5-1048580", 5, 1048581),
        (f"bytes={20 * MIB}-", 20 * MIB, 21 * MIB + 17),
        ("bytes=-17", 21 * MIB, 21 * MIB + 17),
        (f"bytes={21 * MIB}-{99 * MIB}", 21 * MIB, 21 * MIB + 17),
    ],
)
def test_a_range_of_a_large_object_is_that_range(
    cloud: Cloud, large: tuple[str, bytes], asked: str, begin: int, end: int
) -> None:
    name, content = large
    answer = cloud.client("s3").get_object(Bucket=name, Key="big", Range=asked)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 206
    assert answer["ContentRange"] == f"bytes {begin}-{end - 1}/{len(content)}"
    assert answer["Body"].read() == content[begin:end]


def test_a_range_beyond_the_object_is_refused(cloud: Cloud, large: tuple[str, bytes]) -> None:
    with refused("InvalidRange"):
        cloud.client("s3").get_object(Bucket=large[0], Key="big", Range=f"bytes={99 * MIB}-")


def test_a_copied_large_object_is_whole_and_its_source_can_go(cloud: Cloud, large: tuple[str, bytes]) -> None:
    name, content = large
    s3 = cloud.client("s3")
    s3.copy_object(Bucket=name, Key="copy", CopySource=f"{name}/big")
    s3.copy_object(Bucket=name, Key="again", CopySource=f"{name}/copy")
    s3.delete_object(Bucket=name, Key="copy")
    assert s3.get_object(Bucket=name, Key="again")["Body"].read() == content


def test_an_upload_with_a_wrong_part_is_refused_and_can_be_repaired(cloud: Cloud) -> None:
    s3, name = cloud.client("s3"), bucket(cloud, "parts")
    upload = s3.create_multipart_upload(Bucket=name, Key="x")["UploadId"]
    part = s3.upload_part(Bucket=name, Key="x", UploadId=upload, PartNumber=1, Body=b"abc")
    wrong = {"Parts": [{"PartNumber": 1, "ETag": '"00000000000000000000000000000000"'}]}
    with refused("InvalidPart"):
        s3.complete_multipart_upload(Bucket=name, Key="x", UploadId=upload, MultipartUpload=wrong)
    right = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    s3.complete_multipart_upload(Bucket=name, Key="x", UploadId=upload, MultipartUpload=right)
    assert s3.get_object(Bucket=name, Key="x")["Body"].read() == b"abc"


def test_a_reader_finishes_although_the_object_is_deleted_under_it(cloud: Cloud) -> None:
    s3, name = cloud.client("s3"), bucket(cloud, "vanishing")
    content = os.urandom(12 * MIB)
    s3.put_object(Bucket=name, Key="x", Body=content)
    body = s3.get_object(Bucket=name, Key="x")["Body"]
    begin = body.read(1000)
    s3.delete_object(Bucket=name, Key="x")
    assert begin + body.read() == content


def test_a_bucket_whose_versioning_was_suspended_can_be_emptied_of_delete_markers(cloud: Cloud) -> None:
    s3, name = cloud.client("s3"), bucket(cloud, "emptied")
    versioning = {"Bucket": name, "VersioningConfiguration": {"Status": "Enabled"}}
    s3.put_bucket_versioning(**versioning)
    s3.put_object(Bucket=name, Key="x", Body=b"1")
    s3.delete_object(Bucket=name, Key="x")
    versioning["VersioningConfiguration"] = {"Status": "Suspended"}
    s3.put_bucket_versioning(**versioning)
    found = s3.list_object_versions(Bucket=name)
    every = [
        {"Key": e["Key"], "VersionId": e["VersionId"]} for e in found["Versions"] + found["DeleteMarkers"]
    ]
    s3.delete_objects(Bucket=name, Delete={"Objects": every})
    s3.delete_bucket(Bucket=name)
