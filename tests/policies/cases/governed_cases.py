from __future__ import annotations

from typing import Any

from tests.policies.cases.case import NO_LEGACY, NO_SIDECAR, Absent, Forms, fails, passes, unverified
from tests.policies.estate_support import put, setting_forms
from tests.policies.protocol_support import UNKNOWN, Res
from tests.policies.stack_support import ACCOUNT, BUCKET, allow, lake, replaced, role, text

_ANALYST = f"arn:aws:iam::{ACCOUNT}:role/analyst"
_DATABASE = Res(
    "aws:glue/catalogDatabase:CatalogDatabase",
    "database",
    {"name": "energy_raw_dev", "locationUri": f"s3://{BUCKET}/raw/"},
)
_BORROW = allow("lakeformation:GetDataAccess", "*")


def _analyst(*statements: dict[str, Any], **grant: Any) -> list[Res]:
    return [
        *(r for r in lake() if r.name in ("location", "settings")),
        _DATABASE,
        role("analyst"),
        Res(
            "aws:iam/rolePolicy:RolePolicy",
            "analyst-policy",
            {"role": "analyst", "policy": text(*statements)},
        ),
        Res(
            "aws:lakeformation/permissions:Permissions",
            "select",
            {"principal": _ANALYST, "permissions": ["SELECT"], "table": {"name": "clients"}, **grant},
        ),
    ]


def _reads(resource: str) -> list[Res]:
    return _analyst(_BORROW, allow("s3:GetObject", resource))


def _crawling(*statements: dict[str, Any], lent: bool) -> list[Res]:
    """The reader is a crawler, with Lake Formation's credentials if `lent`; beside it reads another."""
    crawler = Res(
        "aws:glue/crawler:Crawler",
        "crawler",
        {"role": "analyst", "lakeFormationConfiguration": {"useLakeFormationCredentials": lent}},
    )
    other = {"principal": f"arn:aws:iam::{ACCOUNT}:role/other", "permissions": ["SELECT"]}
    grant = Res("aws:lakeformation/permissions:Permissions", "other-select", other)
    return [*_analyst(_BORROW, *statements), crawler, role("other"), grant]


_OBJECTS = allow("s3:GetObject", f"arn:aws:s3:::{BUCKET}/raw/*")
_BASE = _analyst(_BORROW)
_FILTER = Res(
    "aws:lakeformation/dataCellsFilter:DataCellsFilter",
    "cells",
    {
        "tableData": {
            "name": "no-pii",
            "columnWildcard": {"excludedColumnNames": ["tax_id"]},
            "rowFilter": {"allRowsWildcard": {}},
        }
    },
)


def _table(location: str) -> Res:
    made = {"name": "clients", "storageDescriptor": {"location": location}}
    return Res("aws:glue/catalogTable:CatalogTable", "table", made)


def _cells(**changes: Any) -> list[Res]:
    data = {**_FILTER.props["tableData"], **changes}
    return [Res(_FILTER.token, "cells", {"tableData": {k: v for k, v in data.items() if v is not None}})]


_KEYS = [r for r in lake() if r.name == "key"]

CASES: dict[str, Forms] = {
    "DL-LF-05": {
        **setting_forms(_BASE, "settings", "allowExternalDataFiltering", bad=[True], good=[False]),
        "sidecar": [fails(put(_BASE, "settings", "allowFullTableExternalDataAccess", True), "settings")],
    },
    "DL-LF-06": {
        "pass": [passes(_BASE), passes([*_BASE, _table(f"s3://{BUCKET}/raw/clients/")])],
        "fail": [
            fails(put(_BASE, "database", "locationUri", "s3://elsewhere/raw/"), "database", "not registered"),
            fails(put(_BASE, "database", "locationUri", f"s3://{BUCKET}/raw-copy/"), "database"),
            fails([*_BASE, _table(f"s3://{BUCKET}/outside/")], "table", "outside/ is not registered"),
        ],
        "unknown": [
            unverified(put(_BASE, "database", "locationUri", UNKNOWN, ["analyst"]), "database"),
            unverified(put(_BASE, "location", "arn", UNKNOWN), "database"),
            unverified([*_BASE, _table(UNKNOWN)], "table"),
        ],
        "legacy": NO_LEGACY,
        "sidecar": NO_SIDECAR,
    },
    "DL-LF-07": {
        "pass": [
            passes(_BASE),
            passes(_reads("arn:aws:s3:::lake-dev-results/analysts/*")),
            passes(_crawling(_OBJECTS, lent=False)),
            passes(_crawling(lent=True)),
        ],
        "fail": [
            fails(_crawling(_OBJECTS, lent=True), "analyst-policy", "past the grants"),
            fails(_reads(f"arn:aws:s3:::{BUCKET}/raw/*"), "analyst-policy", "past the grants"),
            fails(_reads(f"arn:aws:s3:::{BUCKET}/*"), "analyst-policy"),
            fails(_reads("*"), "analyst-policy"),
            fails(_reads(f"arn:aws:s3:::{BUCKET}/raw/clients/*"), "analyst-policy"),
        ],
        "unknown": [unverified(put(_BASE, "analyst-policy", "policy", UNKNOWN), "analyst-policy")],
        "legacy": NO_LEGACY,
        "sidecar": [
            fails(
                put(
                    _BASE,
                    "analyst",
                    "inlinePolicies",
                    [{"name": "x", "policy": text(allow("s3:GetObject", f"arn:aws:s3:::{BUCKET}/raw/*"))}],
                ),
                "analyst",
            )
        ],
    },
    "DL-LF-08": {
        "pass": [passes(_BASE)],
        "fail": [fails(_analyst(allow("athena:StartQueryExecution", "*")), "analyst", "refused")],
        "unknown": [unverified(put(_BASE, "analyst-policy", "policy", UNKNOWN), "analyst")],
        "legacy": NO_LEGACY,
        "sidecar": [
            passes(
                put(
                    replaced(_BASE, "analyst-policy"),
                    "analyst",
                    "inlinePolicies",
                    [{"name": "x", "policy": text(_BORROW)}],
                )
            ),
            unverified(
                put(
                    replaced(_BASE, "analyst-policy"),
                    "analyst",
                    "managedPolicyArns",
                    ["arn:aws:iam::aws:policy/ReadOnlyAccess"],
                ),
                "analyst",
            ),
        ],
    },
    "DL-LF-09": {
        "pass": [passes(_BASE)],
        "fail": [
            fails(
                put(_BASE, "select", "principal", f"arn:aws:iam::{ACCOUNT}:role/deployer"),
                "select",
                "deployer",
            )
        ],
        "unknown": [
            passes(put(_BASE, "select", "principal", UNKNOWN, ["analyst"])),
            unverified(put(_BASE, "select", "principal", UNKNOWN, ["database"]), "select"),
        ],
        "legacy": NO_LEGACY,
        "sidecar": NO_SIDECAR,
    },
    "DL-LF-10": {
        "pass": [
            passes(_cells()),
            passes(_cells(columnWildcard=None, columnNames=["name"])),
            passes(_cells(columnWildcard={}, rowFilter={"filterExpression": "country = 'ES'"})),
        ],
        "fail": [
            fails(_cells(columnWildcard={}), "cells", "hides nothing"),
            fails(_cells(columnNames=["name"]), "cells", "either"),
            fails(_cells(columnWildcard=None), "cells", "either"),
        ],
        "unknown": [
            unverified(
                [Res(_FILTER.token, "cells", {"tableData": UNKNOWN}, {"tableData": ["key"]}), *_KEYS], "cells"
            )
        ],
        "legacy": NO_LEGACY,
        "sidecar": Absent("a filter is always a resource of its own"),
    },
}
