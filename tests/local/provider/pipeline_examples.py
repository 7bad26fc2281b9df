"""Examples of the catalog, crawlers, jobs, workflows, rules and logs."""

from __future__ import annotations

import json

from tests.local.provider.example_support import (
    ACCOUNT,
    COLUMNS,
    CRAWLER,
    DATABASE,
    KEY,
    ROLE,
    RULE,
    WORKFLOW,
    Example,
    storage,
)

EXAMPLES: dict[str, list[Example]] = {
    "aws:cloudwatch/logGroup:LogGroup": [
        Example(
            {
                "name": "/lake/jobs",
                "retentionInDays": 30,
                "kmsKeyId": "${key.arn}",
                "tags": {"component": "logs"},
            },
            {"retentionInDays": 90, "tags": {"component": "pipeline"}},
            KEY,
        ),
        Example({"name": "/lake/forever"}, {"retentionInDays": 7, "kmsKeyId": "${key.arn}"}, KEY),
    ],
    "aws:cloudwatch/eventRule:EventRule": [
        Example(
            {
                "name": "raw-objects",
                "description": "new raw objects",
                "eventPattern": json.dumps({"source": ["aws.s3"], "detail-type": ["Object Created"]}),
                "tags": {"component": "pipeline"},
            },
            {
                "eventPattern": json.dumps({"source": ["aws.s3"]}),
                "state": "DISABLED",
                "tags": {"component": "events"},
            },
        )
    ],
    "aws:cloudwatch/eventTarget:EventTarget": [
        Example(
            {
                "rule": "${rule.name}",
                "targetId": "workflow",
                "arn": f"arn:aws:glue:eu-west-1:{ACCOUNT}:workflow/lake-flow",
                "roleArn": f"arn:aws:iam::{ACCOUNT}:role/events",
                "retryPolicy": {"maximumEventAgeInSeconds": 3600, "maximumRetryAttempts": 4},
                "deadLetterConfig": {"arn": f"arn:aws:sqs:eu-west-1:{ACCOUNT}:dead"},
            },
            {"retryPolicy": {"maximumEventAgeInSeconds": 7200, "maximumRetryAttempts": 8}},
            RULE,
        )
    ],
    "aws:glue/securityConfiguration:SecurityConfiguration": [
        Example(
            {
                "name": "lake-encryption",
                "encryptionConfiguration": {
                    "cloudwatchEncryption": {
                        "cloudwatchEncryptionMode": "SSE-KMS",
                        "kmsKeyArn": "${key.arn}",
                    },
                    "jobBookmarksEncryption": {
                        "jobBookmarksEncryptionMode": "CSE-KMS",
                        "kmsKeyArn": "${key.arn}",
                    },
                    "s3Encryption": {"s3EncryptionMode": "SSE-KMS", "kmsKeyArn": "${key.arn}"},
                },
            },
            needs=KEY,
        )
    ],
    "aws:glue/catalogDatabase:CatalogDatabase": [
        Example(
            {
                "name": "energy_raw_test",
                "description": "raw energy data",
                "locationUri": "s3://lake-example/raw/",
                "parameters": {"zone": "raw"},
                "tags": {"zone": "raw"},
            },
            {
                "description": "raw",
                "parameters": {"zone": "raw", "owner": "data"},
                "tags": {"zone": "bronze"},
            },
        )
    ],
    "aws:glue/catalogTable:CatalogTable": [
        Example(
            {
                "catalogId": ACCOUNT,
                "databaseName": "${database.name}",
                "name": "transactions",
                "description": "trades",
                "tableType": "EXTERNAL_TABLE",
                "parameters": {"classification": "parquet", "EXTERNAL": "TRUE"},
                "partitionKeys": [{"name": "year", "type": "string"}, {"name": "month", "type": "string"}],
                "storageDescriptor": storage(COLUMNS),
            },
            {
                "description": "all trades",
                "storageDescriptor": storage([*COLUMNS, {"name": "mwh", "type": "double"}]),
            },
            DATABASE,
        )
    ],
    "aws:glue/dataCatalogEncryptionSettings:DataCatalogEncryptionSettings": [
        Example(
            {
                "catalogId": ACCOUNT,
                "dataCatalogEncryptionSettings": {
                    "encryptionAtRest": {"catalogEncryptionMode": "SSE-KMS", "sseAwsKmsKeyId": "${key.arn}"},
                    "connectionPasswordEncryption": {
                        "returnConnectionPasswordEncrypted": True,
                        "awsKmsKeyId": "${key.arn}",
                    },
                },
            },
            {
                "dataCatalogEncryptionSettings": {
                    "encryptionAtRest": {
                        "catalogEncryptionMode": "SSE-KMS",
                        "sseAwsKmsKeyId": "${other.arn}",
                    },
                    "connectionPasswordEncryption": {"returnConnectionPasswordEncrypted": False},
                }
            },
            {**KEY, "other": ("aws:kms/key:Key", {"description": "another"})},
            remains=True,
        )
    ],
    "aws:glue/crawler:Crawler": [
        Example(
            {
                "name": "raw-data-crawler",
                "databaseName": "${database.name}",
                "role": "${role.arn}",
                "description": "detects drift",
                "schedule": "cron(0 5 * * ? *)",
                "s3Targets": [{"path": "s3://lake-example/raw/transactions/", "exclusions": ["**/_tmp/**"]}],
                "schemaChangePolicy": {"deleteBehavior": "LOG", "updateBehavior": "LOG"},
                "recrawlPolicy": {"recrawlBehavior": "CRAWL_EVERYTHING"},
                "lineageConfiguration": {"crawlerLineageSettings": "DISABLE"},
                "lakeFormationConfiguration": {"useLakeFormationCredentials": True, "accountId": ACCOUNT},
                "configuration": json.dumps({"Version": 1.0, "Grouping": {"TableLevelConfiguration": 3}}),
                "securityConfiguration": "${encryption.name}",
                "tablePrefix": "raw_",
                "tags": {"component": "pipeline"},
            },
            {
                "description": "detects schema drift",
                "s3Targets": [
                    {"path": "s3://lake-example/raw/transactions/"},
                    {"path": "s3://lake-example/raw/x/"},
                ],
                "schedule": "cron(0 6 * * ? *)",
                "schemaChangePolicy": {"deleteBehavior": "DEPRECATE_IN_DATABASE", "updateBehavior": "LOG"},
                "tags": {"component": "crawlers"},
            },
            {
                **DATABASE,
                **ROLE,
                "encryption": (
                    "aws:glue/securityConfiguration:SecurityConfiguration",
                    {
                        "name": "crawl-encryption",
                        "encryptionConfiguration": {"s3Encryption": {"s3EncryptionMode": "SSE-S3"}},
                    },
                ),
            },
        )
    ],
    "aws:glue/job:Job": [
        Example(
            {
                "name": "raw-to-processed",
                "roleArn": "${role.arn}",
                "command": {
                    "name": "glueetl",
                    "scriptLocation": "s3://lake-example/jobs/a.py",
                    "pythonVersion": "3",
                },
                "defaultArguments": {"--lake_uri": "s3://lake-example/", "--price_cap": "4000"},
                "glueVersion": "5.1",
                "workerType": "G.1X",
                "numberOfWorkers": 2,
                "maxRetries": 1,
                "timeout": 60,
                "executionClass": "STANDARD",
                "executionProperty": {"maxConcurrentRuns": 1},
                "securityConfiguration": "lake-encryption",
                "description": "cleans",
                "tags": {"component": "pipeline"},
            },
            {
                "defaultArguments": {"--lake_uri": "s3://lake-example/"},
                "numberOfWorkers": 4,
                "timeout": 30,
                "tags": {"component": "jobs"},
            },
            ROLE,
        )
    ],
    "aws:glue/workflow:Workflow": [
        Example(
            {
                "name": "energy-data-workflow",
                "description": "raw to curated",
                "defaultRunProperties": {"zone": "raw"},
                "maxConcurrentRuns": 1,
                "tags": {"component": "pipeline"},
            },
            {
                "description": "all zones",
                "defaultRunProperties": {"zone": "all"},
                "tags": {"component": "flow"},
            },
        )
    ],
    "aws:glue/trigger:Trigger": [
        Example(
            {
                "name": "crawled",
                "type": "CONDITIONAL",
                "workflowName": "${workflow.name}",
                "actions": [
                    {"jobName": "raw-to-processed", "arguments": {"--datasets": "clients"}, "timeout": 30}
                ],
                "predicate": {
                    "logical": "ANY",
                    "conditions": [
                        {
                            "crawlerName": "${crawler.name}",
                            "crawlState": "SUCCEEDED",
                            "logicalOperator": "EQUALS",
                        }
                    ],
                },
                "tags": {"component": "pipeline"},
            },
            {
                "description": "after the crawl",
                "actions": [{"jobName": "raw-to-processed"}],
                "enabled": False,
                "tags": {"component": "flow"},
            },
            {**WORKFLOW, **CRAWLER},
        ),
        Example(
            {
                "name": "new-object",
                "type": "EVENT",
                "enabled": False,
                "workflowName": "${workflow.name}",
                "actions": [{"crawlerName": "${crawler.name}"}],
                "eventBatchingConditions": [{"batchSize": 10, "batchWindow": 60}],
            },
            {"eventBatchingConditions": [{"batchSize": 5, "batchWindow": 120}]},
            {**WORKFLOW, **CRAWLER},
        ),
    ],
}
