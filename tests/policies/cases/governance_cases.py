from __future__ import annotations

from typing import Any

from tests.policies.cases.case import NO_LEGACY, NO_SIDECAR, Forms, fails, passes, unverified
from tests.policies.protocol_support import UNKNOWN, Res
from tests.policies.stack_support import ACCOUNT, ETL_ROLE, KEY_ARN, changed, lake, replaced

_SETTINGS = "dataCatalogEncryptionSettings"


def _catalog(part: str, **settings: Any) -> list[Res]:
    catalog = next(r for r in lake() if r.name == "catalog")
    block = {**catalog.props[_SETTINGS], part: settings}
    return changed("catalog", **{_SETTINGS: block})


def _unjoined_catalog() -> list[Res]:
    catalog = next(r for r in lake() if r.name == "catalog")
    return replaced(lake(), "catalog", Res(catalog.token, catalog.name, catalog.props))


def _joined(name: str, prop: str, value: Any, target: str) -> list[Res]:
    res = next(r for r in lake() if r.name == name)
    return replaced(lake(), name, Res(res.token, name, {**res.props, prop: value}, {prop: [target]}))


_CROWD = [f"arn:aws:iam::{ACCOUNT}:role/steward-{number}" for number in range(6)]

CASES: dict[str, Forms] = {
    "DL-LF-01": {
        "pass": [passes(lake())],
        "fail": [
            *(
                fails(changed("settings", **{prop: value}), "settings", prop)
                for prop in ("createDatabaseDefaultPermissions", "createTableDefaultPermissions")
                for value in (None, [{"principal": "IAM_ALLOWED_PRINCIPALS", "permissions": ["ALL"]}])
            ),
            fails(changed("grant", principal="IAM_ALLOWED_PRINCIPALS"), "grant"),
            fails(changed("grant", principal=f"{ACCOUNT}:IAMPrincipals"), "grant"),
        ],
        "unknown": [
            unverified(changed("settings", createTableDefaultPermissions=UNKNOWN), "settings"),
            unverified(changed("grant", principal=UNKNOWN), "grant"),
            passes(_joined("grant", "principal", UNKNOWN, "etl")),
        ],
        "legacy": NO_LEGACY,
        "sidecar": NO_SIDECAR,
    },
    "DL-LF-02": {
        "pass": [passes(lake()), passes(changed("grant", permissionsWithGrantOptions=[]))],
        "fail": [
            fails(changed("grant", permissions=["DESCRIBE", "ALL"]), "grant", "ALL"),
            fails(changed("grant", permissions=["super"]), "grant"),
            fails(changed("grant", permissionsWithGrantOptions=["SELECT"]), "grant", "SELECT"),
        ],
        "unknown": [
            unverified(_joined("grant", "permissions", UNKNOWN, "etl"), "grant"),
            unverified(_joined("grant", "permissionsWithGrantOptions", UNKNOWN, "etl"), "grant"),
            # The provider computes it; the program gave none.
            passes(changed("grant", permissionsWithGrantOptions=UNKNOWN)),
        ],
        "legacy": NO_LEGACY,
        "sidecar": NO_SIDECAR,
    },
    "DL-LF-03": {
        "pass": [passes(lake())],
        "fail": [
            fails(changed("location", roleArn=None), "location", "service-linked"),
            fails(changed("location", useServiceLinkedRole=True), "location"),
            fails(
                changed("location", roleArn=f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/lakeformation/x"),
                "location",
            ),
            fails(changed("location", hybridAccessEnabled=True), "location", "hybrid"),
        ],
        "unknown": [
            passes(_joined("location", "roleArn", UNKNOWN, "etl")),
            unverified(changed("location", roleArn=UNKNOWN), "location"),
        ],
        "legacy": NO_LEGACY,
        "sidecar": NO_SIDECAR,
    },
    "DL-LF-04": {
        "pass": [passes(lake()), passes(changed("settings", admins=[]))],
        "fail": [
            fails(changed("settings", admins=[f"arn:aws:iam::{ACCOUNT}:root"]), "settings", "root"),
            fails(changed("settings", admins=[f"arn:aws:iam::{ACCOUNT}:role/*"]), "settings"),
            fails(changed("settings", admins=[ETL_ROLE]), "settings", "jobs run under"),
            fails(changed("settings", admins=_CROWD), "settings", "6 administrators"),
            fails(_joined("settings", "admins", [UNKNOWN], "etl"), "settings"),
        ],
        "unknown": [
            unverified(changed("settings", admins=[UNKNOWN]), "settings"),
            unverified(_joined("settings", "admins", UNKNOWN, "etl"), "settings"),
            passes(_joined("settings", "admins", [UNKNOWN], "starter")),
        ],
        "legacy": NO_LEGACY,
        "sidecar": NO_SIDECAR,
    },
    "DL-GLUE-06": {
        "pass": [
            passes(lake()),
            passes(_catalog("encryptionAtRest", catalogEncryptionMode="SSE-KMS", sseAwsKmsKeyId=KEY_ARN)),
        ],
        "fail": [
            fails(_catalog("encryptionAtRest", catalogEncryptionMode="DISABLED"), "catalog", "DISABLED"),
            fails(_catalog("encryptionAtRest", catalogEncryptionMode="SSE-KMS"), "catalog", "not set"),
            fails(
                _catalog(
                    "encryptionAtRest", catalogEncryptionMode="SSE-KMS", sseAwsKmsKeyId="alias/aws/glue"
                ),
                "catalog",
            ),
            fails(changed("catalog", **{_SETTINGS: None}), "catalog"),
        ],
        "unknown": [
            unverified(_unjoined_catalog(), "catalog"),
            unverified(_catalog("encryptionAtRest", catalogEncryptionMode=UNKNOWN), "catalog"),
        ],
        "legacy": NO_LEGACY,
        "sidecar": NO_SIDECAR,
    },
    "DL-GLUE-07": {
        "pass": [passes(lake())],
        "fail": [
            fails(_catalog("connectionPasswordEncryption"), "catalog", "in clear"),
            fails(
                _catalog("connectionPasswordEncryption", returnConnectionPasswordEncrypted=True),
                "catalog",
                "awsKmsKeyId",
            ),
        ],
        "unknown": [
            unverified(_unjoined_catalog(), "catalog"),
            unverified(
                _catalog("connectionPasswordEncryption", returnConnectionPasswordEncrypted=UNKNOWN), "catalog"
            ),
        ],
        "legacy": NO_LEGACY,
        "sidecar": NO_SIDECAR,
    },
}
