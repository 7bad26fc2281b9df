"""Amazon Resource Names and the glob patterns that policies write them with."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

_SEGMENTS = 6


class Arn(NamedTuple):
    """The six segments of an ARN; `resource` keeps its own colons and slashes."""

    partition: str
    service: str
    region: str
    account: str
    resource: str


def parse_arn(text: str) -> Arn | None:
    """Return the segments of an ARN or ARN pattern, or `None` for any other string."""
    parts = text.split(":", _SEGMENTS - 1)
    if len(parts) != _SEGMENTS or parts[0] != "arn":
        return None
    return Arn(*parts[1:])


def local_name(text: str) -> str:
    """Return the name at the end of an ARN (`…:role/path/etl` → `etl`), other text as it is."""
    arn = parse_arn(text)
    if arn is None:
        return text
    if arn.service == "s3":
        return arn.resource.split("/", 1)[0]
    if arn.service == "logs" and arn.resource.startswith("log-group:"):
        return arn.resource.removeprefix("log-group:").removesuffix(":*")
    if arn.service == "kms" and arn.resource.startswith("alias/"):
        return arn.resource
    return arn.resource.rsplit("/", 1)[-1]


@lru_cache(maxsize=4096)
def _pattern(glob: str, ignore_case: bool) -> re.Pattern[str]:
    # "?" must not match a "*" of the other side: covers() compares pattern with pattern.
    body = "".join(".*" if c == "*" else "[^*]" if c == "?" else re.escape(c) for c in glob)
    return re.compile(body, re.DOTALL | (re.IGNORECASE if ignore_case else 0))


def covers(pattern: str, other: str, *, ignore_case: bool = False) -> bool:
    """Whether everything that `other` (a string or a glob) can match is matched by `pattern`.

    Sound for IAM's globs: the wildcards of `other` are taken as letters that only a `*` swallows.
    """
    start = pattern.removesuffix("*")
    if not has_wildcard(start) and pattern.isascii() and other.isascii():
        # Most patterns are a name or the start of one, which to compile takes longer than to compare.
        said, start = (other.lower(), start.lower()) if ignore_case else (other, start)
        return said == start if len(start) == len(pattern) else said.startswith(start)
    return _pattern(pattern, ignore_case).fullmatch(other) is not None


def has_wildcard(text: str) -> bool:
    """Whether a string is a glob."""
    return "*" in text or "?" in text
