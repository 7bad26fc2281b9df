"""The three dashboards as CloudWatch's bodies: state of the pipeline, use of resources, operating costs.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
"""

from collections.abc import Sequence
from typing import Any

from components.names import Names, Store
from etl import run_metrics as metrics

WIDTH, HEIGHT = 12, 6
_EXECUTORS = "glue.driver.ExecutorAllocationManager.executors.numberAllExecutors"
_BILLED = (
    "AWSGlue",
    "AmazonAthena",
    "AmazonRedshift",
    "AmazonS3",
    "awskms",
    "AmazonCloudWatch",
    "AWSCloudTrail",
)
Widget = dict[str, Any]
Body = dict[str, Any]
Line = list[Any]


def pipeline_state(names: Names, datasets: Sequence[str], jobs: Sequence[str], alarms: Sequence[str]) -> Body:
    """Build the dashboard that says whether data arrives, is accepted and is on time."""

    def per_dataset(metric: str, statistic: str) -> list[Line]:
        return [
            [names.run_metric_namespace, metric, metrics.DIMENSION, dataset, {"stat": statistic}]
            for dataset in datasets
        ]

    return _body(
        _alarms(names, "Alarms", alarms),
        _graph(names, "Runs succeeded", per_dataset(metrics.RUNS_SUCCEEDED, "Sum")),
        _graph(names, "Runs failed", per_dataset(metrics.RUNS_FAILED, "Sum")),
        _graph(names, "Latency of a run, seconds", per_dataset(metrics.JOB_LATENCY, "Maximum")),
        _graph(names, "Rows in", per_dataset(metrics.ROWS_IN, "Sum")),
        _graph(names, "Rows out", per_dataset(metrics.ROWS_OUT, "Sum")),
        _graph(names, "Rows rejected", per_dataset(metrics.ROWS_REJECTED, "Sum")),
        _graph(names, "Share of rows rejected", per_dataset(metrics.REJECT_RATIO, "Maximum")),
        _graph(names, "Bytes in", per_dataset(metrics.BYTES_IN, "Sum")),
        _graph(names, "Bytes out", per_dataset(metrics.BYTES_OUT, "Sum")),
        _graph(names, "Failed tasks of the jobs", [
            _of_job(names, job, "glue.driver.aggregate.numFailedTasks", "count", "Sum") for job in jobs
        ]),
    )  # fmt: skip


def resource_use(
    names: Names, jobs: Sequence[str], workgroups: Sequence[str], stores: Sequence[Store]
) -> Body:
    """Build the dashboard that says what jobs, queries, the warehouse and the buckets use."""
    cluster = ["ClusterIdentifier", names.cluster]
    return _body(
        _graph(names, "Memory of the jobs' driver and workers, share used", [
            _of_job(names, job, "glue.ALL.jvm.heap.usage", "gauge", "Maximum") for job in jobs
        ]),
        _graph(names, "Processor of the jobs, share used", [
            _of_job(names, job, "glue.ALL.system.cpuSystemLoad", "gauge", "Maximum") for job in jobs
        ]),
        _graph(names, "Workers busy", [
            _of_job(names, job, _EXECUTORS, "gauge", "Maximum")
            for job in jobs
        ]),
        _graph(names, "Bytes scanned by queries", [
            ["AWS/Athena", "ProcessedBytes", "WorkGroup", names.shared(group), "QueryState", "SUCCEEDED",
             "QueryType", "DML", {"stat": "Sum"}]
            for group in workgroups
        ]),
        _graph(names, "Time of queries, milliseconds", [
            ["AWS/Athena", "TotalExecutionTime", "WorkGroup", names.shared(group), "QueryState", "SUCCEEDED",
             "QueryType", "DML", {"stat": "p95"}]
            for group in workgroups
        ]),
        _graph(names, "Processor of the warehouse, percent", [
            ["AWS/Redshift", "CPUUtilization", *cluster, {"stat": "Maximum"}]
        ]),
        _graph(names, "Disk of the warehouse, percent", [
            ["AWS/Redshift", "PercentageDiskSpaceUsed", *cluster, {"stat": "Maximum"}]
        ]),
        _graph(names, "Bytes stored", [
            ["AWS/S3", "BucketSizeBytes", "BucketName", names.bucket(store), "StorageType", "StandardStorage",
             {"stat": "Average", "period": 86_400}]
            for store in stores
        ]),
        _graph(names, "Objects stored", [
            ["AWS/S3", "NumberOfObjects", "BucketName", names.bucket(store), "StorageType", "AllStorageTypes",
             {"stat": "Average", "period": 86_400}]
            for store in stores
        ]),
    )  # fmt: skip


def operating_costs(
    names: Names, budgets: dict[str, int], jobs: Sequence[str], workgroups: Sequence[str]
) -> Body:
    """Build the dashboard that says what drives costs, beside what each component may cost.

    CloudWatch sees the bill by service (in us-east-1, where billing metrics live); the split by component is
    Cost Explorer's and the budgets'.
    """
    rows = "".join(f"| {component} | {limit} |\n" for component, limit in budgets.items())
    head = "## Monthly budgets, USD\n| component | budget |\n|---|---|\n"
    text = f"{head}{rows}| **all** | {sum(budgets.values())} |"
    dollars = [
        ["AWS/Billing", "EstimatedCharges", "ServiceName", service, "Currency", "USD", {"stat": "Maximum"}]
        for service in _BILLED
    ]
    return _body(
        {"type": "text", "properties": {"markdown": text}},
        _graph(names, "Charges of the month by service, USD", dollars, region="us-east-1", period=21_600),
        _graph(names, "Charges of the month, USD", [
            ["AWS/Billing", "EstimatedCharges", "Currency", "USD", {"stat": "Maximum"}]
        ], region="us-east-1", period=21_600),
        _graph(names, "Time of the jobs, which Glue charges, milliseconds", [
            _of_job(names, job, "glue.driver.aggregate.elapsedTime", "count", "Sum") for job in jobs
        ], period=86_400),
        _graph(names, "Bytes scanned a day, which Athena charges", [
            ["AWS/Athena", "ProcessedBytes", "WorkGroup", names.shared(group), "QueryState", state,
             "QueryType", "DML", {"stat": "Sum"}]
            for group in workgroups for state in ("SUCCEEDED", "CANCELED")
        ], period=86_400),
        _graph(names, "Bytes stored, which S3 charges", [
            ["AWS/S3", "BucketSizeBytes", "BucketName", names.bucket(Store.DATA), "StorageType", kind,
             {"stat": "Average"}]
            for kind in ("StandardStorage", "StandardIAStorage", "GlacierInstantRetrievalStorage")
        ], period=86_400),
    )  # fmt: skip


def _of_job(names: Names, job: str, metric: str, kind: str, statistic: str) -> Line:
    dimensions = ["JobName", names.shared(job), "JobRunId", "ALL", "Type", kind]
    return ["Glue", metric, *dimensions, {"stat": statistic}]


def _graph(
    names: Names, title: str, lines: list[Line], *, region: str | None = None, period: int = 300
) -> Widget:
    return {
        "type": "metric",
        "properties": {
            "title": title,
            "metrics": lines,
            "region": region or names.region,
            "period": period,
            "view": "timeSeries",
            "stacked": False,
        },
    }


def _alarms(names: Names, title: str, alarms: Sequence[str]) -> Widget:
    arns = [names.arn("cloudwatch", f"alarm:{alarm}") for alarm in alarms]
    return {"type": "alarm", "properties": {"title": title, "alarms": arns}}


def _body(*widgets: Widget) -> Body:
    """Lay widgets out two abreast; an alarm widget shows 100 alarms at most."""
    return {
        "widgets": [
            widget | {"x": WIDTH * (place % 2), "y": HEIGHT * (place // 2), "width": WIDTH, "height": HEIGHT}
            for place, widget in enumerate(widgets)
        ]
    }
