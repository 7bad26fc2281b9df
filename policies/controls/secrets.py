"""What looks like a credential, by the name of its property or by its own shape; values are never shown."""

from __future__ import annotations

import re

from policies.graph.arns import parse_arn

_NAMES = re.compile(
    r"(pass(word|wd|phrase)?|secret(access)?(key)?|api_?key|access_?key|token|credentials?|private_?key"
    r"|connection_?string)$",
    re.IGNORECASE,
)
# Names that end like a secret's and hold a reference, a count or a switch.
_HARMLESS = re.compile(r"(kms|arn|_id|Id|name|Name|manage\w*|rotat\w*|page_?token|public_?key)$")
# By a part that every string of the shape has, which is far quicker to look for.
_SHAPES = (
    ("AKIA", re.compile(r"\bAKIA[0-9A-Z]{16}\b")),
    ("ASIA", re.compile(r"\bASIA[0-9A-Z]{16}\b")),
    ("PRIVATE KEY-----", re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----")),
    ("://", re.compile(r"\b[a-z][a-z0-9+.-]*://[^/\s:@]+:[^/\s:@]+@", re.IGNORECASE)),
    ("=", re.compile(r"[?;&]password=[^&;\s]+", re.IGNORECASE)),
    ("ghp_", re.compile(r"\bghp_[A-Za-z0-9]{36}\b")),
)


def looks_secret(name: str, value: object) -> bool:
    """Whether a literal under a name is a credential in clear."""
    if not isinstance(value, str) or not value or parse_arn(value) is not None:
        return False
    return has_secret_shape(value) or (has_secret_name(name) and not _is_reference(value))


def has_secret_name(name: str) -> bool:
    """Whether a property of this name holds a credential."""
    bare = name.lstrip("-").replace("-", "_")
    return _NAMES.search(bare) is not None and _HARMLESS.search(bare) is None


def has_secret_shape(value: str) -> bool:
    """Whether a string can only be a credential: an access key, a private key, a URL with a password."""
    for part, shape in _SHAPES:  # noqa: SIM110 - a loop: every string of every stack comes here
        if part in value and shape.search(value) is not None:
            return True
    return False


def _is_reference(value: str) -> bool:
    return value.lower() in ("true", "false") or value.startswith(("{{resolve:", "${", "alias/"))
