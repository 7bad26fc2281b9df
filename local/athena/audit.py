"""The audit trail of readers: what CloudTrail tells of Lake Formation lending data, in the trail's log group.

Events carry what `GetDataAccess` has on AWS: who, which table, for Athena, and the error when it was refused.
https://docs.aws.amazon.com/lake-formation/latest/dg/cloudtrail-tracking-cross-catalog-access.html
"""

from __future__ import annotations

import json
import time
import uuid
from datetime import UTC, datetime
from typing import Any

from local.athena.catalog import Table
from local.aws import Cloud

STREAM = "lake-formation-data-access"


def record(cloud: Cloud, reader: str, table: Table, refusal: str | None = None) -> None:
    """Write one access, or refused access, to the log group of each trail; without a trail nobody listens."""
    groups = [
        trail["CloudWatchLogsLogGroupArn"].split(":log-group:", 1)[1].removesuffix(":*")
        for trail in cloud.client("cloudtrail").describe_trails()["trailList"]
        if trail.get("CloudWatchLogsLogGroupArn")
    ]
    logs = cloud.client("logs")
    for group in groups:
        try:
            logs.create_log_stream(logGroupName=group, logStreamName=STREAM)
        except logs.exceptions.ResourceAlreadyExistsException:
            pass
        except logs.exceptions.ResourceNotFoundException:
            continue
        told = json.dumps(_event(reader, table, logs.meta.region_name, refusal))
        logs.put_log_events(
            logGroupName=group,
            logStreamName=STREAM,
            logEvents=[{"timestamp": time.time_ns() // 1_000_000, "message": told}],
        )


def _event(reader: str, table: Table, region: str, refusal: str | None) -> dict[str, Any]:
    _, partition, _, _, account, _ = reader.split(":", 5)
    event = {
        "eventVersion": "1.08",
        "eventID": str(uuid.uuid4()),
        "eventTime": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "eventSource": "lakeformation.amazonaws.com",
        "eventName": "GetDataAccess",
        "awsRegion": region,
        "recipientAccountId": account,
        "userIdentity": {"type": "AssumedRole", "arn": reader, "accountId": account},
        "requestParameters": {
            "tableArn": f"arn:{partition}:glue:{region}:{account}:table/{table.database}/{table.name}"
        },
        "additionalEventData": {"requesterService": "ATHENA", "lakeFormationPrincipal": reader},
        "eventType": "AwsApiCall",
        "readOnly": True,
    }
    return event if refusal is None else {**event, "errorCode": "AccessDenied", "errorMessage": refusal}
