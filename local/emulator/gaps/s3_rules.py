"""S3 lifecycle and replication rules, given back whole; moto forgets parts of both."""

from __future__ import annotations

import copy
from typing import Any

import xmltodict  # type: ignore[import-untyped]
from moto.s3.exceptions import MissingBucket, NoSuchLifecycleConfiguration, S3ClientError
from moto.s3.models import FakeBucket, S3Backend
from moto.s3.responses import S3Response

from local.emulator.gaps.extend import replace

_NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
_MINIMUM_SIZE = "x-amz-transition-default-minimum-object-size"
_DEFAULT_MINIMUM = "all_storage_classes_128K"


class InvalidRequest(S3ClientError):
    """S3's refusal of a replication that cannot work."""

    def __init__(self, message: str) -> None:
        super().__init__("InvalidRequest", message)


def get_bucket_lifecycle(self: Any) -> Any:
    """Answers the rules as they were put, such as with the number of newer versions kept."""
    bucket = self.backend.get_bucket(self.bucket_name)
    if not bucket.rules:
        raise NoSuchLifecycleConfiguration(bucket_name=self.bucket_name)
    headers = {_MINIMUM_SIZE: bucket.__dict__.get("transition_minimum", _DEFAULT_MINIMUM)}
    return 200, headers, _document("LifecycleConfiguration", {"Rule": bucket.rules_put})


def _lifecycle() -> None:
    def set_lifecycle(self: Any, rules: list[dict[str, Any]]) -> None:
        """Keeps the rules as they were put, with the identifiers that moto gives those without."""
        given = copy.deepcopy(rules)
        set_rules(self, rules)
        self.rules_put = [{**rule, "ID": made.id} for rule, made in zip(given, self.rules, strict=True)]

    def _bucket_response_put(self: Any, request: Any, bucket_name: str, querystring: dict[str, Any]) -> Any:
        """Keeps from which size on objects change their storage class."""
        answer = put(self, request, bucket_name, querystring)
        if "lifecycle" not in querystring:
            return answer
        bucket = self.backend.get_bucket(bucket_name)
        bucket.transition_minimum = request.headers.get(_MINIMUM_SIZE) or _DEFAULT_MINIMUM
        return 200, {_MINIMUM_SIZE: bucket.transition_minimum}, ""

    set_rules = replace(FakeBucket, "set_lifecycle", set_lifecycle)
    put = replace(S3Response, "_bucket_response_put", _bucket_response_put)
    replace(S3Response, "get_bucket_lifecycle", get_bucket_lifecycle)


def _replication() -> None:
    def get_bucket_replication(self: Any) -> Any:
        """Answers the rules as they were put: filters, delete markers, criteria."""
        stored = self.backend.get_bucket_replication(self.bucket_name)
        if not stored:
            return get(self)
        return (
            200,
            {},
            _document("ReplicationConfiguration", {"Role": stored["Role"], "Rule": stored["Rule"]}),
        )

    def put_bucket_replication(self: Any, bucket_name: str, replication: dict[str, Any]) -> None:
        """Demands versioning on both sides, as S3 does."""
        if not self.get_bucket(bucket_name).is_versioned:
            raise InvalidRequest(
                "Versioning must be 'Enabled' on the bucket to apply a replication configuration"
            )
        rules = replication["Rule"]
        for rule in rules if isinstance(rules, list) else [rules]:
            _demand_destination(self, rule["Destination"]["Bucket"].rsplit(":", 1)[-1])
        put(self, bucket_name, replication)

    get = replace(S3Response, "get_bucket_replication", get_bucket_replication)
    put = replace(S3Backend, "put_bucket_replication", put_bucket_replication)


def _demand_destination(backend: S3Backend, name: str) -> None:
    try:
        versioned = backend.get_bucket(name).is_versioned
    except MissingBucket:
        raise InvalidRequest("Destination bucket must exist.") from None
    if not versioned:
        raise InvalidRequest("Destination bucket must have versioning enabled.")


def _document(root: str, content: dict[str, Any]) -> str:
    text: str = xmltodict.unparse({root: {"@xmlns": _NAMESPACE, **content}})
    return text


def install() -> None:
    """Extends moto's S3."""
    _lifecycle()
    _replication()
