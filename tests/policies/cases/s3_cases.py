from __future__ import annotations

from typing import Any

from tests.policies.cases.case import Absent, Forms, fails, passes, unverified
from tests.policies.protocol_support import UNKNOWN, Res
from tests.policies.stack_support import (
    ACCOUNT,
    BUCKET,
    KEY_ARN,
    LOGS,
    changed,
    deny_old_tls,
    deny_plain_http,
    lake,
    replaced,
    sse,
    take_logs,
    text,
    without,
)

_POLICY = "aws:s3/bucketPolicy:BucketPolicy"


def _sse(**kwargs: Any) -> list[Res]:
    return replaced(lake(), "data-sse", sse("data-sse", BUCKET, **kwargs))


def _v2(name: str, token: str) -> list[Res]:
    old = next(r for r in lake() if r.name == name)
    return replaced(lake(), name, Res(token, name, old.props, old.deps))


def _inline(**props: Any) -> list[Res]:
    """The data bucket of old, with settings inside it."""
    return changed("data", **props)


def _v2_sse_token() -> str:
    return "aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2"


def _rule(algorithm: str, key: str | None = None, bucket_key: bool = True) -> dict[str, Any]:
    default = {"sseAlgorithm": algorithm, **({"kmsMasterKeyId": key} if key else {})}
    return {"applyServerSideEncryptionByDefault": default, "bucketKeyEnabled": bucket_key}


def _v1(name: str, **props: Any) -> list[Res]:
    return replaced(without(f"data-{name}"), "data", *(r.having(**props) for r in lake() if r.name == "data"))


def _bucket_v2(without_name: str, **props: Any) -> list[Res]:
    bucket = Res("aws:s3/bucketV2:BucketV2", "data", {"bucket": BUCKET, **props})
    return replaced(without(f"data-{without_name}"), "data", bucket)


def _unknown_name(sidecar: str, *, joined: bool = True) -> list[Res]:
    """The data bucket gets its name from AWS; a sub-resource is joined to it by the engine, or not."""
    stack = changed("data", bucket=UNKNOWN, arn=UNKNOWN)
    old = next(r for r in stack if r.name == sidecar)
    deps = {**old.deps, "bucket": ["data"]} if joined else old.deps
    return replaced(stack, sidecar, Res(old.token, old.name, {**old.props, "bucket": UNKNOWN}, deps))


def _policy(*statements: dict[str, Any], on: str = "data-policy") -> list[Res]:
    return changed(on, policy=text(*statements))


def _inline_policy(*statements: dict[str, Any]) -> list[Res]:
    return replaced(
        without("data-policy"),
        "data",
        *(r.having(policy=text(*statements)) for r in lake() if r.name == "data"),
    )


TLS, TLS12 = deny_plain_http(BUCKET), deny_old_tls(BUCKET)
PUBLIC = {"Sid": "Open", "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}
NO_V2 = Absent(
    "the sub-resource never had a V2 token; the bucket's own legacy token has no such inline setting"
)
NO_INLINE = Absent("no provider major ever had the setting inside the bucket")

CASES: dict[str, Forms] = {
    "DL-S3-01": {
        "pass": [
            passes(lake()),
            passes(_sse(key_arn=KEY_ARN)),
            passes(_sse(key_arn=f"arn:aws:kms:eu-west-1:{ACCOUNT}:alias/lake")),
            passes(_sse(algorithm="aws:kms:dsse")),
        ],
        "fail": [
            fails(_sse(algorithm="AES256"), "data-sse", "AES256"),
            fails(_sse(key_arn=None), "data-sse", "aws/s3"),
            fails(_sse(key_arn="alias/aws/s3"), "data-sse", "alias/aws/s3"),
            fails(_sse(key_arn=f"arn:aws:kms:eu-west-1:{ACCOUNT}:alias/aws/s3"), "data-sse"),
            fails(without("data-sse"), "data", "no default encryption"),
            fails(changed("data-sse", rules=[]), "data-sse"),
            fails([*lake(), sse("second", BUCKET, "AES256")], "second"),
        ],
        "unknown": [
            # The key's ARN is not known before the key exists; that it is a key of the stack is known.
            passes(_sse(key_arn=UNKNOWN)),
            unverified(
                replaced(
                    lake(), "data-sse", Res(sse("x", BUCKET).token, "data-sse", sse("x", BUCKET).props, {})
                ),
                "data-sse",
                "leads to no key",
            ),
            unverified(changed("data-sse", rules=UNKNOWN), "data-sse"),
            passes(_unknown_name("data-sse")),
            unverified(_unknown_name("data-sse", joined=False), "data"),
        ],
        "legacy": [
            passes(_v2("data-sse", _v2_sse_token())),
            fails(
                replaced(
                    lake(), "data-sse", Res(_v2_sse_token(), "data-sse", sse("x", BUCKET, "AES256").props)
                ),
                "data-sse",
            ),
            passes(
                _bucket_v2(
                    "sse",
                    serverSideEncryptionConfigurations=[
                        {
                            "rules": [
                                {
                                    "applyServerSideEncryptionByDefaults": [
                                        {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": KEY_ARN}
                                    ]
                                }
                            ]
                        }
                    ],
                )
            ),
            fails(
                _bucket_v2(
                    "sse",
                    serverSideEncryptionConfigurations=[
                        {"rules": [{"applyServerSideEncryptionByDefaults": [{"sseAlgorithm": "AES256"}]}]}
                    ],
                ),
                "data",
            ),
        ],
        "sidecar": [
            passes(_v1("sse", serverSideEncryptionConfiguration={"rule": _rule("aws:kms", KEY_ARN)})),
            fails(_v1("sse", serverSideEncryptionConfiguration={"rule": _rule("AES256")}), "data"),
            # What the provider read into the bucket before the sub-resource was applied is no declaration.
            passes(_inline(serverSideEncryptionConfiguration={"rule": _rule("AES256")})),
            passes(_inline(serverSideEncryptionConfiguration=UNKNOWN)),
            fails(_v1("sse", serverSideEncryptionConfiguration=UNKNOWN), "data"),
        ],
    },
    "DL-S3-02": {
        "pass": [passes(lake())],
        "fail": [
            fails(_sse(bucketKeyEnabled=False), "data-sse", "bucketKeyEnabled"),
            fails(_sse(bucketKeyEnabled=None), "data-sse"),
        ],
        "unknown": [unverified(_sse(bucketKeyEnabled=UNKNOWN), "data-sse")],
        "legacy": [
            passes(_v2("data-sse", _v2_sse_token())),
            fails(
                replaced(
                    lake(),
                    "data-sse",
                    Res(_v2_sse_token(), "data-sse", sse("x", BUCKET, bucketKeyEnabled=False).props),
                ),
                "data-sse",
            ),
        ],
        "sidecar": [
            passes(_v1("sse", serverSideEncryptionConfiguration={"rule": _rule("aws:kms", KEY_ARN)})),
            fails(
                _v1("sse", serverSideEncryptionConfiguration={"rule": _rule("aws:kms", KEY_ARN, False)}),
                "data",
            ),
        ],
    },
    "DL-S3-03": {
        "pass": [passes(lake())],
        "fail": [
            fails(replaced(lake(), "logs-sse", sse("logs-sse", LOGS)), "logs-sse", "never reach"),
            fails(without("logs-sse"), "logs"),
            # Known by whom its policy admits, though the stack logs nothing into it.
            fails(
                replaced(without("data-logging"), "logs-sse", sse("logs-sse", LOGS, key_arn=KEY_ARN)),
                "logs-sse",
            ),
        ],
        "unknown": [
            unverified(changed("logs-sse", rules=UNKNOWN), "logs-sse"),
            unverified(replaced(lake(), "logs-sse", sse("logs-sse", LOGS, UNKNOWN)), "logs-sse"),
        ],
        "legacy": [
            passes(_v2("data-logging", "aws:s3/bucketLoggingV2:BucketLoggingV2")),
            fails(
                replaced(
                    _v2("data-logging", "aws:s3/bucketLoggingV2:BucketLoggingV2"),
                    "logs-sse",
                    sse("logs-sse", LOGS),
                ),
                "logs-sse",
            ),
        ],
        "sidecar": [
            fails(
                replaced(
                    replaced(
                        without("data-logging"),
                        "data",
                        *(r.having(logging={"targetBucket": LOGS}) for r in lake() if r.name == "data"),
                    ),
                    "logs-sse",
                    sse("logs-sse", LOGS),
                ),
                "logs-sse",
            )
        ],
    },
    "DL-S3-04": {
        "pass": [passes(lake())],
        "fail": [
            fails(without("data-pab"), "data", "no public access block"),
            *(
                fails(changed("data-pab", **{flag: value}), "data-pab", flag)
                for flag in (
                    "blockPublicAcls",
                    "blockPublicPolicy",
                    "ignorePublicAcls",
                    "restrictPublicBuckets",
                )
                for value in (False, None)
            ),
        ],
        "unknown": [
            unverified(changed("data-pab", blockPublicAcls=UNKNOWN), "data-pab"),
            unverified(_unknown_name("data-pab", joined=False), "data"),
            passes(_unknown_name("data-pab")),
        ],
        "legacy": [passes(_v2("data", "aws:s3/bucketV2:BucketV2"))],
        "sidecar": NO_INLINE,
    },
    "DL-S3-05": {
        "pass": [passes(lake())],
        "fail": [
            fails(without("data-ownership"), "data"),
            fails(changed("data-ownership", rule={"objectOwnership": "ObjectWriter"}), "data-ownership"),
        ],
        "unknown": [
            unverified(changed("data-ownership", rule=UNKNOWN), "data-ownership"),
            unverified(changed("data-ownership", rule={"objectOwnership": UNKNOWN}), "data-ownership"),
        ],
        "legacy": [passes(_v2("data", "aws:s3/bucketV2:BucketV2"))],
        "sidecar": NO_INLINE,
    },
    "DL-S3-06": {
        "pass": [passes(lake())],
        "fail": [
            fails(without("data-versioning"), "data"),
            fails(
                changed("data-versioning", versioningConfiguration={"status": "Suspended"}), "data-versioning"
            ),
        ],
        "unknown": [
            unverified(changed("data-versioning", versioningConfiguration=UNKNOWN), "data-versioning"),
            unverified(
                changed("data-versioning", versioningConfiguration={"status": UNKNOWN}), "data-versioning"
            ),
        ],
        "legacy": [
            passes(_v2("data-versioning", "aws:s3/bucketVersioningV2:BucketVersioningV2")),
            passes(_bucket_v2("versioning", versionings=[{"enabled": True}])),
            fails(_bucket_v2("versioning", versionings=[{"enabled": False}]), "data"),
        ],
        "sidecar": [
            passes(_v1("versioning", versioning={"enabled": True})),
            fails(_v1("versioning", versioning={"enabled": False}), "data"),
            passes(_inline(versioning={"enabled": False})),
        ],
    },
    "DL-S3-07": {
        "pass": [
            passes(lake()),
            passes(_policy({**TLS, "Principal": {"AWS": "*"}}, TLS12)),
            passes(
                _policy({**TLS, "Action": ["s3:*"], "Condition": {"Bool": {"AWS:SecureTransport": False}}})
            ),
            # Bucket and objects may be denied by a statement each.
            passes(
                _policy(
                    {**TLS, "Resource": f"arn:aws:s3:::{BUCKET}"},
                    {**TLS, "Resource": f"arn:aws:s3:::{BUCKET}/*"},
                )
            ),
            passes(_policy({**TLS, "Resource": f"arn:aws:s3:::{BUCKET}*"})),
        ],
        "fail": [
            fails(without("data-policy"), "data", "no bucket policy"),
            fails(_policy(TLS12), "data-policy", "no statement"),
            fails(
                _policy({**TLS, "Resource": f"arn:aws:s3:::{BUCKET}/*"}), "data-policy", "the bucket itself"
            ),
            fails(_policy({**TLS, "Resource": f"arn:aws:s3:::{BUCKET}"}), "data-policy", "its objects"),
            fails(_policy({**TLS, "Action": "s3:GetObject"}), "data-policy", "s3:GetObject"),
            fails(
                _policy({**TLS, "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}}),
                "data-policy",
                "not for s3:*",
            ),
            fails(_policy({**TLS, "Effect": "Allow"}), "data-policy"),
            fails(_policy({**TLS, "Condition": {"Bool": {"aws:SecureTransport": "true"}}}), "data-policy"),
            fails(_policy({**TLS, "Condition": {**TLS["Condition"], **TLS12["Condition"]}}), "data-policy"),
            fails(_policy({**TLS, "Resource": "arn:aws:s3:::other/*"}), "data-policy"),
            fails(changed("data-policy", policy="{"), "data-policy", "not JSON"),
        ],
        "unknown": [
            unverified(changed("data-policy", policy=UNKNOWN), "data-policy"),
            unverified(_policy({**TLS, "Resource": [f"arn:aws:s3:::{UNKNOWN}", UNKNOWN]}), "data-policy"),
            unverified(_unknown_name("data-policy", joined=False), "data"),
            unverified(_unknown_name("data-policy"), "data-policy"),
        ],
        "legacy": [
            passes(_v2("data", "aws:s3/bucketV2:BucketV2")),
            fails(_bucket_v2("policy", policy=text(TLS12)), "data"),
        ],
        "sidecar": [passes(_inline_policy(TLS, TLS12)), fails(_inline_policy(TLS12), "data")],
    },
    "DL-S3-08": {
        "pass": [
            passes(lake()),
            passes(_policy(TLS, {**TLS12, "Condition": {"NumericLessThan": {"s3:TlsVersion": 1.2}}})),
            passes(_policy(TLS, {**TLS12, "Condition": {"NumericLessThan": {"s3:TlsVersion": ["1.3"]}}})),
        ],
        "fail": [
            fails(without("data-policy"), "data"),
            fails(_policy(TLS), "data-policy"),
            fails(
                _policy({**TLS12, "Condition": {"NumericLessThan": {"s3:TlsVersion": "1.1"}}}), "data-policy"
            ),
            fails(
                _policy({**TLS12, "Condition": {"NumericGreaterThan": {"s3:TlsVersion": "1.2"}}}),
                "data-policy",
            ),
            fails(
                _policy({**TLS12, "Condition": {"NumericLessThan": {"s3:TlsVersion": "new"}}}), "data-policy"
            ),
        ],
        "unknown": [unverified(changed("data-policy", policy=UNKNOWN), "data-policy")],
        "legacy": [
            passes(_v2("data", "aws:s3/bucketV2:BucketV2")),
            fails(_bucket_v2("policy", policy=text(TLS)), "data"),
        ],
        "sidecar": [passes(_inline_policy(TLS, TLS12)), fails(_inline_policy(TLS), "data")],
    },
    "DL-S3-09": {
        "pass": [
            passes(lake()),
            passes(_policy({**PUBLIC, "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}})),
            passes(_policy({**PUBLIC, "Effect": "Deny"})),
        ],
        "fail": [
            fails(_policy(PUBLIC), "data-policy", "s3:GetObject"),
            fails(_policy({**PUBLIC, "Principal": {"AWS": ["*"]}}), "data-policy"),
            fails(
                _policy({**PUBLIC, "Condition": {"StringLike": {"aws:PrincipalOrgID": "*"}}}), "data-policy"
            ),
            fails(
                _policy({**PUBLIC, "Condition": {"StringEqualsIfExists": {"aws:SourceVpce": "vpce-1"}}}),
                "data-policy",
                "IfExists",
            ),
            fails(
                _policy({**PUBLIC, "Condition": {"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}}}),
                "data-policy",
            ),
            fails(_policy({**PUBLIC, "Condition": {"Bool": {"aws:SecureTransport": "true"}}}), "data-policy"),
            fails(
                _policy({k: v for k, v in PUBLIC.items() if k != "Principal"} | {"NotPrincipal": "x"}),
                "data-policy",
            ),
        ],
        "unknown": [
            unverified(changed("data-policy", policy=UNKNOWN), "data-policy"),
            unverified(_policy({**PUBLIC, "Principal": {"AWS": UNKNOWN}}), "data-policy"),
            unverified(
                _policy({**PUBLIC, "Condition": {"StringEquals": {"aws:PrincipalOrgID": UNKNOWN}}}),
                "data-policy",
            ),
        ],
        "legacy": [
            passes(_v2("data", "aws:s3/bucketV2:BucketV2")),
            fails(_bucket_v2("policy", policy=text(PUBLIC)), "data"),
        ],
        "sidecar": [passes(_inline_policy(TLS)), fails(_inline_policy(PUBLIC), "data")],
    },
    "DL-S3-10": {
        "pass": [
            passes(lake()),
            passes(
                _policy(
                    take_logs(LOGS, Condition={"ArnLike": {"aws:SourceArn": f"arn:aws:s3:::{BUCKET}"}}),
                    on="logs-policy",
                )
            ),
            passes(_policy(take_logs(LOGS, Principal={"Service": "unlisted.amazonaws.com"}, Condition={}))),
        ],
        "fail": [
            fails(_policy(take_logs(LOGS, Condition={}), on="logs-policy"), "logs-policy", "logging.s3"),
            fails(
                _policy(
                    take_logs(LOGS, Condition={"ArnLike": {"aws:SourceArn": "arn:aws:s3:::*"}}),
                    on="logs-policy",
                ),
                "logs-policy",
                "wildcard",
            ),
            fails(
                _policy(
                    take_logs(LOGS, Condition={"StringEqualsIfExists": {"aws:SourceAccount": ACCOUNT}}),
                    on="logs-policy",
                ),
                "logs-policy",
                "IfExists",
            ),
        ],
        "unknown": [
            unverified(changed("logs-policy", policy=UNKNOWN), "logs-policy"),
            unverified(
                _policy(
                    take_logs(LOGS, Condition={"StringEquals": {"aws:SourceAccount": UNKNOWN}}),
                    on="logs-policy",
                ),
                "logs-policy",
            ),
        ],
        "legacy": [
            passes(_v2("logs", "aws:s3/bucketV2:BucketV2")),
            fails(_bucket_v2("policy", policy=text(take_logs(BUCKET, Condition={}))), "data"),
        ],
        "sidecar": [
            passes(_inline_policy(take_logs(BUCKET))),
            fails(_inline_policy(take_logs(BUCKET, Condition={})), "data"),
        ],
    },
}
