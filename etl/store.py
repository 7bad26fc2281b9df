"""The object store behind the lake: one small port, a folder and S3 as its two adapters."""

import base64
import contextlib
import os
import shutil
import tempfile
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

from etl.errors import DataLakeError


@dataclass(frozen=True, slots=True)
class Entry:
    """One object: key, bytes, entity tag (changes with the content) and last change in epoch seconds."""

    key: str
    size: int
    etag: str
    modified: float


class Store(Protocol):
    """Whole objects by key: a put replaces at once or not at all, listings see finished puts."""

    uri: str

    def list(self, prefix: str) -> Iterator[Entry]:
        """Yield the objects under a prefix in the order of their keys."""

    def get(self, key: str) -> bytes | None:
        """Return an object's bytes, None when there is none."""

    def fetch(self, key: str, folder: Path) -> Path:
        """Return a local file with an object's bytes; DataLakeError when there is none."""

    def put(self, key: str, body: bytes | Path) -> None:
        """Write an object."""

    def put_if_absent(self, key: str, body: bytes) -> bool:
        """Write an object unless one is there; False when one is."""

    def copy(self, source: str, target: str) -> None:
        """Copy an object inside the store."""

    def delete(self, keys: Iterable[str]) -> None:
        """Delete objects; absent ones are no error."""

    def etag(self, key: str) -> str | None:
        """Return an object's entity tag, None when there is none."""


def open_store(uri: str, *, beside: Store | None = None) -> Store:
    """Open `s3://bucket/` or `file:///folder/`; DataLakeError for anything else.

    A bucket beside an open one is asked through the same client.
    """
    parts = urlsplit(uri)
    if parts.scheme == "s3" and parts.netloc and parts.path in {"", "/"}:
        return S3Store(parts.netloc, beside.client if isinstance(beside, S3Store) else None)
    if parts.scheme == "file" and not parts.netloc and parts.path.startswith("/"):
        return FolderStore(Path(unquote(parts.path)))
    raise DataLakeError(
        f"{uri!r} is not a lake.", where="--lake_uri", fix="Give s3://BUCKET/ or file:///ABSOLUTE/FOLDER/."
    )


class FolderStore:
    """A local folder; a put is a rename of a finished temporary file."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.uri = root.as_uri() + "/"

    def list(self, prefix: str) -> Iterator[Entry]:
        """See Store.list."""
        folder = self.root / prefix.rpartition("/")[0]
        found = []
        for path in folder.rglob("*") if folder.is_dir() else ():
            key = path.relative_to(self.root).as_posix()
            if key.startswith(prefix) and path.is_file() and not path.name.endswith("~put"):
                stat = path.stat()
                found.append(
                    Entry(key, stat.st_size, f"{stat.st_mtime_ns:x}-{stat.st_size:x}", stat.st_mtime)
                )
        yield from sorted(found, key=lambda e: e.key)

    def get(self, key: str) -> bytes | None:
        """See Store.get."""
        try:
            return (self.root / key).read_bytes()
        except FileNotFoundError:
            return None

    def fetch(self, key: str, folder: Path) -> Path:
        """See Store.fetch; the file is the object itself, not a copy."""
        path = self.root / key
        if not path.is_file():
            raise _absent(self.uri, key)
        return path

    def put(self, key: str, body: bytes | Path) -> None:
        """See Store.put."""
        target = self.root / key
        temporary = self._temporary(target, body)
        temporary.replace(target)

    def put_if_absent(self, key: str, body: bytes) -> bool:
        """See Store.put_if_absent; a hard link fails when the name is taken."""
        target = self.root / key
        temporary = self._temporary(target, body)
        try:
            os.link(temporary, target)
        except FileExistsError:
            return False
        finally:
            temporary.unlink()
        return True

    def copy(self, source: str, target: str) -> None:
        """See Store.copy; objects never change, so a second name for the same bytes is a copy."""
        place = self.root / target
        while True:
            place.parent.mkdir(parents=True, exist_ok=True)
            temporary = place.parent / f".{uuid.uuid4().hex}~put"
            with contextlib.suppress(FileNotFoundError):
                os.link(self.root / source, temporary)
                break
        temporary.replace(place)

    def delete(self, keys: Iterable[str]) -> None:
        """See Store.delete; folders that become empty go with their last object."""
        for key in keys:
            path = self.root / key
            path.unlink(missing_ok=True)
            for parent in path.parents:
                if parent == self.root or not parent.is_relative_to(self.root):
                    break
                try:
                    parent.rmdir()
                except OSError:
                    break

    def etag(self, key: str) -> str | None:
        """See Store.etag."""
        try:
            stat = (self.root / key).stat()
        except FileNotFoundError:
            return None
        return f"{stat.st_mtime_ns:x}-{stat.st_size:x}"

    def _temporary(self, target: Path, body: bytes | Path) -> Path:
        while True:
            # Another process may delete the folder when it empties it; then it is made again.
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                handle, name = tempfile.mkstemp(dir=target.parent, prefix=".", suffix="~put")
            except FileNotFoundError:
                continue
            with os.fdopen(handle, "wb") as stream:
                if isinstance(body, bytes):
                    stream.write(body)
                else:
                    with body.open("rb") as source:
                        shutil.copyfileobj(source, stream, 1 << 20)
                stream.flush()
                os.fsync(stream.fileno())
            return Path(name)


def _s3_client() -> Any:
    import boto3  # noqa: PLC0415  the folder adapter must not need it
    from botocore.config import Config  # noqa: PLC0415

    settings: dict[str, Any] = {"retries": {"mode": "standard", "max_attempts": 5}}
    if os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL"):
        settings["s3"] = {"addressing_style": "path"}
    return boto3.client("s3", config=Config(**settings))


class S3Store:
    """A bucket; encryption is left to the bucket's default, which the platform enforces.

    `client` is boto3's S3 client; without one it is made from the environment, as in a job.
    """

    def __init__(self, bucket: str, client: Any = None) -> None:
        self.client: Any = client or _s3_client()
        self.bucket = bucket
        self.uri = f"s3://{bucket}/"

    def list(self, prefix: str) -> Iterator[Entry]:
        """See Store.list."""
        for page in self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix):
            for item in page.get("Contents", ()):
                yield Entry(
                    item["Key"], item["Size"], item["ETag"].strip('"'), item["LastModified"].timestamp()
                )

    def get(self, key: str) -> bytes | None:
        """See Store.get."""
        try:
            body: bytes = self.client.get_object(Bucket=self.bucket, Key=key)["Body"].read()
        except self.client.exceptions.NoSuchKey:
            return None
        return body

    def fetch(self, key: str, folder: Path) -> Path:
        """See Store.fetch."""
        path = folder / key.replace("/", "%")
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            body = self.client.get_object(Bucket=self.bucket, Key=key)["Body"]
        except self.client.exceptions.NoSuchKey as error:
            raise _absent(self.uri, key) from error
        with path.open("wb") as stream, contextlib.closing(body):
            shutil.copyfileobj(body, stream, 1 << 20)
        return path

    def put(self, key: str, body: bytes | Path) -> None:
        """See Store.put; S3 compares the content with its SHA-256 before it takes it."""
        if isinstance(body, bytes):
            self.client.put_object(Bucket=self.bucket, Key=key, Body=body)
            return
        import hashlib  # noqa: PLC0415

        with body.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").digest()
            stream.seek(0)
            self.client.put_object(
                Bucket=self.bucket, Key=key, Body=stream, ChecksumSHA256=base64.b64encode(digest).decode()
            )

    def put_if_absent(self, key: str, body: bytes) -> bool:
        """See Store.put_if_absent; S3's conditional write decides between two writers."""
        from botocore.exceptions import ClientError  # noqa: PLC0415

        try:
            self.client.put_object(Bucket=self.bucket, Key=key, Body=body, IfNoneMatch="*")
        except ClientError as error:
            if error.response["Error"]["Code"] in {"PreconditionFailed", "ConditionalRequestConflict"}:
                return False
            raise
        return True

    def copy(self, source: str, target: str) -> None:
        """See Store.copy."""
        self.client.copy_object(
            Bucket=self.bucket, Key=target, CopySource={"Bucket": self.bucket, "Key": source}
        )

    def delete(self, keys: Iterable[str]) -> None:
        """See Store.delete."""
        wanted = [{"Key": key} for key in keys]
        for at in range(0, len(wanted), 1000):
            answer = self.client.delete_objects(
                Bucket=self.bucket, Delete={"Objects": wanted[at : at + 1000], "Quiet": True}
            )
            if errors := answer.get("Errors"):
                raise DataLakeError(
                    f"{len(errors)} object(s) could not be deleted: {errors[0].get('Message')}",
                    where=f"{self.uri}{errors[0].get('Key')}",
                    fix="Check s3:DeleteObject of the job's role, then run again.",
                )

    def etag(self, key: str) -> str | None:
        """See Store.etag."""
        found = next((e for e in self.list(key) if e.key == key), None)
        return found.etag if found else None


def _absent(uri: str, key: str) -> DataLakeError:
    return DataLakeError(
        f"{key} is gone.", where=uri, fix="Run again: the listing it came from is out of date."
    )
