"""`status` and `stop`: what of this clone is there and runs, and ending it."""

from __future__ import annotations

from typing import Any

from rich.markup import escape
from rich.table import Table

from etl.catalog import Zone
from local import console
from local.aws import Cloud
from local.commands import layout, measured, session
from local.emulator import process
from local.engine import instance, recovery


def status() -> None:
    """Show the embedded AWS, the stack, the last pipeline run, what runs measured, and what tables hold."""
    workspace = session.workspace()
    output = console.output()
    running = process.find(layout.ROOT, layout.STACK)
    if running is None:
        output.print("[bold]embedded AWS[/]  not running")
    else:
        output.print(f"[bold]embedded AWS[/]  {running.endpoint}  [dim]process {running.pid}[/]")
    held = recovery.resources(workspace)
    if running is None or instance.agreed(workspace) is None or not held:
        gone = (
            f", with {len(held)} resources when it was last deployed; ./lake up local rebuilds it"
            if held
            else ""
        )
        output.print(f"[bold]stack {layout.STACK}[/]   not deployed{gone}")
        return
    unfinished = recovery.pending(workspace)
    doubt = f", {len(unfinished)} of them unfinished: ./lake up local goes on" if unfinished else ""
    output.print(f"[bold]stack {layout.STACK}[/]   {len(held)} resources{doubt}")
    cloud = Cloud(running.endpoint)
    _print_runs(cloud)
    if found := measured.runs(cloud):
        console.output().print(measured.table(found))
    _print_volumes(cloud)


def stop() -> None:
    """End the embedded AWS of this clone; what it holds is gone, and the next `up local` builds it anew."""
    if process.stop(layout.ROOT, layout.STACK):
        console.messages().print("The embedded AWS has ended.")
    else:
        console.messages().print("The embedded AWS was not running.")


def _print_runs(cloud: Cloud) -> None:
    glue = cloud.client("glue")
    for name in sorted(glue.list_workflows()["Workflows"]):
        runs = glue.get_workflow_runs(Name=name)["Runs"]
        waiting = cloud.control("GET", f"workflows/{name}/pending")
        count = len(waiting) if isinstance(waiting, list) else len(waiting.get("events", []))
        ahead = f"; {count} deliveries wait: ./lake run" if count else ""
        last = max(runs, key=lambda run: run["StartedOn"], default=None)
        told = "never ran" if last is None else f"{_ending(last)}, {last['StartedOn']:%Y-%m-%d %H:%M:%S}"
        console.output().print(f"[bold]pipeline[/]      {escape(name)}: {told}{ahead}", soft_wrap=True)


def _ending(run: dict[str, Any]) -> str:
    statistics = run.get("Statistics", {})
    actions = (
        f"{statistics.get('SucceededActions', 0)} of {statistics.get('TotalActions', 0)} steps succeeded"
    )
    return f"{run['Status'].lower()} ({actions})"


def _print_volumes(cloud: Cloud) -> None:
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("data")
    for column in ("objects", "bytes"):
        table.add_column(column, justify="right")
    for place, (objects, size) in sorted(volumes(cloud).items(), key=lambda item: _order(item[0])):
        table.add_row(escape(place), f"{objects:,}", f"{size:,}")
    console.output().print(table)


def volumes(cloud: Cloud) -> dict[str, tuple[int, int]]:
    """Count objects and bytes of each table's folder, `<zone>/<table>`, in the data bucket."""
    found: dict[str, tuple[int, int]] = {}
    for page in cloud.client("s3").get_paginator("list_objects_v2").paginate(Bucket=layout.BUCKET):
        for item in page.get("Contents", []):
            zone, _, rest = item["Key"].partition("/")
            place = f"{zone}/{rest.split('/')[0]}"
            if rest.startswith("_") or item["Key"].endswith("/"):
                continue
            objects, size = found.get(place, (0, 0))
            found[place] = (objects + 1, size + item["Size"])
    return found


def _order(place: str) -> tuple[int, str]:
    zones = [zone.value for zone in Zone]
    zone = place.split("/", maxsplit=1)[0]
    return (zones.index(zone) if zone in zones else len(zones), place)
