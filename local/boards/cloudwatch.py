"""CloudWatch's dashboards: the widgets of the deployed bodies with the metrics and alarms they name."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from local.aws import Cloud
from local.boards.chart import Board, Chart

WINDOW = timedelta(hours=3)
MINUTE = 60
_FEW = 3
_LOUD = "ALARM"


def boards(cloud: Cloud) -> list[Board]:
    """Return CloudWatch's dashboards with what was measured in the last three hours, by name."""
    client = cloud.client("cloudwatch")
    found = []
    for entry in sorted(client.list_dashboards()["DashboardEntries"], key=lambda one: one["DashboardName"]):
        name = entry["DashboardName"]
        body = json.loads(client.get_dashboard(DashboardName=name)["DashboardBody"])
        charts = tuple(_chart(cloud, widget) for widget in body["widgets"])
        found.append(Board("CloudWatch", name, name.replace("-", " "), charts))
    return found


def _chart(cloud: Cloud, widget: Mapping[str, Any]) -> Chart:
    held = widget["properties"]
    if widget["type"] == "text":
        return Chart("text", "", text=held["markdown"])
    if widget["type"] == "alarm":
        return _alarms(cloud, held["title"], held["alarms"])
    return _metrics(cloud, held)


def _alarms(cloud: Cloud, title: str, arns: Sequence[str]) -> Chart:
    names = [arn.split(":alarm:", 1)[1] for arn in arns]
    pages = cloud.client("cloudwatch").get_paginator("describe_alarms").paginate(AlarmNames=names)
    states = {alarm["AlarmName"]: alarm["StateValue"] for page in pages for alarm in page["MetricAlarms"]}
    told = Counter(states.get(name, "missing") for name in names)
    lines = [f"- {count} × {state}" for state, count in sorted(told.items())]
    lines += [f"- **{name}**" for name in names if states.get(name) == _LOUD]
    return Chart("text", title, text="\n".join(lines))


def _metrics(cloud: Cloud, held: Mapping[str, Any]) -> Chart:
    lines = [_line(raw) for raw in held["metrics"]]
    queries = [
        {
            "Id": f"m{number}",
            "Label": label,
            "MetricStat": {"Metric": metric, "Period": MINUTE, "Stat": statistic},
        }
        for number, (metric, statistic, label) in enumerate(lines)
    ]
    end = datetime.now(UTC) + timedelta(minutes=1)
    answer = cloud.client("cloudwatch", held["region"]).get_metric_data(
        MetricDataQueries=queries, StartTime=end - WINDOW, EndTime=end
    )["MetricDataResults"]
    values = {
        label: dict(zip(one["Timestamps"], one["Values"], strict=True))
        for (_, _, label), one in zip(lines, answer, strict=True)
    }
    values = {label: points for label, points in values.items() if points}
    if not values:
        return Chart("line", held["title"], note="AWS measures this; the embedded AWS does not")
    moments = sorted({moment for points in values.values() for moment in points})
    if len(moments) < _FEW:
        # Too few moments for a line: what was measured, line by line, and each statistic over the window.
        statistics = {label: statistic for _, statistic, label in lines}
        totals = [_over(points.values(), statistics[label]) for label, points in values.items()]
        return Chart("bar", held["title"], list(values), {"": totals})
    labels = [moment.strftime("%H:%M") for moment in moments]
    return Chart(
        "line",
        held["title"],
        labels,
        {label: [points.get(moment) for moment in moments] for label, points in values.items()},
    )


def _line(raw: Sequence[Any]) -> tuple[dict[str, Any], str, str]:
    """Return a widget's line as metric, statistic and label."""
    *words, options = raw
    namespace, name, *rest = words
    dimensions = [{"Name": key, "Value": value} for key, value in zip(rest[::2], rest[1::2], strict=True)]
    label = " ".join(rest[1::2][:1]) or name
    return {"Namespace": namespace, "MetricName": name, "Dimensions": dimensions}, options["stat"], label


def _over(values: Any, statistic: str) -> float:
    numbers = [float(value) for value in values]
    if statistic == "Sum":
        return sum(numbers)
    return sum(numbers) / len(numbers) if statistic == "Average" else max(numbers)
