"""How a file's schema differs from its table's, as pure comparisons."""

from collections.abc import Mapping, Sequence

from local.athena.catalog import Table
from local.athena.parquet import fits
from local.runner.report import CrawlDrift


def header_drift(table: Table, header: Sequence[str], location: str) -> tuple[CrawlDrift, ...]:
    """Compare a CSV header with the table's columns: by name, then by order (CSV is read by position)."""
    declared = [column.name for column in table.columns]
    seen = [name.strip().lower() for name in header]
    if not set(seen) & set(declared):
        said = ",".join(header)[:80]
        return (
            CrawlDrift(
                str(table), "unreadable-file", f"no column of the table in its header: {said!r}", location
            ),
        )
    found = [
        *(
            CrawlDrift(str(table), "missing-column", f"{name} is in the table, not in the file", location)
            for name in declared
            if name not in seen
        ),
        *(
            CrawlDrift(
                str(table), "new-column", f"{name or '(unnamed)'} is in the file, not in the table", location
            )
            for name in seen
            if name not in declared
        ),
    ]
    if not found and seen != declared:
        found.append(
            CrawlDrift(str(table), "column-order", f"file: {', '.join(seen)}", location),
        )
    return tuple(found)


def footer_drift(table: Table, footer: Mapping[str, str], location: str) -> tuple[CrawlDrift, ...]:
    """Compare a Parquet file's columns (name → DuckDB type) with the table's."""
    seen = {name.lower(): kind for name, kind in footer.items()}
    partitions = {column.name for column in table.partitions}
    found: list[CrawlDrift] = []
    for column in table.columns:
        kind = seen.get(column.name)
        if kind is None:
            found.append(
                CrawlDrift(
                    str(table), "missing-column", f"{column.name} is in the table, not in the file", location
                )
            )
        elif not fits(column, kind):
            found.append(
                CrawlDrift(
                    str(table),
                    "type-change",
                    f"{column.name}: table {column.hive_type}, file {kind}",
                    location,
                )
            )
    declared = {column.name for column in table.columns} | partitions
    found += (
        CrawlDrift(str(table), "new-column", f"{name} ({kind}) is in the file, not in the table", location)
        for name, kind in seen.items()
        if name not in declared
    )
    return tuple(found)
