"""Examples of budgets, anomaly detection and cost allocation tags."""

from __future__ import annotations

import json

from tests.local.provider.example_support import ACCOUNT, Example, Inputs

_TOPIC = f"arn:aws:sns:eu-west-1:{ACCOUNT}:lake-alerts"
_PROJECT = {
    "And": None,
    "CostCategories": None,
    "Dimensions": None,
    "Not": None,
    "Or": None,
    "Tags": {"Key": "project", "MatchOptions": None, "Values": ["lake"]},
}
_MONITOR = {
    "monitor": (
        "aws:costexplorer/anomalyMonitor:AnomalyMonitor",
        {"name": "lake", "monitorType": "CUSTOM", "monitorSpecification": json.dumps(_PROJECT)},
    )
}


def _tagged(**tags: str) -> Inputs:
    return {"ands": [{"tags": {"key": key, "values": [value]}} for key, value in tags.items()]}


def _notification(kind: str, percent: int) -> Inputs:
    return {
        "comparisonOperator": "GREATER_THAN",
        "notificationType": kind,
        "threshold": percent,
        "thresholdType": "PERCENTAGE",
        "subscriberSnsTopicArns": [_TOPIC],
    }


def _above(dollars: str) -> Inputs:
    return {
        "dimension": {
            "key": "ANOMALY_TOTAL_IMPACT_ABSOLUTE",
            "matchOptions": ["GREATER_THAN_OR_EQUAL"],
            "values": [dollars],
        }
    }


EXAMPLES: dict[str, list[Example]] = {
    "aws:budgets/budget:Budget": [
        Example(
            {
                "name": "lake-storage",
                "budgetType": "COST",
                "timeUnit": "MONTHLY",
                "limitAmount": "100",
                "limitUnit": "USD",
                "filterExpression": _tagged(project="lake", component="storage"),
                "metrics": "UnblendedCost",
                "notifications": [_notification("ACTUAL", 80), _notification("FORECASTED", 100)],
                "tags": {"component": "cost-guard"},
            },
            {
                "limitAmount": "150",
                "filterExpression": _tagged(project="lake", component="warehouse"),
                "notifications": [
                    {**_notification("ACTUAL", 90), "subscriberEmailAddresses": ["data@example.com"]}
                ],
                "tags": {"owner": "data"},
            },
        ),
        Example(
            {
                "name": "lake-reserved",
                "accountId": ACCOUNT,
                "budgetType": "RI_COVERAGE",
                "timeUnit": "MONTHLY",
                "limitAmount": "100.0",
                "limitUnit": "PERCENTAGE",
                "costFilters": [{"name": "Service", "values": ["Amazon Redshift"]}],
                "costTypes": {
                    "includeCredit": False,
                    "includeDiscount": False,
                    "includeSubscription": True,
                    "useBlended": False,
                },
                "timePeriodStart": "2026-01-01_00:00",
                "notifications": [{**_notification("ACTUAL", 70), "comparisonOperator": "LESS_THAN"}],
            },
            {"timePeriodStart": "2026-02-01_00:00", "notifications": None},
        ),
    ],
    "aws:costexplorer/costAllocationTag:CostAllocationTag": [
        Example({"tagKey": "component", "status": "Active"}, {"status": "Inactive"}, remains=True)
    ],
    "aws:costexplorer/anomalyMonitor:AnomalyMonitor": [
        Example(
            {
                "name": "lake-monitor",
                "monitorType": "CUSTOM",
                "monitorSpecification": json.dumps(_PROJECT),
                "tags": {"component": "cost-guard"},
            },
            {"name": "lake-anomalies", "tags": {"owner": "data"}},
        ),
        Example(
            {"name": "services", "monitorType": "DIMENSIONAL", "monitorDimension": "SERVICE"},
            {"name": "by-service"},
        ),
    ],
    "aws:costexplorer/anomalySubscription:AnomalySubscription": [
        Example(
            {
                "name": "lake-subscription",
                "accountId": ACCOUNT,
                "frequency": "IMMEDIATE",
                "monitorArnLists": ["${monitor.arn}"],
                "subscribers": [{"type": "SNS", "address": _TOPIC}],
                "thresholdExpression": _above("50"),
                "tags": {"component": "cost-guard"},
            },
            {
                "frequency": "DAILY",
                "subscribers": [{"type": "EMAIL", "address": "data@example.com"}],
                "thresholdExpression": _above("75"),
                "tags": {"owner": "data"},
            },
            _MONITOR,
        )
    ],
}
