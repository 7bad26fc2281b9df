"""Partition projection and the two CSV SerDes, apart from any cloud."""

import gzip
from datetime import UTC, datetime
from pathlib import Path

import pytest

from local.athena import serde
from local.athena.catalog import Column, Table
from local.athena.errors import QueryError
from local.athena.hive_types import to_trino
from local.athena.projection import project
from local.athena.results import spell_double
from local.athena.storage import Cache, Stored, sweep

NOW = datetime(2025, 3, 2, 10, 30, tzinfo=UTC)


def table(properties: dict[str, str], *partitions: str) -> Table:
    return Table(
        "energy",
        "t",
        (),
        tuple(Column(name, "string") for name in partitions),
        "s3://lake/raw/t/",
        "parquet",
        None,
        {"projection.enabled": "true", **properties},
    )


def values(properties: dict[str, str], column: str = "d") -> list[str]:
    return [each.values[0] for each in project(table(properties, column), {}, NOW)]


def test_dates_run_to_now_by_day() -> None:
    properties = {
        "projection.d.type": "date",
        "projection.d.format": "yyyy-MM-dd",
        "projection.d.range": "2025-02-27,NOW",
    }

    assert values(properties) == ["2025-02-27", "2025-02-28", "2025-03-01", "2025-03-02"]


@pytest.mark.parametrize(
    ("bounds", "pattern", "unit", "expected"),
    [
        ("NOW-2DAYS,NOW", "yyyy/MM/dd", "DAYS", ["2025/02/28", "2025/03/01", "2025/03/02"]),
        ("2024-11,2025-02", "yyyy-MM", "MONTHS", ["2024-11", "2024-12", "2025-01", "2025-02"]),
        ("NOW-2HOURS,NOW", "yyyy-MM-dd-HH", "HOURS", ["2025-03-02-08", "2025-03-02-09", "2025-03-02-10"]),
        ("2023,2025", "yyyy", "YEARS", ["2023", "2024", "2025"]),
        ("20250301,NOW+1DAY", "yyyyMMdd", "DAYS", ["20250301", "20250302", "20250303"]),
    ],
)
def test_date_ranges_formats_and_units(bounds: str, pattern: str, unit: str, expected: list[str]) -> None:
    properties = {
        "projection.d.type": "date",
        "projection.d.format": pattern,
        "projection.d.range": bounds,
        "projection.d.interval": "1",
        "projection.d.interval.unit": unit,
    }

    assert values(properties) == expected


def test_integers_have_digits_and_interval() -> None:
    properties = {
        "projection.d.type": "integer",
        "projection.d.range": "8,12",
        "projection.d.interval": "2",
        "projection.d.digits": "3",
    }

    assert values(properties) == ["008", "010", "012"]


def test_enum_and_template_give_locations() -> None:
    properties = {
        "projection.zone.type": "enum",
        "projection.zone.values": "es, pt",
        "projection.h.type": "integer",
        "projection.h.range": "1,2",
        "storage.location.template": "s3://lake/raw/${zone}/${h}",
    }

    locations = [each.location for each in project(table(properties, "zone", "h"), {}, NOW)]

    assert locations == [
        "s3://lake/raw/es/1/",
        "s3://lake/raw/es/2/",
        "s3://lake/raw/pt/1/",
        "s3://lake/raw/pt/2/",
    ]


def test_without_a_template_locations_are_hive_style() -> None:
    properties = {"projection.d.type": "enum", "projection.d.values": "x"}

    assert [each.location for each in project(table(properties, "d"), {}, NOW)] == ["s3://lake/raw/t/d=x/"]


def test_injected_column_needs_a_literal() -> None:
    injected = table({"projection.d.type": "injected"}, "d")

    assert [each.values for each in project(injected, {"d": ("a", "b")}, NOW)] == [("a",), ("b",)]
    with pytest.raises(
        QueryError, match="CONSTRAINT_VIOLATION: For the injected projected partition column d"
    ):
        list(project(injected, {}, NOW))


@pytest.mark.parametrize(
    ("properties", "problem"),
    [
        ({}, "projection.d.type is ''"),
        ({"projection.d.type": "date", "projection.d.range": "a,b"}, "projection.d.format is missing"),
        (
            {"projection.d.type": "date", "projection.d.format": "yyyy", "projection.d.range": "x,NOW"},
            "holds 'x', which the format does not read",
        ),
        ({"projection.d.type": "integer", "projection.d.range": "1"}, "want first,last"),
        ({"projection.d.type": "integer", "projection.d.range": "1,2000000"}, "describes 2000000 partitions"),
        (
            {
                "projection.d.type": "enum",
                "projection.d.values": "x",
                "storage.location.template": "s3://l/${other}",
            },
            "names an unknown column",
        ),
    ],
)
def test_bad_properties_are_named(properties: dict[str, str], problem: str) -> None:
    with pytest.raises(QueryError, match="INVALID_TABLE_PROPERTY") as caught:
        values(properties)

    assert problem in str(caught.value)


def open_csv(**parameters: str) -> serde.CsvSerde:
    found = serde.csv_serde(serde.OPEN_CSV, parameters, {"skip.header.line.count": "1"})
    assert found is not None
    return found


def test_open_csv_knows_quotes_but_no_line_breaks_inside_them() -> None:
    text = 'a,b\n1,"x, y"\n"2","say ""hi"""\n3,"torn\napart"\n'

    assert list(serde.rows(text, open_csv(), 2)) == [
        ["1", "x, y"],
        ["2", 'say "hi"'],
        ["3", "torn"],
        ['apart"', None],
    ]


def test_lazy_simple_keeps_quotes_and_knows_its_null() -> None:
    lazy = serde.csv_serde(serde.LAZY_SIMPLE, {"field.delim": ";"}, {})
    assert lazy is not None

    assert list(serde.rows('"a";\\N;;d;e\r\n', lazy, 4)) == [['"a"', None, "", "d"]]


def test_lazy_simple_unescapes_only_when_told() -> None:
    lazy = serde.csv_serde(serde.LAZY_SIMPLE, {"field.delim": ",", "escape.delim": "\\"}, {})
    assert lazy is not None

    assert serde.split("a\\,b,c", lazy) == ["a,b", "c"]


def test_text_is_unpacked_and_bad_bytes_do_not_stop_it() -> None:
    assert serde.text_of(gzip.compress("ñ".encode()), "a.csv.gz") == "ñ"
    assert serde.text_of(b"\xef\xbb\xbfid", "a.csv") == "id"
    assert serde.text_of("España".encode("latin-1"), "a.csv") == "Espa\ufffda"


@pytest.mark.parametrize(
    ("hive", "trino"),
    [
        ("string", "varchar"),
        ("int", "integer"),
        ("decimal(18,6)", "decimal(18,6)"),
        ("array<string>", "array(varchar)"),
        ("map<string,array<int>>", "map(varchar, array(integer))"),
        ("struct<a:int,b:map<string,double>>", "row(a integer, b map(varchar, double))"),
    ],
)
def test_hive_types_become_trino_types(hive: str, trino: str) -> None:
    assert to_trino(hive) == trino


def test_unknown_hive_type_is_an_error() -> None:
    with pytest.raises(QueryError, match="unknown type 'uniontype<int>'"):
        to_trino("uniontype<int>")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0.0"),
        (1.0, "1.0"),
        (-1234.5, "-1234.5"),
        (9999999.0, "9999999.0"),
        (1e7, "1.0E7"),
        (1.5e300, "1.5E300"),
        (0.001, "0.001"),
        (0.00012, "1.2E-4"),
        (float("inf"), "Infinity"),
        (float("nan"), "NaN"),
    ],
)
def test_doubles_are_spelled_as_java_does(value: float, text: str) -> None:
    assert spell_double(value) == text


class Buckets:
    """Counts downloads; each object's content is its key."""

    def __init__(self) -> None:
        self.downloads: list[str] = []

    def client(self, service: str) -> "Buckets":
        assert service == "s3"
        return self

    def download_file(self, bucket: str, key: str, target: str) -> None:
        self.downloads.append(f"{bucket}/{key}")
        Path(target).write_text(key * 10, encoding="utf-8")


def stored(key: str, etag: str) -> Stored:
    from local.athena.partition import Partition

    return Stored("lake", key, 10, etag, Partition((), "s3://lake/"))


def test_cache_downloads_once_by_etag_and_drops_the_least_used(tmp_path: Path) -> None:
    import os

    cloud, cache = Buckets(), Cache(tmp_path, limit=25)
    for key, etag in (("a", "1"), ("a", "1"), ("b", "1"), ("c", "2"), ("d", "3")):
        path = cache.fetch(cloud, stored(key, etag))  # type: ignore[arg-type]
        os.utime(path, (int(etag), int(etag)))
    assert cloud.downloads == ["lake/a", "lake/c", "lake/d"]

    cache.trim()

    assert sorted(path.name for path in tmp_path.iterdir()) == ["2-10", "3-10"]


def test_object_evicted_between_fetch_and_use_is_fetched_again(tmp_path: Path) -> None:
    class Hasty(Cache):
        def fetch(self, cloud, stored):  # type: ignore[no-untyped-def]
            path = super().fetch(cloud, stored)
            if len(cloud.downloads) == 1:
                path.unlink()
            return path

    cloud = Buckets()
    Hasty(tmp_path / "cache").place(cloud, stored("a", "1"), tmp_path / "placed")  # type: ignore[arg-type]

    assert cloud.downloads == ["lake/a", "lake/a"]
    assert (tmp_path / "placed").read_text() == "a" * 10


def test_folders_of_killed_queries_are_swept_and_younger_ones_kept(tmp_path: Path) -> None:
    import os
    import time

    for name, age in (("old", 7200), ("young", 60)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").touch()
        os.utime(tmp_path / name, (time.time() - age, time.time() - age))

    sweep(tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == ["young"]
