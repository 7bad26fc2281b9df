"""Which deliveries must be judged: new and changed ones, and those whose rules or dimensions have changed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from etl import publish
from etl.dimensions import DIMENSIONS, Dimensions, processed_area
from etl.discover import Delivery, is_expired, rules_digest
from etl.market import Market
from etl.publish import read_index
from etl.store import Store


@dataclass(frozen=True, slots=True)
class Committed:
    """What is committed of a dataset and, for transactions, of the dimensions they refer to."""

    dataset: str
    index: dict[str, Any]
    dimensions: Dimensions | None

    @classmethod
    def read(cls, store: Store, dataset: str) -> "Committed":
        """Read the committed indexes."""
        index = read_index(store, processed_area(dataset))
        return cls(dataset, index, Dimensions.read(store) if dataset == "transactions" else None)


def find_due(
    store: Store, market: Market, committed: Committed, found: Iterable[Delivery], *, force: bool
) -> list[Delivery]:
    """Return those of the found deliveries that must be judged; all with `force`."""
    rules = rules_digest(committed.dataset, market)
    units: Mapping[str, Mapping[str, Any]] = committed.index["units"]
    due = []
    for delivery in found:
        unit = units.get(delivery.load_date)
        if force or unit is None:
            due.append(delivery)
        elif unit["listing"] != delivery.listing:
            if not is_expired(store, processed_area(committed.dataset), delivery):
                due.append(delivery)
        elif unit["rules"] != rules or _refers_to_others(store, delivery, unit, committed.dimensions):
            due.append(delivery)
    return due


def _refers_to_others(
    store: Store, delivery: Delivery, unit: Mapping[str, Any], dimensions: Dimensions | None
) -> bool:
    """Whether a unit was judged against other dimensions than it would be now."""
    if dimensions is None:
        return False
    load_date = delivery.load_date
    if unit["references"] != dimensions.digests(load_date):
        return True
    later = {name: publish.digest(contents) for name, contents in dimensions.later(load_date).items()}
    waiting = [name for name in DIMENSIONS if unit["pending"][name] and unit["later"][name] != later[name]]
    if not waiting:
        return False
    from etl.reference import any_later  # noqa: PLC0415  only this needs an engine

    return any(any_later(store, dimensions, name, unit["pending"][name], load_date) for name in waiting)
