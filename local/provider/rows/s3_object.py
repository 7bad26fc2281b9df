"""Objects that a deployment uploads: job scripts, packages (Amazon S3)."""

import base64
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from urllib.request import urlopen

from local.provider.errors import ProviderError
from local.provider.row import Call, Name, Row
from local.provider.rows.s3 import empty
from local.provider.scope import Scope
from local.provider.tagging import Tagging
from local.provider.values import Archive, Asset

_PUT = Call("PutObject")
_CONTENT = ("source", "content", "contentBase64")
_CARRIED = (
    "acl",
    "bucketKeyEnabled",
    "cacheControl",
    "checksumAlgorithm",
    "contentDisposition",
    "contentEncoding",
    "contentLanguage",
    "contentType",
    "kmsKeyId",
    "metadata",
    "objectLockLegalHoldStatus",
    "objectLockMode",
    "objectLockRetainUntilDate",
    "serverSideEncryption",
    "storageClass",
    "websiteRedirect",
)
_TAGS = Tagging(
    set=Call("PutObjectTagging"),
    member="Tagging.TagSet",
    read=Call("GetObjectTagging"),
    at="TagSet",
    inline="",
    clear=Call("DeleteObjectTagging"),
)


def _put_object(scope: Scope) -> Any:
    request = scope.request(_PUT, {name: scope.inputs.get(name) for name in _CARRIED})
    return scope.send("PutObject", **request, Body=_content(scope))


def _content(scope: Scope) -> bytes:
    """Return the bytes to upload.

    Raises ProviderError when the asset's file cannot be read or its kind is not carried.
    """
    given = scope.inputs.get
    content: bytes | None = None
    match given("content"), given("contentBase64"), given("source"):
        case str(text), _, _:
            content = text.encode()
        case _, str(encoded), _:
            content = base64.b64decode(encoded)
        case _, _, None:
            content = b""
        case _, _, Asset(text=str(text)):
            content = text.encode()
        case _, _, (Asset(path=str(path)) | Archive(path=str(path))):
            content = _file(path, scope)
        case _, _, Asset(uri=str(uri)) if urlsplit(uri).scheme == "file":
            content = _file(unquote(urlsplit(uri).path), scope)
        case _, _, Asset(uri=str(uri)) if urlsplit(uri).scheme == "https":
            with urlopen(uri, timeout=60) as answer:
                content = answer.read()
    if content is not None:
        return content
    raise ProviderError(
        "an archive is uploaded as the file it is in, and this one is in none",
        where=scope.where,
        fix="build the file first and give it as a FileAsset",
    )


def _file(path: str, scope: Scope) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise ProviderError(
            f"the file to upload cannot be read: {error.strerror}: {path}",
            where=scope.where,
            fix="correct the path of the asset; a relative one starts at the engine's working directory",
        ) from error


def _read_object(scope: Scope) -> dict[str, Any] | None:
    try:
        answer = scope.run(Call("HeadObject"))
    except ProviderError as error:
        if scope.is_gone(error):
            return None
        raise
    found = scope.codec.properties(answer, Call("HeadObject"), scope.lookup) or {}
    found["etag"] = answer["ETag"].strip('"')
    # Headers leave out what is the default.
    found["storageClass"] = answer.get("StorageClass", "STANDARD")
    return found


def _delete_object(scope: Scope) -> None:
    empty(scope, scope.state["bucket"], scope.state["key"])


def _key_id(identifier: str) -> str:
    return identifier.rsplit("/", 1)[-1]


ROWS = (
    Row(
        token="aws:s3/bucketObjectv2:BucketObjectv2",
        service="s3",
        id="{bucket}/{key}",
        keys={"Bucket": "{bucket}", "Key": "{key}"},
        name=Name("key", limit=1024, random=False),
        create=_put_object,
        read=_read_object,
        update=_put_object,
        delete=_delete_object,
        tags=_TAGS,
        replace=("bucket", "key"),
        custom=(*_CONTENT, *_CARRIED, "etag"),
        kept=(*_CONTENT, "sourceHash", "acl", "checksumAlgorithm", "forceDestroy", "bucket", "key"),
        rename={"kmsKeyId": "SSEKMSKeyId", "websiteRedirect": "WebsiteRedirectLocation", "etag": "ETag"},
        defaults={"forceDestroy": False},
        volatile=("etag", "versionId"),
        canonical={"kmsKeyId": _key_id},
        outputs={"arn": "arn:{partition}:s3:::{bucket}/{key}"},
    ),
)
