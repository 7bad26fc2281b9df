"""What each client bought a day, kept so that a month of which one day changed need not read all its days."""

from collections.abc import Sequence
from pathlib import Path

import duckdb

from etl import publish
from etl.engine import model, quoted, write_parquet
from etl.parallel import each
from etl.slices import MONTHLY, Silver, clock, curated_area
from etl.workshop import Workshop

_MODEL = "client_days"


class ClientDays:
    """Rows of the model `client_days` by day of Silver, as Parquet objects of the operations area.

    An object is named by all that it depends on: the day's Silver, the model, the settings of the market. So
    one that is there is current, whichever run left it, and all others are deleted. They are no part of what
    is published.
    """

    def __init__(self, workshop: Workshop, silver: Silver) -> None:
        self.workshop = workshop
        self.silver = silver
        store = workshop.store
        self.prefix = f"{curated_area(MONTHLY).root}{_MODEL}/"
        settings = [*clock(workshop.session.market), model(_MODEL)]
        self.keys = {
            day: f"{self.prefix}{day}-{publish.digest([settings, entry['sha256']])[:16]}.parquet"
            for day, entry in silver.transactions.items()
            if entry["rows"]
        }
        found = {entry.key for entry in store.list(self.prefix)}
        self.kept = set() if workshop.force else found & set(self.keys.values())
        store.delete(sorted(found - self.kept))

    def files(self, days: Sequence[str]) -> list[Path]:
        """Return local files of some days; what is not kept, or cannot be read, is computed and kept."""
        folder = self.workshop.session.folder / _MODEL
        folder.mkdir(exist_ok=True)
        keys = [self.keys[day] for day in days]
        kept = [key for key in keys if key in self.kept]
        fetched = each(lambda key: self.workshop.store.fetch(key, folder), kept)
        known = {key: path for key, path in zip(kept, fetched, strict=True) if self._is_whole(path)}
        return [known.get(self.keys[day]) or self._compute(day, folder) for day in days]

    def _is_whole(self, path: Path) -> bool:
        try:
            self.workshop.session.connection.execute(f"FROM parquet_file_metadata('{quoted(path)}')")
        except duckdb.Error:
            return False
        return True

    def _compute(self, day: str, folder: Path) -> Path:
        self.workshop.create_deliveries(self.silver, [day])
        path = folder / f"{day}.parquet"
        rows = f"FROM ({model(_MODEL)}) ORDER BY delivery_month, client_id"
        write_parquet(self.workshop.session.connection, rows, path)
        self.workshop.store.put(self.keys[day], path)
        return path
