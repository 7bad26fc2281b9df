"""QuickSight's dashboards: data sets imported as their data source's role may read them, visuals computed.

The definitions are read back from the deployed dashboards, so a column that a visual names and its data set
does not have, or that the role may not see, fails here as it would in QuickSight.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from etl.errors import DataLakeError
from local import athena
from local.aws import Cloud
from local.boards.chart import Board, Chart, Kind

SHOWN = 15
"""Categories of a bar chart and rows of a table that are shown, the largest first."""

_SHAPES: Mapping[str, Kind] = {
    "LineChartVisual": "line",
    "BarChartVisual": "bar",
    "KPIVisual": "kpi",
    "TableVisual": "table",
}
_WELLS = ("LineChartAggregatedFieldWells", "BarChartAggregatedFieldWells", "TableAggregatedFieldWells")
Row = Mapping[str, Any]


class BoardError(DataLakeError):
    """A deployed dashboard cannot be shown."""


@dataclass(frozen=True)
class _Field:
    table: str
    column: str
    aggregation: str | None = None

    @property
    def label(self) -> str:
        return self.column.replace("_", " ")


def boards(cloud: Cloud, work: Path) -> list[Board]:
    """Return QuickSight's dashboards with their numbers, by name.

    Raises:
        BoardError: a visual names what its data set does not have.
        QueryError: a data set's role may not read its table.

    """
    account = cloud.client("sts").get_caller_identity()["Account"]
    client = cloud.client("quicksight")
    sets = _DataSets(cloud, account, work)
    found = []
    listed = client.list_dashboards(AwsAccountId=account)["DashboardSummaryList"]
    for each in sorted(listed, key=lambda one: one["Name"]):
        definition = client.describe_dashboard_definition(
            AwsAccountId=account, DashboardId=each["DashboardId"]
        )["Definition"]
        arns = {one["Identifier"]: one["DataSetArn"] for one in definition["DataSetIdentifierDeclarations"]}
        charts = tuple(
            _chart(kind, visual, sets, arns)
            for sheet in definition["Sheets"]
            for one in sheet["Visuals"]
            for kind, visual in one.items()
        )
        found.append(Board("QuickSight", each["DashboardId"], each["Name"], charts))
    return found


class _DataSets:
    """Data sets by ARN, each imported once."""

    def __init__(self, cloud: Cloud, account: str, work: Path) -> None:
        self._cloud, self._account, self._work = cloud, account, work
        self._client = cloud.client("quicksight")
        self._imported: dict[str, list[Row]] = {}

    def rows(self, arn: str) -> list[Row]:
        if arn not in self._imported:
            self._imported[arn] = self._import(arn.rsplit("/", 1)[-1])
        return self._imported[arn]

    def _import(self, identifier: str) -> list[Row]:
        held = self._client.describe_data_set(AwsAccountId=self._account, DataSetId=identifier)["DataSet"]
        (physical,) = held["PhysicalTableMap"].values()
        table = physical["RelationalTable"]
        source = self._client.describe_data_source(
            AwsAccountId=self._account, DataSourceId=table["DataSourceArn"].rsplit("/", 1)[-1]
        )["DataSource"]["DataSourceParameters"]["AthenaParameters"]
        reader = athena.Reader(self._cloud, source["RoleArn"].rsplit("/", 1)[-1])
        reader.admit(source["WorkGroup"])
        columns = ", ".join(f'"{column["Name"]}"' for column in table["InputColumns"])
        answer = athena.execute(
            self._cloud,
            source["WorkGroup"],
            f'SELECT {columns} FROM "{table["Schema"]}"."{table["Name"]}"',
            work=self._work,
            access=reader,
            on_access=reader.record,
        )
        return [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]


def _chart(shape: str, visual: Mapping[str, Any], sets: _DataSets, arns: Mapping[str, str]) -> Chart:
    title = visual["Title"]["FormatText"]["PlainText"]
    if shape not in _SHAPES:
        raise BoardError(f"the visual {title!r} is a {shape}, which cannot be drawn")
    kind = _SHAPES[shape]
    wells = visual["ChartConfiguration"]["FieldWells"]
    wells = next((wells[name] for name in _WELLS if name in wells), wells)
    axis = list(map(_field, wells.get("Category") or wells.get("GroupBy") or ()))
    colours = list(map(_field, wells.get("Colors") or ()))
    values = list(map(_field, wells["Values"]))
    rows = sets.rows(arns[values[0].table])
    for field in (*axis, *colours, *values):
        if rows and field.column not in rows[0]:
            raise BoardError(f"the visual {title!r} names {field.column}, which its data set does not have")
    groups = _grouped(rows, [field.column for field in axis])
    labels = [" ".join(map(_text, key)) for key in groups] if axis else [""]
    series = dict(_series(groups.values() if axis else [rows], values, colours))
    note = ""
    if kind in ("bar", "table") and len(labels) > SHOWN:
        first = next(iter(series.values()))
        order = sorted(range(len(labels)), key=lambda place: -(first[place] or 0.0))[:SHOWN]
        note = f"the {SHOWN} largest of {len(labels)}"
        labels = [labels[place] for place in order]
        series = {name: [numbers[place] for place in order] for name, numbers in series.items()}
    return Chart(kind, title, labels, series, note=note)


def _field(raw: Mapping[str, Any]) -> _Field:
    (content,) = raw.values()
    aggregation = (content.get("AggregationFunction") or {}).get("SimpleNumericalAggregation")
    return _Field(content["Column"]["DataSetIdentifier"], content["Column"]["ColumnName"], aggregation)


def _grouped(rows: Iterable[Row], columns: Sequence[str]) -> dict[tuple[Any, ...], list[Row]]:
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(tuple(row[column] for column in columns), []).append(row)
    return dict(sorted(groups.items(), key=lambda each: tuple(map(str, each[0]))))


def _series(
    groups: Iterable[list[Row]], values: Sequence[_Field], colours: Sequence[_Field]
) -> Iterator[tuple[str, list[float | None]]]:
    held = list(groups)
    if not colours:
        for value in values:
            yield value.label, [_aggregated(group, value) for group in held]
        return
    (colour,), (value,) = colours, values
    shades = sorted({str(row[colour.column]) for group in held for row in group})
    for shade in shades:
        parts = [[row for row in group if str(row[colour.column]) == shade] for group in held]
        yield shade, [_aggregated(part, value) for part in parts]


def _aggregated(rows: Sequence[Row], value: _Field) -> float | None:
    numbers = [row[value.column] for row in rows if row[value.column] is not None]
    if not numbers:
        return None
    exact = [Decimal(str(number)) for number in numbers]
    total = {
        "SUM": lambda: sum(exact, Decimal(0)),
        "AVERAGE": lambda: sum(exact, Decimal(0)) / len(exact),
        "MAX": lambda: max(exact),
        "MIN": lambda: min(exact),
    }[value.aggregation or "SUM"]()
    return float(total)


def _text(value: Any) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)
