from __future__ import annotations

import json
from typing import Any

from tests.policies.cases.case import NO_LEGACY, NO_SIDECAR, Absent, Forms, fails, passes, unverified
from tests.policies.estate_support import DATA_EVENTS, put, setting_forms, trail_statement, watching
from tests.policies.protocol_support import UNKNOWN, Res
from tests.policies.stack_support import BUCKET, job, lake, replaced, text

_BASE = watching()
_LAKE = [r for r in lake() if r.name in ("data", "location")]
_BOTH = [*_BASE, *_LAKE]
_JOBBED = [*_BASE, job()]
OWN_RESOURCE = Absent("it is always a resource of its own")


def _advanced(**fields: Any) -> list[Res]:
    made = [
        {"field": "eventCategory", "equals": ["Data"]},
        {"field": "resources.type", "equals": ["AWS::S3::Object"]},
        *({"field": name.replace("_", "."), **value} for name, value in fields.items()),
    ]
    stack = put(_BOTH, "trail", "eventSelectors", None)
    return put(stack, "trail", "advancedEventSelectors", [{"name": "lake", "fieldSelectors": made}])


def _trail_policy(**changes: Any) -> list[Res]:
    return put(_BASE, "trail-bucket-policy", "policy", text(trail_statement(**changes)))


_CRAWLED = [*_JOBBED, next(r for r in lake() if r.name == "crawler")]


def _rules(crawlers: list[str]) -> list[Res]:
    """One rule for the failures of every job, another for those of some crawlers."""
    jobs = {"source": ["aws.glue"], "detail-type": ["Glue Job State Change"], "detail": {"state": ["FAILED"]}}
    detail = {"crawlerName": crawlers, "state": ["Failed"]}
    crawls = {"source": ["aws.glue"], "detail-type": ["Glue Crawler State Change"], "detail": detail}
    rule, target = (next(r for r in _BASE if r.name == name) for name in ("failures", "failures-target"))
    return [
        *put(_CRAWLED, "failures", "eventPattern", json.dumps(jobs)),
        Res(rule.token, "crawls", {"name": "crawls", "eventPattern": json.dumps(crawls)}),
        Res(target.token, "crawls-target", {**target.props, "rule": "crawls"}),
    ]


CASES: dict[str, Forms] = {
    "DL-TRAIL-01": {
        **setting_forms(_BASE, "trail", "isMultiRegionTrail", bad=[False, None]),
        "fail": [
            fails(put(_BASE, "trail", "isMultiRegionTrail", False), "trail", "other regions"),
            fails(put(_BASE, "trail", "includeGlobalServiceEvents", False), "trail", "IAM and STS"),
        ],
    },
    "DL-TRAIL-02": setting_forms(_BASE, "trail", "kmsKeyId", bad=[None, "alias/aws/cloudtrail"]),
    "DL-TRAIL-03": setting_forms(_BASE, "trail", "enableLogFileValidation", bad=[False, None]),
    "DL-TRAIL-04": {
        "pass": [passes(_BASE)],
        "fail": [
            fails(put(_BASE, "trail", "cloudWatchLogsGroupArn", None), "trail", "no alarm"),
            fails(put(_BASE, "trail", "cloudWatchLogsRoleArn", None), "trail", "may not write"),
        ],
        "unknown": [passes(put(_BASE, "trail", "cloudWatchLogsGroupArn", UNKNOWN, ["key"]))],
        "legacy": NO_LEGACY,
        "sidecar": NO_SIDECAR,
    },
    "DL-TRAIL-05": setting_forms(_BASE, "trail", "enableLogging", bad=[False], good=[True]),
    "DL-TRAIL-06": {
        "pass": [
            passes(_BOTH),
            passes(_advanced(resources_ARN={"startsWiths": [f"arn:aws:s3:::{BUCKET}/"]})),
            passes(_advanced()),
        ],
        "fail": [
            fails(put(_BOTH, "trail", "eventSelectors", None), "trail", BUCKET),
            fails(
                put(_BOTH, "trail", "eventSelectors", [{**DATA_EVENTS[0], "readWriteType": "WriteOnly"}]),
                "trail",
            ),
            fails(_advanced(readOnly={"equals": ["false"]}), "trail"),
            fails(_advanced(resources_ARN={"startsWiths": ["arn:aws:s3:::other/"]}), "trail"),
        ],
        "unknown": [unverified(put(_BOTH, "trail", "eventSelectors", UNKNOWN, ["key"]), "trail")],
        "legacy": NO_LEGACY,
        "sidecar": NO_SIDECAR,
    },
    "DL-TRAIL-07": {
        "pass": [passes(_BASE)],
        "fail": [
            fails(replaced(_BASE, "trail-bucket-pab"), "trail", "no public access block"),
            fails(put(_BASE, "trail-bucket-pab", "blockPublicPolicy", False), "trail", "made public"),
        ],
        "unknown": [
            passes(put(_BASE, "trail", "s3BucketName", UNKNOWN, ["trail-bucket"])),
            unverified(put(_BASE, "trail", "s3BucketName", UNKNOWN, ["key"]), "trail"),
        ],
        "legacy": NO_LEGACY,
        "sidecar": NO_SIDECAR,
    },
    "DL-TRAIL-08": {
        "pass": [passes(_BASE)],
        "fail": [
            fails(
                _trail_policy(Condition={"StringEquals": {"aws:SourceAccount": "1"}}), "trail", "any trail"
            ),
            fails(
                _trail_policy(
                    Condition={"StringEquals": {"aws:SourceArn": "arn:aws:cloudtrail:e:1:trail/x"}}
                ),
                "trail",
                "another trail",
            ),
            fails(_trail_policy(Effect="Deny"), "trail", "cannot write"),
        ],
        "unknown": [
            unverified(_trail_policy(Condition={"StringEquals": {"aws:SourceArn": UNKNOWN}}), "trail"),
            unverified(put(_BASE, "trail", "s3BucketName", UNKNOWN, ["key"]), "trail"),
        ],
        "legacy": NO_LEGACY,
        "sidecar": [
            passes(
                put(replaced(_BASE, "trail-bucket-policy"), "trail-bucket", "policy", text(trail_statement()))
            )
        ],
    },
    "DL-TRAIL-09": {
        "pass": [passes(_BOTH)],
        "fail": [fails(replaced(_BOTH, "trail"), "data", "no trail")],
        "unknown": Absent("nothing is read but that there is one"),
        "legacy": NO_LEGACY,
        "sidecar": OWN_RESOURCE,
    },
    "DL-TRAIL-10": setting_forms(_BASE, "store", "kmsKeyId", bad=[None]),
    "DL-ALM-01": {
        "pass": [passes(_BASE), passes(put(_BASE, "alarm", "alarmActions", UNKNOWN, ["topic"]))],
        "fail": [
            fails(put(_BASE, "alarm", "alarmActions", []), "alarm", "no alarmActions"),
            fails(put(_BASE, "alarm", "actionsEnabled", False), "alarm", "actionsEnabled"),
        ],
        "unknown": [unverified(put(_BASE, "alarm", "actionsEnabled", UNKNOWN, ["key"]), "alarm")],
        "legacy": NO_LEGACY,
        "sidecar": NO_SIDECAR,
    },
    "DL-ALM-02": {
        "pass": [
            passes(_JOBBED),
            passes(_CRAWLED),
            passes(_rules(crawlers=["c"])),
            passes(
                put(
                    replaced(_JOBBED, "failures-target"),
                    "alarm",
                    "dimensions",
                    {"JobName": "job"},
                )
            ),
        ],
        "fail": [
            fails(replaced(_JOBBED, "failures-target"), "job", "no target"),
            fails(replaced(_CRAWLED, "failures-target"), "crawler", "no target"),
            # The rule of the crawlers hears nothing of jobs, that of jobs nothing of crawlers.
            fails(replaced(_rules(crawlers=["c"]), "failures"), "job", "nobody hears"),
            fails(_rules(crawlers=["another"]), "crawler", "nobody hears"),
            fails(put(_JOBBED, "failures", "state", "DISABLED"), "job", "nobody hears"),
            fails(put(_JOBBED, "failures", "eventPattern", '{"source": ["aws.s3"]}'), "job", "nobody hears"),
            fails(
                put(
                    _JOBBED,
                    "failures",
                    "eventPattern",
                    '{"source": ["aws.glue"], "detail": {"state": ["RUNNING"]}}',
                ),
                "job",
            ),
            fails(
                put(
                    _JOBBED,
                    "failures",
                    "eventPattern",
                    '{"source": ["aws.glue"], "detail": {"jobName": ["x"]}}',
                ),
                "job",
            ),
        ],
        "unknown": [unverified(put(_JOBBED, "failures", "eventPattern", UNKNOWN, ["key"]), "job")],
        "legacy": NO_LEGACY,
        "sidecar": NO_SIDECAR,
    },
    "DL-COST-01": {
        "pass": [passes(_BASE)],
        "fail": [
            fails(put(_BASE, "budget", "notifications", None), "budget", "no notifications"),
            fails(put(_BASE, "budget", "notifications", [{"threshold": 80}]), "budget", "no subscriber"),
        ],
        "unknown": [unverified(put(_BASE, "budget", "notifications", UNKNOWN, ["key"]), "budget")],
        "legacy": NO_LEGACY,
        "sidecar": NO_SIDECAR,
    },
    "DL-COST-02": {
        "pass": [passes(_JOBBED)],
        "fail": [fails(replaced(_JOBBED, "budget"), "job", "no budget")],
        "unknown": Absent("nothing is read but that there is one"),
        "legacy": NO_LEGACY,
        "sidecar": OWN_RESOURCE,
    },
    "DL-COST-03": {
        "pass": [passes(_JOBBED)],
        "fail": [fails([r for r in _JOBBED if r.name not in ("monitor", "anomalies")], "job", "leap")],
        "unknown": Absent("nothing is read but that there is one"),
        "legacy": NO_LEGACY,
        "sidecar": OWN_RESOURCE,
    },
    "DL-COST-04": {
        "pass": [passes(_BASE)],
        "fail": [fails(replaced(_BASE, "anomalies"), "monitor", "tells nobody")],
        "unknown": [unverified(put(_BASE, "anomalies", "monitorArnLists", [UNKNOWN], ["key"]), "monitor")],
        "legacy": NO_LEGACY,
        "sidecar": OWN_RESOURCE,
    },
}
