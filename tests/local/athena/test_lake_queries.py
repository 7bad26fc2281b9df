"""Queries over a lake in the embedded AWS: partitions, bytes, formats, results."""

from datetime import datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from local.athena import QueryError, View
from local.athena.catalog import Table
from local.athena.query import CUTOFF_REASON
from tests.local.athena.lake_support import RESULTS, Lake


def read(lake: Lake, uri: str) -> str:
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    content: bytes = lake.cloud.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    return content.decode()


def test_aggregates_over_partitions_equal_an_independent_sum(lake: Lake) -> None:
    rows = lake.rows(
        "SELECT day, count(*), sum(mwh), avg(price) FROM energy.trades GROUP BY day ORDER BY day"
    )

    mwh = sum((Decimal(hour) + Decimal("0.5") for hour in range(24)), Decimal(0))
    price = Decimal(sum(40 - hour for hour in range(24))) / 24
    assert rows == [(day, 24, mwh, price) for day in ("24", "25", "26")]


def test_default_database_may_be_given(lake: Lake) -> None:
    assert lake.rows("SELECT count(*) FROM trades", database="energy") == [(72,)]


def test_partition_predicate_reads_only_that_partitions_objects(lake: Lake, tmp_path: Path) -> None:
    fresh = Lake(lake.cloud, tmp_path)

    whole = fresh.query("SELECT sum(mwh) FROM energy.trades WHERE day IN ('24', '25', '26')")
    assert len(list((tmp_path / "cache").iterdir())) == 3

    other = Lake(lake.cloud, tmp_path / "other")
    part = other.query(
        "SELECT sum(mwh) FROM energy.trades WHERE year || '-' || month || '-' || day = '2025-10-25'"
    )
    assert len(list((tmp_path / "other" / "cache").iterdir())) == 1
    assert part.scans[0].partitions_total == 3
    assert part.bytes_scanned * 3 == whole.bytes_scanned


@pytest.mark.parametrize(
    ("where", "objects"),
    [
        ("day = '25'", 1),
        ("day > '24' AND mwh > 0", 2),
        ("day = '24' OR day = '26'", 2),
        ("(day = '24' AND mwh > 3) OR (day = '25' AND mwh > 3)", 2),
        ("day = '24' OR mwh > 3", 3),
        ("NOT (day = '24')", 2),
        ("cast(day AS integer) = 26", 1),
        ("day = '31'", 0),
        ("day = (SELECT max(day) FROM energy.trades)", 3),
    ],
)
def test_pruning_keeps_every_partition_that_can_hold_a_row(lake: Lake, where: str, objects: int) -> None:
    result = lake.query(f"SELECT count(*) FROM energy.trades t WHERE {where}")

    (scan, *_) = [scan for scan in result.scans if scan.name == "scan_0"]
    assert len(scan.objects) == objects
    naive = lake.rows(f"SELECT count(*) FROM (SELECT * FROM energy.trades LIMIT 1000) t WHERE {where}")
    assert result.rows == naive


def test_pruning_passes_through_a_view_like_subquery_but_not_through_a_limit(lake: Lake) -> None:
    through = lake.query(
        "WITH t AS (SELECT day AS d, mwh FROM energy.trades) SELECT sum(mwh) FROM t WHERE d = '25'"
    )
    limited = lake.query("SELECT count(*) FROM (SELECT day AS d FROM energy.trades LIMIT 5) WHERE d = '25'")

    assert len(through.scans[0].objects) == 1
    assert len(limited.scans[0].objects) == 3


def test_partition_condition_that_fails_is_the_queries_failure(lake: Lake) -> None:
    with pytest.raises(QueryError, match="INVALID_CAST_ARGUMENT"):
        lake.query("SELECT count(*) FROM energy.raw_trades WHERE cast(load_date AS integer) = 5")


def test_outer_join_keeps_rows_that_a_careless_pruning_would_lose(lake: Lake) -> None:
    sql = (
        "SELECT count(*), count(b.day) FROM energy.trades a LEFT JOIN energy.trades b "
        "ON a.trade_id = b.trade_id AND b.day = '25'{where}"
    )

    plain = lake.query(sql.format(where=""))
    assert plain.rows == [(72, 24)]
    assert [len(scan.objects) for scan in plain.scans] == [3, 1]
    without = lake.query(sql.format(where=" WHERE b.day IS NULL"))
    assert without.rows == [(48, 0)]
    assert len(without.scans[0].objects) == 3


def test_bytes_are_those_of_the_referenced_columns(lake: Lake) -> None:
    one = lake.query("SELECT client FROM energy.trades").bytes_scanned
    two = lake.query("SELECT client, note FROM energy.trades").bytes_scanned
    inner = lake.query("SELECT client FROM (SELECT * FROM energy.trades)").bytes_scanned
    counted = lake.query("SELECT count(*) FROM energy.trades").bytes_scanned
    partition = lake.query("SELECT DISTINCT day FROM energy.trades").bytes_scanned

    assert 0 < one < two
    assert inner == one
    assert counted == partition == 0


def test_row_groups_outside_the_predicate_are_not_scanned(lake: Lake) -> None:
    lake.table("energy", "sorted", [("id", "bigint"), ("d", "date"), ("name", "string")], location="sorted/")
    content = lake.put_parquet(
        "sorted/one.parquet",
        "SELECT i::BIGINT AS id, DATE '2025-01-01' + (i // 2048)::INTEGER AS d, 'n' || i AS name "
        "FROM range(20480) t(i)",
        ROW_GROUP_SIZE=2048,
    )

    def scan(where: str) -> tuple[int, int]:
        result = lake.query(f"SELECT name FROM energy.sorted WHERE {where}")
        return result.scans[0].row_groups, result.bytes_scanned

    groups, everything = scan("id >= 0")
    assert groups == 10
    assert everything < len(content)
    assert scan("id = 5000")[0] == 1
    assert scan("id BETWEEN 2000 AND 2100")[0] == 2
    assert scan("5000 > id")[0] == 3
    assert scan("id IN (1, 20000)")[0] == 2
    assert scan("d = date '2025-01-03'")[0] == 1
    assert scan("name = 'n5'")[0] >= 1
    assert scan("id < 0") == (0, 0)
    assert scan("id = 5000")[1] < everything / 5
    assert lake.value("SELECT count(*) FROM energy.sorted WHERE id BETWEEN 2000 AND 2100") == 101


def test_csv_is_read_by_its_serde_and_projected_partitions(lake: Lake) -> None:
    result = lake.query("SELECT * FROM energy.raw_trades WHERE load_date = '2025-10-25' ORDER BY id")

    assert result.columns == ("id", "client", "price", "load_date")
    assert result.rows == [
        ("1", "Energía, S.A.", "12.5", "2025-10-25"),
        ("2", "", "-3", "2025-10-25"),
        ("2025-10-25", "x", None, "2025-10-25"),
        ("3", 'say "hi"', "abc", "2025-10-25"),
    ]
    (scan,) = result.scans
    assert (len(scan.objects), len(scan.partitions)) == (1, 1)
    assert result.bytes_scanned == scan.objects[0].size


def test_whole_projected_table_finds_all_days_whatever_the_range(lake: Lake) -> None:
    rows = lake.rows("SELECT load_date, count(*) FROM energy.raw_trades GROUP BY 1 ORDER BY 1")

    assert rows == [(day, 4) for day in ("2025-10-24", "2025-10-25", "2025-10-26")]


def test_files_are_read_by_the_tables_schema_not_by_their_own(lake: Lake) -> None:
    lake.table(
        "energy", "grown", [("id", "bigint"), ("price", "double"), ("added", "string")], location="grown/"
    )
    lake.put_parquet("grown/old.parquet", "SELECT 1::INTEGER AS id, 1.5::DOUBLE AS price")
    lake.put_parquet(
        "grown/new.parquet", "SELECT 'x' AS added, 9 AS stray, 2::BIGINT AS id, 2.5::DOUBLE AS price"
    )
    lake.put("grown/_temporary/half.parquet", "not parquet")
    lake.put("grown/.hidden", "not parquet")

    assert lake.rows("SELECT * FROM energy.grown ORDER BY id") == [(1, 1.5, None), (2, 2.5, "x")]


def test_type_that_does_not_fit_the_table_is_bad_data_only_when_read(lake: Lake) -> None:
    lake.table("energy", "wrong", [("id", "bigint"), ("price", "decimal(18,6)")], location="wrong/")
    lake.put_parquet("wrong/a.parquet", "SELECT 1::BIGINT AS id, 1.5::DOUBLE AS price")

    assert lake.rows("SELECT id FROM energy.wrong") == [(1,)]
    with pytest.raises(
        QueryError, match=r"HIVE_BAD_DATA: Field price's type DOUBLE in parquet file s3://.*/a.parquet"
    ):
        lake.query("SELECT price FROM energy.wrong")


def test_order_by_holds_for_many_rows(lake: Lake) -> None:
    lake.table("energy", "many", [("id", "bigint"), ("key", "bigint")], location="many/")
    for part in range(4):
        lake.put_parquet(
            f"many/{part}.parquet",
            f"SELECT (i * 4 + {part})::BIGINT AS id, ((i * 7919) % 100003)::BIGINT AS key "
            "FROM range(100000) t(i)",
        )

    rows = lake.rows("SELECT key, id FROM energy.many ORDER BY key DESC, id")

    assert len(rows) == 400_000
    assert rows == sorted(rows, key=lambda row: (-row[0], row[1]))


def test_empty_table_answers_with_its_types(lake: Lake) -> None:
    lake.table("energy", "empty", [("id", "bigint"), ("d", "decimal(10,2)")], location="empty/")

    result = lake.query("SELECT id, d FROM energy.empty")

    assert (result.rows, result.types) == ([], ("bigint", "decimal(10,2)"))


def test_result_file_is_athenas_csv(lake: Lake) -> None:
    result = lake.query(
        "SELECT trade_id, note, tags, price, delivery_start, 1e10 AS big, trade_id = 1000 AS first, 1 "
        "FROM energy.trades WHERE trade_id IN (1000, 1001) ORDER BY trade_id"
    )

    assert result.output_location == f"s3://{RESULTS}/analysts/{result.execution_id}.csv"
    assert read(lake, result.output_location) == (
        '"trade_id","note","tags","price","delivery_start","big","first","_col7"\n'
        '"1000","even, ""quoted""","[a, h0]","40.000000","2025-10-25 00:00:00.000","1.0E10","true","1"\n'
        '"1001",,"[a, h1]","39.000000","2025-10-25 01:00:00.000","1.0E10","false","1"\n'
    )


def test_execution_is_registered_with_state_bytes_and_readable_results(lake: Lake) -> None:
    result = lake.query("SELECT client, note FROM energy.trades WHERE trade_id = 1001")

    athena = lake.cloud.client("athena")
    execution = athena.get_query_execution(QueryExecutionId=result.execution_id)["QueryExecution"]
    assert execution["Status"]["State"] == "SUCCEEDED"
    assert execution["WorkGroup"] == "analysts"
    assert execution["Statistics"]["DataScannedInBytes"] == result.bytes_scanned > 0
    assert execution["ResultConfiguration"]["OutputLocation"] == result.output_location
    answer = athena.get_query_results(QueryExecutionId=result.execution_id)["ResultSet"]
    assert answer["Rows"][1]["Data"] == [{"VarCharValue": "client-1"}, {}]


def test_zoned_column_comes_back_as_a_moment_in_its_zone(lake: Lake) -> None:
    result = lake.query(
        "SELECT max(delivery_start) AT TIME ZONE 'Europe/Madrid' AS latest FROM energy.trades"
    )

    assert result.types == ("timestamp with time zone",)
    assert result.rows == [(datetime(2025, 10, 27, 0, 0, tzinfo=ZoneInfo("Europe/Madrid")),)]
    assert '"2025-10-27 00:00:00.000 Europe/Madrid"' in read(lake, result.output_location)


def test_query_beyond_the_cutoff_is_cancelled_and_returns_nothing(lake: Lake) -> None:
    lake.workgroup("tiny", BytesScannedCutoffPerQuery=10_000_000)
    noise = "SELECT i AS id, md5(i::VARCHAR) || md5((i + 1)::VARCHAR) AS text FROM range(300000) t(i)"
    lake.table("energy", "large", [("id", "bigint"), ("text", "string")], location="large/")
    assert len(lake.put_parquet("large/a.parquet", noise)) > 10_000_000

    with pytest.raises(QueryError) as caught:
        lake.query("SELECT text FROM energy.large", workgroup="tiny")

    error = caught.value
    assert (error.state, error.reason) == ("CANCELLED", CUTOFF_REASON)
    execution = lake.cloud.client("athena").get_query_execution(QueryExecutionId=error.execution_id)
    assert execution["QueryExecution"]["Status"]["State"] == "CANCELLED"
    assert execution["QueryExecution"]["Status"]["StateChangeReason"] == CUTOFF_REASON
    listed = lake.cloud.client("s3").list_objects_v2(Bucket=RESULTS, Prefix="tiny/")
    assert listed["KeyCount"] == 0
    assert lake.query("SELECT min(id) FROM energy.large", workgroup="tiny").rows == [(0,)]


def test_failed_query_is_registered_as_failed_with_its_reason(lake: Lake) -> None:
    with pytest.raises(QueryError) as caught:
        lake.query("SELECT nothing FROM energy.trades")

    execution = lake.cloud.client("athena").get_query_execution(QueryExecutionId=caught.value.execution_id)
    status = execution["QueryExecution"]["Status"]
    assert status["State"] == "FAILED"
    assert status["StateChangeReason"] == "COLUMN_NOT_FOUND: line 1:8: Column 'nothing' cannot be resolved"


def test_result_is_encrypted_as_the_workgroup_says(lake: Lake) -> None:
    key = lake.cloud.client("kms").create_key()["KeyMetadata"]["Arn"]
    lake.workgroup(
        "sealed",
        ResultConfiguration={
            "OutputLocation": f"s3://{RESULTS}/sealed/",
            "EncryptionConfiguration": {"EncryptionOption": "SSE_KMS", "KmsKey": key},
            "ExpectedBucketOwner": "123456789012",
        },
    )

    result = lake.query("SELECT 1", workgroup="sealed")

    bucket, _, name = result.output_location.removeprefix("s3://").partition("/")
    head = lake.cloud.client("s3").head_object(Bucket=bucket, Key=name)
    assert (head["ServerSideEncryption"], head["SSEKMSKeyId"]) == ("aws:kms", key)


def test_workgroup_must_exist_and_be_enabled(lake: Lake) -> None:
    lake.workgroup("closed")
    lake.cloud.client("athena").update_work_group(WorkGroup="closed", State="DISABLED")

    with pytest.raises(QueryError, match="WorkGroup nobody is not found"):
        lake.query("SELECT 1", workgroup="nobody")
    with pytest.raises(QueryError, match="WorkGroup closed is disabled"):
        lake.query("SELECT 1", workgroup="closed")


def test_catalog_commands(lake: Lake) -> None:
    assert lake.rows("SHOW DATABASES") == [("energy",)]
    assert ("trades",) in lake.rows("show tables in energy;")
    assert lake.rows("SHOW TABLES IN energy 'raw_*'") == [("raw_trades",)]
    assert lake.rows("SHOW PARTITIONS energy.trades")[0] == ("year=2025/month=10/day=24",)
    assert ("mwh", "decimal(18,6)", "the mwh") in lake.rows("DESCRIBE energy.trades")
    assert lake.rows("SHOW COLUMNS IN energy.raw_trades")[-1] == ("load_date",)
    result = lake.query("DESCRIBE energy.trades")
    assert result.output_location.endswith(".txt")
    assert read(lake, result.output_location).startswith("trade_id\tbigint\tthe trade_id\n")


def test_explain_tells_what_would_be_read_without_reading_rows(lake: Lake) -> None:
    lines = [line for (line,) in lake.rows("EXPLAIN SELECT client FROM energy.trades WHERE day = '25'")]

    assert lines[0].startswith("scan energy.trades: 1 of 3 partitions, 1 objects, 1 of 1 row groups")


def test_second_query_downloads_nothing_and_leaves_no_files(lake: Lake) -> None:
    lake.query("SELECT client FROM energy.trades")
    before = {path.name: path.stat().st_ino for path in (lake.work / "cache").iterdir()}

    lake.query("SELECT client FROM energy.trades")

    assert {path.name: path.stat().st_ino for path in (lake.work / "cache").iterdir()} == before
    assert list((lake.work / "queries").iterdir()) == []


def test_changed_object_is_read_anew(lake: Lake) -> None:
    lake.table("energy", "moving", [("id", "bigint")], location="moving/")
    lake.put_parquet("moving/a.parquet", "SELECT 1::BIGINT AS id")
    assert lake.value("SELECT id FROM energy.moving") == 1

    lake.put_parquet("moving/a.parquet", "SELECT 2::BIGINT AS id")

    assert lake.value("SELECT id FROM energy.moving") == 2


def test_slow_query_is_ended_at_its_time_limit(lake: Lake) -> None:
    numbers = "UNNEST(sequence(1, 5000))"
    sql = (
        f"SELECT count(*) FROM {numbers} AS a (x), {numbers} AS b (y), {numbers} AS c (z) WHERE x * y * z < 0"
    )

    with pytest.raises(QueryError, match="EXCEEDED_TIME_LIMIT"):
        lake.query(sql, timeout=0.5)


def test_reader_sees_only_the_columns_and_rows_that_access_grants(lake: Lake) -> None:
    def analyst(table: Table) -> View:
        if table.name == "raw_trades":
            raise QueryError("ACCESS_DENIED", f"no access to {table}")
        return View(frozenset({"trade_id", "day", "mwh"}), "client <> 'client-0'")

    result = lake.query("SELECT * FROM energy.trades t WHERE t.day = '25'", access=analyst)
    assert result.columns == ("trade_id", "mwh", "day")
    assert len(result.rows) == 16
    assert len(result.scans[0].objects) == 1
    with pytest.raises(QueryError, match="Column 'client' cannot be resolved"):
        lake.query("SELECT client FROM energy.trades", access=analyst)
    with pytest.raises(QueryError, match="ACCESS_DENIED"):
        lake.query("SELECT 1 FROM energy.trades, energy.raw_trades", access=analyst)
