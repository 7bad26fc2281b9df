from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.policies.cases.case import NO_LEGACY, NO_SIDECAR, Forms, fails, passes, unverified
from tests.policies.estate_support import put, topic_policy, warehouse, watching
from tests.policies.protocol_support import UNKNOWN, Res
from tests.policies.stack_support import ACCOUNT, BUCKET, REGION, changed, lake, replaced

_LAKE = lake()
_HOUSE = warehouse()
_WATCH = watching()
_AWAY = "eu-central-1"
_TOPIC = f"arn:aws:sns:{_AWAY}:{ACCOUNT}:alarms"


def _v2_bucket() -> list[Res]:
    old = next(r for r in _LAKE if r.name == "data")
    return replaced(_LAKE, "data", replace(old, token="aws:s3/bucketV2:BucketV2"))


def _two_topics(region: str | None) -> list[Res]:
    """The alarms with a topic of the same name in another region, and its policy in a region."""
    return [
        *_WATCH,
        Res("aws:sns/topic:Topic", "topic-away", {"name": "alarms", "arn": _TOPIC, "region": _AWAY}),
        Res(
            "aws:sns/topicPolicy:TopicPolicy",
            "topic-policy-away",
            {"arn": _TOPIC, "policy": topic_policy(), **({"region": region} if region else {})},
        ),
    ]


def _copies(**grant: str) -> list[Res]:
    made = Res(
        "aws:redshift/snapshotCopyGrant:SnapshotCopyGrant",
        "grant-away",
        {"snapshotCopyGrantName": "copies", **grant},
    )
    return [*(r for r in _HOUSE if "snapshotCopyGrant" not in r.token), made]


def _table(**props: Any) -> Res:
    made = {"name": "trades", "databaseName": "energy_raw_dev", **props}
    return Res("aws:glue/catalogTable:CatalogTable", "table", made)


_MOVED = [
    *_LAKE,
    Res(
        "aws:kms/alias:Alias",
        "alias",
        {"name": "alias/x", "targetKeyId": UNKNOWN, "region": _AWAY},
        {"targetKeyId": ["key"]},
    ),
]

CASES: dict[str, Forms] = {
    "DL-REF-01": {
        "pass": [
            passes(_LAKE),
            passes(changed("job", roleArn=f"arn:aws:iam::{ACCOUNT}:role/of-another-stack")),
            passes(changed("job", roleArn="arn:aws:iam::210987654321:role/etl2")),
            passes(put(_HOUSE, "group", "vpcId", "vpc-0123456789abcdef0")),
            passes(changed("etl-policy", role="arn:aws:iam::aws:role/aws-service-role/etl")),
        ],
        "fail": [
            fails(changed("job", roleArn=f"arn:aws:iam::{ACCOUNT}:role/crawls"), "job", "no such role"),
            fails(changed("crawler", role="crwal"), "crawler", "crawl"),
            fails(
                [*_LAKE, _table(storageDescriptor={"location": "s3://lake-dve/raw/trades/"})], "table", BUCKET
            ),
            fails(changed("data-logging", targetBucket="lake-dev-lgos"), "data-logging", "lake-dev-logs"),
            fails(put(_HOUSE, "association", "subnetId", "the-subnet"), "association", "no id of a subnet"),
            fails(
                put(_WATCH, "alarm", "alarmActions", [f"{_TOPIC.replace(_AWAY, REGION)}s"]), "alarm", "alarms"
            ),
            fails(
                [
                    *put(_LAKE, "grant", "database", {"name": "energy_raw_dve"}),
                    Res("aws:glue/catalogDatabase:CatalogDatabase", "db", {"name": "energy_raw_dev"}),
                ],
                "grant",
                "energy_raw_dev",
            ),
        ],
        "unknown": [
            unverified(put(_LAKE, "job", "roleArn", UNKNOWN, ["key"]), "job", "roleArn"),
            passes(put(_LAKE, "job", "roleArn", UNKNOWN, ["etl"])),
        ],
        "legacy": [passes(_v2_bucket())],
        "sidecar": [
            fails(
                replaced(
                    _LAKE,
                    "starter-attachment",
                    Res(
                        "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
                        "starter-attachment",
                        {"role": "startre", "policyArn": UNKNOWN},
                        {"policyArn": ["starter-policy"]},
                    ),
                ),
                "starter-attachment",
                "starter",
            )
        ],
    },
    "DL-REF-02": {
        "pass": [
            passes(_LAKE),
            passes(_two_topics(_AWAY)),
            passes(_copies(region=_AWAY)),
            passes(put(_LAKE, "data-policy", "region", REGION)),
        ],
        "fail": [
            fails(_two_topics(None), "topic-policy-away", "stack's own region"),
            fails(_MOVED, "alias", _AWAY),
            fails(put(_LAKE, "data", "region", _AWAY), "data-sse", "data"),
            fails(_copies(), "snapshot-copy", "grant-away"),
            fails(_copies(region="us-east-1"), "snapshot-copy", "us-east-1"),
        ],
        "unknown": [
            unverified(put(_LAKE, "data-policy", "region", UNKNOWN, ["key"]), "data-policy", "region")
        ],
        "legacy": [
            fails(
                [r.having(region=_AWAY) if r.name == "data" else r for r in _v2_bucket()],
                "data-policy",
                "data",
            )
        ],
        "sidecar": NO_SIDECAR,
    },
    "DL-REF-03": {
        "pass": [
            passes(_LAKE),
            passes(_HOUSE),
            passes(_WATCH),
            passes([*_LAKE, _table(viewOriginalText="SELECT 1")]),
            passes([*_LAKE, _table(storageDescriptor={"location": f"s3://{BUCKET}/raw/trades/"})]),
            passes(
                [
                    *put(_HOUSE, "endpoint-kms", "subnetIds", None, []),
                    Res("aws:ec2/vpcEndpointSubnetAssociation:VpcEndpointSubnetAssociation", "beside", {}),
                ]
            ),
        ],
        "fail": [
            fails(put(_WATCH, "failures", "eventPattern", None), "failures", "eventPattern"),
            fails(changed("crawler", role=None), "crawler", "role"),
            fails(changed("job", command={"name": "glueetl"}), "job", "command.scriptLocation"),
            fails(changed("grant", database=None), "grant", "database.name"),
            fails([*_LAKE, _table()], "table", "storageDescriptor.location"),
            fails(put(_HOUSE, "ingress", "fromPort", None), "ingress", "fromPort"),
            fails(put(_HOUSE, "ingress", "cidrIpv4", None), "ingress", "cidrIpv4"),
            fails(put(_HOUSE, "endpoint-kms", "vpcEndpointType", None), "endpoint-kms", "Interface"),
            fails(put(_HOUSE, "endpoint-kms", "subnetIds", None, []), "endpoint-kms", "no subnet"),
            fails(
                put(_HOUSE, "connection", "connectionProperties.JDBC_CONNECTION_URL", None),
                "connection",
                "URL",
            ),
            fails(
                put(_HOUSE, "connection", "connectionProperties.JDBC_CONNECTION_URL", "redshift://lake"),
                "connection",
                "jdbc:",
            ),
            fails(put(_HOUSE, "source", "credentials", None), "source", "credentials"),
            fails(put(_HOUSE, "source", "permissions", [{"actions": ["a"]}]), "source", "principal"),
            fails(put(_HOUSE, "audit-log", "logDestinationType", None), "audit-log", "bucketName"),
            fails(put(_HOUSE, "flow-log", "logDestinationType", None), "flow-log", "iamRoleArn"),
            fails(
                put(_WATCH, "trail", "advancedEventSelectors", [{"fieldSelectors": [{"equals": ["Data"]}]}]),
                "trail",
                "field",
            ),
        ],
        "unknown": [passes(put(_LAKE, "job", "command", UNKNOWN, ["etl"]))],
        "legacy": NO_LEGACY,
        "sidecar": NO_SIDECAR,
    },
    "DL-REF-04": {
        "pass": [
            passes(_LAKE),
            passes(changed("job", defaultArguments={"--TempDir": f"s3://{BUCKET}/tmp/"})),
        ],
        "fail": [
            fails(
                changed("job", defaultArguments={"--TempDir": "s3://someone/tmp/"}),
                "job",
                "s3://someone/tmp/",
            ),
            fails(changed("job", command={"scriptLocation": "s3://someone/job.py"}), "job", "scriptLocation"),
            fails(
                put(_LAKE, "analysts", "configuration.resultConfiguration.outputLocation", "s3://elsewhere/"),
                "analysts",
                "s3://elsewhere/",
            ),
        ],
        "unknown": [passes(put(_LAKE, "job", "command", UNKNOWN, ["etl"]))],
        "legacy": [passes(_v2_bucket())],
        "sidecar": NO_SIDECAR,
    },
}
