"""The deployed alarms on what runs measure, evaluated as CloudWatch would: moto keeps them but never looks.

An alarm that changes its state tells the targets of that state, as CloudWatch does. Alarms with metric math
and anomaly bands are left as they are, and so are those on what has a schedule, which nothing here keeps.
"""

from __future__ import annotations

import json
import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from etl.run_metrics import DIMENSION

ALARM, OK, NO_DATA = "ALARM", "OK", "INSUFFICIENT_DATA"
_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}
_TARGETS = {ALARM: "AlarmActions", OK: "OKActions", NO_DATA: "InsufficientDataActions"}


class Clients(Protocol):
    """Where boto3 clients come from."""

    def client(self, service: str) -> Any:
        """Return the client of a service."""


@dataclass(frozen=True)
class Change:
    """An alarm that went from one state to another, why, and the targets that were told."""

    name: str
    description: str
    state: str
    reason: str
    told: tuple[str, ...]


def evaluate(cloud: Clients, namespaces: frozenset[str], now: datetime | None = None) -> list[Change]:
    """Evaluate the alarms on single metrics of a dataset's runs; return those whose state changed."""
    moment = now or datetime.now(UTC)
    watch = cloud.client("cloudwatch")
    changes = []
    for alarm in _alarms(watch, namespaces):
        state, reason = _state(alarm, _periods(watch, alarm, moment))
        if state == alarm["StateValue"]:
            continue
        watch.set_alarm_state(AlarmName=alarm["AlarmName"], StateValue=state, StateReason=reason)
        changes.append(
            Change(
                alarm["AlarmName"],
                alarm.get("AlarmDescription", ""),
                state,
                reason,
                _tell(cloud, alarm, state, reason),
            )
        )
    return changes


def _alarms(watch: Any, namespaces: frozenset[str]) -> Iterator[Mapping[str, Any]]:
    for page in watch.get_paginator("describe_alarms").paginate(AlarmTypes=["MetricAlarm"]):
        for alarm in page["MetricAlarms"]:
            of_runs = any(one["Name"] == DIMENSION for one in alarm.get("Dimensions", ()))
            if alarm.get("Namespace") in namespaces and of_runs and alarm.get("Statistic"):
                yield alarm


def _periods(watch: Any, alarm: Mapping[str, Any], now: datetime) -> list[float | None]:
    """Return the metric's value in each evaluated period, None where nothing was measured."""
    periods, length = alarm["EvaluationPeriods"], timedelta(seconds=alarm["Period"])
    start = now - periods * length
    points = watch.get_metric_statistics(
        Namespace=alarm["Namespace"],
        MetricName=alarm["MetricName"],
        Dimensions=alarm["Dimensions"],
        StartTime=start,
        EndTime=now,
        Period=alarm["Period"],
        Statistics=[alarm["Statistic"]],
    )["Datapoints"]
    values: list[float | None] = [None] * periods
    for point in points:
        place = min(max((point["Timestamp"] - start) // length, 0), periods - 1)
        values[place] = point[alarm["Statistic"]]
    return values


def _state(alarm: Mapping[str, Any], values: list[float | None]) -> tuple[str, str]:
    """Return the state that the values of the periods lead to, and why."""
    missing = alarm.get("TreatMissingData", "missing")
    known = [value for value in values if value is not None]
    if not known and missing in {"missing", "ignore"}:
        kept = NO_DATA if missing == "missing" else alarm["StateValue"]
        return kept, "Nothing was measured."
    breaks = _COMPARE[alarm["ComparisonOperator"]]
    broken = [value for value in known if breaks(value, alarm["Threshold"])]
    count = len(broken) + (len(values) - len(known)) * (missing == "breaching")
    needed = alarm.get("DatapointsToAlarm") or alarm["EvaluationPeriods"]
    shown = ", ".join(f"{value:g}" for value in broken or known) or "no value"
    told = f"{alarm['Statistic']} of {alarm['MetricName']} is {shown}, the threshold {alarm['Threshold']:g}."
    return (ALARM if count >= needed else OK), told


def _tell(cloud: Clients, alarm: Mapping[str, Any], state: str, reason: str) -> tuple[str, ...]:
    """Publish a change to the topics that are told of it; return their names."""
    topics = [arn for arn in alarm.get(_TARGETS[state], ()) if arn.split(":")[2] == "sns"]
    if not alarm.get("ActionsEnabled", True):
        topics = []
    message = {
        "AlarmName": alarm["AlarmName"],
        "AlarmDescription": alarm.get("AlarmDescription"),
        "NewStateValue": state,
        "NewStateReason": reason,
        "OldStateValue": alarm["StateValue"],
        "AlarmArn": alarm["AlarmArn"],
    }
    for arn in topics:
        cloud.client("sns").publish(
            TopicArn=arn, Subject=f"{state}: {alarm['AlarmName']}"[:100], Message=json.dumps(message)
        )
    return tuple(arn.rpartition(":")[2] for arn in topics)
