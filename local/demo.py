"""`demo`: the whole path on this machine, from the program to queried gold tables."""

from __future__ import annotations

import contextlib
import datetime
import shutil
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer

from etl import generate, processed
from etl.errors import DataLakeError
from etl.store import S3Store
from local import athena, console, demo_summary
from local.aws import Cloud
from local.commands import boards, data, layout, pipeline, session, stacks
from local.demo_summary import Account
from local.engine import recovery
from local.warehouse import query

SEED = 2026

QUARANTINED = f"""
SELECT dataset, reason, count(*) AS rows
FROM energy_processed_{layout.STACK}.quarantine CROSS JOIN UNNEST(reasons) AS broken (reason)
GROUP BY dataset, reason ORDER BY rows DESC, dataset, reason"""


def demo(
    rows: Annotated[int, typer.Option(min=1, help="Transactions to generate, over all load dates.")] = 20_000,
) -> None:
    """Deploy the platform on an embedded AWS, bring three days of energy trades through it, query the result.

    Needs no AWS account. Everything stays up afterwards: query it, put your own files, see `./lake status`.
    Running it again changes nothing that is there already.
    """
    account = Account()
    stack = session.workspace()
    with _timed(account, "deploy"):
        deployment = stacks.deployment(layout.STACK)
        deployment.up()
    account.resources = recovery.resources(stack)
    account.judged = demo_summary.judged(stack.folder / "policy-report.json")
    cloud = session.deployed()
    with _timed(account, "generate"):
        days = _generated(rows)
    with _timed(account, "pipeline"):
        # History comes at once, as on a lake's first day; then the files of one more day, as on any other.
        for part in (days[:-1], days[-1:]):
            _delivered(cloud, part)
    with _timed(account, "query"), console.step("Querying the gold tables") as step:
        for table, (workgroup, columns, order) in demo_summary.GOLD.items():
            # Each workgroup is its persona's: what comes is what IAM and Lake Formation let that persona see.
            step.update(f"{table} in workgroup {workgroup}")
            place = f"energy_curated_{layout.STACK}.{table}"
            sql = f"SELECT {columns} FROM {place} ORDER BY {order} LIMIT {demo_summary.SHOWN}"
            result = data.ask(cloud, workgroup, sql, workgroup)
            if not result.rows:
                raise DataLakeError(
                    f"the pipeline succeeded but {place} is empty", fix="look at ./lake status"
                )
            account.gold[table] = (result.columns, result.rows)
        account.warehouse = query.held(cloud)
        account.intake = processed.totals(S3Store(layout.BUCKET, cloud.client("s3")))
        account.quarantined = athena.execute(cloud, "analysts", QUARANTINED, work=layout.work()).rows
    with _timed(account, "dashboards"):
        account.page = boards.draw(cloud)
    demo_summary.show(console.output(), account)


def _delivered(cloud: Cloud, days: Sequence[tuple[datetime.date, list[tuple[str, Path]]]]) -> None:
    """Deliver the files of some load dates and run what they start."""
    for day, files in days:
        with console.step(f"Delivering the files of {day}") as step:
            for number, (dataset, file) in enumerate(files, 1):
                step.update(file.name, number / len(files))
                pipeline.deliver(cloud, dataset, day, file)
            step.finish(f"{len(files)} files")
    reports = pipeline.run(cloud)
    if any(not report.succeeded for report in reports):
        raise pipeline.failure(reports)


@contextlib.contextmanager
def _timed(account: Account, phase: str) -> Iterator[None]:
    start = time.monotonic()
    yield
    account.seconds[phase] = time.monotonic() - start


def _generated(rows: int) -> list[tuple[datetime.date, list[tuple[str, Path]]]]:
    """Make the files of each load date; the same rows and seed give the same bytes."""
    folder = layout.work() / "generated"
    shutil.rmtree(folder, ignore_errors=True)
    with console.step("Generating three days of energy trades") as step:
        made = generate.generate(folder, seed=SEED, rows=rows)
        step.finish(f"{rows:,} transactions and {len(made.cases)} kinds of dirt in {len(made.files)} files")
    days: dict[datetime.date, list[tuple[str, Path]]] = {}
    for name in sorted(made.files):
        dataset, day, _ = name.split("/")
        days.setdefault(datetime.date.fromisoformat(day), []).append((dataset, folder / name))
    return sorted(days.items())
