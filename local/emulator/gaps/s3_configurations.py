"""S3 bucket sub-resources that moto lacks, kept as the XML that was put; unknown ones are refused.

Without this, moto takes a request for a sub-resource it does not know as one for the bucket itself: a PUT
would create the bucket, a DELETE would delete it.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import botocore.session
from moto.s3.exceptions import MalformedXML
from moto.s3.responses import S3Response

from local.emulator.gaps.extend import replace
from local.emulator.gaps.s3_answers import refusal

_NAMESPACE = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'


class Kind(NamedTuple):
    """One family of configurations: the XML element of one, and of a list of them."""

    element: str
    listing: str


KINDS = {
    "metrics": Kind("MetricsConfiguration", "ListMetricsConfigurationsResult"),
    "analytics": Kind("AnalyticsConfiguration", "ListBucketAnalyticsConfigurationResult"),
    "inventory": Kind("InventoryConfiguration", "ListInventoryConfigurationsResult"),
    "intelligent-tiering": Kind(
        "IntelligentTieringConfiguration", "ListBucketIntelligentTieringConfigurationsOutput"
    ),
}

# What moto serves itself, by method.
_SERVED = {
    "GET": {
        *(
            "object-lock",
            "uploads",
            "location",
            "lifecycle",
            "versioning",
            "policyStatus",
            "policy",
            "website",
            "acl",
        ),
        *(
            "tagging",
            "logging",
            "cors",
            "notification",
            "accelerate",
            "publicAccessBlock",
            "versions",
            "encryption",
        ),
        *("replication", "ownershipControls", "list-type"),
    },
    "PUT": {
        *("object-lock", "versioning", "lifecycle", "policy", "acl", "tagging", "website", "cors", "logging"),
        *(
            "notification",
            "accelerate",
            "publicAccessBlock",
            "encryption",
            "replication",
            "ownershipControls",
        ),
    },
    "DELETE": {
        *(
            "policy",
            "tagging",
            "website",
            "cors",
            "lifecycle",
            "publicAccessBlock",
            "encryption",
            "replication",
        ),
        "ownershipControls",
    },
}


def install() -> None:
    """Extends moto's S3."""
    sub_resources = _bucket_sub_resources()

    def _bucket_response(self: Any, request: Any, full_url: str) -> Any:
        query = self._get_querystring(request, full_url)
        bucket_name = self.parse_bucket_name_from_url(request, full_url)
        method = request.method
        if bucket_name and method in _SERVED:
            kind = next((name for name in KINDS if name in query), None)
            if kind:
                return _configuration(self, method, kind, query)
            if "requestPayment" in query:
                return _request_payment(self, method)
            asked = sub_resources & set(query) - _SERVED[method]
            if asked:
                raise NotImplementedError(f"S3 {method} of the bucket sub-resource {sorted(asked)[0]}")
        return original(self, request, full_url)

    original = replace(S3Response, "_bucket_response", _bucket_response)


def _bucket_sub_resources() -> set[str]:
    """Reads from botocore's model every sub-resource a bucket can be asked for, such as `metadataTable`."""
    model = botocore.session.get_session().get_service_model("s3")
    paths = (model.operation_model(name).http["requestUri"] for name in model.operation_names)
    return {
        path.partition("?")[2].split("&")[0].split("=")[0] for path in paths if path.startswith("/{Bucket}?")
    }


def _configuration(self: Any, method: str, kind: str, query: dict[str, Any]) -> Any:
    bucket = self.backend.get_bucket(self.bucket_name)
    stores: dict[str, dict[str, str]] = bucket.__dict__.setdefault("sub_resource_configurations", {})
    store = stores.setdefault(kind, {})
    element, listing = KINDS[kind]
    identity = query.get("id", [None])[0]
    if identity is None:
        if method != "GET":
            raise MalformedXML()
        return (
            f"<{listing} {_NAMESPACE}>{''.join(store.values())}<IsTruncated>false</IsTruncated></{listing}>"
        )
    if method == "PUT":
        store[identity] = _checked(self.body, element, identity)
        return 200, {}, ""
    if identity not in store:
        return refusal(404, "NoSuchConfiguration", "The specified configuration does not exist.")
    if method == "DELETE":
        del store[identity]
        return 204, {}, ""
    return store[identity]


def _checked(body: bytes, element: str, identity: str) -> str:
    text = re.sub(r"^\s*<\?xml[^>]*\?>\s*", "", body.decode("utf-8"))
    if not text.startswith(f"<{element}") or f"<Id>{identity}</Id>" not in text:
        raise MalformedXML()
    return text


def _request_payment(self: Any, method: str) -> Any:
    bucket = self.backend.get_bucket(self.bucket_name)
    if method == "PUT":
        found = re.search(r"<Payer>(BucketOwner|Requester)</Payer>", self.body.decode("utf-8"))
        if not found:
            raise MalformedXML()
        bucket.payer = found.group(1)
        return 200, {}, ""
    root = "RequestPaymentConfiguration"
    return f"<{root} {_NAMESPACE}><Payer>{bucket.payer}</Payer></{root}>"
