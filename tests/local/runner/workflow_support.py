"""A workflow in a real embedded AWS, made with boto3 as a deployment would; its jobs are real scripts."""

import io
import json
import textwrap
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local.aws import Cloud
from local.runner import WorkflowReport, run_pending, start

BUCKET = "stage"
GROUP = "/aws-glue/jobs/output"
GLUE_TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "glue.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}
LOG = {"UpdateBehavior": "LOG", "DeleteBehavior": "LOG"}


@dataclass
class Stage:
    """Handles for tests: make roles, jobs, crawlers and triggers; run the workflow `daily`."""

    cloud: Cloud
    work: Path
    lines: list[str] = field(default_factory=list)

    def role(self, name: str = "glue-role", trust: dict[str, Any] = GLUE_TRUST) -> str:
        arn: str = self.cloud.client("iam").create_role(
            RoleName=name, AssumeRolePolicyDocument=json.dumps(trust)
        )["Role"]["Arn"]
        return arn

    def put(self, key: str, body: bytes | str) -> str:
        content = body.encode() if isinstance(body, str) else body
        self.cloud.client("s3").put_object(Bucket=BUCKET, Key=key, Body=content)
        return f"s3://{BUCKET}/{key}"

    def package(self, key: str, files: dict[str, str]) -> str:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            for name, text in files.items():
                archive.writestr(name, text)
        return self.put(key, buffer.getvalue())

    def job(self, name: str, script: str, **definition: Any) -> None:
        location = self.put(f"jobs/{name}.py", textwrap.dedent(script))
        defaults: dict[str, Any] = {
            "Role": "arn:aws:iam::123456789012:role/glue-role",
            "Command": {"Name": "glueetl", "ScriptLocation": location},
            "DefaultArguments": {},
        }
        self.cloud.client("glue").create_job(Name=name, **{**defaults, **definition})

    def crawler(self, name: str, **definition: Any) -> None:
        defaults: dict[str, Any] = {
            "Role": "glue-role",
            "SchemaChangePolicy": LOG,
            "Targets": {"CatalogTargets": [{"DatabaseName": "raw", "Tables": ["trades"]}]},
        }
        self.cloud.client("glue").create_crawler(Name=name, **{**defaults, **definition})

    def workflow(self, name: str = "daily") -> None:
        self.cloud.client("glue").create_workflow(Name=name)

    def on_demand(self, name: str, *actions: dict[str, Any], workflow: str = "daily") -> None:
        self.cloud.client("glue").create_trigger(
            Name=name, WorkflowName=workflow, Type="ON_DEMAND", Actions=list(actions)
        )

    def conditional(
        self,
        name: str,
        conditions: Sequence[dict[str, str]],
        *actions: dict[str, Any],
        logical: str = "AND",
        activate: bool = True,
    ) -> None:
        self.cloud.client("glue").create_trigger(
            Name=name,
            WorkflowName="daily",
            Type="CONDITIONAL",
            StartOnCreation=activate,
            Predicate={"Logical": logical, "Conditions": list(conditions)},
            Actions=list(actions),
        )

    def start(self, workflow: str = "daily") -> WorkflowReport:
        return start(self.cloud, workflow, work=self.work, on_progress=self.lines.append)

    def run_pending(self) -> list[WorkflowReport]:
        return run_pending(self.cloud, "local", self.work, self.lines.append)

    def raw_table(self, *days: str, columns: Sequence[str] = ("id", "price")) -> None:
        """Declare `raw.trades` (CSV, projected by load date) and put one correct file a day."""
        glue = self.cloud.client("glue")
        glue.create_database(DatabaseInput={"Name": "raw"})
        glue.create_table(
            DatabaseName="raw",
            TableInput={
                "Name": "trades",
                "PartitionKeys": [{"Name": "load_date", "Type": "string"}],
                "Parameters": {
                    "skip.header.line.count": "1",
                    "projection.enabled": "true",
                    "projection.load_date.type": "date",
                    "projection.load_date.format": "yyyy-MM-dd",
                    "projection.load_date.range": "2025-01-01,NOW",
                    "storage.location.template": f"s3://{BUCKET}/raw/trades/${{load_date}}",
                },
                "StorageDescriptor": {
                    "Columns": [{"Name": name, "Type": "string"} for name in columns],
                    "Location": f"s3://{BUCKET}/raw/trades/",
                    "SerdeInfo": {"SerializationLibrary": "org.apache.hadoop.hive.serde2.OpenCSVSerde"},
                },
            },
        )
        for day in days:
            self.put(f"raw/trades/{day}/a.csv", "id,price\n1,2\n")


def job_action(name: str, **arguments: str) -> dict[str, Any]:
    return {"JobName": name, "Arguments": {f"--{key}": value for key, value in arguments.items()}}


def crawl_action(name: str) -> dict[str, Any]:
    return {"CrawlerName": name}


def job_is(name: str, state: str = "SUCCEEDED") -> dict[str, str]:
    return {"LogicalOperator": "EQUALS", "JobName": name, "State": state}


def crawl_is(name: str, state: str = "SUCCEEDED") -> dict[str, str]:
    return {"LogicalOperator": "EQUALS", "CrawlerName": name, "CrawlState": state}


def wipe(cloud: Cloud) -> None:
    """Delete everything that a test of this folder can have made."""
    glue, s3, iam = cloud.client("glue"), cloud.client("s3"), cloud.client("iam")
    logs, events = cloud.client("logs"), cloud.client("events")
    for trigger in glue.get_triggers()["Triggers"]:
        glue.delete_trigger(Name=trigger["Name"])
    for workflow in glue.list_workflows()["Workflows"]:
        glue.delete_workflow(Name=workflow)
    for job in glue.list_jobs()["JobNames"]:
        glue.delete_job(JobName=job)
    for crawler in glue.list_crawlers()["CrawlerNames"]:
        glue.delete_crawler(Name=crawler)
    for database in glue.get_databases()["DatabaseList"]:
        glue.delete_database(Name=database["Name"])
    for rule in events.list_rules()["Rules"]:
        targets = events.list_targets_by_rule(Rule=rule["Name"])["Targets"]
        events.remove_targets(Rule=rule["Name"], Ids=[target["Id"] for target in targets])
        events.delete_rule(Name=rule["Name"])
    for role in iam.list_roles()["Roles"]:
        for policy in iam.list_role_policies(RoleName=role["RoleName"])["PolicyNames"]:
            iam.delete_role_policy(RoleName=role["RoleName"], PolicyName=policy)
        iam.delete_role(RoleName=role["RoleName"])
    for group in logs.describe_log_groups()["logGroups"]:
        logs.delete_log_group(logGroupName=group["logGroupName"])
    for bucket in s3.list_buckets()["Buckets"]:
        for found in s3.list_objects_v2(Bucket=bucket["Name"]).get("Contents", []):
            s3.delete_object(Bucket=bucket["Name"], Key=found["Key"])
        s3.delete_bucket(Bucket=bucket["Name"])
