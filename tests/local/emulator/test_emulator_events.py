"""The event path: an object in S3, EventBridge's rule, the workflow's EVENT trigger, a run."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from local.aws import Cloud, CloudError
from tests.local.emulator.emulator_support import ACCOUNT, REGION, bucket, refused, role

WORKFLOW = f"arn:aws:glue:{REGION}:{ACCOUNT}:workflow/"


class Lake:
    """A bucket whose raw objects start a workflow, everything named after `name`."""

    def __init__(
        self, cloud: Cloud, name: str, *, size: int, may: str = "glue:NotifyEvent", **workflow: Any
    ) -> None:
        self.cloud, self.name, self.glue = cloud, name, cloud.client("glue")
        self.bucket = bucket(cloud, f"lake-{name}")
        cloud.client("s3").put_bucket_notification_configuration(
            Bucket=self.bucket, NotificationConfiguration={"EventBridgeConfiguration": {}}
        )
        self.glue.create_workflow(Name=name, **workflow)
        self.glue.create_trigger(
            Name=f"{name}-start",
            Type="EVENT",
            WorkflowName=name,
            Actions=[{"CrawlerName": "raw-data-crawler"}],
            EventBatchingCondition={"BatchSize": size, "BatchWindow": 300},
        )
        statement = {"Effect": "Allow", "Action": may, "Resource": WORKFLOW + name}
        self.role = role(cloud, f"{name}-notifier", "events.amazonaws.com", statement)
        pattern = {
            "source": ["aws.s3"],
            "detail-type": ["Object Created"],
            "detail": {"bucket": {"name": [self.bucket]}, "object": {"key": [{"prefix": "raw/"}]}},
        }
        events = cloud.client("events")
        events.put_rule(Name=name, EventPattern=json.dumps(pattern))
        target = {"Id": "workflow", "Arn": WORKFLOW + name, "RoleArn": self.role}
        events.put_targets(Rule=name, Targets=[target])

    def put(self, key: str) -> None:
        self.cloud.client("s3").put_object(Bucket=self.bucket, Key=key, Body=b"a,b\n")

    def pending(self) -> list[dict[str, Any]]:
        return list(self.cloud.control("GET", f"workflows/{self.name}/pending")["events"])

    def runs(self) -> list[dict[str, Any]]:
        return list(self.glue.get_workflow_runs(Name=self.name)["Runs"])


@pytest.fixture(autouse=True)
def _flushed(cloud: Cloud) -> Iterator[None]:
    yield
    cloud.control("POST", "events/flush")


def test_an_event_has_the_shape_that_aws_documents(cloud: Cloud) -> None:
    lake = Lake(cloud, "shape", size=9)
    cloud.client("s3").put_bucket_versioning(
        Bucket=lake.bucket, VersioningConfiguration={"Status": "Enabled"}
    )
    lake.put("raw/clients/2026-03-29/á b.csv")
    (event,) = lake.pending()
    head = cloud.client("s3").head_object(Bucket=lake.bucket, Key="raw/clients/2026-03-29/á b.csv")
    detail = event["detail"]
    assert event["detail-type"] == "Object Created"
    assert (event["source"], event["account"], event["region"]) == ("aws.s3", ACCOUNT, REGION)
    assert event["resources"] == [f"arn:aws:s3:::{lake.bucket}"]
    assert event["time"].endswith("Z")
    assert detail["bucket"] == {"name": lake.bucket}
    assert detail["reason"] == "PutObject"
    assert detail["object"].pop("sequencer")
    assert detail["object"] == {
        "key": "raw/clients/2026-03-29/á b.csv",
        "size": 4,
        "etag": head["ETag"].strip('"'),
        "version-id": head["VersionId"],
    }
    assert {"version", "request-id", "requester", "source-ip-address"} <= set(detail)


def test_a_multipart_upload_is_one_event_and_a_copy_one(cloud: Cloud) -> None:
    lake, s3 = Lake(cloud, "kinds", size=9), cloud.client("s3")
    upload = s3.create_multipart_upload(Bucket=lake.bucket, Key="raw/x")["UploadId"]
    part = s3.upload_part(Bucket=lake.bucket, Key="raw/x", UploadId=upload, PartNumber=1, Body=b"1")
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    s3.complete_multipart_upload(Bucket=lake.bucket, Key="raw/x", UploadId=upload, MultipartUpload=parts)
    s3.copy_object(Bucket=lake.bucket, Key="raw/y", CopySource=f"{lake.bucket}/raw/x")
    found = [(event["detail"]["reason"], event["detail"]["object"]["key"]) for event in lake.pending()]
    assert found == [("CompleteMultipartUpload", "raw/x"), ("CopyObject", "raw/y")]


def test_a_full_batch_starts_a_run_and_flush_starts_one_with_the_rest(cloud: Cloud) -> None:
    lake = Lake(cloud, "batched", size=2, DefaultRunProperties={"zone": "raw"})
    lake.put("raw/1.csv")
    assert len(lake.pending()) == 1
    assert lake.runs() == []
    lake.put("raw/2.csv")
    assert lake.pending() == []
    (run,) = lake.runs()
    assert run["Status"] == "RUNNING"
    assert run["StartingEventBatchCondition"]["BatchSize"] == 2
    properties = lake.glue.get_workflow_run_properties(Name="batched", RunId=run["WorkflowRunId"])[
        "RunProperties"
    ]
    assert properties["zone"] == "raw"
    assert len(properties["aws:eventIds"][1:-1].split(", ")) == 2

    lake.put("raw/3.csv")
    (started,) = cloud.control("POST", "events/flush")["started"]
    assert started["workflow"] == "batched"
    assert [event["detail"]["object"]["key"] for event in started["events"]] == ["raw/3.csv"]
    assert started["run_id"] in {run["WorkflowRunId"] for run in lake.runs()}
    assert cloud.control("POST", "events/flush") == {"started": []}


def test_events_wait_while_the_workflow_may_not_run_again(cloud: Cloud) -> None:
    lake = Lake(cloud, "single", size=1, MaxConcurrentRuns=1)
    lake.put("raw/1.csv")
    lake.put("raw/2.csv")
    (run,) = lake.runs()
    assert len(lake.pending()) == 1
    assert cloud.control("POST", "events/flush") == {"started": []}
    cloud.control("PUT", f"glue/workflow-runs/single/{run['WorkflowRunId']}", {"status": "COMPLETED"})
    assert [each["workflow"] for each in cloud.control("POST", "events/flush")["started"]] == ["single"]


def test_only_matching_objects_and_enabled_rules_raise_anything(cloud: Cloud) -> None:
    lake = Lake(cloud, "quiet", size=1)
    lake.put("processed/1.parquet")
    cloud.client("events").disable_rule(Name="quiet")
    lake.put("raw/1.csv")
    cloud.client("events").enable_rule(Name="quiet")
    cloud.client("s3").put_bucket_notification_configuration(Bucket=lake.bucket, NotificationConfiguration={})
    lake.put("raw/2.csv")
    cloud.client("s3").delete_object(Bucket=lake.bucket, Key="raw/1.csv")
    assert (lake.runs(), lake.pending()) == ([], [])


def test_a_custom_event_reaches_a_workflow_too(cloud: Cloud) -> None:
    lake = Lake(cloud, "custom", size=1)
    events = cloud.client("events")
    events.put_rule(Name="custom", EventPattern=json.dumps({"source": ["energy.trading"]}))
    events.put_events(
        Entries=[{"Source": "energy.trading", "DetailType": "Close", "Detail": '{"day": "2026-03-29"}'}]
    )
    assert len(lake.runs()) == 1


def test_a_target_that_fails_does_not_keep_the_event_from_the_others(cloud: Cloud) -> None:
    lake = Lake(cloud, "mixed", size=1)
    sqs = cloud.client("sqs")
    queue = sqs.create_queue(QueueName="mixed")["QueueUrl"]
    broken = {"Id": "0-broken", "Arn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:none"}
    arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:mixed"
    cloud.client("events").put_targets(Rule="mixed", Targets=[broken, {"Id": "2-queue", "Arn": arn}])
    lake.put("raw/1.csv")
    assert len(lake.runs()) == 1
    (message,) = sqs.receive_message(QueueUrl=queue)["Messages"]
    assert json.loads(message["Body"])["detail"]["object"]["key"] == "raw/1.csv"
    assert cloud.control("GET", "events/failures")["failures"][-1]["target"] == broken["Arn"]


@pytest.mark.parametrize("may", ["glue:StartWorkflowRun", "s3:*"])
def test_a_role_that_may_not_notify_the_workflow_fails_the_delivery(cloud: Cloud, may: str) -> None:
    lake = Lake(cloud, "barred" + may[-1].replace("*", "s"), size=1, may=may)
    lake.put("raw/1.csv")
    assert (lake.runs(), lake.pending()) == ([], [])
    assert "may not notify" in cloud.control("GET", "events/failures")["failures"][-1]["error"]


def test_a_role_that_does_not_trust_eventbridge_fails_the_delivery(cloud: Cloud) -> None:
    lake = Lake(cloud, "distrust", size=1)
    statement = {"Effect": "Allow", "Action": "glue:*", "Resource": "*"}
    wrong = role(cloud, "glue-only", "glue.amazonaws.com", statement)
    target = {"Id": "workflow", "Arn": WORKFLOW + "distrust", "RoleArn": wrong}
    cloud.client("events").put_targets(Rule="distrust", Targets=[target])
    lake.put("raw/1.csv")
    assert lake.runs() == []
    assert "does not trust" in cloud.control("GET", "events/failures")["failures"][-1]["error"]


def test_a_workflow_target_without_a_role_is_refused(cloud: Cloud) -> None:
    cloud.client("events").put_rule(Name="roleless", EventPattern='{"source": ["aws.s3"]}')
    with refused("ValidationException"):
        cloud.client("events").put_targets(Rule="roleless", Targets=[{"Id": "1", "Arn": WORKFLOW + "x"}])


def test_a_workflow_without_an_event_trigger_fails_the_delivery(cloud: Cloud) -> None:
    lake = Lake(cloud, "untriggered", size=1)
    lake.glue.delete_trigger(Name="untriggered-start")
    lake.put("raw/1.csv")
    assert "no EVENT trigger" in cloud.control("GET", "events/failures")["failures"][-1]["error"]


def test_pending_events_of_an_unknown_workflow_are_an_error(cloud: Cloud) -> None:
    with pytest.raises(CloudError, match="no Glue workflow nowhere"):
        cloud.control("GET", "workflows/nowhere/pending")
