from __future__ import annotations

from typing import Any

from tests.policies.cases.case import NO_LEGACY, Absent, Forms, fails, passes, unverified
from tests.policies.estate_support import functions, put, watching
from tests.policies.protocol_support import UNKNOWN, Res
from tests.policies.stack_support import (
    ACCOUNT,
    BUCKET,
    CRAWL_STATEMENTS,
    ETL_STATEMENTS,
    REGION,
    allow,
    job,
    lake,
    replaced,
    role,
    text,
    trust,
)

_LAKE = lake()
_HIDDEN = put(_LAKE, "etl-policy", "policy", UNKNOWN)
_LIST = allow("s3:ListBucket", f"arn:aws:s3:::{BUCKET}")
_SOME = {"StringLike": {"s3:prefix": ["raw/*", "jobs/*"]}}
_GROUP = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:flows"
_START = allow("glue:StartJobRun", f"arn:aws:glue:{REGION}:{ACCOUNT}:job/job")
_READ_INPUT = allow("kms:Decrypt", f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1")
_WORKFLOW = f"arn:aws:glue:{REGION}:{ACCOUNT}:workflow/lake"


def _etl(*more: dict[str, Any]) -> list[Res]:
    return put(_LAKE, "etl-policy", "policy", text(*ETL_STATEMENTS, *more))


def _etl_without(place: int) -> list[Res]:
    kept = [s for number, s in enumerate(ETL_STATEMENTS) if number != place]
    return put(_LAKE, "etl-policy", "policy", text(*kept))


def _crawl(*statements: dict[str, Any]) -> list[Res]:
    return put(_LAKE, "crawl-policy", "policy", text(*statements))


def _over_tables() -> list[Res]:
    """The crawler over two tables of the catalog, in its own name, without the right to read them."""
    names = ("clients", "trades")
    crawler = next(r for r in _LAKE if r.name == "crawler").having(
        s3Targets=None,
        catalogTargets=[{"databaseName": "energy_raw_dev", "tables": list(names)}],
        lakeFormationConfiguration=None,
    )
    tables = [
        Res(
            "aws:glue/catalogTable:CatalogTable",
            name,
            {
                "name": name,
                "databaseName": "energy_raw_dev",
                "storageDescriptor": {"location": f"s3://{BUCKET}/raw/{name}/"},
            },
        )
        for name in names
    ]
    return [*replaced(_LAKE, "crawler", crawler), *tables]


def _inline(*more: dict[str, Any]) -> list[Res]:
    stack = replaced(_LAKE, "etl-policy")
    return put(stack, "etl", "inlinePolicies", [{"name": "own", "policy": text(*ETL_STATEMENTS, *more)}])


def _holder(name: str, service: str, *statements: dict[str, Any]) -> list[Res]:
    """A role that a service works under, with its policy."""
    policy = {"role": name, "policy": text(*statements)}
    return [role(name, service), Res("aws:iam/rolePolicy:RolePolicy", f"{name}-policy", policy)]


def _clock(*statements: dict[str, Any]) -> list[Res]:
    schedule = [r for r in functions() if r.name in ("key", "schedule")]
    return [*schedule, job(), *_holder("clock", "scheduler.amazonaws.com", *statements)]


def _flows(*statements: dict[str, Any]) -> list[Res]:
    made = {"logDestination": _GROUP, "iamRoleArn": f"arn:aws:iam::{ACCOUNT}:role/flows"}
    return [
        Res("aws:ec2/flowLog:FlowLog", "flow-log", made),
        *_holder("flows", "vpc-flow-logs.amazonaws.com", *statements),
    ]


def _event(*statements: dict[str, Any]) -> list[Res]:
    made = {"rule": "raw", "arn": _WORKFLOW, "roleArn": f"arn:aws:iam::{ACCOUNT}:role/notify"}
    return [
        Res("aws:cloudwatch/eventTarget:EventTarget", "target", made),
        *_holder("notify", "events.amazonaws.com", *statements),
    ]


def _copier(*statements: dict[str, Any]) -> list[Res]:
    rule = {"status": "Enabled", "filter": {"prefix": "raw/"}, "destination": {"bucket": "arn:aws:s3:::copy"}}
    made = {"bucket": BUCKET, "role": f"arn:aws:iam::{ACCOUNT}:role/copier", "rules": [rule]}
    return [
        Res("aws:s3/bucketReplicationConfig:BucketReplicationConfig", "replication", made),
        *_holder("copier", "s3.amazonaws.com", *statements),
    ]


_LOGS = allow(["logs:CreateLogStream", "logs:PutLogEvents"], f"{_GROUP}:log-stream:*")
_NOTIFY = allow("glue:NotifyEvent", _WORKFLOW)
_COPY = (
    allow("s3:GetReplicationConfiguration", f"arn:aws:s3:::{BUCKET}"),
    allow("s3:GetObjectVersionForReplication", f"arn:aws:s3:::{BUCKET}/raw/*"),
    allow("s3:ReplicateObject", "arn:aws:s3:::copy/raw/*"),
)
_SPEAKING = Res(
    "aws:s3/bucketNotification:BucketNotification", "speaks", {"bucket": BUCKET, "eventbridge": True}
)
_WAITING = Res(
    "aws:cloudwatch/eventRule:EventRule",
    "raw-rule",
    {
        "name": "raw",
        "eventPattern": f'{{"source": ["aws.s3"], "detail": {{"bucket": {{"name": ["{BUCKET}"]}}}}}}',
    },
)
_HEARD = [*_LAKE, _SPEAKING, _WAITING]
_SCHEDULED = _clock(_START, _READ_INPUT)

CASES: dict[str, Forms] = {
    "DL-IAM-22": {
        "pass": [passes(_LAKE)],
        "fail": [
            fails(put(_LAKE, "etl", "assumeRolePolicy", text({**trust(), "Action": "*"})), "etl", "allows *"),
            fails(
                put(
                    _LAKE,
                    "etl",
                    "assumeRolePolicy",
                    text({**trust(), "Action": ["sts:AssumeRole", "s3:GetObject"]}),
                ),
                "etl",
                "s3:GetObject",
            ),
        ],
        "unknown": [unverified(put(_LAKE, "etl", "assumeRolePolicy", UNKNOWN), "etl")],
        "legacy": NO_LEGACY,
        "sidecar": Absent("a trust policy is always in the role"),
    },
    "DL-IAM-23": {
        "pass": [
            passes(_LAKE),
            passes(_etl({**_LIST, "Condition": _SOME})),
            passes(_etl({**_LIST, "Condition": {"Null": {"s3:prefix": "true"}}})),
            passes(_etl(_LIST, allow("s3:GetObject", f"arn:aws:s3:::{BUCKET}/*"))),
        ],
        "fail": [
            fails(_etl(_LIST), "etl-policy", "list all of"),
            fails(_etl({**_LIST, "Condition": {"StringEquals": {"aws:PrincipalTag/a": "b"}}}), "etl-policy"),
        ],
        "unknown": [unverified(_HIDDEN, "etl")],
        "legacy": NO_LEGACY,
        "sidecar": [fails(_inline(_LIST), "etl", "list all of")],
    },
    "DL-IAM-24": {
        "pass": [
            passes(_LAKE),
            passes(_SCHEDULED),
            passes(_flows(_LOGS)),
            passes(_event(_NOTIFY)),
            passes(_copier(*_COPY)),
        ],
        "fail": [
            fails(_etl_without(len(ETL_STATEMENTS) - 1), "job", "logs:PutLogEvents"),
            fails(_etl_without(len(ETL_STATEMENTS) - 2), "job", "glue:GetSecurityConfiguration"),
            fails(
                put(_LAKE, "job", "defaultArguments", {"--TempDir": f"s3://{BUCKET}/tmp/"}),
                "job",
                "s3:PutObject",
            ),
            fails(
                put(_LAKE, "job", "defaultArguments", {"--extra-py-files": f"s3://{BUCKET}/lib/a.zip"}),
                "job",
                "lib/a.zip",
            ),
            fails(_crawl(CRAWL_STATEMENTS[1]), "crawler", "lakeformation:GetDataAccess"),
            fails(replaced(_LAKE, "crawl-policy"), "crawler", "may not"),
            fails(_clock(_START), "schedule", "kms:Decrypt"),
            fails(_clock(_READ_INPUT), "schedule", "glue:StartJobRun"),
            fails(
                _flows(allow("logs:PutLogEvents", f"{_GROUP}2:log-stream:*")), "flow-log", "log-group:flows"
            ),
            fails(_event(allow("glue:NotifyEvent", f"{_WORKFLOW}2")), "target", "glue:NotifyEvent"),
            fails(_copier(*_COPY[:2]), "replication", "s3:ReplicateObject"),
            fails(put(_LAKE, "crawler", "lakeFormationConfiguration", None), "crawler", "s3:GetObject"),
            fails(_over_tables(), "crawler", f"{BUCKET}/raw/trades/"),
        ],
        "unknown": [unverified(_HIDDEN, "job")],
        "legacy": NO_LEGACY,
        "sidecar": [passes(_inline())],
    },
    "DL-LF-11": {
        "pass": [passes(_LAKE), passes(put(_LAKE, "settings", "admins", UNKNOWN, ["etl"]))],
        "fail": [
            fails(put(_LAKE, "settings", "admins", None), "settings", "no administrator"),
            fails(put(_LAKE, "settings", "admins", []), "settings", "no administrator"),
            fails(replaced(_LAKE, "settings"), "location", "does not make"),
        ],
        "unknown": [passes(put(_LAKE, "settings", "admins", [UNKNOWN], ["etl"]))],
        "legacy": NO_LEGACY,
        "sidecar": Absent("administrators are in the settings only"),
    },
    "DL-GLUE-23": {
        "pass": [passes([*_LAKE, Res("aws:glue/catalogDatabase:CatalogDatabase", "db", {"name": "raw"})])],
        "fail": [
            fails(
                [
                    *replaced(_LAKE, "catalog"),
                    Res("aws:glue/catalogDatabase:CatalogDatabase", "db", {"name": "raw"}),
                ],
                "db",
                "encrypts none",
            )
        ],
        "unknown": Absent("nothing is read but the types"),
        "legacy": NO_LEGACY,
        "sidecar": Absent("the settings are always a resource of their own"),
    },
    "DL-EVT-06": {
        "pass": [passes(_HEARD), passes(watching())],
        "fail": [
            fails(put(_HEARD, "speaks", "eventbridge", False), "raw-rule", "sends EventBridge none"),
            fails(replaced(_HEARD, "speaks"), "raw-rule", "data"),
        ],
        "unknown": [unverified(put(_HEARD, "raw-rule", "eventPattern", UNKNOWN, ["etl"]), "raw-rule")],
        "legacy": [
            fails(
                [
                    Res("aws:s3/bucketV2:BucketV2", r.name, r.props) if r.name == "data" else r
                    for r in replaced(_HEARD, "speaks")
                ],
                "raw-rule",
            )
        ],
        "sidecar": Absent("the switch is always a resource of its own"),
    },
    "DL-EVT-07": {
        "pass": [passes(_SCHEDULED)],
        "fail": [
            fails(
                put(_SCHEDULED, "schedule", "target.arn", "arn:aws:scheduler:::aws-sdk:glue:startJob"),
                "schedule",
                "glue:StartJob",
            ),
            fails(put(_SCHEDULED, "schedule", "target.input", "{}"), "schedule", "no JobName"),
            fails(put(_SCHEDULED, "schedule", "target.input", "run!"), "schedule", "no JobName"),
            fails(put(_SCHEDULED, "schedule", "target.input", '{"JobName": "jbo"}'), "schedule", "jbo"),
        ],
        "unknown": [unverified(put(_SCHEDULED, "schedule", "target", UNKNOWN, ["clock"]), "schedule")],
        "legacy": NO_LEGACY,
        "sidecar": Absent("the target is in the schedule only"),
    },
}
