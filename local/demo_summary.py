"""The last page of the demo: what is deployed, what the policies said, what became of the data, what next."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from local.commands.report import rows_table
from local.provider.table import standing

SHOWN = 5
"""Rows of each gold table that are shown."""

REASONS = 12
"""Reasons for rejection that are listed one by one."""

GOLD = {
    "daily_energy_consumption": (
        "analysts",
        "delivery_date, client_id, bidding_zone, bought_mwh, sold_mwh, net_cost_eur, completeness",
        "delivery_date, bought_mwh DESC, client_id",
    ),
    "provider_performance": (
        "reporting",
        "delivery_date, provider_id, delivered_mwh, vwap_eur_mwh, market_share, cancel_rate",
        "delivery_date, delivered_mwh DESC, provider_id",
    ),
    "client_analytics": (
        "data-science",
        "delivery_month, client_id, consumption_mwh, avg_price_eur_mwh, peak_share, rank_by_consumption",
        "delivery_month, rank_by_consumption, client_id",
    ),
}
"""The gold tables: the workgroup that asks, the columns shown, and the order."""

NEXT = (
    (
        './lake query analysts "SELECT * FROM energy_processed_local.quarantine LIMIT 5"',
        "rejected rows, and why",
    ),
    (
        './lake query --as analysts analysts "SELECT * FROM energy_processed_local.clients LIMIT 5"',
        "what analysts may see of clients",
    ),
    ('./lake query --warehouse "SELECT * FROM reporting.zone_position"', "the warehouse, in Redshift's SQL"),
    ("./lake put transactions FILE.csv --date 2026-03-31", "a file of your own, then ./lake run"),
    ("./lake status", "what is up, and how much it holds"),
    ("./lake preview prod", "the same program, planned for production"),
    ("./lake destroy local", "take it down; ./lake stop ends the embedded AWS"),
)


@dataclass
class Account:
    """What a demo did, gathered for its summary.

    `resources` is the stack's state (dicts with `type` and `urn`), `judged` the policy pack's report,
    `intake` the lake's rows by dataset and verdict, `gold` the first rows of each gold table as (columns,
    rows), `warehouse` the rows and views of its schemas, `quarantined` the rejected rows by dataset and
    reason, `page` the file of the drawn dashboards, `seconds` the time of each phase by name.
    """

    resources: Sequence[Mapping[str, Any]] = ()
    judged: Mapping[str, Any] = field(default_factory=dict)
    intake: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    gold: dict[str, tuple[Sequence[str], Sequence[Sequence[Any]]]] = field(default_factory=dict)
    warehouse: Mapping[str, int] = field(default_factory=dict)
    page: Path | None = None
    quarantined: Sequence[Sequence[Any]] = ()
    seconds: dict[str, float] = field(default_factory=dict)


def show(output: Console, account: Account) -> None:
    """Print the summary."""
    output.print()
    output.rule("[bold]The data lake is up", align="left", style="dim")
    output.print(components_table(account.resources))
    output.print(policies_line(account.judged))
    output.print()
    output.rule("[bold]What became of the data", align="left", style="dim")
    output.print(intake_table(account.intake))
    if account.quarantined:
        output.print()
        output.print(quarantine_table(account.quarantined))
    output.print()
    output.rule("[bold]Gold", align="left", style="dim")
    for name, (columns, rows) in account.gold.items():
        texts = [tuple(_shown(value) for value in row) for row in rows]
        numeric = frozenset(
            column for place, column in enumerate(columns) if all(_is_number(row[place]) for row in rows)
        )
        output.print(rows_table(f"{name} (workgroup {GOLD[name][0]})", list(columns), texts, numeric))
    if account.warehouse:
        output.print(
            "[green]✓[/] warehouse: {raw_data:,} rows in raw_data, {analytics:,} in analytics,"
            " {reporting} views in reporting".format(**account.warehouse)
        )
    output.print()
    output.rule("[bold]Where to look next", align="left", style="dim")
    if account.page is not None:
        output.print(f"  [cyan]{escape(str(account.page))}[/]", soft_wrap=True)
        output.print("      [dim]the deployed dashboards, drawn: open it in a browser[/]")
    for command, purpose in NEXT:
        output.print(f"  [cyan]{escape(command)}[/]\n      [dim]{purpose}[/]", soft_wrap=True)
    spent = " · ".join(f"{name} {seconds:.1f} s" for name, seconds in account.seconds.items())
    output.print(f"\n[dim]{spent} · together {sum(account.seconds.values()):.1f} s[/]")


def components_table(resources: Sequence[Mapping[str, Any]]) -> Table:
    """Make the table of components: how many resources were really created, how many only recorded."""
    counts: dict[str, Counter[str]] = {}
    kinds: dict[str, Counter[str]] = {}
    for resource in resources:
        token = str(resource["type"])
        if not token.startswith("aws:"):
            continue
        component = component_of(str(resource["urn"]))
        counts.setdefault(component, Counter())[standing(token) or "created"] += 1
        kinds.setdefault(component, Counter())[token.split(":")[1].split("/", maxsplit=1)[0]] += 1
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("component")
    table.add_column("created", justify="right")
    table.add_column("recorded", justify="right")
    table.add_column("in AWS services", style="dim")
    for component, count in sorted(counts.items()):
        services = ", ".join(name for name, _ in kinds[component].most_common())
        table.add_row(component, str(count["created"]), str(count["recorded"] or "—"), services)
    total = sum(counts.values(), Counter())
    table.add_section()
    table.add_row("[bold]all[/]", f"[bold]{total['created']}[/]", str(total["recorded"] or "—"), "")
    return table


def component_of(urn: str) -> str:
    """Name the outermost component that a resource belongs to; `program` when there is none."""
    outermost = urn.split("::")[2].split("$", maxsplit=1)[0]
    return outermost.split(":")[-1] if outermost.startswith("energylake:") else "program"


def policies_line(judged: Mapping[str, Any]) -> str:
    """Say what the policy pack looked at and found, from its report."""
    controls = judged.get("controls") or []
    if not controls:
        return "[yellow]The policy pack left no report.[/]"
    failed = sum(bool(control["verdicts"].get("FAIL")) for control in controls)
    open_ones = sum(bool(control["verdicts"].get("UNVERIFIED")) for control in controls)
    passed = len(controls) - failed - open_ones
    doubt = f", {open_ones} could not decide everything" if open_ones else ""
    mark = "[green]✓[/]" if not failed else "[red]✗[/]"
    return (
        f"{mark} policy pack {judged['version']}: {passed} of {len(controls)} controls passed on"
        f" {judged['resources']} resources{doubt}, {judged['verdicts'].get('PASS', 0):,} checks in all"
    )


def intake_table(intake: Mapping[str, Mapping[str, int]]) -> Table:
    """Make the table of delivered rows by dataset: each is good, rejected or a duplicate."""
    names = ("rows_in", "good", "rejected", "duplicates")
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("dataset")
    for name in names:
        table.add_column(name.replace("_", " "), justify="right")
    for dataset, counts in sorted(intake.items()):
        table.add_row(dataset, *(f"{counts[name]:,}" for name in names))
    return table


def quarantine_table(quarantined: Sequence[Sequence[Any]]) -> Table:
    """Make the table of rejected rows by dataset and reason, the most frequent first."""
    rows = [(dataset, reason, f"{count:,}") for dataset, reason, count in quarantined[:REASONS]]
    if rest := quarantined[REASONS:]:
        rows.append(("", f"{len(rest)} more reasons", f"{sum(count for *_, count in rest):,}"))
    return rows_table("Quarantined, by reason", ["dataset", "reason", "rows"], rows, frozenset({"rows"}))


def judged(report: Path) -> Mapping[str, Any]:
    """Read the policy pack's report; empty when it left none."""
    content = json.loads(report.read_text(encoding="utf-8")) if report.is_file() else {}
    return content if isinstance(content, dict) else {}


def _is_number(value: Any) -> bool:
    return value is None or (not isinstance(value, str) and hasattr(value, "__float__"))


def _shown(value: Any) -> str:
    if value is None:
        return "—"
    return f"{value:,.2f}" if _is_number(value) and not isinstance(value, int) else str(value)
