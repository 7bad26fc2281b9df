"""`put`, `run`, `replay`, `query`: files into the lake, the pipeline over them, questions to the result."""

from __future__ import annotations

import csv
import datetime
import json
import sys
from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from etl.contract import RAW_DATASETS, load
from etl.store import S3Store
from local import athena, console
from local.aws import Cloud
from local.commands import alarms, headers, layout, measured, pipeline, quarantine, session
from local.commands.errors import Refused, UsageError
from local.commands.report import rows_table
from local.runner.report import WorkflowReport
from local.warehouse import query as warehouse


class Format(StrEnum):
    """How a query's rows are printed."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


def put(
    dataset: Annotated[str, typer.Argument(help="providers, clients or transactions.")],
    files: Annotated[list[Path], typer.Argument(help="CSV files with a header line.", metavar="FILE...")],
    date: Annotated[str, typer.Option(help="The load date, YYYY-MM-DD: the folder the files go to.")],
) -> None:
    """Deliver CSV files to the lake's raw zone, as a source system would; `run` then processes them.

    A file of the same name and date replaces the one delivered before. A file that breaks the data contract
    ends in quarantine with the reasons, line by line; nothing that is published changes by it.
    """
    known = list(RAW_DATASETS)
    if dataset not in known:
        raise UsageError(f"there is no dataset {dataset!r}", fix=f"use one of {', '.join(known)}")
    day = _date(date)
    for file in files:
        if not file.is_file():
            raise UsageError(f"{file} is not a file", fix="name CSV files that exist")
        if file.suffix.lower() != ".csv":
            raise UsageError(
                f"{file} is not a .csv file", fix="the pipeline reads *.csv: rename or convert it"
            )
    if len({file.name for file in files}) < len(files):
        raise UsageError(
            "two of the files have the same name", fix="one would replace the other: rename them"
        )
    cloud = session.deployed()
    with console.step(f"Delivering {dataset} of {day}") as step:
        for number, file in enumerate(files, 1):
            step.update(file.name, number / len(files))
            key = pipeline.deliver(cloud, dataset, day, file)
            step.note(f"    {file} → {key}")
            if fault := headers.fault(file, load(dataset)):
                step.note(f"    {file.name}: {fault}; the whole file will go to quarantine")
        step.finish(f"{len(files)} file{'s' if len(files) != 1 else ''}; ./lake run processes them")


def run() -> None:
    """Run the pipeline as it is deployed: every workflow that delivered files have started, to its end.

    Exit code 3 when a data-quality threshold was breached: then nothing of that batch was published.
    """
    cloud = session.deployed()
    reports = pipeline.run(cloud)
    if not reports:
        console.messages().print("Nothing to do: no file was delivered since the last run.")
    _tell(cloud, reports)


def replay() -> None:
    """Judge rejected records again that may be good now, and compute only what they touch.

    Those are the deliveries with a client or provider that was unknown or not valid and has been delivered
    since, and all deliveries whose rules were changed (deploy them with `up` first). Needs their files in the
    raw zone. Exit code 3 when a data-quality threshold was breached.
    """
    cloud = session.deployed()
    reports = pipeline.replay(cloud)
    _tell(cloud, reports)


def query(
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="[WORKGROUP] SQL",
            help="The workgroup (analysts, reporting or data-science) unless --warehouse is given, and one"
            " statement; - reads it from standard input.",
        ),
    ],
    output: Annotated[Format, typer.Option("--format", help="How to print the rows.")] = Format.TABLE,
    persona: Annotated[
        str | None,
        typer.Option(
            "--as",
            metavar="PERSONA",
            help="Ask as data-engineers, analysts, reporting or data-science: IAM and Lake Formation decide"
            " what they see. Without it the lake's administrator asks, who sees everything.",
        ),
    ] = None,
    of_warehouse: Annotated[
        bool, typer.Option("--warehouse", help="Ask the warehouse, in Redshift's SQL, not the lake.")
    ] = False,
) -> None:
    """Ask the lake in Athena's SQL, in a workgroup and within its limits, or the warehouse in Redshift's.

    Rows go to standard output; bytes scanned, time and the result's place to standard error. Exit code 2 when
    the statement would be refused, 3 when a limit of the workgroup cancelled it or the persona may not ask.
    """
    wanted = ["SQL"] if of_warehouse else ["WORKGROUP", "SQL"]
    if len(words) != len(wanted):
        raise UsageError(
            f"query takes {' and '.join(wanted)} here, not {len(words)} words",
            fix="quote the statement; see ./lake query --help",
        )
    if of_warehouse and persona:
        raise UsageError("--as is about the lake", fix="leave it out, or --warehouse")
    text = sys.stdin.read() if words[-1] == "-" else words[-1]
    if of_warehouse:
        _query_warehouse(text, output)
    else:
        _query_lake(words[0], text, output, persona)


def _query_warehouse(text: str, output: Format) -> None:
    try:
        answer = warehouse.ask(session.deployed(), text)
    except warehouse.WarehouseQueryError as error:
        raise UsageError(error.what, where=error.where, fix=error.fix) from error
    if answer.columns:
        print_rows(answer.columns, answer.rows, output)
    count = f"{len(answer.rows)} row{'s' if len(answer.rows) != 1 else ''}"
    console.messages().print(f"[dim]{count} · {answer.seconds:.2f} s · warehouse[/]")


def _query_lake(workgroup: str, text: str, output: Format, persona: str | None) -> None:
    try:
        result = ask(session.deployed(), workgroup, text, persona)
    except athena.QueryError as error:
        kind = Refused if error.state == "CANCELLED" or error.code == "ACCESS_DENIED" else UsageError
        raise kind(error.reason, where=error.where, fix=error.fix) from error
    print_rows(result.columns, result.rows, output)
    count = f"{len(result.rows)} row{'s' if len(result.rows) != 1 else ''}"
    console.messages().print(
        f"[dim]{count} · {result.bytes_scanned:,} bytes scanned · {result.seconds:.2f} s ·"
        f" {result.output_location}[/]",
        soft_wrap=True,
    )


def ask(cloud: Cloud, workgroup: str, sql: str, persona: str | None = None) -> athena.QueryResult:
    """Run a statement as a persona's role, or as the administrator. Raises QueryError."""
    if persona is None:
        return athena.execute(cloud, workgroup, sql, work=layout.work())
    reader = athena.Reader(cloud, layout.role(persona))
    reader.admit(workgroup)
    return athena.execute(cloud, workgroup, sql, work=layout.work(), access=reader, on_access=reader.record)


def print_rows(columns: Sequence[str], rows: Sequence[Sequence[Any]], form: Format) -> None:
    """Print rows on standard output; in CSV and JSON nothing is shortened."""
    if form is Format.CSV:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(["" if value is None else value for value in row] for row in rows)
    elif form is Format.JSON:
        records = [dict(zip(columns, row, strict=True)) for row in rows]
        sys.stdout.write(json.dumps(records, default=str, ensure_ascii=False, indent=2) + "\n")
    else:
        numeric = frozenset(
            name
            for place, name in enumerate(columns)
            if any(isinstance(row[place], int | float | Decimal) for row in rows)
        )
        console.output().print(
            rows_table("", list(columns), [tuple(map(shown, row)) for row in rows], numeric)
        )


def shown(value: Any) -> str:
    """Write one value as people read it."""
    return "" if value is None else str(value)


def _tell(cloud: Cloud, reports: Sequence[WorkflowReport]) -> None:
    """Print what runs did and what they put into quarantine; raise for those that did not succeed."""
    for report in reports:
        pipeline.print_report(console.output(), report)
    if text := quarantine.told(S3Store(layout.BUCKET, cloud.client("s3")), reports):
        console.output().print(f"[bold]What was rejected[/]\n{escape(text)}", soft_wrap=True, highlight=False)
    changes = alarms.evaluate(cloud, measured.namespaces(cloud)) if reports else []
    for change in changes:
        where = f" → {', '.join(change.told)}" if change.told else ""
        colour = "red" if change.state == alarms.ALARM else "green"
        line = f"{change.name}: {change.description or change.reason}{where}"
        console.output().print(f"[{colour}]{change.state}[/] {escape(line)}", soft_wrap=True, highlight=False)
    if any(not report.succeeded for report in reports):
        raise pipeline.failure(reports)


def _date(text: str) -> datetime.date:
    try:
        return datetime.date.fromisoformat(text)
    except ValueError as error:
        raise UsageError(
            f"{text!r} is not a date", fix="write it as YYYY-MM-DD, for instance 2026-03-29"
        ) from error
