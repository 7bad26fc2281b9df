"""What the examples of all services share: their form, documents, and resources they need first."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Inputs = dict[str, Any]
ACCOUNT = "123456789012"
KEY_POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "Account",
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
                "Action": "kms:*",
                "Resource": "*",
            }
        ],
    }
)
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": ["glue.amazonaws.com"]},
                "Action": ["sts:AssumeRole"],
            }
        ],
    }
)


def reading(resource: str) -> str:
    """A policy document that lets read one thing."""
    statement = {"Sid": "Read", "Effect": "Allow", "Action": "s3:GetObject", "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@dataclass(frozen=True)
class Example:
    """One type's example.

    `needs` are resources made first; inputs may name their outputs as `${need.property}`. `changes` are
    inputs that take the place of others in an update in place. `remains` marks a setting that its account or
    bucket keeps after the deletion.
    """

    inputs: Inputs
    changes: Inputs = field(default_factory=dict)
    needs: Mapping[str, tuple[str, Inputs]] = field(default_factory=dict)
    remains: bool = False


BUCKET = {"bucket": ("aws:s3/bucket:Bucket", {"bucket": "lake-example", "forceDestroy": True})}
KEY = {"key": ("aws:kms/key:Key", {"description": "for an example"})}
ROLE = {"role": ("aws:iam/role:Role", {"name": "example-role", "assumeRolePolicy": TRUST})}
RULE = {
    "rule": ("aws:cloudwatch/eventRule:EventRule", {"name": "lake-rule", "scheduleExpression": "rate(1 day)"})
}
DATABASE = {"database": ("aws:glue/catalogDatabase:CatalogDatabase", {"name": "lake_db"})}
WORKFLOW = {"workflow": ("aws:glue/workflow:Workflow", {"name": "lake-flow"})}
CRAWLER = {
    "crawler": (
        "aws:glue/crawler:Crawler",
        {
            "name": "trigger-crawler",
            "databaseName": "lake_db",
            "role": "r",
            "s3Targets": [{"path": "s3://b/p/"}],
        },
    )
}
COLUMNS = [{"name": "id", "type": "string", "comment": "key"}, {"name": "price", "type": "decimal(18,6)"}]


def storage(columns: list[dict[str, str]]) -> Inputs:
    return {
        "location": "s3://lake-example/processed/transactions/",
        "inputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
        "outputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
        "compressed": True,
        "columns": columns,
        "serDeInfo": {
            "name": "parquet",
            "serializationLibrary": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe",
            "parameters": {"serialization.format": "1"},
        },
    }
