"""What a run of a job measures of each dataset, by name, and how CloudWatch is told."""

import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from etl.summary import RunSummary, UnitResult

DIMENSION = "Dataset"
"""The one dimension: a run id would make every run a metric of its own, at a price."""

ROWS_IN, ROWS_OUT = "RowsIn", "RowsOut"
ROWS_REJECTED, REJECT_RATIO = "RowsRejected", "RejectRatio"
JOB_LATENCY = "JobLatencySeconds"
BYTES_IN, BYTES_OUT = "BytesIn", "BytesOut"
RUNS_SUCCEEDED, RUNS_FAILED = "RunsSucceeded", "RunsFailed"

UNITS = {
    ROWS_IN: "Count",
    ROWS_OUT: "Count",
    ROWS_REJECTED: "Count",
    REJECT_RATIO: "None",
    JOB_LATENCY: "Seconds",
    BYTES_IN: "Bytes",
    BYTES_OUT: "Bytes",
    RUNS_SUCCEEDED: "Count",
    RUNS_FAILED: "Count",
}
"""Every metric with its unit in CloudWatch's words."""

_AT_ONCE = 1000  # https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html


@dataclass(slots=True)
class DatasetRun:
    """What one run did with one dataset; seconds and rows are of the units it worked on."""

    dataset: str
    succeeded: bool
    units: list[UnitResult] = field(default_factory=list)

    def values(self) -> dict[str, float]:
        """Return the metrics by name; without rows there is no ratio of rejected ones."""
        published = [u for u in self.units if u.outcome == "published"]
        rows_in = sum(u.rows_in for u in self.units)
        rejected = sum(u.rejected for u in self.units)
        found: dict[str, float] = {
            RUNS_SUCCEEDED: int(self.succeeded),
            RUNS_FAILED: int(not self.succeeded),
            ROWS_IN: rows_in,
            ROWS_OUT: sum(u.rows_out for u in published),
            ROWS_REJECTED: rejected,
            BYTES_IN: sum(u.bytes_in for u in self.units),
            BYTES_OUT: sum(u.bytes_out for u in published),
            JOB_LATENCY: sum(u.seconds for u in self.units),
        }
        if rows_in:
            found[REJECT_RATIO] = rejected / rows_in
        return found


def by_dataset(summary: RunSummary, datasets: Iterable[str], *, failed: bool) -> Iterator[DatasetRun]:
    """Split a run by dataset; a run that failed did so for every dataset that it had not finished.

    A dataset with a breached unit failed too; one with nothing to do succeeded, or it would count as stale.
    """
    for dataset in datasets:
        units = [unit for unit in summary.units if unit.dataset == dataset]
        broken = any(unit.outcome == "breached" for unit in units)
        unfinished = failed and dataset not in summary.finished
        yield DatasetRun(dataset, not (broken or unfinished), units)


def publish(namespace: str, runs: Iterable[DatasetRun]) -> None:
    """Put a run's metrics to CloudWatch; what it refuses is told on stderr.

    The data is published by then, so a job does not fail for its metrics: their absence raises an alarm.
    """
    moment = datetime.now(UTC)
    data: list[dict[str, Any]] = [
        {
            "MetricName": name,
            "Dimensions": [{"Name": DIMENSION, "Value": run.dataset}],
            "Timestamp": moment,
            "Value": float(value),
            "Unit": UNITS[name],
        }
        for run in runs
        for name, value in run.values().items()
    ]
    try:
        client = boto3.client("cloudwatch", region_name=os.environ.get("AWS_DEFAULT_REGION"))
        for start in range(0, len(data), _AT_ONCE):
            client.put_metric_data(Namespace=namespace, MetricData=data[start : start + _AT_ONCE])
    except (BotoCoreError, ClientError) as error:
        print(f"The metrics of this run could not be put to {namespace}: {error}", file=sys.stderr)
