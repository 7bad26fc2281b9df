"""What a load needs to know of the warehouse, as one document between the deployment and the job.

It is made where the program is deployed: the job lives in a network without internet, where nothing but
boto3 is at hand.
"""

import hashlib
import json
from dataclasses import asdict, dataclass

LEDGER = "raw_data.loaded_units"
"""Which unit of which table holds which content; written in the transaction that loads the unit."""


@dataclass(frozen=True, slots=True)
class WarehouseTable:
    """A table: its statement, the column that tells a row's unit, and the index of what the lake holds.

    A unit is a day of `unit_column` (a month by its first day), which is one object in the lake. `index` is
    the key of the JSON document with a unit's object key, rows and SHA-256 under `partitions`.
    """

    name: str
    unit_column: str
    index: str
    create: str


@dataclass(frozen=True, slots=True)
class WarehouseView:
    """A view and its statement."""

    name: str
    create: str


@dataclass(frozen=True, slots=True)
class WarehouseModel:
    """The ledger's statement, the tables in the order of loading, and the views."""

    ledger: str
    tables: tuple[WarehouseTable, ...]
    views: tuple[WarehouseView, ...]

    @property
    def statements(self) -> tuple[str, ...]:
        """Every statement that defines the warehouse, in an order in which they can be run."""
        return (self.ledger, *(table.create for table in self.tables), *(view.create for view in self.views))

    def to_json(self) -> bytes:
        """Return the model as a document; the same model gives the same bytes."""
        return json.dumps(asdict(self), indent=1, sort_keys=True, ensure_ascii=False).encode() + b"\n"

    @classmethod
    def from_json(cls, body: bytes) -> "WarehouseModel":
        """Read what to_json wrote."""
        content = json.loads(body)
        tables = tuple(WarehouseTable(**table) for table in content["tables"])
        views = tuple(WarehouseView(**view) for view in content["views"])
        return cls(content["ledger"], tables, views)


def digest(*statements: str) -> str:
    """SHA-256 of statements: what changed in its definition is made anew."""
    return hashlib.sha256("\0".join(statements).encode()).hexdigest()
