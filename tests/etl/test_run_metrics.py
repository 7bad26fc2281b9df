"""What a job tells CloudWatch of a run: everything, whether it went well, broke a threshold or crashed."""

import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from etl.arguments import Arguments
from etl.catalog import Zone
from etl.errors import DataLakeError
from etl.jobs.launch import launch
from etl.jobs.processed_to_curated import run as curate
from etl.jobs.raw_to_processed import run as process
from etl.run_metrics import DIMENSION, DatasetRun, publish
from etl.store import Store
from etl.summary import RunSummary
from tests.etl.lake_support import Lake, changed, lines

Job = Callable[[Arguments, Store, RunSummary], object]


@pytest.fixture
def namespace(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    for name, value in (
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("AWS_DEFAULT_REGION", "eu-west-1"),
    ):
        monkeypatch.setenv(name, value)
    with mock_aws():
        yield f"Lake/{uuid.uuid4().hex}"


def measured(namespace: str) -> dict[str, dict[str, float]]:
    """The sums of all metrics by dataset, as CloudWatch holds them."""
    watch = boto3.client("cloudwatch", region_name="eu-west-1")
    now = datetime.now(UTC)
    found: dict[str, dict[str, float]] = {}
    for metric in watch.list_metrics(Namespace=namespace)["Metrics"]:
        (dimension,) = metric["Dimensions"]
        assert dimension["Name"] == DIMENSION
        points = watch.get_metric_statistics(
            Namespace=namespace,
            MetricName=metric["MetricName"],
            Dimensions=[dimension],
            StartTime=now - timedelta(hours=1),
            EndTime=now + timedelta(hours=1),
            Period=7200,
            Statistics=["Sum"],
        )["Datapoints"]
        found.setdefault(dimension["Value"], {})[metric["MetricName"]] = sum(p["Sum"] for p in points)
    return found


def start(lake: Lake, namespace: str, job: Job = process, zone: Zone = Zone.PROCESSED) -> int:
    return launch(
        job, "test", zone, ["--lake_uri", lake.store.uri, "--metric_namespace", namespace, "--JOB_NAME", "x"]
    )


def test_a_run_tells_rows_bytes_ratio_and_latency_of_each_dataset(namespace: str, tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    lake.dimensions()
    good = changed("transactions", transaction_id="T0000000001")
    bad = changed("transactions", transaction_id="T0000000002", status="DONE")
    lake.deliver("transactions", lines("transactions", good, bad))
    assert start(lake, namespace) == 0
    assert start(lake, namespace, curate, Zone.CURATED) == 0
    found = measured(namespace)
    delivered = sum(e.size for e in lake.store.list("raw/transactions/"))
    values = found["transactions"]
    assert values.pop("JobLatencySeconds") > 0
    assert values.pop("BytesOut") > 0
    assert values == {
        "RowsIn": 2,
        "RowsOut": 1,
        "RowsRejected": 1,
        "RejectRatio": 0.5,
        "BytesIn": delivered,
        "RunsSucceeded": 1,
        "RunsFailed": 0,
    }
    assert set(found) == {
        "clients",
        "providers",
        "transactions",
        "daily_energy_consumption",
        "provider_performance",
        "client_analytics",
    }
    assert found["daily_energy_consumption"]["RowsOut"] == 1


def test_a_run_with_nothing_to_do_succeeds_or_the_data_would_count_as_stale(
    namespace: str, tmp_path: Path
) -> None:
    lake = Lake(tmp_path)
    lake.dimensions()
    start(lake, namespace)
    before = measured(namespace)["clients"]
    start(lake, namespace)
    after = measured(namespace)["clients"]
    assert after["RunsSucceeded"] == before["RunsSucceeded"] + 1
    assert (after["RowsIn"], after["BytesOut"]) == (before["RowsIn"], before["BytesOut"])
    assert after["RunsFailed"] == 0


def test_a_breached_threshold_is_a_failed_run_of_its_dataset_alone(namespace: str, tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    lake.dimensions()
    rows = [changed("transactions", transaction_id=f"T{n:010d}", status="DONE") for n in range(200)]
    lake.deliver("transactions", lines("transactions", *rows))
    assert start(lake, namespace) == 3
    found = measured(namespace)
    transactions = found["transactions"]
    assert (transactions["RunsFailed"], transactions["RunsSucceeded"]) == (1, 0)
    assert (transactions["RejectRatio"], transactions["RowsOut"], transactions["BytesOut"]) == (1, 0, 0)
    assert (found["clients"]["RunsFailed"], found["clients"]["RunsSucceeded"]) == (0, 1)


@pytest.mark.parametrize("fault", [DataLakeError("the lake is gone"), RuntimeError("a bug")])
def test_a_run_that_ends_in_an_error_failed_for_what_it_had_not_finished(
    fault: Exception, namespace: str, tmp_path: Path
) -> None:
    lake = Lake(tmp_path)

    def dies(_: Arguments, __: Store, summary: RunSummary) -> None:
        summary.finished.append("providers")
        raise fault

    if isinstance(fault, DataLakeError):
        assert start(lake, namespace, dies) == 1
    else:
        with pytest.raises(RuntimeError):
            start(lake, namespace, dies)
    found = {dataset: values["RunsFailed"] for dataset, values in measured(namespace).items()}
    assert found == {"providers": 0, "clients": 1, "transactions": 1}


def test_metrics_that_are_refused_are_told_and_do_not_undo_the_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    lake = Lake(tmp_path)
    lake.dimensions()
    assert start(lake, "Lake/Nowhere") == 0
    assert "could not be put to Lake/Nowhere" in capsys.readouterr().err
    assert lake.rows("processed/clients/")


def test_without_a_namespace_nothing_is_put(namespace: str, tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    lake.dimensions()
    assert launch(process, "test", Zone.PROCESSED, ["--lake_uri", lake.store.uri]) == 0
    assert boto3.client("cloudwatch", region_name="eu-west-1").list_metrics()["Metrics"] == []


def test_more_metrics_than_one_call_takes_go_in_several(namespace: str) -> None:
    publish(namespace, [DatasetRun(f"dataset-{n}", True) for n in range(200)])
    pages = boto3.client("cloudwatch", region_name="eu-west-1").get_paginator("list_metrics")
    found = [m for page in pages.paginate(Namespace=namespace) for m in page["Metrics"]]
    assert len(found) == 1600 == len({(m["MetricName"], m["Dimensions"][0]["Value"]) for m in found})
