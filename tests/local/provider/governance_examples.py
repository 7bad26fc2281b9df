"""Examples of roles, grants, settings and workgroups."""

from __future__ import annotations

from tests.local.provider.example_support import (
    ACCOUNT,
    COLUMNS,
    DATABASE,
    ROLE,
    TRUST,
    Example,
    Inputs,
    reading,
    storage,
)


def _workgroup(cutoff: int) -> Inputs:
    return {
        "enforceWorkgroupConfiguration": True,
        "publishCloudwatchMetricsEnabled": True,
        "bytesScannedCutoffPerQuery": cutoff,
        "engineVersion": {"selectedEngineVersion": "Athena engine version 3"},
        "resultConfiguration": {
            "outputLocation": "s3://lake-example-results/analysts/",
            "expectedBucketOwner": ACCOUNT,
            "encryptionConfiguration": {
                "encryptionOption": "SSE_KMS",
                "kmsKeyArn": f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555",
            },
        },
    }


EXAMPLES: dict[str, list[Example]] = {
    "aws:iam/role:Role": [
        Example(
            {
                "name": "glue-raw-to-processed",
                "assumeRolePolicy": TRUST,
                "description": "runs a job",
                "maxSessionDuration": 7200,
                "path": "/lake/",
                "permissionsBoundary": "arn:aws:iam::aws:policy/PowerUserAccess",
                "tags": {"component": "pipeline"},
            },
            {
                "description": "runs the job",
                "maxSessionDuration": 3600,
                "assumeRolePolicy": TRUST.replace("glue.amazonaws.com", "lakeformation.amazonaws.com"),
                "permissionsBoundary": None,
                "tags": {"component": "pipeline", "owner": "data"},
            },
        )
    ],
    "aws:iam/rolePolicy:RolePolicy": [
        Example(
            {"name": "read", "role": "${role.name}", "policy": reading("arn:aws:s3:::lake-data/*")},
            {"policy": reading("arn:aws:s3:::lake-data/raw/*")},
            ROLE,
        )
    ],
    "aws:lakeformation/dataLakeSettings:DataLakeSettings": [
        Example(
            {
                "catalogId": ACCOUNT,
                "admins": [f"arn:aws:iam::{ACCOUNT}:role/deployer"],
                "createDatabaseDefaultPermissions": [],
                "createTableDefaultPermissions": [],
                "parameters": {"CROSS_ACCOUNT_VERSION": "4"},
            },
            {"admins": [f"arn:aws:iam::{ACCOUNT}:role/a", f"arn:aws:iam::{ACCOUNT}:role/b"]},
            remains=True,
        )
    ],
    "aws:lakeformation/resource:Resource": [
        Example(
            {
                "arn": "arn:aws:s3:::lake-example/processed",
                "roleArn": "${role.arn}",
                "hybridAccessEnabled": True,
            },
            needs=ROLE,
        )
    ],
    "aws:lakeformation/permissions:Permissions": [
        Example(
            {
                "catalogId": ACCOUNT,
                "principal": "${role.arn}",
                "permissions": ["DESCRIBE", "CREATE_TABLE"],
                "permissionsWithGrantOptions": ["DESCRIBE"],
                "database": {"name": "${database.name}"},
            },
            needs={**ROLE, **DATABASE},
        ),
        Example(
            {
                "principal": "${role.arn}",
                "permissions": ["SELECT"],
                "tableWithColumns": {
                    "databaseName": "lake_db",
                    "name": "${table.name}",
                    "columnNames": ["price", "id"],
                },
            },
            needs={
                **ROLE,
                **DATABASE,
                "table": (
                    "aws:glue/catalogTable:CatalogTable",
                    {"name": "trades", "databaseName": "lake_db", "storageDescriptor": storage(COLUMNS)},
                ),
            },
        ),
        Example(
            {
                "principal": "${role.arn}",
                "permissions": ["SELECT", "DESCRIBE"],
                "table": {"databaseName": "${database.name}", "wildcard": True},
            },
            needs={**ROLE, **DATABASE},
        ),
        Example(
            {
                "principal": "${role.arn}",
                "permissions": ["DATA_LOCATION_ACCESS"],
                "dataLocation": {"arn": "${location.arn}"},
            },
            needs={
                **ROLE,
                "location": (
                    "aws:lakeformation/resource:Resource",
                    {"arn": "arn:aws:s3:::lake-example/raw", "useServiceLinkedRole": True},
                ),
            },
        ),
        Example(
            {
                "catalogId": ACCOUNT,
                "principal": "${role.arn}",
                "permissions": ["SELECT", "DESCRIBE"],
                "lfTagPolicy": {
                    "catalogId": ACCOUNT,
                    "resourceType": "TABLE",
                    "expressions": [
                        {"key": "zone", "values": ["raw", "processed", "curated"]},
                        {"key": "sensitivity", "values": ["pii", "internal"]},
                    ],
                },
            },
            needs={
                **ROLE,
                "zone": (
                    "aws:lakeformation/lfTag:LfTag",
                    {"key": "zone", "values": ["raw", "processed", "curated"]},
                ),
                "sensitivity": (
                    "aws:lakeformation/lfTag:LfTag",
                    {"key": "sensitivity", "values": ["internal", "pii"]},
                ),
            },
        ),
        Example(
            {"principal": "${role.arn}", "permissions": ["CREATE_DATABASE"], "catalogResource": True},
            needs=ROLE,
        ),
    ],
    "aws:athena/workgroup:Workgroup": [
        Example(
            {
                "name": "analysts",
                "description": "for analysts",
                "configuration": _workgroup(10_000_000_000),
                "tags": {"component": "query"},
            },
            {
                "description": "for all analysts",
                "configuration": _workgroup(20_000_000_000),
                "state": "DISABLED",
                "forceDestroy": True,
                "tags": {"component": "athena"},
            },
        )
    ],
    "aws:athena/namedQuery:NamedQuery": [
        Example(
            {
                "name": "daily consumption",
                "database": "lake_db",
                "query": "select * from daily_energy_consumption limit 10",
                "description": "the last days",
                "workgroup": "${workgroup.name}",
            },
            needs={"workgroup": ("aws:athena/workgroup:Workgroup", {"name": "query-group"})},
        )
    ],
}
