"""Objects of the lake on this machine: listed, downloaded once by their ETag, laid out for one query.

The cache is shared by all queries of a stack and bounded; a query works on hard links of its own, so an
eviction never takes a file from under it.
"""

import contextlib
import os
import shutil
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote
from uuid import uuid4

from botocore.exceptions import ClientError

from local.athena.catalog import Table
from local.athena.errors import QueryError
from local.athena.partition import Partition
from local.athena.serde import rows, text_of
from local.aws import Cloud

CACHE_BYTES = 4 * 1024**3
FEW_PARTITIONS = 32
DOWNLOADS = 8
ATTEMPTS = 3
NULL_PARTITION = "__HIVE_DEFAULT_PARTITION__"


@dataclass(frozen=True)
class Stored:
    """One object to read: where it is, its size (bytes) and ETag, and the partition it belongs to."""

    bucket: str
    key: str
    size: int
    etag: str
    partition: Partition

    @property
    def uri(self) -> str:
        """The object's `s3://` address."""
        return f"s3://{self.bucket}/{self.key}"


def objects(cloud: Cloud, table: Table, partitions: Sequence[Partition]) -> list[Stored]:
    """List the data objects of partitions as Athena does: hidden and empty ones are passed over."""
    found: list[Stored] = []
    if len(partitions) <= FEW_PARTITIONS:
        for partition in partitions:
            bucket, prefix = split(partition.location)
            for key, size, etag in _listed(cloud, bucket, prefix):
                if _visible(key.removeprefix(prefix)) and size:
                    found.append(Stored(bucket, key, size, etag, partition))
        return found
    by_location = {partition.location: partition for partition in partitions}
    bucket, prefix = split(_common_folder([partition.location for partition in partitions]))
    for key, size, etag in _listed(cloud, bucket, prefix):
        uri = f"s3://{bucket}/{key}"
        owner = next((by_location[folder] for folder in _folders(uri) if folder in by_location), None)
        if owner and size and _visible(uri.removeprefix(owner.location)):
            found.append(Stored(bucket, key, size, etag, owner))
    return found


def _common_folder(locations: Sequence[str]) -> str:
    """Return the longest `s3://` folder that holds all locations."""
    first, last = min(locations), max(locations)
    same = next((i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first))
    return first[: first.rindex("/", 0, same) + 1]


def split(uri: str) -> tuple[str, str]:
    """Bucket and key (or prefix) of an `s3://` address."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return bucket, key


def _folders(uri: str) -> Iterator[str]:
    end = uri.rfind("/")
    while end > len("s3://"):
        yield uri[: end + 1]
        end = uri.rfind("/", 0, end)


def _visible(inside: str) -> bool:
    return not inside.endswith("/") and not any(part.startswith(("_", ".")) for part in inside.split("/"))


def _listed(cloud: Cloud, bucket: str, prefix: str) -> Iterator[tuple[str, int, str]]:
    s3 = cloud.client("s3")
    try:
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
            for found in page.get("Contents", []):
                yield found["Key"], found["Size"], found["ETag"].strip('"')
    except ClientError as error:
        code = error.response["Error"]["Code"]
        raise QueryError("HIVE_CANNOT_OPEN_SPLIT", f"cannot list s3://{bucket}/{prefix}: {code}") from error


class Cache:
    """Downloaded objects, one file an ETag; at most `limit` bytes after each `trim`."""

    def __init__(self, folder: Path, limit: int = CACHE_BYTES) -> None:
        self._folder = folder
        self._limit = limit
        folder.mkdir(parents=True, exist_ok=True)

    def fetch(self, cloud: Cloud, stored: Stored) -> Path:
        """Return the object's content as a file; downloaded when it is not there yet.

        Raises:
            QueryError: The object is gone or may not be read.

        """
        path = self._folder / f"{stored.etag}-{stored.size}"
        if path.exists():
            os.utime(path)
            return path
        partial = self._folder / f".{path.name}.{uuid4().hex}"
        try:
            cloud.client("s3").download_file(stored.bucket, stored.key, str(partial))
        except ClientError as error:
            partial.unlink(missing_ok=True)
            code = error.response["Error"]["Code"]
            raise QueryError("HIVE_CANNOT_OPEN_SPLIT", f"cannot read {stored.uri}: {code}") from error
        partial.replace(path)
        return path

    def place(self, cloud: Cloud, stored: Stored, target: Path) -> None:
        """Put the object's content at `target`, as a link where the file system allows it.

        Raises:
            QueryError: The object is gone or may not be read.

        """
        for _ in range(ATTEMPTS):
            source = self.fetch(cloud, stored)
            # Another query's trim may come between: then it is fetched again.
            with contextlib.suppress(FileNotFoundError):
                try:
                    target.hardlink_to(source)
                except FileNotFoundError:
                    raise
                except OSError:
                    shutil.copyfile(source, target)
                return
        raise QueryError("HIVE_CANNOT_OPEN_SPLIT", f"cannot keep {stored.uri} in the cache")

    def trim(self) -> None:
        """Remove the files that were not used for longest until the limit is kept."""
        entries: list[tuple[float, int, Path]] = []
        for path in self._folder.iterdir():
            with contextlib.suppress(FileNotFoundError):
                found = path.stat()
                entries.append((found.st_mtime, found.st_size, path))
        total = 0
        for _, size, path in sorted(entries, reverse=True):
            total += size
            if total > self._limit:
                path.unlink(missing_ok=True)


def stage(cloud: Cloud, cache: Cache, table: Table, stored: Sequence[Stored], folder: Path) -> list[Path]:
    """Lay objects out below `folder` as Hive partitions; Parquet as it is, CSV as quoted UTF-8.

    Returns the staged files, in the order of `stored`.
    """
    targets = [
        folder.joinpath(*_hive_parts(table, each.partition)) / f"{index:06d}.{table.format}"
        for index, each in enumerate(stored)
    ]

    def place(each: Stored, target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        if table.serde is None:
            cache.place(cloud, each, target)
            return
        source = target.with_suffix(".source")
        cache.place(cloud, each, source)
        _write_csv(source, each.key, table, target)
        source.unlink()

    with ThreadPoolExecutor(DOWNLOADS, thread_name_prefix="athena-read") as pool:
        for _ in pool.map(place, stored, targets):
            pass
    return targets


def _hive_parts(table: Table, partition: Partition) -> Iterable[str]:
    return (
        f"{column.name}={value if value == NULL_PARTITION else quote(value, safe='')}"
        for column, value in zip(table.partitions, partition.values, strict=True)
    )


def _write_csv(source: Path, key: str, table: Table, target: Path) -> None:
    """Write what the table's SerDe reads as plain CSV: every value quoted, NULL bare."""
    if table.serde is None:
        raise TypeError(f"{table} is no CSV table")
    try:
        text = text_of(source.read_bytes(), key)
    except (OSError, EOFError) as error:
        raise QueryError("HIVE_CURSOR_ERROR", f"cannot read {key}: {error}") from error
    with target.open("w", encoding="utf-8", newline="") as file:
        for row in rows(text, table.serde, len(table.columns)):
            cells = ("" if cell is None else f'"{cell.replace(chr(34), chr(34) * 2)}"' for cell in row)
            file.write(",".join(cells) + "\n")


def sweep(queries: Path, older_than_seconds: float = 3600.0) -> None:
    """Remove the folders of queries whose process was killed."""
    limit = time.time() - older_than_seconds
    for folder in queries.glob("*"):
        with contextlib.suppress(FileNotFoundError):
            if folder.stat().st_mtime < limit:
                shutil.rmtree(folder, ignore_errors=True)
