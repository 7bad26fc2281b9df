"""What the runs of the last day measured, read back from CloudWatch as alarms and dashboards see it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from rich.markup import escape
from rich.table import Table

from etl import run_metrics as metrics
from local.aws import Cloud

WINDOW = timedelta(days=1)
_HIGHEST = (metrics.REJECT_RATIO, metrics.JOB_LATENCY)
_COLUMNS = {
    metrics.RUNS_SUCCEEDED: ("succeeded", "{:,.0f}"),
    metrics.RUNS_FAILED: ("failed", "{:,.0f}"),
    metrics.ROWS_IN: ("rows in", "{:,.0f}"),
    metrics.ROWS_OUT: ("rows out", "{:,.0f}"),
    metrics.ROWS_REJECTED: ("rejected", "{:,.0f}"),
    metrics.REJECT_RATIO: ("most rejected", "{:.1%}"),
    metrics.JOB_LATENCY: ("longest, s", "{:,.1f}"),
    metrics.BYTES_IN: ("bytes in", "{:,.0f}"),
    metrics.BYTES_OUT: ("bytes out", "{:,.0f}"),
}


def namespaces(cloud: Cloud) -> frozenset[str]:
    """Return the namespaces that the deployed jobs put their metrics to."""
    jobs = cloud.client("glue").get_paginator("get_jobs").paginate()
    return frozenset(
        job["DefaultArguments"]["--metric_namespace"]
        for page in jobs
        for job in page["Jobs"]
        if "--metric_namespace" in job.get("DefaultArguments", {})
    )


def runs(cloud: Cloud) -> dict[str, dict[str, float]]:
    """Return each dataset's metrics of the last day: sums, of ratio and latency the highest.

    The namespaces are those that the deployed jobs carry as an argument.
    """
    watch = cloud.client("cloudwatch")
    found: dict[str, dict[str, float]] = {}
    for namespace in sorted(namespaces(cloud)):
        for page in watch.get_paginator("list_metrics").paginate(Namespace=namespace):
            for metric in page["Metrics"]:
                dimensions = {one["Name"]: one["Value"] for one in metric["Dimensions"]}
                if metrics.DIMENSION in dimensions and metric["MetricName"] in _COLUMNS:
                    found.setdefault(dimensions[metrics.DIMENSION], {})
        for dataset in found:
            found[dataset] |= _values(cloud, namespace, dataset)
    return found


def _values(cloud: Cloud, namespace: str, dataset: str) -> dict[str, float]:
    queries = [
        {
            "Id": name[0].lower() + name[1:],
            "Label": name,
            "MetricStat": {
                "Metric": {
                    "Namespace": namespace,
                    "MetricName": name,
                    "Dimensions": [{"Name": metrics.DIMENSION, "Value": dataset}],
                },
                "Period": int(WINDOW.total_seconds()),
                "Stat": "Maximum" if name in _HIGHEST else "Sum",
            },
        }
        for name in _COLUMNS
    ]
    end = datetime.now(UTC) + timedelta(minutes=1)
    answer = cloud.client("cloudwatch").get_metric_data(
        MetricDataQueries=queries, StartTime=end - WINDOW, EndTime=end
    )
    return {one["Label"]: one["Values"][0] for one in answer["MetricDataResults"] if one["Values"]}


def table(found: Mapping[str, Mapping[str, float]]) -> Table:
    """Make the table of datasets by what their runs measured."""
    made = Table(box=None, pad_edge=False, header_style="dim")
    made.add_column("runs of a day")
    for title, _ in _COLUMNS.values():
        made.add_column(title, justify="right")
    for dataset, values in sorted(found.items()):
        shown = [form.format(values[name]) if name in values else "—" for name, (_, form) in _COLUMNS.items()]
        made.add_row(escape(dataset), *shown)
    return made
