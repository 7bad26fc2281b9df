"""The CloudFormation template of the dashboards, which are declared by their definitions only there.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-quicksight-dashboard.html
"""

from collections.abc import Mapping, Sequence
from typing import Any

from components.bi_visuals import BoardPlan, Measure, Visual
from etl.catalog import Column, Table

Part = dict[str, Any]

COLUMN_TYPES = {
    "string": "STRING",
    "int": "INTEGER",
    "bigint": "INTEGER",
    "double": "DECIMAL",
    "decimal": "DECIMAL",
    "date": "DATETIME",
    "timestamp": "DATETIME",
    "boolean": "BOOLEAN",
}
"""QuickSight's column types by Hive's."""
VIEW_ACTIONS = (
    "quicksight:DescribeDashboard",
    "quicksight:ListDashboardVersions",
    "quicksight:QueryDashboard",
)
_SHAPES = {"line": "LineChart", "bar": "BarChart", "kpi": "KPI", "table": "Table"}


def column_type(column: Column) -> str:
    """Return QuickSight's type of a contract's column; KeyError for a type it cannot show."""
    return COLUMN_TYPES[column.type.partition("(")[0]]


def template(
    boards: Sequence[BoardPlan],
    tables: Mapping[str, Table],
    *,
    account: str,
    prefix: str,
    data_set_arns: Mapping[str, str],
    viewers: Sequence[str],
    tags: Mapping[str, str],
) -> Part:
    """Build the template: a dashboard a board over the data sets by table; `viewers` are principals' ARNs."""
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "Dashboards of the energy data lake",
        "Resources": {
            "".join(word.title() for word in board.name.split("-")): {
                "Type": "AWS::QuickSight::Dashboard",
                "Properties": {
                    "AwsAccountId": account,
                    "DashboardId": f"{prefix}-{board.name}",
                    "Name": board.title,
                    "Definition": _definition(board, tables, data_set_arns),
                    "Permissions": [
                        {"Principal": viewer, "Actions": list(VIEW_ACTIONS)} for viewer in viewers
                    ],
                    "DashboardPublishOptions": {"ExportToCSVOption": {"AvailabilityStatus": "DISABLED"}},
                    "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
                },
            }
            for board in boards
        },
    }


def _definition(board: BoardPlan, tables: Mapping[str, Table], arns: Mapping[str, str]) -> Part:
    used = dict.fromkeys(visual.table for visual in board.visuals)
    return {
        "DataSetIdentifierDeclarations": [{"Identifier": table, "DataSetArn": arns[table]} for table in used],
        "Sheets": [
            {
                "SheetId": board.name,
                "Name": board.title,
                "Visuals": [
                    _visual(f"{board.name}-{number}", visual, tables[visual.table])
                    for number, visual in enumerate(board.visuals)
                ],
            }
        ],
    }


def _visual(identity: str, visual: Visual, table: Table) -> Part:
    values = [
        _measure(f"{identity}-value-{n}", visual.table, measure) for n, measure in enumerate(visual.measures)
    ]
    axis = [] if visual.by is None else [_dimension(f"{identity}-by", table, visual.by)]
    colours = [] if visual.colour is None else [_dimension(f"{identity}-colour", table, visual.colour)]
    if visual.kind == "kpi":
        wells: Part = {"Values": values}
    elif visual.kind == "table":
        wells = {"TableAggregatedFieldWells": {"GroupBy": axis, "Values": values}}
    else:
        inner = {"Category": axis, "Values": values, "Colors": colours}
        wells = {f"{_SHAPES[visual.kind]}AggregatedFieldWells": inner}
    return {
        f"{_SHAPES[visual.kind]}Visual": {
            "VisualId": identity,
            "Title": {"Visibility": "VISIBLE", "FormatText": {"PlainText": visual.title}},
            "ChartConfiguration": {"FieldWells": wells},
        }
    }


def _measure(identity: str, table: str, measure: Measure) -> Part:
    return {
        "NumericalMeasureField": {
            "FieldId": identity,
            "Column": {"DataSetIdentifier": table, "ColumnName": measure.column},
            "AggregationFunction": {"SimpleNumericalAggregation": measure.aggregation},
        }
    }


def _dimension(identity: str, table: Table, name: str) -> Part:
    column = next(column for column in (*table.columns, *table.partitions) if column.name == name)
    field: Part = {
        "FieldId": identity,
        "Column": {"DataSetIdentifier": table.name, "ColumnName": name},
    }
    if column_type(column) == "DATETIME":
        grain = "MONTH" if name.endswith("month") else "DAY"
        return {"DateDimensionField": field | {"DateGranularity": grain}}
    return {"CategoricalDimensionField": field}
