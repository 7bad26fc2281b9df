"""AWS Glue in the embedded AWS, where moto differs from AWS."""

from typing import Any

import pytest

from local.aws import Cloud, CloudError
from tests.local.emulator.emulator_support import ACCOUNT, REGION, refused, subset

ROLE = f"arn:aws:iam::{ACCOUNT}:role/raw-to-processed"
COMMAND = {
    "Name": "glueetl",
    "ScriptLocation": "s3://artifacts/jobs/raw_to_processed.py",
    "PythonVersion": "3",
}


def test_a_crawler_is_read_back_with_every_field(cloud: Cloud) -> None:
    glue = cloud.client("glue")
    wanted: dict[str, Any] = {
        "Name": "raw-data-crawler",
        "Role": ROLE,
        "DatabaseName": "energy_raw_local",
        "Description": "Detects drift.",
        "Targets": {"CatalogTargets": [{"DatabaseName": "energy_raw_local", "Tables": ["clients"]}]},
        "SchemaChangePolicy": {"UpdateBehavior": "LOG", "DeleteBehavior": "LOG"},
        "RecrawlPolicy": {"RecrawlBehavior": "CRAWL_EVERYTHING"},
        "LineageConfiguration": {"CrawlerLineageSettings": "DISABLE"},
        "LakeFormationConfiguration": {"UseLakeFormationCredentials": True, "AccountId": ACCOUNT},
        "Configuration": '{"Version": 1.0}',
        "CrawlerSecurityConfiguration": "lake",
    }
    glue.create_crawler(**wanted, Tags={"zone": "raw"})
    assert subset(glue.get_crawler(Name="raw-data-crawler")["Crawler"], wanted) == wanted
    arn = f"arn:aws:glue:{REGION}:{ACCOUNT}:crawler/raw-data-crawler"
    assert glue.get_tags(ResourceArn=arn)["Tags"] == {"zone": "raw"}


def test_a_crawler_without_policies_has_aws_defaults(cloud: Cloud) -> None:
    glue = cloud.client("glue")
    glue.create_crawler(Name="bare", Role=ROLE, Targets={"S3Targets": [{"Path": "s3://x/"}]})
    crawler = glue.get_crawler(Name="bare")["Crawler"]
    assert crawler["SchemaChangePolicy"]["UpdateBehavior"] == "UPDATE_IN_DATABASE"
    assert crawler["RecrawlPolicy"] == {"RecrawlBehavior": "CRAWL_EVERYTHING"}
    assert crawler["LakeFormationConfiguration"]["UseLakeFormationCredentials"] is False
    assert crawler["State"] == "READY"
    assert "LastCrawl" not in crawler


def test_a_crawler_is_updated_in_the_fields_given(cloud: Cloud) -> None:
    glue = cloud.client("glue")
    glue.create_crawler(
        Name="changing", Role=ROLE, Description="old", Targets={"S3Targets": [{"Path": "s3://x/"}]}
    )
    lake = {"UseLakeFormationCredentials": True, "AccountId": ""}
    glue.update_crawler(Name="changing", TablePrefix="t_", LakeFormationConfiguration=lake)
    crawler = glue.get_crawler(Name="changing")["Crawler"]
    assert (crawler["Description"], crawler["TablePrefix"]) == ("old", "t_")
    assert crawler["LakeFormationConfiguration"] == lake
    assert crawler["Version"] == 2
    with refused("EntityNotFoundException"):
        glue.update_crawler(Name="missing", TablePrefix="t_")


def test_a_crawler_runs_until_the_runner_says_otherwise(cloud: Cloud) -> None:
    glue = cloud.client("glue")
    glue.create_crawler(Name="driven", Role=ROLE, Targets={"S3Targets": [{"Path": "s3://x/"}]})
    glue.start_crawler(Name="driven")
    assert glue.get_crawler(Name="driven")["Crawler"]["State"] == "RUNNING"
    for refusal in (glue.start_crawler, glue.delete_crawler):
        with refused("CrawlerRunningException"):
            refusal(Name="driven")
    assert glue.list_crawls(CrawlerName="driven")["Crawls"][0]["State"] == "RUNNING"
    outcome = {"status": "FAILED", "message": "no such table", "tables": 0, "partitions": 0}
    cloud.control("PUT", "glue/crawlers/driven", {"state": "READY", "last_crawl": outcome})
    crawler = glue.get_crawler(Name="driven")["Crawler"]
    assert crawler["State"] == "READY"
    assert (crawler["LastCrawl"]["Status"], crawler["LastCrawl"]["ErrorMessage"]) == (
        "FAILED",
        "no such table",
    )
    crawl = glue.list_crawls(CrawlerName="driven")["Crawls"][0]
    assert (crawl["State"], crawl["ErrorMessage"]) == ("FAILED", "no such table")
    assert crawl["EndTime"] >= crawl["StartTime"]
    glue.start_crawler(Name="driven")
    outcome = {"status": "SUCCEEDED", "message": "no drift"}
    cloud.control("PUT", "glue/crawlers/driven", {"state": "READY", "last_crawl": outcome})
    last = glue.get_crawler(Name="driven")["Crawler"]["LastCrawl"]
    assert (last["Status"], "ErrorMessage" in last) == ("SUCCEEDED", False)
    assert glue.list_crawls(CrawlerName="driven")["Crawls"][-1]["Summary"] == "no drift"
    glue.delete_crawler(Name="driven")


JOB: dict[str, Any] = {
    "Role": ROLE,
    "Command": COMMAND,
    "Description": "Cleans.",
    "DefaultArguments": {"--lake_uri": "s3://lake/"},
    "NonOverridableArguments": {"--price_cap": "4000"},
    "ExecutionProperty": {"MaxConcurrentRuns": 2},
    "NotificationProperty": {"NotifyDelayAfter": 30},
    "SecurityConfiguration": "lake",
    "ExecutionClass": "STANDARD",
    "JobMode": "SCRIPT",
    "GlueVersion": "5.1",
    "WorkerType": "G.1X",
    "NumberOfWorkers": 3,
    "MaxRetries": 1,
    "Timeout": 60,
}


def test_a_job_is_read_back_with_every_field(cloud: Cloud) -> None:
    glue = cloud.client("glue")
    glue.create_job(Name="echoed", **JOB, Tags={"zone": "raw"})
    job = glue.get_job(JobName="echoed")["Job"]
    assert subset(job, JOB) == JOB
    assert (job["MaxCapacity"], job["AllocatedCapacity"]) == (3.0, 3)
    assert job["JobRunQueuingEnabled"] is False
    with refused("AlreadyExistsException"):
        glue.create_job(Name="echoed", **JOB)


def test_a_job_update_replaces_the_definition(cloud: Cloud) -> None:
    glue = cloud.client("glue")
    glue.create_job(Name="replaced", **JOB)
    glue.update_job(JobName="replaced", JobUpdate={"Role": ROLE, "Command": COMMAND, "GlueVersion": "5.1"})
    job = glue.get_job(JobName="replaced")["Job"]
    assert "SecurityConfiguration" not in job
    assert job["DefaultArguments"] == {}
    assert job["ExecutionProperty"] == {"MaxConcurrentRuns": 1}
    assert (job["MaxRetries"], job["Timeout"]) == (0, 480)
    assert job["LastModifiedOn"] >= job["CreatedOn"]


def test_a_job_run_stays_until_the_runner_ends_it(cloud: Cloud) -> None:
    glue = cloud.client("glue")
    glue.create_job(Name="run", **{**JOB, "ExecutionProperty": {"MaxConcurrentRuns": 1}})
    run_id = glue.start_job_run(JobName="run", Arguments={"--datasets": "clients", "--price_cap": "1"})[
        "JobRunId"
    ]

    def run() -> dict[str, Any]:
        return dict(glue.get_job_run(JobName="run", RunId=run_id)["JobRun"])

    for _ in range(3):
        assert run()["JobRunState"] == "STARTING"
    assert "CompletedOn" not in run()
    assert run()["Arguments"]["--datasets"] == "clients"
    assert run()["Arguments"]["--price_cap"] == "4000", "not overridable"
    with refused("ConcurrentRunsExceededException"):
        glue.start_job_run(JobName="run")
    path = f"glue/job-runs/run/{run_id}"
    cloud.control("PUT", path, {"state": "RUNNING", "started_on": "2026-03-29T10:00:00+00:00"})
    assert run()["JobRunState"] == "RUNNING"
    ending = {
        "state": "FAILED",
        "error": "exit 3",
        "completed_on": "2026-03-29T10:01:30Z",
        "log": "three lines",
    }
    cloud.control("PUT", path, ending)
    ended = run()
    assert (ended["JobRunState"], ended["ErrorMessage"], ended["ExecutionTime"]) == ("FAILED", "exit 3", 90)
    assert (ended["CompletedOn"] - ended["StartedOn"]).total_seconds() == 90
    assert ended["StartedOn"].isoformat().startswith("2026-03-29T10:00:00")
    assert cloud.control("GET", path) == {"state": "FAILED", "error": "exit 3", "log": "three lines"}
    second = glue.start_job_run(JobName="run")["JobRunId"]
    assert [each["Id"] for each in glue.get_job_runs(JobName="run")["JobRuns"]] == [second, run_id]
    stopped = glue.batch_stop_job_run(JobName="run", JobRunIds=[second, run_id])
    assert [each["JobRunId"] for each in stopped["SuccessfulSubmissions"]] == [second]
    assert [each["JobRunId"] for each in stopped["Errors"]] == [run_id]


@pytest.mark.parametrize(
    ("path", "body", "said"),
    [
        ("glue/job-runs/nothing/jr_1", {"state": "RUNNING"}, "no Glue job nothing"),
        ("glue/job-runs/known/jr_1", {"state": "RUNNING"}, "no run jr_1"),
        ("glue/crawlers/nothing", {"state": "READY"}, "no Glue crawler nothing"),
        ("glue/workflow-runs/nothing/wr_1", {"status": "COMPLETED"}, "no Glue workflow nothing"),
        ("athena/executions/nothing", {"state": "FAILED"}, "no Athena execution nothing"),
        ("nothing", {}, "no control call"),
    ],
)
def test_a_control_call_for_what_is_not_there_is_refused(
    cloud: Cloud, path: str, body: dict[str, Any], said: str
) -> None:
    glue = cloud.client("glue")
    if not glue.batch_get_jobs(JobNames=["known"])["Jobs"]:
        glue.create_job(Name="known", **JOB)
    with pytest.raises(CloudError, match=said):
        cloud.control("PUT", path, body)


def test_a_control_call_with_a_wrong_word_changes_nothing(cloud: Cloud) -> None:
    glue = cloud.client("glue")
    glue.create_job(Name="strict", **JOB)
    run_id = glue.start_job_run(JobName="strict")["JobRunId"]
    for body in ({"state": "DONE"}, {"staet": "RUNNING"}):
        with pytest.raises(CloudError, match="Unknown"):
            cloud.control("PUT", f"glue/job-runs/strict/{run_id}", body)
    assert glue.get_job_run(JobName="strict", RunId=run_id)["JobRun"]["JobRunState"] == "STARTING"


def test_a_connection_is_updated_and_deleted(cloud: Cloud) -> None:
    glue = cloud.client("glue")
    definition: dict[str, Any] = {
        "Name": "warehouse",
        "ConnectionType": "JDBC",
        "ConnectionProperties": {"JDBC_CONNECTION_URL": "jdbc:redshift://x/lake", "SECRET_ID": "warehouse"},
        "PhysicalConnectionRequirements": {"SubnetId": "subnet-1", "SecurityGroupIdList": ["sg-1"]},
    }
    glue.create_connection(ConnectionInput=definition)
    connection = glue.get_connection(Name="warehouse")["Connection"]
    assert subset(connection, definition) == definition
    changed = {**definition, "Description": "Loads.", "ConnectionType": "NETWORK", "ConnectionProperties": {}}
    glue.update_connection(Name="warehouse", ConnectionInput=changed)
    assert subset(glue.get_connection(Name="warehouse")["Connection"], changed) == changed
    glue.delete_connection(ConnectionName="warehouse")
    for gone in (
        lambda: glue.get_connection(Name="warehouse"),
        lambda: glue.delete_connection(ConnectionName="warehouse"),
        lambda: glue.update_connection(Name="warehouse", ConnectionInput=definition),
    ):
        with refused("EntityNotFoundException"):
            gone()
    assert set(glue.batch_delete_connection(ConnectionNameList=["a", "b"])["Errors"]) == {"a", "b"}


def test_a_namesake_starts_without_the_tags_of_what_was_deleted(cloud: Cloud) -> None:
    glue = cloud.client("glue")
    arn = f"arn:aws:glue:{REGION}:{ACCOUNT}:"
    glue.create_job(Name="tagged", **JOB, Tags={"old": "1"})
    glue.delete_job(JobName="tagged")
    glue.create_job(Name="tagged", **JOB)
    assert glue.get_tags(ResourceArn=arn + "job/tagged")["Tags"] == {}
    glue.create_database(DatabaseInput={"Name": "tagged"}, Tags={"old": "1"})
    glue.delete_database(Name="tagged")
    glue.create_database(DatabaseInput={"Name": "tagged"})
    assert glue.get_tags(ResourceArn=arn + "database/tagged")["Tags"] == {}


def test_a_database_inherits_lake_formations_defaults_for_its_tables(cloud: Cloud) -> None:
    glue, lake = cloud.client("glue"), cloud.client("lakeformation")
    everybody = {"DataLakePrincipalIdentifier": "IAM_ALLOWED_PRINCIPALS"}
    glue.create_database(DatabaseInput={"Name": "open"})
    before = glue.get_database(Name="open")["Database"]["CreateTableDefaultPermissions"]
    assert before == [{"Principal": everybody, "Permissions": ["ALL"]}]
    lake.put_data_lake_settings(
        DataLakeSettings={"CreateDatabaseDefaultPermissions": [], "CreateTableDefaultPermissions": []}
    )
    glue.create_database(DatabaseInput={"Name": "governed"})
    assert glue.get_database(Name="governed")["Database"]["CreateTableDefaultPermissions"] == []
    glue.update_database(Name="open", DatabaseInput={"Name": "open", "Description": "d"})
    assert glue.get_database(Name="open")["Database"]["CreateTableDefaultPermissions"] == before


def test_tables_and_partitions_are_created_changed_and_deleted(cloud: Cloud) -> None:
    glue = cloud.client("glue")
    glue.create_database(DatabaseInput={"Name": "curated"})
    table: dict[str, Any] = {
        "Name": "daily",
        "TableType": "EXTERNAL_TABLE",
        "PartitionKeys": [{"Name": "year", "Type": "string"}],
        "StorageDescriptor": {"Columns": [{"Name": "mwh", "Type": "double"}], "Location": "s3://x/daily/"},
        "Parameters": {"classification": "parquet"},
    }
    glue.create_table(DatabaseName="curated", TableInput=table)
    glue.update_table(DatabaseName="curated", TableInput={**table, "Description": "d"})
    assert glue.get_table(DatabaseName="curated", Name="daily")["Table"]["Description"] == "d"
    partition = {"Values": ["2026"], "StorageDescriptor": {"Location": "s3://x/daily/year=2026/"}}
    where = {"DatabaseName": "curated", "TableName": "daily"}
    assert glue.batch_create_partition(**where, PartitionInputList=[partition]).get("Errors", []) == []
    moved = {"Values": ["2026"], "StorageDescriptor": {"Location": "s3://x/moved/"}}
    glue.update_partition(**where, PartitionValueList=["2026"], PartitionInput=moved)
    (found,) = glue.get_partitions(**where, Expression="year = '2026'")["Partitions"]
    assert found["StorageDescriptor"]["Location"] == "s3://x/moved/"
    glue.batch_delete_partition(**where, PartitionsToDelete=[{"Values": ["2026"]}])
    assert glue.get_partitions(**where)["Partitions"] == []
