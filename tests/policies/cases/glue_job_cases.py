from __future__ import annotations

from typing import Any

from tests.policies.cases.case import NO_LEGACY, NO_SIDECAR, Forms, fails, passes, unverified
from tests.policies.estate_support import put, setting_forms
from tests.policies.protocol_support import UNKNOWN, Res
from tests.policies.stack_support import ACCOUNT, BUCKET, ETL_ROLE, job, lake, replaced, text, trust

_NAMES = ("key", "job", "crawler", "etl", "crawl", "location")
_BASE = [r for r in lake() if r.name in _NAMES]
_EVENT = Res(
    "aws:glue/trigger:Trigger",
    "start",
    {
        "type": "EVENT",
        "enabled": False,
        "eventBatchingConditions": [{"batchSize": 10}],
        "actions": [{"jobName": "job"}],
    },
)
_NEXT = Res(
    "aws:glue/trigger:Trigger",
    "next",
    {
        "type": "CONDITIONAL",
        "enabled": True,
        "actions": [{"jobName": "job"}],
        "predicate": {"conditions": [{"crawlerName": "c", "crawlState": "SUCCEEDED"}]},
    },
)
_FLOW = [*_BASE, _EVENT, _NEXT]
_LENT = "lakeFormationConfiguration.useLakeFormationCredentials"
_ENDPOINT = Res("aws:glue/devEndpoint:DevEndpoint", "endpoint", {"roleArn": ETL_ROLE})


def _job(path: str, value: Any, deps: list[str] | None = None) -> list[Res]:
    return put(_BASE, "job", path, value, deps)


def _argument(name: str, value: Any) -> list[Res]:
    old = next(r for r in _BASE if r.name == "job").props["defaultArguments"]
    return _job("defaultArguments", {**old, name: value})


def _catalog(*tables: Any, lent: Any = True) -> list[Res]:
    """The crawler over tables of the catalog, not a path, with Lake Formation's credentials if `lent`."""
    return _crawls(lent, catalogTargets=[{"databaseName": "energy_raw_dev", "tables": list(tables)}])


def _crawls(lent: Any, **targets: Any) -> list[Res]:
    crawler = next(r for r in _BASE if r.name == "crawler").having(
        **{"s3Targets": None, **targets},
        lakeFormationConfiguration={"useLakeFormationCredentials": lent},
    )
    return replaced(_BASE, "crawler", crawler)


def _declared(location: Any) -> Res:
    props = {"databaseName": "energy_raw_dev", "name": "clients", "storageDescriptor": {"location": location}}
    return Res("aws:glue/catalogTable:CatalogTable", "table", props)


def _starting(*crawlers: str) -> list[Res]:
    return put(_FLOW, "next", "actions", [{"crawlerName": name} for name in crawlers])


_OUTSIDE_LAKE = [{"path": "s3://elsewhere/raw/"}]


_OUTSIDE = f"arn:aws:iam::{ACCOUNT}:role/shared"

CASES: dict[str, Forms] = {
    "DL-GLUE-08": {
        "pass": [
            passes(_FLOW),
            passes(_argument("--secret_arn", "arn:aws:secretsmanager:eu-west-1:1:secret:x")),
            passes(_argument("--secret_name", "warehouse")),
        ],
        "fail": [
            fails(_argument("--db_password", "hunter2"), "job", "--db_password"),
            fails(_argument("--x", "AKIAABCDEFGHIJKLMNOP"), "job", "--x"),
            fails(_job("nonOverridableArguments", {"--api-key": "k"}), "job", "--api-key"),
            fails(
                put(_FLOW, "next", "actions", [{"jobName": "job", "arguments": {"--token": "t"}}]),
                "next",
                "--token",
            ),
        ],
        "unknown": [unverified(_job("defaultArguments", UNKNOWN, ["etl"]), "job")],
        "legacy": NO_LEGACY,
        "sidecar": NO_SIDECAR,
    },
    "DL-GLUE-09": {
        "pass": [passes(_BASE), passes(_argument("--enable-metrics", ""))],
        "fail": [
            fails(_job("defaultArguments", None), "job", "continuous"),
            fails(_argument("--enable-continuous-cloudwatch-log", "false"), "job", "continuous"),
            fails(_argument("--enable-metrics", "false"), "job", "metrics"),
        ],
        "unknown": [unverified(_job("defaultArguments", UNKNOWN, ["etl"]), "job")],
        "legacy": NO_LEGACY,
        "sidecar": NO_SIDECAR,
    },
    "DL-GLUE-10": {
        **setting_forms(_BASE, "job", "glueVersion", bad=["3.0", "0.9", None], good=["4.0", "5.1"]),
        "sidecar": [passes(put(_job("glueVersion", None), "job", "command", {"name": "pythonshell"}))],
    },
    "DL-GLUE-11": {
        **setting_forms(_BASE, "job", "timeout", bad=[None, 0, 2880], says="timeout"),
        "fail": [
            fails(_job("timeout", None), "job", "timeout is not set"),
            fails(_job("timeout", 2880), "job", "timeout is 2880"),
            fails(_job("numberOfWorkers", None), "job", "numberOfWorkers"),
            fails(_job("executionProperty", {"maxConcurrentRuns": 5}), "job", "5 runs"),
            fails(_job("maxRetries", 10), "job", "maxRetries is 10"),
        ],
        "unknown": [
            unverified(_job("timeout", UNKNOWN, ["key"]), "job"),
            unverified(_job("maxRetries", UNKNOWN, ["key"]), "job", "maxRetries"),
            unverified(
                _job("executionProperty", {"maxConcurrentRuns": UNKNOWN}, ["key"]), "job", "maxConcurrentRuns"
            ),
        ],
    },
    "DL-GLUE-12": {
        "pass": [passes(_BASE)],
        "fail": [
            fails([*_BASE, job("other")], "other", "shares role etl with job"),
            fails(put(_BASE, "crawler", "role", "etl"), "job", "crawler"),
            fails(put(_job("roleArn", _OUTSIDE), "crawler", "role", "shared"), "job", "shares role shared"),
            fails(
                put(_BASE, "etl", "assumeRolePolicy", text(trust(), trust("lambda.amazonaws.com"))),
                "job",
                "lambda",
            ),
        ],
        "unknown": [
            passes(_job("roleArn", UNKNOWN, ["etl"])),
            unverified(_job("roleArn", UNKNOWN, ["key"]), "job"),
        ],
        "legacy": NO_LEGACY,
        "sidecar": NO_SIDECAR,
    },
    "DL-GLUE-13": setting_forms(
        _BASE, "crawler", "schemaChangePolicy.updateBehavior", bad=["UPDATE_IN_DATABASE", None]
    ),
    "DL-GLUE-14": {
        "pass": [
            passes(_BASE),
            passes(_catalog("clients")),
            passes([*_catalog("clients"), _declared(f"s3://{BUCKET}/raw/clients/")]),
            passes(_crawls(False, s3Targets=_OUTSIDE_LAKE)),
            passes(_crawls(False, jdbcTargets=[{"connectionName": "c", "path": "db/%"}])),
            passes([*_catalog("clients", lent=False), _declared("s3://elsewhere/clients/")]),
        ],
        "fail": [
            *(fails(put(_BASE, "crawler", _LENT, value), "crawler", "past Lake") for value in (False, None)),
            fails(_crawls(None, s3Targets=[{"path": f"s3://{BUCKET}"}]), "crawler", "past Lake Formation"),
            fails(_catalog("clients", lent=False), "crawler", "past Lake Formation"),
            fails(_catalog("clients", "trades", lent=False), "crawler", "past Lake Formation"),
            fails([*_catalog("clients", lent=False), _declared(f"s3://{BUCKET}/raw/c/")], "crawler", "past"),
            fails([*_catalog("clients", lent=False), _declared(UNKNOWN)], "crawler", "past Lake Formation"),
            fails(_catalog("clients", "trades"), "crawler", "one table of the catalog, not 2"),
            fails(
                _crawls(True, catalogTargets=[{"databaseName": d, "tables": ["t"]} for d in ("raw", "gold")]),
                "crawler",
                "one table of the catalog, not 2",
            ),
            fails(_crawls(True, s3Targets=_OUTSIDE_LAKE), "crawler", "lends it nothing"),
            fails([*_catalog("clients"), _declared("s3://elsewhere/clients/")], "crawler", "nothing"),
        ],
        "unknown": [
            unverified(put(_BASE, "crawler", _LENT, UNKNOWN, ["job"]), "crawler"),
            unverified(_crawls(True, catalogTargets=UNKNOWN), "crawler"),
            unverified(_crawls(True, catalogTargets=[{"databaseName": "raw", "tables": UNKNOWN}]), "crawler"),
            fails(put(_catalog("clients", lent=False), "location", "arn", UNKNOWN), "crawler", "past"),
        ],
        "legacy": NO_LEGACY,
        "sidecar": NO_SIDECAR,
    },
    "DL-GLUE-15": {
        "pass": [passes(_FLOW), passes(_starting("c", "d"))],
        "fail": [
            fails(_starting("c", "d", "e"), "next", "2 crawlers, not 3"),
            fails(put(_FLOW, "start", "enabled", True), "start", "cannot be started"),
            fails(put(_FLOW, "start", "enabled", None), "start"),
            fails(put(_FLOW, "start", "eventBatchingConditions", None), "start", "eventBatchingConditions"),
            fails(
                put(put(_FLOW, "start", "type", "ON_DEMAND"), "start", "enabled", True), "start", "ON_DEMAND"
            ),
            fails(put(_FLOW, "next", "predicate", None), "next", "never fires"),
            fails(
                put(_FLOW, "next", "predicate", {"conditions": [{"crawlerName": "c", "state": "SUCCEEDED"}]}),
                "next",
                "crawlState",
            ),
        ],
        "unknown": [unverified(put(_FLOW, "start", "type", UNKNOWN, ["key"]), "start")],
        "legacy": NO_LEGACY,
        "sidecar": NO_SIDECAR,
    },
    "DL-GLUE-16": {
        "pass": [passes([*_BASE, _ENDPOINT], "dev")],
        "fail": [fails([*_BASE, _ENDPOINT], "endpoint", "runs code", "prod")],
        "unknown": [fails([*_BASE, _ENDPOINT.having(roleArn=UNKNOWN)], "endpoint", within="prod")],
        "legacy": NO_LEGACY,
        "sidecar": NO_SIDECAR,
    },
}
