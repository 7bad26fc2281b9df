from collections.abc import Iterator

import pytest

from local.aws import Cloud
from tests.local.athena.lake_support import Lake, embedded_aws, make_lake

DAYS = ("2025-10-24", "2025-10-25", "2025-10-26")


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    with embedded_aws(tmp_path_factory.mktemp("clone"), "local") as cloud:
        yield cloud


@pytest.fixture(scope="module")
def lake(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """Hourly trades over three days (Parquet, registered partitions) and raw CSV (projection)."""
    lake = make_lake(cloud, tmp_path_factory.mktemp("work"))
    trades(lake)
    raw(lake)
    return lake


def trades(lake: Lake) -> None:
    lake.table(
        "energy",
        "trades",
        [
            ("trade_id", "bigint"),
            ("client", "string"),
            ("delivery_start", "timestamp"),
            ("mwh", "decimal(18,6)"),
            ("price", "decimal(18,6)"),
            ("tags", "array<string>"),
            ("note", "string"),
        ],
        location="processed/trades/",
        partitions=[("year", "string"), ("month", "string"), ("day", "string")],
    )
    for number, text in enumerate(DAYS):
        year, month, day = text.split("-")
        place = f"processed/trades/year={year}/month={month}/day={day}/"
        lake.put_parquet(
            f"{place}part-0.parquet",
            f"SELECT CAST({number * 1000} + h AS BIGINT) AS trade_id, 'client-' || (h % 3) AS client, "
            f"TIMESTAMP '{text}' + to_hours(CAST(h AS INTEGER)) AS delivery_start, "
            "CAST(h + 0.5 AS DECIMAL(18,6)) AS mwh, CAST(40 - h AS DECIMAL(18,6)) AS price, "
            "['a', 'h' || h] AS tags, CASE WHEN h % 2 = 0 THEN 'even, \"quoted\"' END AS note "
            "FROM range(24) t(h)",
        )
        lake.partition("energy", "trades", (year, month, day), place)


def raw(lake: Lake) -> None:
    lake.table(
        "energy",
        "raw_trades",
        [("id", "string"), ("client", "string"), ("price", "string")],
        location="raw/trades/",
        serde={
            "SerializationLibrary": "org.apache.hadoop.hive.serde2.OpenCSVSerde",
            "Parameters": {"separatorChar": ",", "quoteChar": '"', "escapeChar": "\\"},
        },
        partitions=[("load_date", "string")],
        parameters={
            "skip.header.line.count": "1",
            "projection.enabled": "true",
            "projection.load_date.type": "date",
            "projection.load_date.format": "yyyy-MM-dd",
            "projection.load_date.range": "2025-01-01,NOW",
            "storage.location.template": "s3://lake-data/raw/trades/${load_date}",
        },
    )
    for day in DAYS:
        lake.put(
            f"raw/trades/{day}/trades.csv",
            f'id,client,price\n1,"Energía, S.A.",12.5\n2,,-3\n3,"say ""hi""",abc\n{day},x\n',
        )
