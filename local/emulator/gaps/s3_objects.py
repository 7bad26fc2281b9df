"""S3 objects of any size: moved in blocks between disk and socket, never whole through memory.

moto keeps an object over 5 MB in a temporary file, but reads it whole for every request, ranged ones too,
and joins the parts of an upload in memory several times over. Here a read answers from the file, and an
upload's parts are appended to it. A multipart upload raises one event, as on AWS, not two.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
import zlib
from collections.abc import Iterator
from typing import Any

from moto.s3.exceptions import EntityTooSmall, InvalidPart, InvalidRange, MalformedXML
from moto.s3.models import FakeDeleteMarker, FakeKey, S3Backend
from moto.s3.notifications import S3NotificationEvent, send_event
from moto.s3.responses import S3Response
from moto.s3.utils import compute_checksum
from moto.settings import S3_UPLOAD_PART_MIN_SIZE

from local.emulator.gaps.extend import add, replace

BLOCK_BYTES = 1 << 20


class Joined(bytes):
    """The contents of stored keys one after another, passed where moto expects an object's bytes."""

    keys: tuple[FakeKey, ...]

    @classmethod
    def of(cls, *keys: FakeKey) -> Joined:
        """Joins keys without reading them."""
        joined = cls()
        joined.keys = keys
        return joined


class _Unread:
    """A stored key whose value is not read."""

    def __init__(self, key: FakeKey, value: bytes) -> None:
        self._key = key
        self.value = value

    def __getattr__(self, name: str) -> Any:
        return getattr(self._key, name)


def blocks(key: FakeKey, begin: int, end: int) -> Iterator[bytes]:
    """Yields the bytes [begin, end) of a key; after the first, deleting the key does no harm."""
    with key.lock:
        spool: Any = key._value_buffer
        if not spool._rolled:
            spool.seek(begin)
            yield spool.read(end - begin)
            return
        spool.flush()
        descriptor = os.dup(spool.fileno())
    try:
        while begin < end:
            block = os.pread(descriptor, min(BLOCK_BYTES, end - begin), begin)
            if not block:
                return
            begin += len(block)
            yield block
    finally:
        os.close(descriptor)


def byte_range(header: str | None, size: int) -> tuple[int, int] | None:
    """Returns [begin, end) of a Range header, None for all; an unsatisfiable one is an error."""
    found = re.fullmatch(r"bytes=(\d*)-(\d*)", header or "")
    if not found or found.groups() == ("", ""):
        return None
    first, last = found.groups()
    if not first:
        if int(last) == 0:
            raise InvalidRange(actual_size=str(size), range_requested=str(header))
        return max(0, size - int(last)), size
    begin = int(first)
    if begin >= size:
        raise InvalidRange(actual_size=str(size), range_requested=str(header))
    end = min(int(last) + 1, size) if last else size
    return (begin, end) if begin < end else None


def set_value(self: Any, new_value: bytes) -> None:
    """Stores an object's bytes, or copies them from other keys in blocks."""
    sources = new_value.keys if isinstance(new_value, Joined) else ()
    self._value_buffer.seek(0)
    self._value_buffer.truncate()
    if sources:
        for source in sources:
            for block in blocks(source, 0, source.contentsize):
                self._value_buffer.write(block)
        self.contentsize = sum(source.contentsize for source in sources)
    else:
        self._value_buffer.write(new_value)
        self.contentsize = len(new_value)


def complete_multipart_upload(self: Any, bucket_name: str, multipart_id: str, body: Any) -> FakeKey | None:
    """Joins an upload's parts into the object, checks them as AWS does, and raises one event."""
    bucket = self.get_bucket(bucket_name)
    multipart = bucket.multiparts[multipart_id]
    parts = _chosen(multipart, body)
    digests = b"".join(bytes.fromhex(part.etag.strip('"')) for part in parts)
    etag = f"{hashlib.md5(digests, usedforsecurity=False).hexdigest()}-{len(parts)}"
    algorithm = multipart.metadata.get("x-amz-checksum-algorithm")
    checksum = _checksum(parts, algorithm, multipart.metadata.get("x-amz-checksum-type"))
    key: FakeKey = self.put_object(
        bucket_name,
        multipart.key_name,
        Joined.of(*parts),
        storage=multipart.storage,
        etag=etag,
        multipart=multipart,
        encryption=multipart.sse_encryption,
        kms_key_id=multipart.kms_key_id,
        disable_notification=True,
    )
    del bucket.multiparts[multipart_id]
    key.set_metadata(multipart.metadata)
    if checksum:
        key.checksum_algorithm = algorithm
        key.checksum_type, key.checksum_value, key.checksum_parts = checksum
    self.put_object_tagging(key, multipart.tags)
    self.put_object_acl(
        bucket_name=bucket_name, key_name=key.name, acl=multipart.acl, disable_notification=True
    )
    multipart.dispose()
    event = S3NotificationEvent.OBJECT_CREATED_COMPLETE_MULTIPART_UPLOAD_EVENT
    send_event(self.account_id, event, bucket, key)
    return key


def _chosen(multipart: Any, body: Any) -> list[FakeKey]:
    parts: list[FakeKey] = []
    for number, etag in body:
        part = multipart.parts.get(number)
        if part is None or part.etag.strip('"') != etag.strip('"'):
            raise InvalidPart()
        if parts and parts[-1].contentsize < S3_UPLOAD_PART_MIN_SIZE:
            raise EntityTooSmall()
        parts.append(part)
    if not parts:
        raise MalformedXML()
    return parts


def _checksum(parts: list[FakeKey], algorithm: str | None, kind: str | None) -> tuple[str, str, int] | None:
    """Computes the object's checksum; None if this Python has no algorithm for it."""
    if not algorithm or algorithm not in _WHOLE:
        return None
    if kind == "FULL_OBJECT":
        return "FULL_OBJECT", _whole(algorithm, parts), len(parts)
    each = b"".join(compute_checksum(part.value, algorithm, encode_base64=False) for part in parts)
    return "COMPOSITE", compute_checksum(each, algorithm).decode(), len(parts)


class _Crc32:
    def __init__(self) -> None:
        self._value = 0

    def update(self, block: bytes) -> None:
        self._value = zlib.crc32(block, self._value)

    def digest(self) -> bytes:
        return self._value.to_bytes(4, "big")


_WHOLE: dict[str, Any] = {"CRC32": _Crc32, "SHA1": hashlib.sha1, "SHA256": hashlib.sha256}


def _whole(algorithm: str, keys: list[FakeKey]) -> str:
    checksum = _WHOLE[algorithm]()
    for key in keys:
        for block in blocks(key, 0, key.contentsize):
            checksum.update(block)
    return base64.b64encode(checksum.digest()).decode()


def install() -> None:
    """Extends moto's S3."""

    def get_object(self: Any) -> Any:
        found, not_modified = self._get_key()
        unread = Joined.of(found)
        self._get_key = lambda: (_Unread(found, unread), not_modified)
        status, headers, content = answer_get(self)
        if content is not unread:
            return status, headers, content
        asked = byte_range(self.headers.get("Range"), found.size) if status == 200 else None
        begin, end = asked or (0, found.size)
        if asked:
            status = 206
            headers["content-range"] = f"bytes {begin}-{end - 1}/{found.size}"
            for name in [name for name in headers if name.startswith("x-amz-checksum-")]:
                del headers[name]
        headers["content-length"] = str(end - begin)
        if end - begin <= BLOCK_BYTES:
            return status, headers, b"".join(blocks(found, begin, end))
        stream = blocks(found, begin, end)
        first = next(stream)
        return status, headers, _after(first, stream)

    def copy_object(
        self: Any, src_key: Any, dest_bucket_name: str, dest_key_name: str, *args: Any, **options: Any
    ) -> None:
        source: Any = _Unread(src_key, Joined.of(src_key))
        answer_copy(self, source, dest_bucket_name, dest_key_name, *args, **options)
        made = self.get_object(dest_bucket_name, dest_key_name)
        if src_key.checksum_type == "COMPOSITE":  # of the parts; a copy has none
            made.checksum_type = "FULL_OBJECT"
            made.checksum_value = _whole(src_key.checksum_algorithm, [made])

    def dispose(self: Any) -> None:
        """Frees nothing: a delete marker holds no bytes, but goes with the versions of its key."""

    add(FakeDeleteMarker, dispose)
    answer_get = replace(S3Response, "get_object", get_object)
    answer_copy = replace(S3Backend, "copy_object", copy_object)
    replace(S3Backend, "complete_multipart_upload", complete_multipart_upload)
    value: Any = FakeKey.__dict__["value"]
    replace(FakeKey, "value", property(value.fget, set_value))


def _after(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest
