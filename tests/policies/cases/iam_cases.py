from __future__ import annotations

import json
from typing import Any

from tests.policies.cases.case import NO_LEGACY, NO_SIDECAR, Forms, fails, passes, unverified
from tests.policies.protocol_support import UNKNOWN, Res
from tests.policies.stack_support import (
    ACCOUNT,
    BUCKET,
    ETL_ROLE,
    REGION,
    allow,
    changed,
    document,
    lake,
    replaced,
    role,
    text,
    trust,
)

_ROLE = "aws:iam/role:Role"
_DATA = f"arn:aws:s3:::{BUCKET}/raw/*"
_ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"


def deny(actions: Any, resources: Any, condition: Any = None) -> dict[str, Any]:
    return {**allow(actions, resources, condition), "Effect": "Deny"}


def _policy(*statements: dict[str, Any]) -> list[Res]:
    return changed("etl-policy", policy=text(*statements))


def _inline(*statements: dict[str, Any]) -> list[Res]:
    """The same statements inside the role."""
    role = next(r for r in lake() if r.name == "etl")
    inline = [{"name": "main", "policy": text(*statements)}]
    return replaced(replaced(lake(), "etl-policy"), "etl", role.having(inlinePolicies=inline))


def _managed(*statements: dict[str, Any]) -> list[Res]:
    """The same statements in a managed policy that the role's own list of ARNs attaches."""
    role = next(r for r in lake() if r.name == "etl")
    arn = f"arn:aws:iam::{ACCOUNT}:policy/main"
    policy = Res("aws:iam/policy:Policy", "main", {"name": "main", "policy": text(*statements)})
    return replaced(replaced(lake(), "etl-policy", policy), "etl", role.having(managedPolicyArns=[arn]))


_EC2 = f"arn:aws:ec2:{REGION}:{ACCOUNT}"
_INTERFACES, _SUBNET, _ANY_SUBNET = f"{_EC2}:network-interface/*", f"{_EC2}:subnet/a", f"{_EC2}:subnet/*"
_UNTAGGED_OR_OURS = {"StringEqualsIfExists": {"aws:ResourceTag/project": "lake"}}
_GLUES_TAG = {
    "ForAllValues:StringEquals": {"aws:TagKeys": ["aws-glue-service-resource"]},
    "Null": {"aws:TagKeys": "false"},
}
_OWN_INTERFACES = allow(
    ["ec2:DeleteNetworkInterface", "ec2:ModifyNetworkInterfaceAttribute"], _INTERFACES, _UNTAGGED_OR_OURS
)


def _reports(statement: dict[str, Any], admits: dict[str, Any] | None = None) -> list[Res]:
    """The lake with a role for QuickSight's network connection."""
    trusted = admits or trust("quicksight.amazonaws.com")
    return [
        *lake(),
        role("reports", assumeRolePolicy=text(trusted)),
        Res(
            "aws:iam/rolePolicy:RolePolicy", "reports-policy", {"role": "reports", "policy": text(statement)}
        ),
    ]


def _denied_elsewhere(grant: dict[str, Any], refusal: dict[str, Any]) -> list[Res]:
    """One policy allows, another policy of the same role denies."""
    second = Res("aws:iam/rolePolicy:RolePolicy", "refusal", {"role": "etl", "policy": text(refusal)})
    return [*_policy(grant), second]


def _bounded(grant: dict[str, Any], *boundary: dict[str, Any]) -> list[Res]:
    role = next(r for r in lake() if r.name == "etl")
    arn = f"arn:aws:iam::{ACCOUNT}:policy/boundary"
    policy = Res("aws:iam/policy:Policy", "boundary", {"name": "boundary", "policy": text(*boundary)})
    return [*replaced(_policy(grant), "etl", role.having(permissionsBoundary=arn)), policy]


def _trust(*statements: dict[str, Any]) -> list[Res]:
    return changed("etl", assumeRolePolicy=text(*statements))


def _attached(token: str, **props: Any) -> list[Res]:
    return [*lake(), Res(token, "attached", props)]


_UNKNOWN_POLICY = unverified(changed("etl-policy", policy=UNKNOWN), "etl-policy")


def _forms_of_holding(bad: dict[str, Any], good: dict[str, Any]) -> dict[str, Any]:
    return {
        "legacy": [
            fails(changed("etl-policy", policy=document(bad)), "etl-policy"),
            passes(changed("etl-policy", policy=document(good))),
        ],
        "sidecar": [
            fails(_inline(bad), "etl"),
            passes(_inline(good)),
            fails(_managed(bad), "main"),
            passes(_managed(good)),
        ],
    }


_GET = allow("s3:GetObject", _DATA)
_STAR_ACTION = allow("s3:*", _DATA)
_STAR_RESOURCE = allow("s3:GetObject", "*")
_KEYS = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/*"
_PASS = allow("iam:PassRole", ETL_ROLE, {"StringEquals": {"iam:PassedToService": "glue.amazonaws.com"}})
_ROOT = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
_BY_ACCOUNT = {"Effect": "Allow", "Principal": _ROOT, "Action": "sts:AssumeRole"}


def _passing(**changes: Any) -> dict[str, Any]:
    return {k: v for k, v in {**_PASS, **changes}.items() if v is not None}


CASES: dict[str, Forms] = {
    "DL-IAM-01": {
        "pass": [
            passes(lake()),
            passes(_policy(allow("s3:Get*", _DATA))),
            passes(_policy(allow(["kms:GenerateDataKey*", "kms:ReEncrypt*"], f"{_KEYS[:-1]}0b1c"))),
            passes(_policy(deny("*", "*"))),
            passes(_denied_elsewhere(_STAR_ACTION, deny("s3:*", "*"))),
            passes(_bounded(_STAR_ACTION, allow("s3:GetObject", "*"))),
        ],
        "fail": [
            fails(_policy(allow("*", _DATA)), "etl-policy", "every action of every service"),
            fails(_policy(allow(["s3:GetObject", "s3:*"], _DATA)), "etl-policy", "every action of s3"),
            fails(_policy(allow("S3:put*", _DATA)), "etl-policy", "Permissions management"),
            fails(_policy(allow("glue:Frobnicate*", _DATA)), "etl-policy", "no action that AWS knows"),
            fails(_policy(allow("s?:*", _DATA)), "etl-policy"),
            fails(_policy(allow("s3:?*", _DATA)), "etl-policy"),
            # A denial under a condition, or of something else, takes nothing away.
            fails(
                _denied_elsewhere(_STAR_ACTION, deny("s3:*", "*", {"Bool": {"a:b": "true"}})), "etl-policy"
            ),
            fails(_denied_elsewhere(_STAR_ACTION, deny("s3:Delete*", "*")), "etl-policy"),
            fails(_bounded(_STAR_ACTION, allow("s3:*", "*")), "etl-policy"),
        ],
        "unknown": [
            _UNKNOWN_POLICY,
            unverified(_policy(allow([UNKNOWN], _DATA)), "etl-policy"),
            # What is known of a partly unknown document is judged.
            fails(_policy(allow("s3:*", UNKNOWN)), "etl-policy"),
        ],
        **_forms_of_holding(_STAR_ACTION, _GET),
    },
    "DL-IAM-02": {
        "pass": [
            passes(lake()),
            passes(_policy(_GET)),
            passes(_policy(allow("glue:GetTable", f"arn:aws:glue:{REGION}:{ACCOUNT}:table/lake/*"))),
            passes(_policy(allow("glue:GetTable", f"arn:aws:glue:{REGION}:{ACCOUNT}:catalog"))),
            passes(_policy(allow("s3:ListAllMyBuckets", "*"))),
            passes(
                _policy(allow("kms:Decrypt", _KEYS, {"StringEquals": {"kms:RequestAlias": "alias/lake"}}))
            ),
            passes(_policy(allow("s3:GetObject", "*", {"StringEquals": {"aws:ResourceTag/lake": "dev"}}))),
            passes(_denied_elsewhere(_STAR_RESOURCE, deny("s3:Get*", "*"))),
            passes(_bounded(_STAR_RESOURCE, allow("s3:GetObject", _DATA))),
            passes(_policy(allow("ec2:CreateNetworkInterface", [_INTERFACES, _SUBNET]))),
            passes(_reports(_OWN_INTERFACES)),
            passes(_policy(allow("ec2:DeleteNetworkInterface", _INTERFACES, _UNTAGGED_OR_OURS))),
            passes(_policy(allow(["ec2:CreateTags", "ec2:DeleteTags"], _INTERFACES, _GLUES_TAG))),
        ],
        "fail": [
            fails(_policy(_STAR_RESOURCE), "etl-policy", "s3:GetObject"),
            fails(
                _policy(allow("ec2:CreateNetworkInterface", [_INTERFACES, _ANY_SUBNET])),
                "etl-policy",
                "subnet/*",
            ),
            fails(_policy(allow("ec2:CreateNetworkInterface", "*")), "etl-policy"),
            fails(_policy(_OWN_INTERFACES), "etl-policy", "ec2:ModifyNetworkInterfaceAttribute"),
            fails(_policy(allow("ec2:CreateTags", _INTERFACES, _UNTAGGED_OR_OURS)), "etl-policy"),
            *(
                fails(
                    _policy(allow("ec2:CreateTags", _INTERFACES, {operator: {"aws:TagKeys": keys}})),
                    "etl-policy",
                )
                for operator, keys in (
                    ("ForAnyValue:StringEquals", ["aws-glue-service-resource"]),
                    ("ForAllValues:StringEquals", ["aws-glue-service-resource", "project"]),
                    ("ForAllValues:StringLike", ["*"]),
                )
            ),
            fails(_reports(allow("ec2:CreateTags", _INTERFACES, _GLUES_TAG)), "reports-policy"),
            *(
                fails(_reports(statement), "reports-policy", "ec2:DeleteNetworkInterface")
                for statement in (
                    allow("ec2:DeleteNetworkInterface", _INTERFACES),
                    allow("ec2:DeleteNetworkInterface", "*", _UNTAGGED_OR_OURS),
                    allow(
                        "ec2:DeleteNetworkInterface", "arn:aws:ec2:*:*:network-interface/*", _UNTAGGED_OR_OURS
                    ),
                )
            ),
            fails(
                _reports(allow("ec2:TerminateInstances", f"{_EC2}:instance/*", _UNTAGGED_OR_OURS)),
                "reports-policy",
            ),
            fails(_reports(_OWN_INTERFACES, trust("lambda.amazonaws.com")), "reports-policy"),
            fails(_reports(_OWN_INTERFACES, trust("quicksight.amazonaws.com", {})), "reports-policy"),
            fails(_policy(allow("s3:GetObject", "arn:aws:s3:::*/*")), "etl-policy"),
            fails(_policy(allow("s3:ListBucket", "arn:aws:s3:::*")), "etl-policy"),
            fails(_policy(allow("kms:Decrypt", _KEYS)), "etl-policy", "key/*"),
            fails(
                _policy(allow("kms:Decrypt", _KEYS, {"StringEquals": {"kms:ViaService": "s3.x"}})),
                "etl-policy",
            ),
            fails(_policy(allow("glue:GetTable", "arn:aws:glue:*:*:table/*/*")), "etl-policy"),
            fails(_policy(allow("iam:GetRole", f"arn:aws:iam::{ACCOUNT}:role/*")), "etl-policy"),
            fails(_policy(allow("cloudwatch:PutMetricData", "*")), "etl-policy"),
            fails(
                _policy(allow("kms:Decrypt", _KEYS, {"StringLike": {"kms:RequestAlias": "*"}})), "etl-policy"
            ),
            fails(_policy(allow(["lakeformation:GetDataAccess", "s3:Get*"], ["*"])), "etl-policy"),
            fails(_policy(allow("*", "*")), "etl-policy"),
            fails(_bounded(_STAR_RESOURCE, allow("s3:*", "*")), "etl-policy"),
        ],
        "unknown": [
            _UNKNOWN_POLICY,
            unverified(_policy(allow("s3:GetObject", UNKNOWN)), "etl-policy"),
            unverified(_policy(allow("s3:GetObject", f"arn:aws:s3:::{UNKNOWN}/*")), "etl-policy"),
            unverified(
                _policy(allow("kms:Decrypt", _KEYS, {"StringEquals": {"kms:RequestAlias": UNKNOWN}})),
                "etl-policy",
            ),
        ],
        **_forms_of_holding(_STAR_RESOURCE, _GET),
    },
    "DL-IAM-03": {
        "pass": [passes(lake()), passes(_policy({"Effect": "Deny", "NotAction": "s3:*", "Resource": "*"}))],
        "fail": [
            fails(
                _policy({"Effect": "Allow", "NotAction": "iam:*", "Resource": _DATA}),
                "etl-policy",
                "NotAction",
            ),
            fails(
                _policy({"Effect": "Allow", "Action": "s3:GetObject", "NotResource": [_DATA]}),
                "etl-policy",
                "NotResource",
            ),
        ],
        "unknown": [_UNKNOWN_POLICY],
        **_forms_of_holding({"Effect": "Allow", "NotAction": "iam:*", "Resource": _DATA}, _GET),
    },
    "DL-IAM-04": {
        "pass": [
            passes(lake()),
            passes(
                _attached(
                    "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
                    role="etl",
                    policyArn="arn:aws:iam::aws:policy/AmazonAthenaReadOnlyAccess",
                )
            ),
        ],
        "fail": [
            fails(
                _attached("aws:iam/rolePolicyAttachment:RolePolicyAttachment", role="etl", policyArn=arn),
                "attached",
                name,
            )
            for name in (
                "AdministratorAccess",
                "AmazonS3FullAccess",
                "IAMFullAccess",
                "PowerUserAccess",
                "AWSGlueConsoleFullAccess",
                "AWSLakeFormationDataAdmin",
                "service-role/AWSGlueServiceRole",
            )
            for arn in (f"arn:aws:iam::aws:policy/{name}",)
            for name in (name.rpartition("/")[2],)
        ],
        "unknown": [
            passes(lake()),
            unverified(
                _attached("aws:iam/rolePolicyAttachment:RolePolicyAttachment", role="etl", policyArn=UNKNOWN),
                "attached",
            ),
        ],
        "legacy": NO_LEGACY,
        "sidecar": [
            fails(changed("etl", managedPolicyArns=[_ADMIN]), "etl"),
            fails(
                _attached("aws:iam/policyAttachment:PolicyAttachment", roles=["etl"], policyArn=_ADMIN),
                "attached",
            ),
            fails(
                _attached(
                    "aws:iam/rolePolicyAttachmentsExclusive:RolePolicyAttachmentsExclusive",
                    roleName="etl",
                    policyArns=[_ADMIN],
                ),
                "attached",
            ),
            # What the provider computes into the role at a preview was not given by the program.
            passes(changed("etl", managedPolicyArns=UNKNOWN)),
        ],
    },
    "DL-IAM-05": {
        "pass": [
            passes(lake()),
            passes(_policy(_passing(Resource=f"arn:aws:iam::{ACCOUNT}:role/outside"))),
            passes(_denied_elsewhere(_passing(Condition=None), deny("iam:PassRole", "*"))),
            passes(_policy(allow("iam:GetRole", ETL_ROLE))),
        ],
        "fail": [
            fails(_policy(_passing(Condition=None)), "etl-policy", "PassedToService"),
            fails(_policy(_passing(Resource="*")), "etl-policy", "any role that matches"),
            fails(_policy(_passing(Resource=f"arn:aws:iam::{ACCOUNT}:role/e*")), "etl-policy"),
            fails(
                _policy(
                    _passing(Condition={"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}})
                ),
                "etl-policy",
                "does not trust",
            ),
            fails(
                _policy(
                    _passing(
                        Condition={"StringEqualsIfExists": {"iam:PassedToService": "glue.amazonaws.com"}}
                    )
                ),
                "etl-policy",
            ),
            fails(
                _policy(_passing(Condition={"StringLike": {"iam:PassedToService": "*.amazonaws.com"}})),
                "etl-policy",
            ),
            fails(_policy(allow("iam:Pass*", ETL_ROLE)), "etl-policy"),
            fails(_policy(allow("*", ETL_ROLE)), "etl-policy"),
        ],
        "unknown": [
            _UNKNOWN_POLICY,
            unverified(_policy(_passing(Resource=UNKNOWN)), "etl-policy"),
            unverified(
                _policy(_passing(Condition={"StringEquals": {"iam:PassedToService": UNKNOWN}})), "etl-policy"
            ),
        ],
        **_forms_of_holding(_passing(Condition=None), _PASS),
    },
    "DL-IAM-06": {
        "pass": [passes(lake())],
        "fail": [
            fails(_trust({**trust(), "Principal": "*"}), "etl"),
            fails(_trust({**trust(), "Principal": {"AWS": ["*"]}}), "etl", "everybody"),
            fails(_trust({**trust(), "Principal": {"AWS": "arn:aws:iam::*:root"}}), "etl"),
            fails(changed("etl", assumeRolePolicy="[]"), "etl"),
        ],
        "unknown": [
            unverified(changed("etl", assumeRolePolicy=UNKNOWN), "etl"),
            unverified(_trust({**trust(), "Principal": {"AWS": UNKNOWN}}), "etl"),
        ],
        "legacy": [passes(changed("etl", assumeRolePolicy=document(trust())))],
        "sidecar": NO_SIDECAR,
    },
    "DL-IAM-07": {
        "pass": [
            passes(lake()),
            passes(
                _trust(trust(condition={"ArnLike": {"aws:SourceArn": f"arn:aws:glue:{REGION}:{ACCOUNT}:*"}}))
            ),
            passes(_trust(trust("ec2.amazonaws.com", {}))),
        ],
        "fail": [
            fails(_trust(trust(condition={})), "etl", "glue.amazonaws.com"),
            fails(_trust(trust(condition={"StringLike": {"aws:SourceAccount": "*"}})), "etl", "wildcard"),
            fails(_trust(trust(condition={"StringNotEquals": {"aws:SourceAccount": "1"}})), "etl"),
            fails(_trust(trust("redshift.amazonaws.com", {})), "etl"),
        ],
        "unknown": [
            unverified(changed("etl", assumeRolePolicy=UNKNOWN), "etl"),
            unverified(_trust(trust(condition={"StringEquals": {"aws:SourceAccount": UNKNOWN}})), "etl"),
        ],
        "legacy": [fails(changed("etl", assumeRolePolicy=json.loads(text(trust(condition={})))), "etl")],
        "sidecar": NO_SIDECAR,
    },
    "DL-IAM-08": {
        "pass": [
            passes(lake()),
            passes(
                _trust(
                    {**_BY_ACCOUNT, "Condition": {"StringEquals": {"aws:PrincipalTag/persona": "analyst"}}}
                )
            ),
            passes(_trust({**_BY_ACCOUNT, "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}})),
            passes(_trust({**_BY_ACCOUNT, "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/admin"}})),
        ],
        "fail": [
            fails(_trust(_BY_ACCOUNT), "etl", "whole account"),
            fails(_trust({**_BY_ACCOUNT, "Principal": {"AWS": ACCOUNT}}), "etl"),
            fails(
                _trust(
                    {**_BY_ACCOUNT, "Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "true"}}}
                ),
                "etl",
                "IfExists",
            ),
            fails(
                _trust({**_BY_ACCOUNT, "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "false"}}}), "etl"
            ),
        ],
        "unknown": [
            unverified(changed("etl", assumeRolePolicy=UNKNOWN), "etl"),
            unverified(
                _trust({**_BY_ACCOUNT, "Condition": {"StringEquals": {"sts:ExternalId": UNKNOWN}}}), "etl"
            ),
        ],
        "legacy": [fails(changed("etl", assumeRolePolicy=document(_BY_ACCOUNT)), "etl")],
        "sidecar": NO_SIDECAR,
    },
}
