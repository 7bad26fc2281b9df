"""What raises an alert, as data: alarms on the pipeline, its logs, queries and the trail of API calls."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from components.names import Names
from components.settings import Settings
from components.trail_watch import Watch
from etl import run_metrics as metrics

HOUR, DAY = 3600, 86_400
AT_LEAST, ABOVE, BELOW = "GreaterThanOrEqualToThreshold", "GreaterThanThreshold", "LessThanThreshold"
OUTSIDE = "LessThanLowerOrGreaterThanUpperThreshold"
PARTITIONING, PERMISSIONS = "PartitioningErrors", "PermissionErrors"


@dataclass(frozen=True)
class Metric:
    """One metric: `period` in seconds."""

    namespace: str
    name: str
    statistic: str
    period: int
    dimensions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Alarm:
    """An alarm on one metric, or on an expression over metrics by their ids.

    With `band` the threshold is that many standard deviations around what the metric usually is. `missing` is
    what no data means: `notBreaching` where nothing happening is well, `breaching` where it is the trouble.
    """

    name: str
    description: str
    comparison: str
    metrics: Mapping[str, Metric]
    threshold: float | None = None
    expression: str | None = None
    band: int | None = None
    periods: int = 1
    breaching: int = 1
    missing: str = "notBreaching"


@dataclass(frozen=True)
class LogWatch:
    """Lines of a log group that count as trouble: `metric` counts those that match `pattern`."""

    name: str
    metric: str
    pattern: str


LOG_WATCHES = (
    LogWatch(
        "partitioning",
        PARTITIONING,
        '?"PartitionOperation" ?"CreatePartition operation" ?"DeletePartition operation" '
        '?"GetPartitions operation" ?"partitions of" ?"HIVE_PARTITION_SCHEMA_MISMATCH"',
    ),
    LogWatch(
        "permissions",
        PERMISSIONS,
        '?AccessDenied ?"Access Denied" ?"not authorized to perform" '
        '?"Insufficient Lake Formation permission"',
    ),
)
"""Terms that are what AWS's SDKs and engines, and the jobs' own errors, write when it happens."""


def pipeline_alarms(names: Names, settings: Settings, datasets: Sequence[str]) -> Iterator[Alarm]:
    """Yield the alarms on what runs publish of each dataset."""
    alerts = settings.alerts
    for dataset in datasets:
        slug = dataset.replace("_", "-")

        def of(name: str, statistic: str, period: int = DAY, dataset: str = dataset) -> Metric:
            return Metric(names.run_metric_namespace, name, statistic, period, {metrics.DIMENSION: dataset})

        yield Alarm(
            names.alarm(f"{slug}-run-failed"),
            f"A run of {dataset} failed: nothing of it was published",
            AT_LEAST,
            {"failed": of(metrics.RUNS_FAILED, "Sum", 300)},
            threshold=1,
        )
        yield Alarm(
            names.alarm(f"{slug}-stale"),
            f"No run of {dataset} succeeded for {alerts.stale_after_hours} hours",
            BELOW,
            {"succeeded": of(metrics.RUNS_SUCCEEDED, "Sum", HOUR)},
            threshold=1,
            periods=alerts.stale_after_hours,
            breaching=alerts.stale_after_hours,
            missing="breaching",
        )
        yield Alarm(
            names.alarm(f"{slug}-error-rate"),
            f"More than {alerts.error_rate:.0%} of a day's runs of {dataset} failed",
            ABOVE,
            {"failed": of(metrics.RUNS_FAILED, "Sum"), "succeeded": of(metrics.RUNS_SUCCEEDED, "Sum")},
            expression="failed / (failed + succeeded)",
            threshold=alerts.error_rate,
        )
        yield Alarm(
            names.alarm(f"{slug}-latency"),
            f"A run of {dataset} took longer than {alerts.latency_minutes} minutes",
            ABOVE,
            {"latency": of(metrics.JOB_LATENCY, "Maximum", HOUR)},
            threshold=60 * alerts.latency_minutes,
        )
        yield Alarm(
            names.alarm(f"{slug}-rejected"),
            f"More than {alerts.reject_ratio:.0%} of the rows of a run of {dataset} were rejected",
            ABOVE,
            {"rejected": of(metrics.REJECT_RATIO, "Maximum", HOUR)},
            threshold=alerts.reject_ratio,
        )
        yield Alarm(
            names.alarm(f"{slug}-volume"),
            f"A day brought unusually few or many rows of {dataset}",
            OUTSIDE,
            {"rows": of(metrics.ROWS_IN, "Sum")},
            band=alerts.volume_band,
        )


def log_alarms(names: Names, steps: Mapping[str, Sequence[str]]) -> Iterator[Alarm]:
    """Yield the alarms on what jobs and crawlers log; `steps` are their log groups by their names."""
    for step in steps:
        for watch in LOG_WATCHES:
            yield Alarm(
                names.alarm(f"{step}-{watch.name}"),
                f"{step} logged trouble with {watch.name}",
                AT_LEAST,
                {"lines": Metric(names.metric_namespace, f"{step}-{watch.metric}", "Sum", 300)},
                threshold=1,
            )


def trail_alarms(names: Names, watched: Sequence[Watch]) -> Iterator[Alarm]:
    """Yield the alarms on what the trail of API calls is watched for."""
    for watch in watched:
        yield Alarm(
            names.alarm(watch.name),
            watch.description,
            AT_LEAST,
            {"records": Metric(names.metric_namespace, watch.metric, "Sum", 300)},
            threshold=watch.threshold,
        )


def usage_alarms(names: Names, settings: Settings) -> Iterator[Alarm]:
    """Yield the alarms on what queries use: bytes a workgroup scans in a day, over all outcomes and kinds.

    https://docs.aws.amazon.com/athena/latest/ug/query-metrics-viewing.html
    """
    for group in settings.workgroups.by_name():
        parts = {
            f"{kind.lower()}_{state.lower()}": Metric(
                "AWS/Athena",
                "ProcessedBytes",
                "Sum",
                DAY,
                {"WorkGroup": names.shared(group), "QueryState": state, "QueryType": kind},
            )
            for kind in ("DML", "DDL")
            for state in ("SUCCEEDED", "FAILED", "CANCELED")
        }
        yield Alarm(
            names.alarm(f"{group}-scanned"),
            f"Queries of the workgroup {group} scanned more in a day than costs.daily_scan_bytes",
            ABOVE,
            parts,
            expression="SUM(METRICS())",
            threshold=settings.costs.daily_scan_bytes,
        )
