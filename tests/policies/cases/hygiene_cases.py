from __future__ import annotations

from typing import Any

from tests.policies.cases.case import NO_LEGACY, NO_SIDECAR, Absent, Forms, fails, passes, unverified
from tests.policies.estate_support import put
from tests.policies.protocol_support import UNKNOWN, Res
from tests.policies.stack_support import ACCOUNT, ETL_STATEMENTS, allow, lake, replaced, text

_BASE = [r for r in lake() if r.name in ("key", "etl", "etl-policy")]
_STRANGER = "210987654321"
_PROVIDER = f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"
_AUD = {"token.actions.githubusercontent.com:aud": "sts.amazonaws.com"}
_SUB = "token.actions.githubusercontent.com:sub"
_MAIN = "repo:org/lake:ref:refs/heads/main"
_TO_USER = "aws:iam/userPolicyAttachment:UserPolicyAttachment"
_TO_ALL = "aws:iam/policyAttachment:PolicyAttachment"


def _etl(*more: dict[str, Any]) -> list[Res]:
    return put(_BASE, "etl-policy", "policy", text(*ETL_STATEMENTS, *more))


def _inline(*more: dict[str, Any]) -> list[Res]:
    return put(
        replaced(_BASE, "etl-policy"), "etl", "inlinePolicies", [{"name": "own", "policy": text(*more)}]
    )


def _trusts(principal: dict[str, str], condition: dict[str, Any] | None = None) -> list[Res]:
    statement = {"Sid": "Come", "Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    return put(
        _BASE,
        "etl",
        "assumeRolePolicy",
        text({**statement, "Condition": condition} if condition else statement),
    )


_HIDDEN = unverified(put(_BASE, "etl-policy", "policy", UNKNOWN), "etl-policy")
_EMPTY_SET = allow("s3:ListBucket", "arn:aws:s3:::b", {"ForAllValues:StringLike": {"s3:prefix": ["raw/*"]}})
_GUARDED = {"ForAllValues:StringLike": {"s3:prefix": ["raw/*"]}, "Null": {"s3:prefix": "false"}}
_TOKEN = {"Federated": _PROVIDER}

_OBJECTS_ONLY = allow("s3:ListBucket", "arn:aws:s3:::b/*")
_WRONG_KEY = allow("s3:GetObject", "arn:aws:s3:::b/*", {"StringEquals": {"s3:prefix": "raw/"}})

_RESULTS = allow("redshift-data:GetStatementResult", "*")
_OWNER = "redshift-data:statement-owner-iam-userid"
_OF_ITS_OWN = {"StringEquals": {_OWNER: "${aws:userid}"}}
_ANY_OWNER = {"StringLike": {_OWNER: "*"}}
_UNKNOWN_OWNER = {"StringEquals": {_OWNER: UNKNOWN}}

CASES: dict[str, Forms] = {
    "DL-IAM-25": {
        "pass": [
            passes(_BASE),
            passes(_etl(allow("s3:ListBucket", ["arn:aws:s3:::b", "arn:aws:s3:::b/*"]))),
            passes(_etl(allow("s3:GetObject", "arn:aws:s3:::b/*", {"Null": {"s3:prefix": "true"}}))),
            passes(_etl(allow("s3:GetObject", "*", {"StringEqualsIfExists": {"s3:prefix": "raw/"}}))),
            passes(_etl(allow("ec2:CreateTags", "*", {"StringEquals": {"ec2:ResourceTag/a": "b"}}))),
        ],
        "fail": [
            fails(_etl(_OBJECTS_ONLY), "etl-policy", "s3:ListBucket on arn:aws:s3:::b/*"),
            fails(
                _etl(allow("glue:StartJobRun", f"arn:aws:glue:eu-west-1:{ACCOUNT}:table/a/b")),
                "etl-policy",
                "glue:StartJobRun",
            ),
            fails(_etl(_WRONG_KEY), "etl-policy", "s3:prefix"),
        ],
        "unknown": [_HIDDEN],
        "legacy": NO_LEGACY,
        "sidecar": [fails(_inline(_OBJECTS_ONLY), "etl")],
    },
    "DL-IAM-17": {
        "pass": [passes(_BASE)],
        "fail": [
            fails([*_BASE, Res("aws:iam/user:User", "user", {"name": "u"})], "user", "a user"),
            fails(
                [*_BASE, Res("aws:iam/accessKey:AccessKey", "secret", {"user": "u"})], "secret", "access key"
            ),
            # Users whom the stack does not make, given rights by it.
            fails([*_BASE, Res("aws:iam/userPolicy:UserPolicy", "own", {"user": "ana"})], "own", "user ana"),
            fails([*_BASE, Res(_TO_USER, "given", {"user": "ana", "policyArn": "p"})], "given", "user ana"),
            fails([*_BASE, Res(_TO_ALL, "given", {"users": ["ana"], "policyArn": "p"})], "given", "user ana"),
        ],
        "unknown": Absent("nothing is read but the type"),
        "legacy": NO_LEGACY,
        "sidecar": NO_SIDECAR,
    },
    "DL-RS-22": {
        "pass": [
            passes(_BASE),
            passes(_etl(_RESULTS | {"Condition": _OF_ITS_OWN})),
            passes(_etl(_RESULTS, {**_RESULTS, "Effect": "Deny", "Action": "redshift-data:*"})),
        ],
        "fail": [
            fails(_etl(_RESULTS), "etl-policy", "GetStatementResult of everybody's statements"),
            fails(_etl(allow("redshift-data:Describe*", "*")), "etl-policy", "DescribeStatement"),
            fails(_etl(_RESULTS | {"Condition": _ANY_OWNER}), "etl-policy"),
        ],
        "unknown": [_HIDDEN, unverified(_etl(_RESULTS | {"Condition": _UNKNOWN_OWNER}), "etl-policy")],
        "legacy": NO_LEGACY,
        "sidecar": [fails(_inline(_RESULTS), "etl")],
    },
    "DL-IAM-18": {
        "pass": [passes(_BASE), passes(put(_BASE, "etl", "maxSessionDuration", 3600))],
        "fail": [fails(put(_BASE, "etl", "maxSessionDuration", 43200), "etl", "43200")],
        "unknown": [unverified(put(_BASE, "etl", "maxSessionDuration", UNKNOWN, ["key"]), "etl")],
        "legacy": NO_LEGACY,
        "sidecar": NO_SIDECAR,
    },
    "DL-IAM-19": {
        "pass": [
            passes(_BASE),
            passes(_trusts({"AWS": f"arn:aws:iam::{ACCOUNT}:role/ci"})),
            passes(_trusts({"AWS": _STRANGER}, {"StringEquals": {"sts:ExternalId": "x"}})),
            passes(_trusts(_TOKEN, {"StringEquals": {**_AUD, _SUB: _MAIN}})),
            passes(_trusts(_TOKEN, {"StringEquals": _AUD, "StringLike": {_SUB: "repo:org/lake:*"}})),
        ],
        "fail": [
            fails(_trusts({"AWS": _STRANGER}), "etl", _STRANGER),
            fails(_trusts(_TOKEN, {"StringEquals": _AUD}), "etl", "no condition on sub"),
            *(
                fails(
                    _trusts(_TOKEN, {"StringEquals": _AUD, "StringLike": {_SUB: sub}}),
                    "etl",
                    "every repository",
                )
                for sub in ("*", "repo:*", "repo:org/*", "repo:org*/lake:ref:refs/heads/main")
            ),
            # Conditions that only look as if they pinned the subject.
            fails(
                _trusts(_TOKEN, {"StringEquals": _AUD, "StringNotEquals": {_SUB: _MAIN}}), "etl", "excludes"
            ),
            fails(
                _trusts(_TOKEN, {"StringEquals": _AUD, "ForAllValues:StringEquals": {_SUB: _MAIN}}),
                "etl",
                "ForAllValues",
            ),
            fails(
                _trusts(_TOKEN, {"StringEquals": _AUD, "StringEqualsIfExists": {_SUB: _MAIN}}),
                "etl",
                "IfExists",
            ),
            fails(_trusts({"Federated": "cognito-identity.amazonaws.com"}), "etl", "no condition on aud"),
        ],
        "unknown": [
            unverified(put(_BASE, "etl", "assumeRolePolicy", UNKNOWN), "etl"),
            unverified(_trusts({"AWS": _STRANGER}, {"StringEquals": {"sts:ExternalId": UNKNOWN}}), "etl"),
            unverified(_trusts(_TOKEN, {"StringEquals": {**_AUD, _SUB: UNKNOWN}}), "etl", "sub"),
        ],
        "legacy": NO_LEGACY,
        "sidecar": NO_SIDECAR,
    },
    "DL-IAM-20": {
        "pass": [passes(_BASE)],
        "fail": [
            fails(_etl(allow("s3:GetObjekt", "arn:aws:s3:::b/*")), "etl-policy", "s3:GetObjekt"),
            fails(_etl(allow("gleu:GetTable", "*")), "etl-policy", "gleu"),
        ],
        "unknown": [_HIDDEN],
        "legacy": NO_LEGACY,
        "sidecar": [fails(_inline(allow("s3:GetObjekt", "arn:aws:s3:::b/*")), "etl")],
    },
    "DL-IAM-21": {
        "pass": [passes(_BASE), passes(_etl(allow("s3:ListBucket", "arn:aws:s3:::b", _GUARDED)))],
        "fail": [fails(_etl(_EMPTY_SET), "etl-policy", "s3:prefix")],
        "unknown": [_HIDDEN],
        "legacy": NO_LEGACY,
        "sidecar": [fails(_inline(_EMPTY_SET), "etl")],
    },
}
