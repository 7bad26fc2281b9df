"""What one run of the Gold tables works with: store, session, and Silver as relations of the session."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from etl.engine import read_parquet
from etl.parallel import each
from etl.session import Session
from etl.slices import Silver
from etl.store import Store


@dataclass(slots=True)
class Workshop:
    """One run's store and session, whether all is computed anew, and what it fetched by key and content."""

    store: Store
    session: Session
    force: bool = False
    fetched: dict[tuple[str, str], Path] = field(default_factory=dict)

    def fetch(self, entries: list[Mapping[str, Any]]) -> list[Path]:
        """Return local files of partitions, as their index entries describe them."""

        def path(entry: Mapping[str, Any]) -> Path:
            known = self.fetched.get((entry["key"], entry["sha256"]))
            if known is None:
                folder = self.session.folder / entry["sha256"][:16]
                folder.mkdir(exist_ok=True)
                known = self.fetched[entry["key"], entry["sha256"]] = self.store.fetch(entry["key"], folder)
            return known

        return each(path, entries)

    def create_deliveries(self, silver: Silver, days: Iterable[str]) -> None:
        """Create the view `deliveries` of some days of Silver, see `deliveries_sql`."""
        paths = self.fetch([silver.transactions[day] for day in days])
        self.session.connection.execute(
            f"CREATE OR REPLACE VIEW deliveries AS {deliveries_sql(read_parquet(paths))}"
        )


def deliveries_sql(relation: str) -> str:
    """SELECT of Silver transactions with what the models of Gold need besides."""
    return f"""SELECT *, CAST(date_trunc('month', delivery_date) AS DATE) AS delivery_month,
      market_peak(market_local(delivery_start)) AS is_peak
    FROM {relation}"""
