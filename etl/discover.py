"""Which delivered units are new or changed, from listings and committed indexes only."""

import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from etl import publish
from etl.contract import rule_version
from etl.errors import DataLakeError
from etl.market import Market
from etl.publish import Area
from etl.store import Entry, Store

RAW_RETENTION_DAYS = 90
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True, slots=True)
class Delivery:
    """The raw objects of one dataset and load date."""

    dataset: str
    load_date: str
    entries: tuple[Entry, ...]

    @property
    def listing(self) -> str:
        """Digest of keys, entity tags and sizes: changes whenever the delivery may have."""
        return publish.digest([[e.key, e.etag, e.size] for e in self.entries])


def deliveries(store: Store, dataset: str) -> tuple[Delivery, ...]:
    """Return the deliveries under raw/<dataset>/YYYY-MM-DD/*.csv, oldest first."""
    by_day: dict[str, list[Entry]] = {}
    for entry in store.list(f"raw/{dataset}/"):
        day, _, name = entry.key.removeprefix(f"raw/{dataset}/").partition("/")
        if _DAY.fullmatch(day) and name.lower().endswith(".csv"):
            by_day.setdefault(day, []).append(entry)
    return tuple(Delivery(dataset, day, tuple(found)) for day, found in sorted(by_day.items()))


def rules_digest(dataset: str, market: Market) -> str:
    """Version of the rules and of the settings they are judged with."""
    settings = [market.timezone, market.price_floor, market.price_cap]
    return f"{rule_version(dataset)}.{publish.digest(settings)[:8]}"


def is_expired(store: Store, area: Area, delivery: Delivery) -> bool:
    """Whether a changed listing only lost objects to the retention of the raw zone.

    Objects that vanish after their retention retract nothing. DataLakeError when the same delivery also
    gained or changed objects: judging what is left would silently drop what came from the expired ones.
    """
    body = store.get(area.manifest(delivery.load_date))
    if body is None:
        return False
    before: dict[str, Mapping[str, Any]] = {i["key"]: i for i in json.loads(body)["inputs"]}
    now = {e.key: e.etag for e in delivery.entries}
    oldest = time.time() - RAW_RETENTION_DAYS * 86400
    expired = [key for key, item in before.items() if key not in now and item["modified"] < oldest]
    if not expired:
        return False
    if all(key in before and before[key]["etag"] == etag for key, etag in now.items()):
        return True
    raise DataLakeError(
        f"{delivery.dataset} of {delivery.load_date} changed after {len(expired)} of its files expired.",
        where=expired[0],
        fix="Deliver the late file under a new load date; what came from the expired files stays published.",
    )
