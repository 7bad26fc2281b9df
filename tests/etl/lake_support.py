"""Lakes in temporary folders, runs over them, and what they hold as plain rows."""

import hashlib
from pathlib import Path
from typing import Any

import duckdb

from etl import curated, processed
from etl.market import Market
from etl.store import FolderStore
from etl.summary import RunSummary

HEADERS = {
    "providers": "provider_id,name,tax_id,eic_code,technology,country,valid_from,valid_to",
    "clients": "client_id,name,tax_id,cups,email,tariff,contracted_power_kw,province,valid_from,valid_to",
    "transactions": (
        "transaction_id,version,client_id,provider_id,side,market,bidding_zone,delivery_start,delivery_end,"
        "quantity_mwh,price_eur_mwh,currency,status,executed_at,updated_at"
    ),
}
VALID = {
    "providers": "P0001,Eólica Uno,A58818501,10YES-REE------0,WIND,ES,2020-01-01,",
    "clients": "C000001,Ana Pérez,12345678Z,ES1234123456789012JY,ana@example.com,2.0TD,10,Madrid,2021-01-01,",
    "transactions": (
        "T0000000001,1,C000001,P0001,BUY,DAY_AHEAD,ES,2026-03-28T10:00:00Z,2026-03-28T10:15:00Z,"
        "0.001,50.00,EUR,CONFIRMED,2026-03-27T10:00:00Z,2026-03-27T10:00:00Z"
    ),
}
DAY = "2026-03-28"
MARKET = Market()


class Lake:
    """A lake in a folder, with short verbs for tests."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.store = FolderStore(root)

    def deliver(self, dataset: str, content: str | bytes, *, day: str = DAY, name: str | None = None) -> str:
        """Put a raw object; return its key."""
        key = f"raw/{dataset}/{day}/{name or dataset}.csv"
        self.store.put(key, content.encode() if isinstance(content, str) else content)
        return key

    def dimensions(self, day: str = DAY) -> None:
        """Deliver one valid provider and one valid client."""
        for dataset in ("providers", "clients"):
            self.deliver(dataset, lines(dataset, VALID[dataset]), day=day)

    def process(self, **scope: Any) -> RunSummary:
        return processed.run(self.store, MARKET, processed.Scope(**scope))

    def curate(self) -> RunSummary:
        return curated.run(self.store, MARKET)

    def rows(self, prefix: str, columns: str = "*") -> list[tuple[Any, ...]]:
        """All rows below a prefix, sorted; times as naive UTC."""
        paths = [str(self.root / e.key) for e in self.store.list(prefix) if e.key.endswith(".parquet")]
        if not paths:
            return []
        with duckdb.connect() as connection:
            return connection.execute(
                f"SELECT {columns} FROM read_parquet(?, hive_partitioning = false) ORDER BY ALL", [paths]
            ).fetchall()

    def table(self, prefix: str) -> list[dict[str, Any]]:
        paths = [str(self.root / e.key) for e in self.store.list(prefix) if e.key.endswith(".parquet")]
        if not paths:
            return []
        with duckdb.connect() as connection:
            result = connection.execute("SELECT * FROM read_parquet(?, hive_partitioning = false)", [paths])
            names = [d[0] for d in result.description]
            return [dict(zip(names, row, strict=True)) for row in result.fetchall()]

    def quarantine(self, dataset: str = "transactions") -> dict[tuple[str, int], frozenset[str]]:
        """Reasons of each quarantined record, by source object and line; files themselves (line 0) left
        out.
        """
        found = self.rows(f"processed/quarantine/dataset={dataset}/", "source_object, source_line, reasons")
        return {(o, line): frozenset(reasons) for o, line, reasons in found if line}

    def content(self, *zones: str) -> dict[str, str]:
        """SHA-256 of every object, without locks: their numbers count attempts."""
        return {
            e.key: hashlib.sha256((self.root / e.key).read_bytes()).hexdigest()
            for zone in zones or ("processed/", "curated/")
            for e in self.store.list(zone)
            if "/_ops/locks/" not in e.key
        }

    def published(self) -> dict[str, str]:
        """SHA-256 of every object but locks and what one engine keeps for its own next run."""
        return {key: digest for key, digest in self.content().items() if "/_ops/client_days/" not in key}


def lines(dataset: str, *rows: str) -> str:
    """A CSV file of a dataset."""
    return "\n".join((HEADERS[dataset], *rows, ""))


def changed(dataset: str, **values: str) -> str:
    """The valid row of a dataset with some columns changed."""
    names = HEADERS[dataset].split(",")
    fields = VALID[dataset].split(",")
    assert set(values) <= set(names)
    return ",".join(values.get(n, f) for n, f in zip(names, fields, strict=True))
