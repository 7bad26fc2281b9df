"""Alarms and dashboards (Amazon CloudWatch)."""

from local.provider.row import Call, Name, Row
from local.provider.tagging import by_arn

_ARN = "arn:{partition}:cloudwatch:{region}:{account}:alarm:"
# Members of a metric inside a query, which AWS puts one level deeper than the program.
_METRIC = {
    f"metricQueries.metric.{name}": f"Metric.{name[0].upper()}{name[1:]}"
    for name in ("metricName", "namespace", "dimensions")
}

ROWS = (
    Row(
        token="aws:cloudwatch/metricAlarm:MetricAlarm",
        service="cloudwatch",
        id="{name}",
        keys={"AlarmName": "{name}", "AlarmNames": "{name}"},
        name=Name(),
        create=Call("PutMetricAlarm"),
        read=Call("DescribeAlarms", at="MetricAlarms[0]", rename={"arn": "AlarmArn"}),
        update=Call("PutMetricAlarm"),
        delete=Call("DeleteAlarms"),
        tags=by_arn(),
        replace=("name",),
        rename={"metricQueries": "Metrics", "metricQueries.metric": "MetricStat", **_METRIC},
        defaults={"actionsEnabled": True, "treatMissingData": "missing"},
        unordered=("alarmActions", "okActions", "insufficientDataActions", "metricQueries"),
        outputs={"arn": _ARN + "{name}"},
    ),
    Row(
        token="aws:cloudwatch/compositeAlarm:CompositeAlarm",
        service="cloudwatch",
        id="{alarmName}",
        keys={"AlarmName": "{alarmName}", "AlarmNames": "{alarmName}"},
        create=Call("PutCompositeAlarm"),
        read=Call(
            "DescribeAlarms",
            {"AlarmTypes": "CompositeAlarm"},
            at="CompositeAlarms[0]",
            rename={"arn": "AlarmArn"},
        ),
        update=Call("PutCompositeAlarm"),
        delete=Call("DeleteAlarms"),
        tags=by_arn(),
        replace=("alarmName", "actionsEnabled"),
        rename={
            "actionsSuppressor": "",
        },
        defaults={"actionsEnabled": True},
        unordered=("alarmActions", "okActions", "insufficientDataActions"),
        outputs={"arn": _ARN + "{alarmName}"},
    ),
    Row(
        token="aws:cloudwatch/dashboard:Dashboard",
        service="cloudwatch",
        id="{dashboardName}",
        keys={"DashboardName": "{dashboardName}", "DashboardNames": "{dashboardName}"},
        create=Call("PutDashboard"),
        read=Call("GetDashboard"),
        update=Call("PutDashboard"),
        delete=Call("DeleteDashboards"),
        replace=("dashboardName",),
        # A dashboard is the account's, in no region.
        outputs={"dashboardArn": "arn:{partition}:cloudwatch::{account}:dashboard/{dashboardName}"},
    ),
)
