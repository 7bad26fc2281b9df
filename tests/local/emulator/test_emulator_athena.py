"""Amazon Athena in the embedded AWS, where moto differs from AWS."""

from typing import Any

import pytest

from local.aws import Cloud, CloudError
from local.emulator.gaps.athena_queries import split_csv
from tests.local.emulator.emulator_support import ACCOUNT, REGION, bucket, refused

RESULTS = "s3://results-of-athena/analysts/"


def workgroup(cloud: Cloud, name: str, **configuration: Any) -> str:
    settings = {
        "EnforceWorkGroupConfiguration": True,
        "ResultConfiguration": {
            "OutputLocation": RESULTS,
            "EncryptionConfiguration": {"EncryptionOption": "SSE_KMS", "KmsKey": "k"},
            "ExpectedBucketOwner": ACCOUNT,
        },
        "BytesScannedCutoffPerQuery": 10_000_000,
        "EngineVersion": {"SelectedEngineVersion": "Athena engine version 3"},
        **configuration,
    }
    cloud.client("athena").create_work_group(Name=name, Configuration=settings, Description="d")
    return name


def test_a_workgroup_is_updated_where_asked(cloud: Cloud) -> None:
    athena = cloud.client("athena")
    workgroup(cloud, "analysts")
    before = athena.get_work_group(WorkGroup="analysts")["WorkGroup"]
    assert before["Configuration"]["EngineVersion"]["EffectiveEngineVersion"] == "Athena engine version 3"
    updates = {
        "RemoveBytesScannedCutoffPerQuery": True,
        "PublishCloudWatchMetricsEnabled": True,
        "ResultConfigurationUpdates": {"OutputLocation": RESULTS + "new/", "RemoveExpectedBucketOwner": True},
    }
    athena.update_work_group(WorkGroup="analysts", ConfigurationUpdates=updates, State="DISABLED")
    after = athena.get_work_group(WorkGroup="analysts")["WorkGroup"]
    assert (after["State"], after["Description"], after["CreationTime"]) == (
        "DISABLED",
        "d",
        before["CreationTime"],
    )
    configuration = after["Configuration"]
    assert "BytesScannedCutoffPerQuery" not in configuration
    assert configuration["PublishCloudWatchMetricsEnabled"] is True
    assert configuration["EnforceWorkGroupConfiguration"] is True
    assert configuration["ResultConfiguration"] == {
        "OutputLocation": RESULTS + "new/",
        "EncryptionConfiguration": {"EncryptionOption": "SSE_KMS", "KmsKey": "k"},
    }
    with refused("InvalidRequestException"):
        athena.start_query_execution(QueryString="SELECT 1", WorkGroup="analysts")


def test_a_workgroup_with_queries_goes_only_when_that_is_meant(cloud: Cloud) -> None:
    athena = cloud.client("athena")
    workgroup(cloud, "full")
    athena.create_named_query(Name="q", Database="d", QueryString="SELECT 1", WorkGroup="full")
    with refused("InvalidRequestException"):
        athena.delete_work_group(WorkGroup="full")
    athena.delete_work_group(WorkGroup="full", RecursiveDeleteOption=True)
    for missing in (athena.get_work_group, athena.delete_work_group):
        with refused("InvalidRequestException"):
            missing(WorkGroup="full")
    with refused("InvalidRequestException"):
        athena.delete_work_group(WorkGroup="primary")


def test_named_queries_are_changed_and_deleted(cloud: Cloud) -> None:
    athena = cloud.client("athena")
    query = athena.create_named_query(Name="q", Database="d", QueryString="SELECT 1")["NamedQueryId"]
    athena.update_named_query(NamedQueryId=query, Name="p", QueryString="SELECT 2", Description="e")
    found = athena.get_named_query(NamedQueryId=query)["NamedQuery"]
    assert (found["Name"], found["QueryString"], found["Description"]) == ("p", "SELECT 2", "e")
    batch = athena.batch_get_named_query(NamedQueryIds=[query, "x"])
    assert [each["Name"] for each in batch["NamedQueries"]] == ["p"]
    assert [each["NamedQueryId"] for each in batch["UnprocessedNamedQueryIds"]] == ["x"]
    athena.delete_named_query(NamedQueryId=query)
    for missing in (athena.get_named_query, athena.delete_named_query):
        with refused("InvalidRequestException"):
            missing(NamedQueryId=query)


def test_prepared_statements_belong_to_their_workgroup(cloud: Cloud) -> None:
    athena = cloud.client("athena")
    for group in ("one", "two"):
        workgroup(cloud, group)
        athena.create_prepared_statement(
            StatementName="s", WorkGroup=group, QueryStatement=f"SELECT '{group}'"
        )
    athena.update_prepared_statement(StatementName="s", WorkGroup="two", QueryStatement="SELECT 2")
    texts = [
        athena.get_prepared_statement(StatementName="s", WorkGroup=group)["PreparedStatement"][
            "QueryStatement"
        ]
        for group in ("one", "two")
    ]
    assert texts == ["SELECT 'one'", "SELECT 2"]
    with refused("InvalidRequestException"):
        athena.create_prepared_statement(StatementName="s", WorkGroup="one", QueryStatement="SELECT 1")
    athena.delete_prepared_statement(StatementName="s", WorkGroup="one")
    assert athena.list_prepared_statements(WorkGroup="one")["PreparedStatements"] == []
    with refused("ResourceNotFoundException"):
        athena.get_prepared_statement(StatementName="s", WorkGroup="one")


def test_data_catalogs_are_changed_and_deleted(cloud: Cloud) -> None:
    athena = cloud.client("athena")
    assert athena.get_data_catalog(Name="AwsDataCatalog")["DataCatalog"]["Type"] == "GLUE"
    athena.create_data_catalog(Name="other", Type="GLUE", Parameters={"catalog-id": "1"})
    athena.update_data_catalog(Name="other", Type="GLUE", Description="d", Parameters={"catalog-id": "2"})
    found = athena.get_data_catalog(Name="other")["DataCatalog"]
    assert (found["Description"], found["Parameters"]) == ("d", {"catalog-id": "2"})
    athena.delete_data_catalog(Name="other")
    with refused("InvalidRequestException"):
        athena.get_data_catalog(Name="other")


def test_a_resource_without_tags_has_none(cloud: Cloud) -> None:
    workgroup(cloud, "untagged")
    arn = f"arn:aws:athena:{REGION}:{ACCOUNT}:workgroup/untagged"
    assert cloud.client("athena").list_tags_for_resource(ResourceARN=arn)["Tags"] == []


def test_a_query_obeys_its_workgroup_and_waits_for_the_engine(cloud: Cloud) -> None:
    athena, s3 = cloud.client("athena"), cloud.client("s3")
    bucket(cloud, "results-of-athena")
    workgroup(cloud, "queried")
    query = athena.start_query_execution(
        QueryString="SELECT * FROM clients",
        WorkGroup="queried",
        ResultConfiguration={"OutputLocation": "s3://elsewhere/"},
        QueryExecutionContext={"Database": "energy_raw_local"},
    )["QueryExecutionId"]

    def execution() -> dict[str, Any]:
        return dict(athena.get_query_execution(QueryExecutionId=query)["QueryExecution"])

    for _ in range(3):
        assert execution()["Status"]["State"] == "QUEUED"
    location = execution()["ResultConfiguration"]["OutputLocation"]
    assert location == f"{RESULTS}{query}.csv", "the workgroup's, since it enforces its settings"
    assert execution()["ResultConfiguration"]["EncryptionConfiguration"]["KmsKey"] == "k"
    with refused("InvalidRequestException"):
        athena.get_query_results(QueryExecutionId=query)
    rows = '"id","name"\n"1","a, ""b"""\n"2",\n"3",""\n'
    s3.put_object(Bucket="results-of-athena", Key=f"analysts/{query}.csv", Body=rows.encode())
    course = {
        "state": "SUCCEEDED",
        "output_location": location,
        "bytes_scanned": 1234,
        "engine_time_ms": 56,
        "columns": [{"name": "id", "type": "bigint"}, {"name": "name", "type": "varchar"}],
    }
    cloud.control("PUT", f"athena/executions/{query}", course)
    ended = execution()
    assert ended["Status"]["State"] == "SUCCEEDED"
    assert ended["Statistics"]["DataScannedInBytes"] == 1234
    assert ended["Statistics"]["EngineExecutionTimeInMillis"] == 56
    pages = list(
        athena.get_paginator("get_query_results").paginate(
            QueryExecutionId=query, PaginationConfig={"PageSize": 3}
        )
    )
    assert len(pages) == 2
    found = [
        [cell.get("VarCharValue") for cell in row["Data"]]
        for page in pages
        for row in page["ResultSet"]["Rows"]
    ]
    assert found == [["id", "name"], ["1", 'a, "b"'], ["2", None], ["3", ""]]
    info = pages[0]["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]
    assert [(column["Name"], column["Type"]) for column in info] == [("id", "bigint"), ("name", "varchar")]
    assert athena.list_query_executions(WorkGroup="queried")["QueryExecutionIds"] == [query]


def test_a_failed_query_says_why_and_a_stopped_one_is_cancelled(cloud: Cloud) -> None:
    athena = cloud.client("athena")
    workgroup(cloud, "failing")
    start = {"QueryString": "SELECT 1", "WorkGroup": "failing"}
    failed, stopped = (athena.start_query_execution(**start)["QueryExecutionId"] for _ in range(2))
    cloud.control("PUT", f"athena/executions/{failed}", {"state": "FAILED", "reason": "TABLE_NOT_FOUND"})
    athena.stop_query_execution(QueryExecutionId=stopped)
    found = athena.batch_get_query_execution(QueryExecutionIds=[failed, stopped])["QueryExecutions"]
    states = [(each["Status"]["State"], each["Status"]["StateChangeReason"]) for each in found]
    assert states == [("FAILED", "TABLE_NOT_FOUND"), ("CANCELLED", "Query was cancelled by the user")]
    athena.stop_query_execution(QueryExecutionId=failed)
    assert athena.list_query_executions(WorkGroup="failing")["QueryExecutionIds"] == [stopped, failed]
    with pytest.raises(CloudError, match="Unknown state"):
        cloud.control("PUT", f"athena/executions/{failed}", {"state": "DONE"})


def test_a_query_without_an_output_location_is_refused(cloud: Cloud) -> None:
    with refused("InvalidRequestException"):
        cloud.client("athena").start_query_execution(QueryString="SELECT 1")


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ('"a"\n', [["a"]]),
        ('"a","b"\n"1",\n,"2"\n,\n', [["a", "b"], ["1", None], [None, "2"], [None, None]]),
        ('"a\nb","c,d"', [["a\nb", "c,d"]]),
        ("", []),
    ],
)
def test_athenas_csv_tells_null_from_empty(text: str, rows: list[list[str | None]]) -> None:
    assert split_csv(text) == rows
