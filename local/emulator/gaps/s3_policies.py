"""Bucket policies on every S3 request: Deny statements hold, with their conditions evaluated.

moto itself takes a Deny whose condition does not hold for a denial. Here the loopback endpoint counts as
one behind TLS 1.3, as a gateway that terminates TLS would present itself, so a policy stays as it is
deployed and is obeyed. Evaluated: principal, action, resource and all condition operators over the keys
that `_context` fills. Not evaluated: identity policies, permission boundaries, key policies and VPC
endpoint policies; nobody authenticates here.
"""

from __future__ import annotations

import datetime
from contextvars import ContextVar
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from moto.iam.access_control import PermissionResult
from moto.iam.models import iam_backends
from moto.s3.exceptions import S3ClientError
from moto.s3.models import FakeBucket
from moto.s3.responses import S3Response
from moto.sts.models import sts_backends
from moto.utilities.utils import get_partition

from local.emulator.gaps.extend import replace
from local.emulator.gaps.s3_answers import refusal
from local.emulator.policy_conditions import Context
from local.emulator.policy_documents import Caller, MalformedPolicy, Request, decide, parse, parse_for_bucket

_asking: ContextVar[tuple[Caller, Context]] = ContextVar("asking")

_CONFIGURATIONS = {
    "accelerate": "AccelerateConfiguration",
    "acl": "BucketAcl",
    "analytics": "AnalyticsConfiguration",
    "cors": "BucketCORS",
    "encryption": "EncryptionConfiguration",
    "intelligent-tiering": "IntelligentTieringConfiguration",
    "inventory": "InventoryConfiguration",
    "lifecycle": "LifecycleConfiguration",
    "logging": "BucketLogging",
    "metrics": "MetricsConfiguration",
    "notification": "BucketNotification",
    "object-lock": "BucketObjectLockConfiguration",
    "ownershipControls": "BucketOwnershipControls",
    "policy": "BucketPolicy",
    "policyStatus": "BucketPolicyStatus",
    "publicAccessBlock": "BucketPublicAccessBlock",
    "replication": "ReplicationConfiguration",
    "requestPayment": "BucketRequestPayment",
    "tagging": "BucketTagging",
    "versioning": "BucketVersioning",
    "website": "BucketWebsite",
}
_OWN_DELETE = {"policy", "website"}
_OBJECT_PARTS = {
    "acl": "ObjectAcl",
    "attributes": "ObjectAttributes",
    "legal-hold": "ObjectLegalHold",
    "retention": "ObjectRetention",
    "tagging": "ObjectTagging",
}


def action_on_bucket(method: str, query: dict[str, Any]) -> str | None:
    """Names the IAM action of a bucket request; None where objects are judged one by one."""
    part = next((name for name in _CONFIGURATIONS if name in query), None)
    if part:
        verb = {"GET": "Get", "DELETE": "Delete" if part in _OWN_DELETE else "Put"}.get(method, "Put")
        return f"s3:{verb}{_CONFIGURATIONS[part]}"
    if method in ("GET", "HEAD"):
        listings = {
            "location": "GetBucketLocation",
            "versions": "ListBucketVersions",
            "uploads": "ListBucketMultipartUploads",
        }
        return "s3:" + next((action for name, action in listings.items() if name in query), "ListBucket")
    return {"PUT": "s3:CreateBucket", "DELETE": "s3:DeleteBucket"}.get(method)


def action_on_object(method: str, query: dict[str, Any]) -> str:
    """Names the IAM action of an object request."""
    verb = {"GET": "Get", "HEAD": "Get", "PUT": "Put", "DELETE": "Delete", "POST": "Put"}.get(method, "Get")
    version = "Version" if query.get("versionId", [""])[0] not in ("", "null") else ""
    part = next((name for name in _OBJECT_PARTS if name in query), None)
    if part:
        return f"s3:{verb}{_OBJECT_PARTS[part].replace('Object', f'Object{version}', 1)}"
    if "uploadId" in query and method in ("GET", "DELETE"):
        return "s3:ListMultipartUploadParts" if method == "GET" else "s3:AbortMultipartUpload"
    if "restore" in query:
        return "s3:RestoreObject"
    return f"s3:{verb}Object{version if verb in ('Get', 'Delete') else ''}"


def install() -> None:
    """Extends moto's S3."""

    def _bucket_response(self: Any, request: Any, full_url: str) -> Any:
        query = self._get_querystring(request, full_url)
        name = self.parse_bucket_name_from_url(request, full_url)
        _asking.set((_caller(self), _context(self, query)))
        action = action_on_bucket(request.method, query) if name else None
        if action and action != "s3:CreateBucket":
            refused = _refused(self, name, None, action)
            if refused:
                return refused
        if request.method == "PUT" and "policy" in query and name:
            try:
                parse_for_bucket(self.body)
            except MalformedPolicy as error:
                return refusal(400, "MalformedPolicy", str(error))
        return answer_bucket(self, request, full_url)

    def _key_response(self: Any, request: Any, full_url: str) -> Any:
        query = parse_qs(urlsplit(full_url).query, keep_blank_values=True)
        name, key = self.parse_bucket_name_from_url(request, full_url), self.parse_key_name()
        _asking.set((_caller(self), _context(self, query)))
        refused = _refused(self, name, key, action_on_object(request.method, query))
        source = self.headers.get("x-amz-copy-source")
        if not refused and source:
            from_bucket, _, from_key = unquote(source).lstrip("/").partition("?")[0].partition("/")
            refused = _refused(self, from_bucket, from_key, "s3:GetObject")
        return refused or answer_key(self, request, full_url)

    answer_bucket = replace(S3Response, "_bucket_response", _bucket_response)
    answer_key = replace(S3Response, "_key_response", _key_response)
    replace(FakeBucket, "get_permission", get_permission)


def get_permission(self: Any, action: str, resource: str) -> PermissionResult:
    """Judges one object, for moto's own two questions: may anybody read it, may it be deleted in a batch."""
    if self.policy is None or _asking.get(None) is None:
        return PermissionResult.NEUTRAL
    caller, context = _asking.get()
    named = {"s3:PostObject": "s3:PutObject", "s3:HeadObject": "s3:GetObject"}.get(action, action)
    decision = decide(parse(self.policy), Request(named, resource, caller, context))
    return {"Deny": PermissionResult.DENIED, "Allow": PermissionResult.PERMITTED}.get(
        decision or "", PermissionResult.NEUTRAL
    )


def _refused(self: Any, bucket_name: str, key: str | None, action: str) -> Any:
    try:
        bucket = self.backend.get_bucket(bucket_name)
    except S3ClientError:
        return None
    if bucket.policy is None:
        return None
    caller, context = _asking.get()
    resource = f"arn:{bucket.partition}:s3:::{bucket_name}" + (f"/{key}" if key is not None else "")
    if decide(parse(bucket.policy), Request(action, resource, caller, context)) != "Deny":
        return None
    return refusal(
        403,
        "AccessDenied",
        f"User: {caller.arn} is not authorized to perform: {action} on resource: "
        f'"{resource}" with an explicit deny in a resource-based policy',
    )


def _caller(self: Any) -> Caller:
    """Names the caller by the access key: an assumed role's session, an IAM user, or the account's root."""
    account, partition = self.current_account, get_partition(self.region)
    access_key = self.get_access_key()
    session = sts_backends[account][partition].get_assumed_role_from_access_key(access_key)
    if session:
        return Caller(session.account_id, session.arn, session.role_arn)
    user = iam_backends[account][partition].get_user_from_access_key_id(access_key)
    return Caller(account, user.arn if user else f"arn:{partition}:iam::{account}:root")


def _context(self: Any, query: dict[str, Any]) -> Context:
    """Fills the condition keys of a request; keys that AWS would not have either are left out."""
    headers = self.headers
    now = datetime.datetime.now(datetime.UTC)
    caller = _caller(self)
    context: dict[str, str | list[str]] = {
        "aws:SecureTransport": "true",
        "s3:TlsVersion": "1.3",
        "aws:SourceIp": "127.0.0.1",
        "aws:CurrentTime": now.isoformat(),
        "aws:EpochTime": str(int(now.timestamp())),
        "aws:PrincipalAccount": caller.account,
        "aws:PrincipalArn": caller.role_arn or caller.arn,
        "aws:PrincipalIsAWSService": "false",
        "aws:ViaAWSService": "false",
        "aws:RequestedRegion": self.region,
        "aws:ResourceAccount": self.current_account,
        "s3:ResourceAccount": self.current_account,
        "aws:UserAgent": headers.get("User-Agent", ""),
        "s3:authType": "REST-QUERY-STRING" if "X-Amz-Signature" in query else "REST-HEADER",
    }
    if "AWS4-HMAC-SHA256" in headers.get("Authorization", "") or "X-Amz-Signature" in query:
        context["s3:signatureversion"] = "AWS4-HMAC-SHA256"
    for header, value in headers.items():
        name = header.lower()
        if name.startswith("x-amz-") or name in ("if-match", "if-none-match"):
            context[f"s3:{name}"] = value
    for parameter in ("prefix", "delimiter", "max-keys", "versionId"):
        if parameter in query:
            context[f"s3:{parameter}"] = query[parameter][0]
    tags = parse_qs(headers.get("x-amz-tagging", ""), keep_blank_values=True)
    if tags:
        context["s3:RequestObjectTagKeys"] = list(tags)
        context |= {f"s3:RequestObjectTag/{key}": values[0] for key, values in tags.items()}
    return context
