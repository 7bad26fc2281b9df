"""What load dates see of the dimensions, by the committed indexes alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from etl import publish
from etl.publish import Area, read_index
from etl.store import Store

DIMENSIONS = {"clients": "client_id", "providers": "provider_id"}


def processed_area(dataset: str) -> Area:
    """Operations area of a Silver dataset."""
    return Area("processed/_ops/", dataset)


@dataclass(frozen=True, slots=True)
class Dimensions:
    """The committed indexes of the dimensions, by name."""

    indexes: Mapping[str, Mapping[str, Any]]

    @classmethod
    def read(cls, store: Store) -> "Dimensions":
        """Read the indexes as they are committed now."""
        return cls({name: read_index(store, processed_area(name)) for name in DIMENSIONS})

    def digests(self, load_date: str) -> dict[str, str]:
        """What a load date sees of each dimension, as digests; repeated deliveries count once."""
        return {name: publish.digest(self._contents(name, load_date)[0]) for name in DIMENSIONS}

    def later(self, load_date: str) -> dict[str, list[str]]:
        """Content digests of the deliveries after a load date that brought something new, by dimension."""
        return {name: self._contents(name, load_date)[1] for name in DIMENSIONS}

    def keys(self, name: str, *, after: str = "") -> list[str]:
        """Keys of a dimension's objects, of deliveries after a load date."""
        partitions = sorted(self.indexes[name]["partitions"].items())
        return [entry["key"] for day, entry in partitions if day > after and entry["rows"]]

    def _contents(self, name: str, load_date: str) -> tuple[list[str], list[str]]:
        """Contents delivered up to a load date and after it, without those that repeat the one before."""
        seen: list[str] = []
        later: list[str] = []
        last = None
        for day, unit in sorted(self.indexes[name]["units"].items()):
            if unit["content"] != last:
                last = unit["content"]
                (seen if day <= load_date else later).append(last)
        return seen, later
