"""Observability: alarms, event rules for failed and late steps, and the three dashboards."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi import ComponentResource, ResourceOptions
from pulumi_aws import cloudwatch

from components import dashboards
from components.alarms import (
    LOG_WATCHES,
    Alarm,
    Metric,
    log_alarms,
    pipeline_alarms,
    trail_alarms,
    usage_alarms,
)
from components.alert_topic import AlertTopic
from components.names import Names, Store
from components.pipeline_plan import CRAWLERS, JOBS, crawler_family
from components.settings import Settings
from components.step_events import step_rules
from components.tagging import tags
from components.trail_watch import Watch

STORES = (Store.DATA, Store.RESULTS, Store.ARTIFACTS, Store.AUDIT, Store.LOGS)


@dataclass(frozen=True)
class ObservabilityArgs:
    """What is watched: `datasets` that runs measure, `watched` what the trail counts.

    `log_groups` are the log groups of jobs and crawlers by name.
    """

    settings: Settings
    names: Names
    topic: AlertTopic
    datasets: Sequence[str]
    watched: Sequence[Watch]
    log_groups: Mapping[str, pulumi.Resource]


class Observability(ComponentResource):
    """Alarms on latency, success, volume, freshness, partitions and permissions; rules on steps; dashboards.

    A failed Glue job has no metric of its own, hence the event rules beside the alarms.
    https://docs.aws.amazon.com/glue/latest/dg/automating-awsglue-with-cloudwatch-events.html
    """

    def __init__(self, name: str, args: ObservabilityArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("energylake:observability:Observability", name, None, opts)
        self._name, self._args, self._tags = name, args, tags(args.settings, "observability")
        names, settings = args.names, args.settings
        self._step_events()
        steps = {job.name: names.job_log_groups(job.name) for job in JOBS}
        # One metric for all crawlers of a zone: a table more is no alarm more, and its log group says which.
        for crawler in CRAWLERS:
            family = steps.setdefault(f"{crawler_family(crawler.zone)}s", [])
            family.append(names.crawler_log_group(crawler.name))
        filters = self._log_filters(steps)
        alarms = [
            *pipeline_alarms(names, settings, args.datasets),
            *log_alarms(names, steps),
            *trail_alarms(names, args.watched),
            *usage_alarms(names, settings),
        ]
        for alarm in alarms:
            self._alarm(alarm, filters)
        jobs, groups = [job.name for job in JOBS], list(settings.workgroups.by_name())
        bodies = {
            "pipeline-state": dashboards.pipeline_state(
                names, args.datasets, jobs, [alarm.name for alarm in alarms]
            ),
            "resource-use": dashboards.resource_use(names, jobs, groups, STORES),
            "operating-costs": dashboards.operating_costs(
                names, settings.costs.monthly.by_component(), jobs, groups
            ),
        }
        for subject, body in bodies.items():
            cloudwatch.Dashboard(
                f"{name}-{subject}-dashboard",
                dashboard_name=names.alarm(subject),
                dashboard_body=json.dumps(body),
                opts=ResourceOptions(parent=self),
            )
        self.dashboards = [names.alarm(subject) for subject in bodies]
        self.register_outputs({"dashboards": self.dashboards})

    def _step_events(self) -> None:
        """Send failed and late steps of the workflow to the topic."""
        names = self._args.names
        for subject, (description, pattern) in step_rules(names).items():
            rule = cloudwatch.EventRule(
                f"{self._name}-{subject}-rule",
                name=names.alarm(subject),
                description=description,
                event_pattern=json.dumps(pattern),
                state="ENABLED",
                tags=self._tags,
                opts=ResourceOptions(parent=self),
            )
            cloudwatch.EventTarget(
                f"{self._name}-{subject}-target",
                rule=names.alarm(subject),
                target_id="alerts",
                arn=names.alert_topic_arn,
                opts=ResourceOptions(parent=self, depends_on=[rule, *self._args.topic.ready]),
            )

    def _log_filters(self, steps: Mapping[str, Sequence[str]]) -> list[pulumi.Resource]:
        """Count the lines of trouble in each step's log groups."""
        names, args = self._args.names, self._args
        return [
            cloudwatch.LogMetricFilter(
                f"{self._name}-{step}-{number}-{watch.name}-filter",
                name=names.alarm(f"{step}-{watch.name}"),
                log_group_name=group,
                pattern=watch.pattern,
                metric_transformation=cloudwatch.LogMetricFilterMetricTransformationArgs(
                    name=f"{step}-{watch.metric}",
                    namespace=names.metric_namespace,
                    value="1",
                    default_value="0",
                    unit="Count",
                ),
                opts=ResourceOptions(parent=self, depends_on=[args.log_groups[group]]),
            )
            for step, groups in steps.items()
            for number, group in enumerate(groups)
            for watch in LOG_WATCHES
        ]

    def _alarm(self, alarm: Alarm, after: Sequence[pulumi.Resource]) -> None:
        names = self._args.names
        shared: dict[str, Any] = {
            "name": alarm.name,
            "alarm_description": alarm.description,
            "comparison_operator": alarm.comparison,
            "evaluation_periods": alarm.periods,
            "datapoints_to_alarm": alarm.breaching,
            "treat_missing_data": alarm.missing,
            "alarm_actions": [names.alert_topic_arn],
            "ok_actions": [names.alert_topic_arn],
            "actions_enabled": True,
            "tags": self._tags,
        }
        cloudwatch.MetricAlarm(
            f"{self._name}-{alarm.name.removeprefix(names.prefix + '-')}-alarm",
            **shared,
            **_condition(alarm),
            opts=ResourceOptions(parent=self, depends_on=[*self._args.topic.ready, *after]),
        )


def _condition(alarm: Alarm) -> dict[str, Any]:
    """Return the metric and threshold of an alarm, in the form that fits them."""
    if alarm.expression is None and alarm.band is None:
        (metric,) = alarm.metrics.values()
        return {
            "namespace": metric.namespace,
            "metric_name": metric.name,
            "statistic": metric.statistic,
            "period": metric.period,
            "dimensions": dict(metric.dimensions) or None,
            "threshold": alarm.threshold,
        }
    queries = [
        cloudwatch.MetricAlarmMetricQueryArgs(
            id=query, metric=_query(metric), return_data=alarm.band is not None
        )
        for query, metric in alarm.metrics.items()
    ]
    (first, *_) = alarm.metrics
    band = f"ANOMALY_DETECTION_BAND({first}, {alarm.band})"
    queries.append(
        cloudwatch.MetricAlarmMetricQueryArgs(
            id="judged", expression=alarm.expression or band, label=alarm.description, return_data=True
        )
    )
    if alarm.band is not None:
        return {"metric_queries": queries, "threshold_metric_id": "judged"}
    return {"metric_queries": queries, "threshold": alarm.threshold}


def _query(metric: Metric) -> cloudwatch.MetricAlarmMetricQueryMetricArgs:
    return cloudwatch.MetricAlarmMetricQueryMetricArgs(
        namespace=metric.namespace,
        metric_name=metric.name,
        stat=metric.statistic,
        period=metric.period,
        dimensions=dict(metric.dimensions) or None,
    )
