"""Crawlers compare what lies in the bucket with the catalog and change nothing."""

import json
from collections.abc import Iterator

import duckdb
import pytest

from local.runner import NodeReport
from tests.local.runner.workflow_support import Stage, crawl_action

LOCATION = "arn:aws:s3:::stage/raw"


def crawl(stage: Stage) -> NodeReport:
    stage.on_demand("begin", crawl_action("raw-crawler"))
    (node,) = stage.start().nodes
    return node


def kinds(node: NodeReport) -> set[tuple[str, str]]:
    return {(drift.kind, drift.location.rsplit("/", 2)[-1] or drift.location) for drift in node.drift}


def test_clean_files_show_no_drift_and_the_crawl_is_recorded(stage: Stage) -> None:
    stage.raw_table("2025-10-01", "2025-10-02")
    stage.crawler("raw-crawler")

    node = crawl(stage)

    assert (node.state, node.drift) == ("SUCCEEDED", ())
    assert node.summary == {"tables": 1, "partitions": 2, "objects": 2, "opened": 2}
    crawler = stage.cloud.client("glue").get_crawler(Name="raw-crawler")["Crawler"]
    assert crawler["State"] == "READY"
    assert crawler["LastCrawl"]["Status"] == "SUCCEEDED"


def test_header_changes_are_reported_per_column(stage: Stage) -> None:
    stage.raw_table("2025-10-01")
    stage.crawler("raw-crawler")
    stage.put("raw/trades/2025-10-02/new.csv", "id,price,venue\n1,2,X\n")
    stage.put("raw/trades/2025-10-02/lost.csv", "id\n1\n")
    stage.put("raw/trades/2025-10-02/turned.csv", "price,id\n1,2\n")

    found = {(drift.kind, drift.location.rsplit("/", 1)[-1]): drift.detail for drift in crawl(stage).drift}

    assert found == {
        ("new-column", "new.csv"): "venue is in the file, not in the table",
        ("missing-column", "lost.csv"): "price is in the table, not in the file",
        ("column-order", "turned.csv"): "file: price, id",
    }


def test_file_without_any_known_column_is_one_finding(stage: Stage) -> None:
    stage.raw_table("2025-10-01")
    stage.crawler("raw-crawler")
    stage.put("raw/trades/2025-10-02/tabs.csv", "id\tprice\n1\t2\n")

    (drift,) = crawl(stage).drift

    assert (drift.kind, drift.detail) == (
        "unreadable-file",
        "no column of the table in its header: 'id\\tprice'",
    )


def test_files_that_no_query_would_read_are_reported(stage: Stage) -> None:
    stage.raw_table("2025-10-01")
    stage.crawler("raw-crawler")
    stage.put("raw/trades/2025-10-01/notes.txt", "hello")
    stage.put("raw/trades/2025_10_03/a.csv", "id,price\n1,2\n")
    stage.put("raw/trades/2025-10-01/_temporary/b.csv", "x")

    found = {(drift.kind, drift.location) for drift in crawl(stage).drift}

    assert found == {
        ("unexpected-file", "s3://stage/raw/trades/2025-10-01/notes.txt"),
        ("unregistered-partition", "s3://stage/raw/trades/2025_10_03/"),
    }


def test_parquet_type_change_and_unregistered_partition_are_reported(stage: Stage) -> None:
    glue = stage.cloud.client("glue")
    glue.create_database(DatabaseInput={"Name": "processed"})
    serde = {"SerializationLibrary": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"}
    glue.create_table(
        DatabaseName="processed",
        TableInput={
            "Name": "trades",
            "PartitionKeys": [{"Name": "day", "Type": "string"}],
            "StorageDescriptor": {
                "Columns": [{"Name": "id", "Type": "bigint"}, {"Name": "price", "Type": "decimal(18,6)"}],
                "Location": "s3://stage/processed/trades/",
                "SerdeInfo": serde,
            },
        },
    )
    for day in ("01", "03"):
        location = f"s3://stage/processed/trades/day={day}/"
        glue.create_partition(
            DatabaseName="processed",
            TableName="trades",
            PartitionInput={"Values": [day], "StorageDescriptor": {"Location": location, "SerdeInfo": serde}},
        )
    target = stage.work / "made.parquet"
    target.parent.mkdir(parents=True, exist_ok=True)
    for day, price in (("01", "1.5::DECIMAL(18,6)"), ("02", "1.5::DOUBLE")):
        with duckdb.connect() as connection:
            connection.execute(
                f"COPY (SELECT 1::BIGINT AS id, {price} AS price) TO '{target}' (FORMAT parquet)"
            )
        stage.put(f"processed/trades/day={day}/part.parquet", target.read_bytes())
    stage.crawler(
        "raw-crawler",
        Targets={"CatalogTargets": [{"DatabaseName": "processed", "Tables": ["trades"]}]},
    )
    before = glue.get_table(DatabaseName="processed", Name="trades")["Table"]

    found = {(drift.kind, drift.detail) for drift in crawl(stage).drift}

    assert found == {
        ("type-change", "price: table decimal(18,6), file DOUBLE"),
        ("unregistered-partition", "1 objects that no query reads"),
        ("empty-partition", "registered, but holds no object"),
    }
    assert glue.get_table(DatabaseName="processed", Name="trades")["Table"] == before
    assert len(glue.get_partitions(DatabaseName="processed", TableName="trades")["Partitions"]) == 2


def test_broken_parquet_is_reported_and_does_not_fail_the_crawl(stage: Stage) -> None:
    stage.raw_table("2025-10-01")
    stage.put("raw/trades/2025-10-01/broken.csv.gz", b"no gzip at all")
    stage.crawler("raw-crawler")

    node = crawl(stage)

    assert node.state == "SUCCEEDED"
    assert kinds(node) == {("unreadable-file", "broken.csv.gz")}


@pytest.mark.parametrize(
    ("definition", "expected"),
    [
        (
            {"SchemaChangePolicy": {"UpdateBehavior": "UPDATE_IN_DATABASE", "DeleteBehavior": "LOG"}},
            "would change the catalog",
        ),
        ({"Role": "nobody"}, "wants the role nobody, which does not exist"),
        (
            {"Targets": {"CatalogTargets": [{"DatabaseName": "raw", "Tables": ["gone"]}]}},
            "the table raw.gone, which does not exist",
        ),
    ],
)
def test_crawler_that_cannot_work_fails_with_its_reason(
    stage: Stage, definition: dict[str, object], expected: str
) -> None:
    stage.raw_table("2025-10-01")
    stage.crawler("raw-crawler", **definition)

    node = crawl(stage)

    assert node.state == "FAILED"
    assert expected in (node.error or "")
    crawler = stage.cloud.client("glue").get_crawler(Name="raw-crawler")["Crawler"]
    assert crawler["LastCrawl"]["Status"] == "FAILED"


def test_s3_target_without_a_table_is_drift(stage: Stage) -> None:
    stage.raw_table("2025-10-01")
    stage.crawler(
        "raw-crawler",
        DatabaseName="raw",
        Targets={"S3Targets": [{"Path": "s3://stage/raw/"}, {"Path": "s3://stage/other/"}]},
    )

    node = crawl(stage)

    assert [(drift.kind, drift.location) for drift in node.drift] == [("missing-table", "s3://stage/other/")]
    assert (node.summary or {})["tables"] == 1


LENT = {"LakeFormationConfiguration": {"UseLakeFormationCredentials": True}}
MAY_BORROW = {
    "Version": "2012-10-17",
    "Statement": {
        "Effect": "Allow",
        "Action": ["glue:GetTable", "lakeformation:GetDataAccess"],
        "Resource": "*",
    },
}


@pytest.fixture
def lake(stage: Stage) -> Iterator[Stage]:
    """A crawler that Lake Formation lends `raw.trades`, and the tables and role it works with."""
    lake = stage.cloud.client("lakeformation")
    stage.raw_table("2025-10-01")
    stage.crawler("raw-crawler", **LENT)
    stage.cloud.client("iam").put_role_policy(
        RoleName="glue-role", PolicyName="borrow", PolicyDocument=json.dumps(MAY_BORROW)
    )
    grant = {
        "Principal": {"DataLakePrincipalIdentifier": "arn:aws:iam::123456789012:role/glue-role"},
        "Resource": {"Table": {"DatabaseName": "raw", "Name": "trades"}},
        "Permissions": ["SELECT"],
    }
    lake.register_resource(ResourceArn=LOCATION, RoleArn="arn:aws:iam::123456789012:role/glue-role")
    lake.grant_permissions(**grant)
    yield stage
    lake.revoke_permissions(**grant)
    if lake.list_resources()["ResourceInfoList"]:
        lake.deregister_resource(ResourceArn=LOCATION)


def test_a_crawler_reads_the_one_table_that_lake_formation_lends_it(lake: Stage) -> None:
    node = crawl(lake)

    assert (node.state, node.error) == ("SUCCEEDED", None)
    assert node.summary == {"tables": 1, "partitions": 1, "objects": 1, "opened": 1}


def test_lake_formation_lends_a_crawler_no_two_tables(lake: Stage) -> None:
    targets = {"CatalogTargets": [{"DatabaseName": "raw", "Tables": ["trades", "trades"]}]}
    lake.cloud.client("glue").update_crawler(Name="raw-crawler", Targets=targets)

    node = crawl(lake)

    assert node.state == "FAILED"
    assert "targets 2 tables of the catalog, of which Lake Formation lends it one" in (node.error or "")


def test_a_crawler_is_lent_nothing_of_a_place_that_is_not_registered(lake: Stage) -> None:
    lake.cloud.client("lakeformation").deregister_resource(ResourceArn=LOCATION)

    node = crawl(lake)

    assert node.state == "FAILED"
    assert "is lent nothing by Lake Formation" in (node.error or "")


def test_a_crawler_that_may_not_borrow_is_lent_nothing(lake: Stage) -> None:
    lake.cloud.client("iam").delete_role_policy(RoleName="glue-role", PolicyName="borrow")

    node = crawl(lake)

    assert node.state == "FAILED"
    assert "is not authorized to perform: glue:GetTable" in (node.error or "")
