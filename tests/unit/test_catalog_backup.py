import datetime
import hashlib
import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from etl.catalog_backup import CatalogBackupError, Scope, export, newest_snapshot_age, write
from etl.jobs.catalog_backup import main

ACCOUNT, HOME, AWAY = "123456789012", "eu-west-1", "eu-central-1"
SCOPE = Scope(("lake_a", "lake_b"), "lake", "lake-replica")
NOON = datetime.datetime(2026, 3, 1, 12, tzinfo=datetime.UTC)
COLUMNS = [{"Name": "mwh", "Type": "decimal(18,6)", "Comment": "MWh"}]


class LakeFormation:
    """moto's Lake Formation with the listing it lacks, and with an answer for what carries no tags."""

    def __init__(self, client: Any, filters: list[dict[str, Any]]) -> None:
        self._client, self._filters = client, filters

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def list_data_cells_filter(self, **arguments: Any) -> dict[str, Any]:
        table = arguments["Table"]
        wanted = (table["DatabaseName"], table["Name"])
        rows = [one for one in self._filters if (one["DatabaseName"], one["TableName"]) == wanted]
        start = int(arguments.get("NextToken", 0))
        page: dict[str, Any] = {"DataCellsFilters": rows[start : start + 1]}
        return page | ({"NextToken": str(start + 1)} if start + 1 < len(rows) else {})

    def get_resource_lf_tags(self, **arguments: Any) -> dict[str, Any]:
        try:
            return dict(self._client.get_resource_lf_tags(**arguments))
        except KeyError:
            return {}


@pytest.fixture(autouse=True)
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for key in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(key, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", HOME)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        yield


@pytest.fixture
def glue() -> Any:
    client = boto3.client("glue")
    for database in ("lake_a", "lake_b", "other"):
        client.create_database(
            DatabaseInput={"Name": database, "LocationUri": f"s3://lake/{database}/", "Description": "d"}
        )
    storage = {"Columns": COLUMNS, "Location": "s3://lake/lake_a/sales/", "SerdeInfo": {"Name": "x"}}
    client.create_table(
        DatabaseName="lake_a",
        TableInput={
            "Name": "sales",
            "StorageDescriptor": storage,
            "PartitionKeys": [{"Name": "day", "Type": "string"}],
            "Parameters": {
                "storage.location.template": "s3://lake/lake_a/sales/${day}/",
                "note": "s3://lake-of-others/x",
            },
        },
    )
    for day in range(120):
        client.create_partition(
            DatabaseName="lake_a",
            TableName="sales",
            PartitionInput={
                "Values": [f"{day:03}"],
                "StorageDescriptor": storage | {"Location": f"s3://lake/lake_a/sales/day={day:03}/"},
            },
        )
    return client


@pytest.fixture
def lake_formation(glue: Any) -> LakeFormation:
    client = boto3.client("lakeformation")
    analyst = {"DataLakePrincipalIdentifier": f"arn:aws:iam::{ACCOUNT}:role/analyst"}
    client.register_resource(ResourceArn="arn:aws:s3:::lake/lake_a", UseServiceLinkedRole=True)
    client.register_resource(ResourceArn="arn:aws:s3:::lake-of-others/x", UseServiceLinkedRole=True)
    for resource in (
        {"Table": {"DatabaseName": "lake_a", "Name": "sales"}},
        {"Table": {"DatabaseName": "other", "Name": "secret"}},
    ):
        client.grant_permissions(Principal=analyst, Resource=resource, Permissions=["SELECT"])
    client.grant_permissions(
        Principal=analyst,
        Resource={"DataLocation": {"ResourceArn": "arn:aws:s3:::lake/lake_a"}},
        Permissions=["DATA_LOCATION_ACCESS"],
    )
    client.create_lf_tag(TagKey="zone", TagValues=["processed", "raw"])
    for tagged in ({"Database": {"Name": "lake_a"}}, {"Table": {"DatabaseName": "lake_a", "Name": "sales"}}):
        client.add_lf_tags_to_resource(Resource=tagged, LFTags=[{"TagKey": "zone", "TagValues": ["raw"]}])
    filters = [
        {
            "DatabaseName": "lake_a",
            "TableName": "sales",
            "Name": name,
            "VersionId": "7",
            "ColumnNames": ["mwh"],
        }
        for name in ("second", "first")
    ]
    return LakeFormation(client, filters)


def test_the_backup_holds_what_creates_the_catalog_again(glue: Any, lake_formation: LakeFormation) -> None:
    found = export(glue, lake_formation, SCOPE)
    assert [one["Name"] for one in found["databases.json"]] == ["lake_a", "lake_b"]
    assert len(found["partitions/lake_a/sales.json"]) == 120
    other = boto3.client("glue", region_name=AWAY)
    for database in found["databases.json"]:
        other.create_database(DatabaseInput=database)
    for table in found["tables.json"]:
        other.create_table(**table)
    for partition in found["partitions/lake_a/sales.json"]:
        other.create_partition(DatabaseName="lake_a", TableName="sales", PartitionInput=partition)
    restored = other.get_table(DatabaseName="lake_a", Name="sales")["Table"]
    assert restored["StorageDescriptor"]["Columns"] == COLUMNS
    assert restored["StorageDescriptor"]["Location"] == "s3://lake-replica/lake_a/sales/"


def test_every_location_is_the_replicas_and_no_other_bucket_is_touched(
    glue: Any, lake_formation: LakeFormation
) -> None:
    found = export(glue, lake_formation, SCOPE)
    text = json.dumps(found, default=str)
    assert "s3://lake/" not in text
    assert "arn:aws:s3:::lake/" not in text
    assert found["tables.json"][0]["TableInput"]["Parameters"] == {
        "storage.location.template": "s3://lake-replica/lake_a/sales/${day}/",
        "note": "s3://lake-of-others/x",
    }


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("s3://lake", "s3://lake-replica"),
        ("s3a://lake/x", "s3a://lake-replica/x"),
        ("arn:aws:s3:::lake", "arn:aws:s3:::lake-replica"),
        ("arn:aws-cn:s3:::lake/raw", "arn:aws-cn:s3:::lake-replica/raw"),
        ("s3://lakes/x", "s3://lakes/x"),
        ("s3://other/lake/x", "s3://other/lake/x"),
        ("https://lake/x", "https://lake/x"),
        ("the lake", "the lake"),
    ],
)
def test_addresses_are_rewritten_by_whole_bucket(address: str, expected: str) -> None:
    assert SCOPE.rewritten({"a": [address]}) == {"a": [expected]}
    assert SCOPE.holds(address) is (address != expected)


def test_grants_tags_filters_and_locations_of_the_databases_are_kept(
    glue: Any, lake_formation: LakeFormation
) -> None:
    found = export(glue, lake_formation, SCOPE)
    grants = found["lake-formation/permissions.json"]
    assert {tuple(one["Permissions"]) for one in grants} == {("SELECT",), ("DATA_LOCATION_ACCESS",)}
    assert "secret" not in json.dumps(grants)
    (location,) = found["lake-formation/locations.json"]
    assert location["ResourceArn"] == "arn:aws:s3:::lake-replica/lake_a"
    assert [one["TagKey"] for one in found["lake-formation/tags.json"]] == ["zone"]
    (assigned,) = (
        one for one in found["lake-formation/tag-assignments.json"] if "Database" in one["Resource"]
    )
    assert assigned["LFTagOnDatabase"][0]["TagValues"] == ["raw"]
    filters = found["lake-formation/cell-filters.json"]
    assert [one["Name"] for one in filters] == ["first", "second"]
    assert "VersionId" not in filters[0]


def test_what_cannot_be_seen_is_an_error_and_not_an_empty_backup(
    glue: Any, lake_formation: LakeFormation
) -> None:
    with pytest.raises(CatalogBackupError, match="hidden cannot be seen"):
        export(glue, lake_formation, Scope(("lake_a", "hidden"), "lake", "lake-replica"))
    with pytest.raises(CatalogBackupError, match="no grant"):
        export(glue, lake_formation, Scope(("lake_b",), "elsewhere", "x"))


def test_a_backup_is_whole_when_its_manifest_is_and_writing_it_again_changes_nothing(
    glue: Any, lake_formation: LakeFormation
) -> None:
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="copies", CreateBucketConfiguration={"LocationConstraint": HOME})
    documents = export(glue, lake_formation, SCOPE)
    key = write(s3, "copies", "catalog-backups/", documents, NOON)
    assert key == "catalog-backups/2026-03-01T120000Z/manifest.json"
    manifest = json.loads(s3.get_object(Bucket="copies", Key=key)["Body"].read())
    assert {one["name"] for one in manifest["files"]} == set(documents)
    for one in manifest["files"]:
        body = s3.get_object(Bucket="copies", Key=key.replace("manifest.json", one["name"]))["Body"].read()
        assert (len(body), hashlib.sha256(body).hexdigest()) == (one["bytes"], one["sha256"])
        assert len(json.loads(body)) == one["entries"]

    def stored() -> dict[str, str]:
        return {one["Key"]: one["ETag"] for one in s3.list_objects_v2(Bucket="copies")["Contents"]}

    before = stored()
    assert write(s3, "copies", "catalog-backups/", export(glue, lake_formation, SCOPE), NOON) == key
    assert stored() == before


def test_a_backup_that_breaks_off_has_no_manifest(glue: Any, lake_formation: LakeFormation) -> None:
    class Broken:
        def __init__(self) -> None:
            self.keys: list[str] = []

        def put_object(self, **arguments: Any) -> None:
            if len(self.keys) == 3:
                raise ConnectionError
            self.keys.append(arguments["Key"])

    broken = Broken()
    with pytest.raises(ConnectionError):
        write(broken, "copies", "b/", export(glue, lake_formation, SCOPE), NOON)
    assert not any(key.endswith("manifest.json") for key in broken.keys)


class Snapshots:
    """A Redshift client that knows these snapshots and this state."""

    def __init__(self, ages: dict[str, int], state: str = "available") -> None:
        self._ages, self._state = ages, state

    def get_paginator(self, name: str) -> "Snapshots":
        assert name == "describe_cluster_snapshots"
        return self

    def paginate(self, **_: Any) -> list[dict[str, Any]]:
        return [
            {"Snapshots": [{"SnapshotCreateTime": NOON - datetime.timedelta(hours=age), "Status": status}]}
            for status, age in self._ages.items()
        ]

    def describe_clusters(self, **_: Any) -> dict[str, Any]:
        return {"Clusters": [{"ClusterStatus": self._state}]}


def test_the_newest_usable_snapshot_counts() -> None:
    home = Snapshots({})
    assert newest_snapshot_age(home, Snapshots({}), "c", NOON) is None
    assert newest_snapshot_age(home, Snapshots({"creating": 1}), "c", NOON) is None
    found = newest_snapshot_age(home, Snapshots({"creating": 1, "available": 5}), "c", NOON)
    assert found == datetime.timedelta(hours=5)
    paused = Snapshots({}, "paused")
    assert newest_snapshot_age(paused, Snapshots({"available": 50}), "c", NOON) == datetime.timedelta(0)


ARGUMENTS = {
    "databases": "lake_a,lake_b",
    "source_bucket": "lake",
    "replica_bucket": "lake-replica",
    "replica_region": AWAY,
    "backup_bucket": "copies",
    "backup_prefix": "catalog-backups/",
    "cluster": "warehouse",
    "metric_namespace": "Lake",
    "stack": "prod",
}


def test_the_job_ignores_glues_arguments_writes_over_there_and_measures_here(
    glue: Any,
    lake_formation: LakeFormation,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    real = boto3.client

    def client(service: str, **where: str) -> Any:
        return lake_formation if service == "lakeformation" else real(service, **where)

    monkeypatch.setattr(boto3, "client", client)
    place = {"LocationConstraint": AWAY}
    real("s3", region_name=AWAY).create_bucket(Bucket="copies", CreateBucketConfiguration=place)
    for region in (HOME, AWAY):
        redshift = real("redshift", region_name=region)
        redshift.create_cluster(
            ClusterIdentifier="warehouse",
            NodeType="ra3.large",
            MasterUsername="u",
            MasterUserPassword="Passw0rd1",
        )
        redshift.create_cluster_snapshot(ClusterIdentifier="warehouse", SnapshotIdentifier="s")
    argv = [part for name, value in ARGUMENTS.items() for part in (f"--{name}", value)]
    assert main([*argv, "--JOB_NAME", "catalog-backup", "--enable-metrics", "true"]) == 0
    summary = json.loads(capsys.readouterr().out.splitlines()[-1])["run"]
    assert summary["manifest"].startswith("s3://copies/catalog-backups/")
    assert summary["entries"]["tables.json"] == 1
    assert summary["snapshot_age_hours"] < 1
    published = real("cloudwatch").list_metrics(Namespace="Lake")["Metrics"]
    assert {one["MetricName"] for one in published} == {"CatalogBackups", "WarehouseSnapshotAge"}


def test_a_failed_backup_publishes_no_recovery_point(
    glue: Any, lake_formation: LakeFormation, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = [f"--{name}={value}" for name, value in (ARGUMENTS | {"databases": "hidden"}).items()]
    assert main(argv) == 1
    assert "hidden cannot be seen" in capsys.readouterr().err
    assert boto3.client("cloudwatch").list_metrics(Namespace="Lake")["Metrics"] == []


def test_missing_arguments_are_named() -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--databases", "a"])
    assert caught.value.code == 2
