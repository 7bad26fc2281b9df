"""Sets of actions that together make more of a principal than it was given.

Sources: the classic list of Rhino Security Labs, pathfinding.cloud, and what a data lake adds to them: its
own governance, its keys, its code, its trail.
"""

from __future__ import annotations

from typing import NamedTuple


class Escalation(NamedTuple):
    """A way up: its name, the actions it takes, what it leads to."""

    name: str
    actions: tuple[str, ...]
    leads_to: str


_PASS = "iam:PassRole"
_OWN_POLICY = "any permission it writes for itself"
_PASSED = "the permissions of the role that it passes"

ESCALATIONS: tuple[Escalation, ...] = (
    *(
        Escalation(action.partition(":")[2], (action,), _OWN_POLICY)
        for action in (
            "iam:CreatePolicyVersion",
            "iam:SetDefaultPolicyVersion",
            "iam:AttachUserPolicy",
            "iam:AttachGroupPolicy",
            "iam:AttachRolePolicy",
            "iam:PutUserPolicy",
            "iam:PutGroupPolicy",
            "iam:PutRolePolicy",
            "iam:AddUserToGroup",
            "iam:DeleteRolePermissionsBoundary",
            "iam:DeleteUserPermissionsBoundary",
            "iam:PutRolePermissionsBoundary",
        )
    ),
    *(
        Escalation(action.partition(":")[2], (action,), "the permissions of another user")
        for action in ("iam:CreateAccessKey", "iam:CreateLoginProfile", "iam:UpdateLoginProfile")
    ),
    Escalation("UpdateAssumeRolePolicy", ("iam:UpdateAssumeRolePolicy",), "any role that it makes trust it"),
    Escalation("EC2 with a role", (_PASS, "ec2:RunInstances"), _PASSED),
    Escalation("function with a role", (_PASS, "lambda:CreateFunction", "lambda:InvokeFunction"), _PASSED),
    Escalation(
        "function with a role, by events",
        (_PASS, "lambda:CreateFunction", "lambda:CreateEventSourceMapping"),
        _PASSED,
    ),
    Escalation("function open to others", (_PASS, "lambda:CreateFunction", "lambda:AddPermission"), _PASSED),
    Escalation("code of a function", ("lambda:UpdateFunctionCode",), "the function's role"),
    Escalation("Glue endpoint with a role", (_PASS, "glue:CreateDevEndpoint"), _PASSED),
    Escalation("keys of a Glue endpoint", ("glue:UpdateDevEndpoint",), "the endpoint's role"),
    Escalation("Glue session with a role", (_PASS, "glue:CreateSession", "glue:RunStatement"), _PASSED),
    Escalation("Glue job with a role", (_PASS, "glue:CreateJob", "glue:StartJobRun"), _PASSED),
    Escalation("Glue job with a role, by trigger", (_PASS, "glue:CreateJob", "glue:CreateTrigger"), _PASSED),
    Escalation("other code for a Glue job", (_PASS, "glue:UpdateJob", "glue:StartJobRun"), _PASSED),
    Escalation(
        "other code for a Glue job, by trigger", (_PASS, "glue:UpdateJob", "glue:CreateTrigger"), _PASSED
    ),
    Escalation("CloudFormation with a role", (_PASS, "cloudformation:CreateStack"), _PASSED),
    Escalation(
        "CloudFormation change set",
        ("cloudformation:CreateChangeSet", "cloudformation:ExecuteChangeSet"),
        "its role",
    ),
    Escalation("pipeline with a role", (_PASS, "datapipeline:CreatePipeline"), _PASSED),
    Escalation("build with a role", (_PASS, "codebuild:CreateProject", "codebuild:StartBuild"), _PASSED),
    Escalation("notebook with a role", (_PASS, "sagemaker:CreateNotebookInstance"), _PASSED),
    Escalation(
        "state machine with a role", (_PASS, "states:CreateStateMachine", "states:StartExecution"), _PASSED
    ),
    Escalation("container with a role", (_PASS, "ecs:RunTask"), _PASSED),
    Escalation("lake settings", ("lakeformation:PutDataLakeSettings",), "the administration of the lake"),
    Escalation("lake grants", ("lakeformation:GrantPermissions",), "any table that it grants itself"),
    Escalation("lake grants, in batches", ("lakeformation:BatchGrantPermissions",), "any table"),
    Escalation("location with a role", (_PASS, "lakeformation:RegisterResource"), _PASSED),
    Escalation("catalog policy", ("glue:PutResourcePolicy",), "the whole catalog, for anyone"),
    Escalation("key policy", ("kms:PutKeyPolicy",), "whatever the key encrypts"),
    Escalation("key grants", ("kms:CreateGrant",), "whatever the key encrypts"),
    Escalation("bucket policy", ("s3:PutBucketPolicy",), "the bucket, for anyone"),
    Escalation("no bucket policy", ("s3:DeleteBucketPolicy",), "the bucket without what its policy refuses"),
    Escalation("access block of a bucket", ("s3:PutBucketPublicAccessBlock",), "a public bucket"),
    Escalation("replication of a bucket", (_PASS, "s3:PutReplicationConfiguration"), "a copy elsewhere"),
    Escalation("login to a cluster", ("redshift:GetClusterCredentials",), "any database user"),
    Escalation(
        "SQL with a stored secret", ("redshift-data:ExecuteStatement", "secretsmanager:GetSecretValue"), "SQL"
    ),
    Escalation(
        "rights on dashboards' sources", ("quicksight:UpdateDataSourcePermissions",), "any data source"
    ),
    Escalation("workgroup settings", ("athena:UpdateWorkGroup",), "results where and how it likes"),
    Escalation("an end to the trail", ("cloudtrail:StopLogging",), "an unrecorded account"),
    Escalation("no trail", ("cloudtrail:DeleteTrail",), "an unrecorded account"),
    Escalation("a blind trail", ("cloudtrail:PutEventSelectors",), "unrecorded reads of the lake"),
)

# Reads that take data out of the lake, and what brings it out of the account.
DATA_READS = (
    "s3:GetObject",
    "athena:GetQueryResults",
    "redshift-data:GetStatementResult",
    "glue:GetTable",
    "lakeformation:GetDataAccess",
    "secretsmanager:GetSecretValue",
)
EGRESS = ("s3:PutObject", "sns:Publish", "sqs:SendMessage", "kinesis:PutRecord", "lambda:InvokeFunction")

# Actions whose answer is a credential.
CREDENTIALS = (
    "ecr:GetAuthorizationToken",
    "iam:CreateAccessKey",
    "iam:CreateServiceSpecificCredential",
    "rds-db:connect",
    "redshift:GetClusterCredentials",
    "redshift:GetClusterCredentialsWithIAM",
    "secretsmanager:GetSecretValue",
    "ssm:GetParameter",
    "ssm:GetParameters",
    "ssm:GetParametersByPath",
    "sts:AssumeRole",
    "sts:GetFederationToken",
    "sts:GetSessionToken",
)
