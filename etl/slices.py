"""Which Gold partitions there are, what each is made of, and which are out of date; from indexes alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from etl import publish
from etl.contract import Contract
from etl.dimensions import processed_area
from etl.engine import model
from etl.market import Market
from etl.publish import Area, read_index
from etl.store import Store

MONTHLY = "client_analytics"


@dataclass(frozen=True, slots=True)
class Slice:
    """One Gold partition: its day (a month by its first day) and the Silver days it is made of.

    `open_digest` also covers client deliveries after the month; it counts while a client lacks a contracted
    power.
    """

    table: str
    day: str
    sources: tuple[str, ...]
    digest: str
    open_digest: str

    def is_due(self, published: Mapping[str, Any] | None) -> bool:
        """Whether what was published before is out of date."""
        if published is None:
            return True
        return bool(published["digest"] != (self.open_digest if published["open"] else self.digest))

    @property
    def key(self) -> str:
        """Key of its one Parquet object."""
        year, month, number = self.day.split("-")
        tail = "" if self.table == MONTHLY else f"day={number}/"
        return f"curated/{self.table}/year={year}/month={month}/{tail}part-00000.parquet"


@dataclass(frozen=True, slots=True)
class Silver:
    """What Silver holds: the partitions of transactions by day, and the index of clients."""

    transactions: Mapping[str, Any]
    clients: Mapping[str, Any]

    @classmethod
    def read(cls, store: Store) -> "Silver":
        """Read the committed indexes."""
        transactions, clients = (read_index(store, processed_area(d)) for d in ("transactions", "clients"))
        return cls(transactions["partitions"], clients)


def curated_area(table: str) -> Area:
    """Operations area of a Gold table."""
    return Area("curated/_ops/", table)


def clock(market: Market) -> list[Any]:
    """Return the settings of a market that Gold depends on: what was computed under others is out of date."""
    return [market.timezone, market.peak_hours, market.holidays]


def plan(
    silver: Silver, index: Mapping[str, Any], market: Market, contract: Contract, force: bool
) -> tuple[list[Slice], list[Slice], set[str]]:
    """Return all slices, those that are due, and the days published before that have no sources any more."""
    published = index["partitions"]
    models = [model("client_days")] if contract.name == MONTHLY else []
    models.append(model(contract.name))
    settings = [*clock(market), contract.digest, *models]
    days = [day for day, entry in sorted(silver.transactions.items()) if entry["rows"]]
    grouped: dict[str, list[str]] = {}
    for day in days:
        grouped.setdefault(day[:8] + "01" if contract.name == MONTHLY else day, []).append(day)
    slices = []
    for day, sources in grouped.items():
        inputs: list[Any] = [settings, [[s, silver.transactions[s]["sha256"]] for s in sources]]
        closed = opened = publish.digest(inputs)
        if contract.name == MONTHLY:
            closed = publish.digest([*inputs, _power_contents(silver.clients, next_month(day))])
            opened = publish.digest([*inputs, _power_contents(silver.clients, "9999")])
        slices.append(Slice(contract.name, day, tuple(sources), closed, opened))
    due = [s for s in slices if force or s.is_due(published.get(s.day))]
    return slices, due, set(published) - {s.day for s in slices}


def _power_contents(clients: Mapping[str, Any], end: str) -> list[str]:
    """Contents of the client deliveries before a day, without those that repeat the one before."""
    contents: list[str] = []
    for day, unit in sorted(clients["units"].items()):
        if day < end and (not contents or contents[-1] != unit["content"]):
            contents.append(unit["content"])
    return contents


def next_month(day: str) -> str:
    """Return the first day of the month after a day."""
    first = date.fromisoformat(day).replace(day=1)
    return (first + timedelta(days=32)).replace(day=1).isoformat()
