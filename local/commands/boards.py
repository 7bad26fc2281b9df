"""`dashboards`: the deployed dashboards of the embedded stack, drawn with what it holds."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Annotated

import typer

from etl.errors import DataLakeError
from local import console
from local.aws import Cloud
from local.boards import cloudwatch, quicksight
from local.boards.page import page
from local.commands import layout, session


def dashboards(
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The HTML file to write. Default: .lake/local/dashboards.html."),
    ] = None,
) -> None:
    """Draw the dashboards that are deployed, QuickSight's and CloudWatch's, with what the lake holds now.

    QuickSight's data sets are read under the role of their data source: what it may not see is not shown.
    """
    draw(session.deployed(), out)


def draw(cloud: Cloud, out: Path | None = None) -> Path:
    """Write the page and return its file."""
    file = out or layout.ROOT / ".lake" / layout.STACK / "dashboards.html"
    with console.step("Drawing the dashboards") as step:
        boards = [*quicksight.boards(cloud, layout.work()), *cloudwatch.boards(cloud)]
        now = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC")
        try:
            file.write_text(page(layout.STACK, boards, now), encoding="utf-8")
        except OSError as error:
            raise DataLakeError(
                f"the page cannot be written: {error.strerror}", where=str(file), fix="name another --out"
            ) from error
        step.finish(
            f"{len(boards)} dashboards, {sum(len(board.charts) for board in boards)} charts in {file}"
        )
    return file
