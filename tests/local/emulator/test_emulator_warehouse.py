"""The Redshift Data API of the embedded AWS, on the real PostgreSQL behind it."""

import json
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from botocore.exceptions import ClientError

from local.aws import Cloud
from local.emulator import process

CLUSTER, DATABASE, BUCKET = "lake-test", "energy", "lake-test"
COPY_ROLE = "arn:aws:iam::123456789012:role/copier"
STRANGER = "arn:aws:iam::123456789012:role/stranger"


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    root = tmp_path_factory.mktemp("clone")
    emulator, _ = process.ensure(root, "local")
    found = Cloud(emulator.endpoint)
    make_cluster(found)
    try:
        yield found
    finally:
        process.stop(root, "local")


def make_cluster(cloud: Cloud, cluster: str = CLUSTER) -> None:
    trust = {"Statement": [{"Effect": "Allow", "Principal": {"Service": "redshift.amazonaws.com"}}]}
    iam = cloud.client("iam")
    for role in ("copier", "stranger"):
        try:
            iam.create_role(RoleName=role, AssumeRolePolicyDocument=json.dumps(trust))
        except iam.exceptions.EntityAlreadyExistsException:
            continue
    cloud.client("redshift").create_cluster(
        ClusterIdentifier=cluster,
        NodeType="ra3.large",
        MasterUsername="admin",
        ManageMasterPassword=True,
        DBName=DATABASE,
        IamRoles=[COPY_ROLE],
    )


def login(cloud: Cloud, cluster: str = CLUSTER) -> dict[str, str]:
    (found,) = cloud.client("redshift").describe_clusters(ClusterIdentifier=cluster)["Clusters"]
    return {
        "ClusterIdentifier": cluster,
        "Database": DATABASE,
        "SecretArn": found["MasterPasswordSecretArn"],
    }


def ended(cloud: Cloud, identity: str) -> dict[str, Any]:
    data = cloud.client("redshift-data")
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        described: dict[str, Any] = data.describe_statement(Id=identity)
        if described["Status"] in ("FINISHED", "FAILED", "ABORTED"):
            return described
        time.sleep(0.02)
    raise AssertionError(described)


def run(cloud: Cloud, *statements: str, cluster: str = CLUSTER) -> dict[str, Any]:
    answer = cloud.client("redshift-data").batch_execute_statement(
        Sqls=list(statements), **login(cloud, cluster)
    )
    return ended(cloud, answer["Id"])


def rows(cloud: Cloud, statement: str) -> list[list[Any]]:
    described = run(cloud, statement)
    assert described["Status"] == "FINISHED", described
    pages = cloud.client("redshift-data").get_paginator("get_statement_result")
    return [
        [None if cell.get("isNull") else next(iter(cell.values())) for cell in row]
        for page in pages.paginate(Id=described["SubStatements"][-1]["Id"])
        for row in page["Records"]
    ]


def put_parquet(cloud: Cloud, folder: Path, key: str, select: str) -> str:
    file = folder / "made.parquet"
    duckdb.execute(f"COPY ({select}) TO '{file}' (FORMAT parquet)")
    s3 = cloud.client("s3")
    if BUCKET not in [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]:
        s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_object(Bucket=BUCKET, Key=key, Body=file.read_bytes())
    return f"s3://{BUCKET}/{key}"


def test_a_statement_runs_and_its_rows_come_back_typed_and_in_pages(cloud: Cloud) -> None:
    data = cloud.client("redshift-data")
    sql = "SELECT n, n * 1.5 AS half, 't' || n AS name, n = 1 AS first, CAST(NULL AS DATE) AS nothing"
    described = run(cloud, "CREATE TABLE numbers (n INTEGER ENCODE AZ64) DISTSTYLE ALL SORTKEY (n)")
    assert described["Status"] == "FINISHED", described
    run(cloud, "INSERT INTO numbers SELECT generate_series(1, 1500)")
    answer = data.execute_statement(Sql=f"{sql} FROM numbers ORDER BY n", **login(cloud))
    described = ended(cloud, answer["Id"])
    assert (described["HasResultSet"], described["ResultRows"]) == (True, 1500)
    first = data.get_statement_result(Id=answer["Id"])
    assert [one["name"] for one in first["ColumnMetadata"]] == ["n", "half", "name", "first", "nothing"]
    assert first["Records"][0] == [
        {"longValue": 1},
        {"stringValue": "1.5"},
        {"stringValue": "t1"},
        {"booleanValue": True},
        {"isNull": True},
    ]
    assert first["TotalNumRows"] == 1500
    second = data.get_statement_result(Id=answer["Id"], NextToken=first["NextToken"])
    assert len(first["Records"]) + len(second["Records"]) == 1500
    assert "NextToken" not in second


def test_a_batch_is_one_transaction_and_tells_which_statement_broke_it(cloud: Cloud) -> None:
    run(cloud, "CREATE TABLE kept (n INTEGER)", "INSERT INTO kept VALUES (1)")
    described = run(cloud, "INSERT INTO kept VALUES (2)", "SELECT 1 / 0", "INSERT INTO kept VALUES (3)")
    assert described["Status"] == "FAILED"
    assert [one["Status"] for one in described["SubStatements"]] == ["FINISHED", "FAILED", "ABORTED"]
    assert described["Error"] == described["SubStatements"][1]["Error"] == "ERROR: Divide by zero"
    assert rows(cloud, "SELECT n FROM kept") == [[1]]


def test_a_statement_that_is_cancelled_leaves_nothing(cloud: Cloud) -> None:
    run(cloud, "CREATE TABLE slow (n INTEGER)")
    data = cloud.client("redshift-data")
    answer = data.batch_execute_statement(
        Sqls=["INSERT INTO slow VALUES (1)", "SELECT pg_sleep(60)"], **login(cloud)
    )
    while data.describe_statement(Id=answer["Id"])["SubStatements"][1]["Status"] != "STARTED":
        time.sleep(0.02)
    time.sleep(0.2)
    data.cancel_statement(Id=answer["Id"])
    assert ended(cloud, answer["Id"])["Status"] == "ABORTED"
    assert rows(cloud, "SELECT COUNT(*) FROM slow") == [[0]]


def test_copy_loads_parquet_exactly(cloud: Cloud, tmp_path: Path) -> None:
    select = """SELECT * FROM (VALUES
      (1, 'ñ, "quoted"', DATE '2026-03-29', 1.500000::DECIMAL(18,6), TIMESTAMP '2026-03-29 01:02:03.456789'),
      (2, '', NULL, NULL, NULL), (3, NULL, NULL, NULL, NULL), (4, '\\N', NULL, NULL, NULL),
      (5, 'two' || chr(10) || 'lines', NULL, NULL, NULL)) AS t(n, text, day, amount, moment)"""
    uri = put_parquet(cloud, tmp_path, "good/a.parquet", select)
    described = run(
        cloud,
        "CREATE TABLE loaded (n INTEGER, text VARCHAR(40), day DATE, amount DECIMAL(18,6), moment TIMESTAMP)",
        f"COPY loaded FROM '{uri}' IAM_ROLE '{COPY_ROLE}' FORMAT AS PARQUET",
    )
    assert described["Status"] == "FINISHED", described
    assert described["SubStatements"][1]["ResultRows"] == 5
    assert rows(cloud, "SELECT * FROM loaded ORDER BY n") == [
        [1, 'ñ, "quoted"', "2026-03-29", "1.500000", "2026-03-29 01:02:03.456789"],
        [2, "", None, None, None],
        [3, None, None, None, None],
        [4, "\\N", None, None, None],
        [5, "two\nlines", None, None, None],
    ]


@pytest.mark.parametrize(
    ("columns", "source", "said"),
    [
        ("n INTEGER", ("bad/a.parquet", COPY_ROLE), "Unmatched number of columns"),
        ("n INTEGER, text VARCHAR(9)", ("bad/a.parquet", COPY_ROLE), "incompatible Parquet schema"),
        ("n BIGINT, text VARCHAR(2)", ("bad/a.parquet", COPY_ROLE), "value too long"),
        ("n BIGINT, text VARCHAR(9)", ("gone/", COPY_ROLE), "prefix 'gone/' does not exist"),
        ("n BIGINT, text VARCHAR(9)", ("bad/a.parquet", STRANGER), "not associated to cluster"),
    ],
)
def test_copy_refuses_what_redshift_refuses(
    columns: str, source: tuple[str, str], said: str, cloud: Cloud, tmp_path: Path
) -> None:
    uri, role = source
    put_parquet(cloud, tmp_path, "bad/a.parquet", "SELECT 1::BIGINT AS n, 'text' AS text")
    described = run(
        cloud,
        f"CREATE TEMP TABLE refused ({columns})",
        f"COPY refused FROM 's3://{BUCKET}/{uri}' IAM_ROLE '{role}' FORMAT AS PARQUET",
    )
    assert described["Status"] == "FAILED"
    assert said in described["Error"]


def test_who_may_not_sign_in_is_told_at_once(cloud: Cloud) -> None:
    data, mine = cloud.client("redshift-data"), login(cloud)
    with pytest.raises(ClientError, match="Redshift endpoint doesn't exist"):
        data.execute_statement(Sql="SELECT 1", **{**mine, "ClusterIdentifier": "elsewhere"})
    with pytest.raises(ClientError, match="cannot be used"):
        data.execute_statement(Sql="SELECT 1", **{**mine, "SecretArn": f"{mine['SecretArn']}x"})
    other = cloud.client("secretsmanager").create_secret(
        Name="other", SecretString='{"username": "admin", "password": "x"}'
    )
    with pytest.raises(ClientError, match="not of the cluster"):
        data.execute_statement(Sql="SELECT 1", **{**mine, "SecretArn": other["ARN"]})
    with pytest.raises(ClientError, match="less than or equal to 40"):
        data.batch_execute_statement(Sqls=["SELECT 1"] * 41, **mine)


def test_a_cluster_has_its_own_databases_and_takes_them_with_it(cloud: Cloud) -> None:
    make_cluster(cloud, "lake-other")
    run(cloud, "CREATE TABLE mine (n INTEGER)", cluster="lake-other")
    assert "does not exist" in run(cloud, "SELECT * FROM mine")["Error"]
    cloud.client("redshift").delete_cluster(ClusterIdentifier="lake-other", SkipFinalClusterSnapshot=True)
    make_cluster(cloud, "lake-other")
    assert "does not exist" in run(cloud, "SELECT * FROM mine", cluster="lake-other")["Error"]


def test_a_paused_cluster_takes_no_statements(cloud: Cloud) -> None:
    redshift = cloud.client("redshift")
    redshift.pause_cluster(ClusterIdentifier=CLUSTER)
    with pytest.raises(ClientError, match="paused"):
        run(cloud, "SELECT 1")
    redshift.resume_cluster(ClusterIdentifier=CLUSTER)
    assert rows(cloud, "SELECT 1") == [[1]]


@pytest.mark.parametrize(
    ("sql", "value"),
    [
        ("SELECT DATEDIFF(hour, '2026-01-01 00:59:59', '2026-01-01 01:00:00')", 1),
        ("SELECT DATEDIFF(day, '2026-01-01 23:00:00', '2026-01-02 01:00:00')", 1),
        ("SELECT DATEDIFF(month, '2026-01-31', '2026-02-01')", 1),
        ("SELECT DATEDIFF(quarter, '2026-03-31', '2026-04-01')", 1),
        ("SELECT DATEDIFF(year, '2025-12-31', '2026-01-01')", 1),
        ("SELECT DATEDIFF(week, '2026-01-03', '2026-01-04')", 1),  # Saturday to Sunday
        ("SELECT DATEDIFF(week, '2026-01-04', '2026-01-10')", 0),
        ("SELECT DATEDIFF(hour, '2026-01-01 01:00:00', '2026-01-01 00:59:59')", -1),
        ("SELECT LISTAGG(x, '-') WITHIN GROUP (ORDER BY x DESC) FROM (SELECT 1 AS x UNION SELECT 2)", "2-1"),
        ("SELECT APPROXIMATE COUNT(DISTINCT x) FROM (SELECT 1 AS x UNION ALL SELECT 1)", 1),
        ("SELECT NVL(NULL, 'a')", "a"),
        ("SELECT TOP 1 x FROM (SELECT 3 AS x) AS t", 3),
        ("SELECT DATEADD(day, 1, '2026-02-28'::DATE)::DATE", "2026-03-01"),
    ],
)
def test_redshifts_own_functions_mean_what_they_mean_there(sql: str, value: Any, cloud: Cloud) -> None:
    assert rows(cloud, sql) == [[value]]


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("UNLOAD ('SELECT 1') TO 's3://x/y' IAM_ROLE 'arn'", "does not have UNLOAD"),
        ("VACUUM kept", "does not have VACUUM"),
        ("SELEC 1", "syntax error"),
        ("SELECT 1; SELECT 2", "one statement is expected"),
        ("COPY t FROM 's3://x/y' IAM_ROLE 'arn' CSV", "FORMAT AS PARQUET only"),
        ("SELECT * FROM nowhere", 'relation "nowhere" does not exist'),
    ],
)
def test_what_cannot_be_done_is_said(sql: str, said: str, cloud: Cloud) -> None:
    assert said in run(cloud, sql)["Error"]


def test_the_server_ends_with_the_embedded_aws_however_that_ends(tmp_path: Path) -> None:
    emulator, _ = process.ensure(tmp_path, "local")
    cloud = Cloud(emulator.endpoint)
    make_cluster(cloud)
    assert rows(cloud, "SELECT 1") == [[1]]
    note = process.folder(tmp_path, "local") / "warehouse" / "home"
    home = Path(note.read_text())
    server = int((home / "data" / "postmaster.pid").read_text().split()[0])
    os.kill(emulator.pid, 9)
    deadline = time.monotonic() + 20
    while (alive(server) or home.exists()) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not alive(server)
    assert not home.exists()
    assert not note.exists()
    process.stop(tmp_path, "local")


def alive(pid: int) -> bool:
    listing = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return bool(listing.stdout.strip()) and not listing.stdout.strip().startswith("Z")
