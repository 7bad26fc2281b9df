"""Examples of QuickSight's resources and of the stack that makes dashboards."""

from __future__ import annotations

import json

from tests.local.provider.example_support import ACCOUNT, Example, Inputs
from tests.local.provider.network_examples import GROUP, SUBNETS

_QUICKSIGHT = f"arn:aws:quicksight:eu-west-1:{ACCOUNT}:"
_OWNERS = f"{_QUICKSIGHT}group/default/engineers"
_ANALYSTS = f"{_QUICKSIGHT}group/default/analysts"
_SOURCE: Inputs = {
    "dataSourceId": "lake",
    "name": "Energy data lake",
    "type": "ATHENA",
    "parameters": {"athena": {"workGroup": "reporting"}},
}
SOURCE = {"source": ("aws:quicksight/dataSource:DataSource", _SOURCE)}


def _granted(principal: str, *actions: str) -> list[Inputs]:
    return [{"principal": principal, "actions": [f"quicksight:{action}" for action in actions]}]


def _table(*columns: str) -> list[Inputs]:
    relational = {
        "dataSourceArn": "${source.arn}",
        "catalog": "AwsDataCatalog",
        "schema": "energy_curated",
        "name": "client_analytics",
        "inputColumns": [{"name": name, "type": "STRING"} for name in columns],
    }
    return [{"physicalTableMapId": "client-analytics", "relationalTable": relational}]


def _data_set(name: str) -> Inputs:
    return {
        "dataSetId": name,
        "name": name,
        "importMode": "SPICE",
        "physicalTableMaps": _table("client_id", "month"),
    }


def _daily(at: str) -> Inputs:
    frequency = {"interval": "DAILY", "timeOfTheDay": at, "timezone": "UTC"}
    return {"refreshType": "FULL_REFRESH", "scheduleFrequency": frequency}


def _template(title: str) -> str:
    properties = {
        "AwsAccountId": ACCOUNT,
        "DashboardId": "lake-consumption",
        "Name": title,
        "Definition": {"DataSetIdentifierDeclarations": [], "Sheets": []},
        "Permissions": [{"Principal": _ANALYSTS, "Actions": ["quicksight:DescribeDashboard"]}],
    }
    dashboard = {"Type": "AWS::QuickSight::Dashboard", "Properties": properties}
    outputs = {"Arn": {"Value": {"Fn::GetAtt": ["Consumption", "Arn"]}}}
    return json.dumps(
        {
            "AWSTemplateFormatVersion": "2010-09-09",
            "Resources": {"Consumption": dashboard},
            "Outputs": outputs,
        }
    )


EXAMPLES: dict[str, list[Example]] = {
    "aws:quicksight/group:Group": [
        Example(
            {"groupName": "analysts", "awsAccountId": ACCOUNT, "description": "who analyse"},
            {"description": "analysts of the lake"},
        )
    ],
    "aws:quicksight/dataSource:DataSource": [
        Example(
            {
                **_SOURCE,
                "dataSourceId": "athena",
                "sslProperties": {"disableSsl": False},
                "permissions": _granted(_OWNERS, "DescribeDataSource", "PassDataSource"),
                "tags": {"component": "business-intelligence"},
            },
            {
                "name": "The lake",
                "parameters": {"athena": {"workGroup": "analysts", "roleArn": "arn:aws:iam::1:role/q"}},
                "permissions": [
                    *_granted(_OWNERS, "DescribeDataSource"),
                    *_granted(_ANALYSTS, "DescribeDataSource"),
                ],
                "tags": {"owner": "data"},
            },
        ),
        Example(
            {
                "dataSourceId": "warehouse",
                "name": "Energy warehouse",
                "type": "REDSHIFT",
                "parameters": {"redshift": {"clusterId": "lake", "database": "energy"}},
                "credentials": {"secretArn": f"arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret:reader"},
                "vpcConnectionProperties": {"vpcConnectionArn": f"{_QUICKSIGHT}vpcConnection/lake"},
            },
            {"credentials": {"secretArn": f"arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret:other"}},
        ),
    ],
    "aws:quicksight/dataSet:DataSet": [
        Example(
            {
                **_data_set("clients"),
                "awsAccountId": ACCOUNT,
                "permissions": _granted(_OWNERS, "DescribeDataSet", "PassDataSet"),
                "tags": {"component": "business-intelligence"},
            },
            {
                "name": "client analytics",
                "importMode": "DIRECT_QUERY",
                "physicalTableMaps": _table("client_id", "month", "mwh"),
                "permissions": _granted(_OWNERS, "DescribeDataSet"),
                "tags": {},
            },
            SOURCE,
        )
    ],
    "aws:quicksight/refreshSchedule:RefreshSchedule": [
        Example(
            {"dataSetId": "${set.dataSetId}", "scheduleId": "daily", "schedule": _daily("06:00")},
            {"schedule": _daily("07:00")},
            {**SOURCE, "set": ("aws:quicksight/dataSet:DataSet", _data_set("refreshed"))},
        )
    ],
    "aws:quicksight/vpcConnection:VpcConnection": [
        Example(
            {
                "vpcConnectionId": "lake",
                "name": "lake",
                "roleArn": f"arn:aws:iam::{ACCOUNT}:role/quicksight-network",
                "securityGroupIds": ["${group.id}"],
                "subnetIds": ["${one.id}", "${two.id}"],
                "tags": {"component": "business-intelligence"},
            },
            {"name": "the lake", "securityGroupIds": ["${peer.id}"], "tags": {"owner": "data"}},
            {**SUBNETS, **GROUP},
        )
    ],
    "aws:cloudformation/stack:Stack": [
        Example(
            {
                "name": "lake-dashboards",
                "templateBody": _template("Consumption"),
                "onFailure": "ROLLBACK",
                "timeoutInMinutes": 15,
                "tags": {"component": "business-intelligence"},
            },
            {"templateBody": _template("Daily consumption"), "tags": {"owner": "data"}},
        )
    ],
}
